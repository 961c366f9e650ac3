"""The trace as a flow: levels, lanes, times."""

from __future__ import annotations

import itertools

import pytest
from made import make_trace

from rankscope.app.models.flow import milliseconds, place_stages, settings_line, waterfall


def test_first_stages_share_a_level_and_what_reads_them_stands_behind() -> None:
    places = {place.stage.name: (place.level, place.lane, place.lanes) for place in place_stages(make_trace())}
    assert places == {"dense": (0, 0, 2), "lexical": (0, 1, 2), "fusion": (1, 0, 1), "late": (2, 0, 1)}


def test_the_waterfall_covers_the_total() -> None:
    trace = make_trace()
    spans = waterfall(trace, "encode", "rest")
    assert [span.title for span in spans] == ["encode", "dense", "BM25", "dense + BM25", "MaxSim", "rest"]
    assert spans[-1].start + spans[-1].ms == pytest.approx(trace.total_ms)
    for before, after in itertools.pairwise(spans):
        assert after.start == pytest.approx(before.start + before.ms)


def test_a_pipeline_without_the_encoder_has_no_encoding() -> None:
    assert waterfall(make_trace(encode_ms=0.0), "encode", "rest")[0].stage == "dense"


def test_settings_are_one_line() -> None:
    assert settings_line(make_trace().stage("lexical")) == "k1 1.2 · b 0.75"


@pytest.mark.parametrize(("ms", "text"), [(0.21, "0.2 ms"), (17.4, "17 ms"), (1340.0, "1.3 s")])
def test_times_have_the_digits_they_deserve(ms: float, text: str) -> None:
    assert milliseconds(ms) == text
