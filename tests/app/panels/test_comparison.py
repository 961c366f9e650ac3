"""Moves between two rankings, and the rows of a column."""

from __future__ import annotations

import numpy as np
import pytest
from made import make_passage, make_trace, ranking

from rankscope.app.models.comparison import compare, format_score
from rankscope.core import api


def two_stages(before: list[int], after: list[int], k: int) -> api.Trace:
    stages = (
        api.StageTrace("first", "bm25", "First", {}, (), 100, len(before), 100, 1.0, ranking(before, 9.0, 0.5, "BM25")),
        api.StageTrace("second", "maxsim", "Second", {}, ("first",), len(before), len(after), None, 1.0,
                       ranking(after, 3.0, 0.25, "MaxSim")),
    )  # fmt: skip
    return make_trace(k=k, stages=stages, passages={item: make_passage(item) for item in {*before, *after}})


def test_moves_of_shown_rows_are_up_down_and_same() -> None:
    found = compare(two_stages([1, 2, 3], [1, 3, 2], k=3), "first", "second")
    kinds = {item: (move.kind, move.delta) for item, move in found.moves.items()}
    assert kinds == {1: ("same", 0), 2: ("down", -1), 3: ("up", 1)}


def test_a_candidate_from_below_the_column_enters_with_its_old_rank() -> None:
    found = compare(two_stages([1, 2, 3, 4], [4, 1, 2, 3], k=2), "first", "second")
    entered, dropped = found.moves[4], found.moves[2]
    assert (entered.kind, entered.before, entered.after_row, entered.delta) == ("entered", 4, 0, 3)
    assert (dropped.kind, dropped.after, dropped.before_row) == ("dropped", 3, 1)
    assert 3 not in found.moves  # shown in neither column


def test_candidates_missing_from_one_ranking_have_no_delta() -> None:
    found = compare(two_stages([1, 2], [2, 9], k=2), "first", "second")
    assert (found.moves[9].kind, found.moves[9].before, found.moves[9].delta) == ("entered", None, None)
    assert (found.moves[1].kind, found.moves[1].after) == ("dropped", None)


def test_shares_are_of_the_columns_own_maximum() -> None:
    found = compare(two_stages([1, 2, 3], [1, 3, 2], k=3), "first", "second")
    assert [row.share for row in found.before] == pytest.approx([1.0, 8.5 / 9, 8 / 9])
    assert found.before_scale == (9.0, "BM25")
    assert found.after_scale == (3.0, "MaxSim")


def test_negative_scores_have_no_bar() -> None:
    trace = two_stages([1, 2], [1, 2], k=2)
    low = api.Ranking(np.array([1, 2]), np.array([-0.1, -0.4], np.float32), "cosine")
    stage = api.StageTrace("only", "hnsw", "Only", {}, (), 9, 2, None, 1.0, low)
    found = compare(make_trace(k=2, stages=(stage,), passages=trace.passages), None, "only")
    assert [row.share for row in found.after] == [0.0, 0.0]


def test_one_stage_has_no_left_column() -> None:
    trace = two_stages([1, 2], [2, 1], k=2)
    found = compare(trace, None, "first")
    assert not found.has_before
    assert found.before == () and found.moves == {}
    assert [row.passage.passage_id for row in found.after] == [1, 2]
    assert found.after[0].found_by == ("First",)


def test_found_by_names_the_titles_of_the_first_stages() -> None:
    trace = make_trace()
    found = compare(trace, "fusion", "late")
    assert {title for row in found.before for title in row.found_by} <= {"dense", "BM25"}
    assert all(row.found_by for row in found.before)


def test_an_unknown_stage_falls_back_to_the_last() -> None:
    assert compare(make_trace(), "gone", "gone too").after_title == "MaxSim"


def test_no_stages_is_empty() -> None:
    assert compare(make_trace(stages=()), None, None).after == ()


@pytest.mark.parametrize(
    ("score", "kind", "text"),
    [(3.631, "MaxSim", "3.63"), (0.03279, "RRF", "0.0328"), (0.6119, "cosine", "0.612"), (12.0, "BM25", "12.00")],
)
def test_scores_have_the_digits_of_their_kind(score: float, kind: str, text: str) -> None:
    assert format_score(score, kind) == text
