"""Fusion's formula and invariances; pipelines as files, with errors that say what is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.errors import UsageError
from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.fusion import reciprocal_rank_fusion
from rankscope.core.ranking.trace import Ranking

id_lists = st.lists(st.integers(1, 40), unique=True, max_size=25)


def ranking(ids: list[int]) -> Ranking:
    return Ranking(np.array(ids, np.int64), np.arange(len(ids), 0, -1, dtype=np.float32), "x")


@given(id_lists, id_lists)
def test_rrf_is_the_sum_of_reciprocal_ranks(a: list[int], b: list[int]) -> None:
    fused = reciprocal_rank_fusion({"a": ranking(a), "b": ranking(b)})
    expected = dict.fromkeys({*a, *b}, 0.0)
    for ids in (a, b):
        for rank, i in enumerate(ids, 1):
            expected[i] += 1 / (60 + rank)
    assert fused.ids.tolist() == sorted(expected, key=lambda i: (-expected[i], i))
    assert fused.scores.tolist() == pytest.approx([expected[i] for i in fused.ids.tolist()], rel=1e-6)
    for i in fused.ids.tolist():
        assert dict(fused.sources[i]) == {name: ids.index(i) + 1 for name, ids in (("a", a), ("b", b)) if i in ids}


@given(id_lists, id_lists)
def test_rrf_does_not_depend_on_the_order_of_the_rankings_or_on_scores(a: list[int], b: list[int]) -> None:
    one = reciprocal_rank_fusion({"a": ranking(a), "b": ranking(b)})
    scaled = Ranking(np.array(b, np.int64), np.exp(ranking(b).scores), "y")
    two = reciprocal_rank_fusion({"b": scaled, "a": ranking(a)})
    assert one.ids.tolist() == two.ids.tolist()


def test_every_preset_is_valid_and_says_what_it_does() -> None:
    for name in pipelines.PRESETS:
        pipeline = pipelines.preset(name)
        assert pipeline.title and pipeline.description and pipeline.stages


STAGE = '[[stage]]\nname = "a"\nkind = "dense"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title =", "not valid TOML"),
        ("title = 'x'", "no stages"),
        ("colour = 1\n" + STAGE, "unknown key “colour”"),
        ('[[stage]]\nname = "a"\nkind = "magic"', "unknown kind “magic”"),
        (STAGE + "depth = 0", "depth"),
        (STAGE + 'depth = "many"', "depth"),
        (STAGE + "width = 3", "width"),
        (STAGE + 'inputs = ["b"]', "“b”, which is not an earlier stage"),
        (STAGE + STAGE, "a name that an earlier stage has"),
        (STAGE + '[[stage]]\nname = "b"\nkind = "maxsim"', "needs 1"),
        ('[[stage]]\nkind = "dense"', "name"),
        ('stage = "dense"', "no stages"),
    ],
)
def test_what_is_wrong_with_a_pipeline_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        pipelines.parse(text, "mine")


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="hybrid"):
        pipelines.find("magic")
    with pytest.raises(UsageError, match="cannot be read"):
        pipelines.find("missing.toml")
