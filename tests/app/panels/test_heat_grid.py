"""The grid behind the heatmap: merging, hiding, and sums that reconcile."""

from __future__ import annotations

import numpy as np
import pytest
from made import make_alignment, make_passage

from rankscope.app.models.grid import build_grid, densest, heat_words, neighbourhood
from rankscope.app.models.heatmap import HeatmapModel
from rankscope.core.api import Alignment, Token

QUERY = "unbreakable disks"


def small(kind: str = "MaxSim") -> Alignment:
    """[CLS] un ##break disks [SEP] against [CLS] Disks(title) un ##broken disk at document offset 100."""
    query = (
        Token("[CLS]", -1, -1, "special", -1),
        Token("unbreak", 0, 7, "text", 0),
        Token("##able", 7, 11, "text", 0),
        Token("disks", 12, 17, "text", 1),
        Token("[SEP]", -1, -1, "special", -1),
    )
    passage = (
        Token("[CLS]", -1, -1, "special", -1),
        Token("disks", -1, -1, "context", 0),
        Token("un", 100, 102, "text", 1),
        Token("##broken", 102, 108, "text", 1),
        Token("disk", 109, 113, "text", 2),
    )
    values = np.array(
        [
            [0.9, 0.2, 0.1, 0.1, 0.1],
            [0.1, 0.1, 0.6, 0.8, 0.2],
            [0.1, 0.1, 0.3, 0.4, 0.2],
            [0.2, 0.95, 0.1, 0.2, 0.85],
            [0.5, 0.1, 0.1, 0.1, 0.1],
        ],
        np.float32,
    )
    adds = values.max(axis=1) if kind == "MaxSim" else np.array([0.0, 0.0, 0.0, 2.5, 0.0], np.float32)
    return Alignment(QUERY, 1, "late", float(adds.sum()), kind, query, passage, values, values.argmax(axis=1), adds)


def test_word_pieces_merge_by_maximum_and_add_by_sum() -> None:
    grid = build_grid(small(), passage="Unbroken disk", passage_start=100)
    assert [row.text for row in grid.rows] == ["unbreakable", "disks"]
    assert [column.text for column in grid.columns] == ["Unbroken", "disk"]
    np.testing.assert_allclose(grid.values, [[0.8, 0.2], [0.2, 0.85]], rtol=1e-6)
    assert grid.adds.tolist() == pytest.approx([0.8 + 0.4, 0.95])


def test_unmerged_tokens_stay_apart() -> None:
    grid = build_grid(small(), merge=False, passage="Unbroken disk", passage_start=100)
    assert [row.text for row in grid.rows] == ["unbreak", "##able", "disks"]
    assert grid.values.shape == (3, 3)
    assert grid.adds.sum() + grid.hidden_adds == pytest.approx(small().score, abs=1e-4)


def test_hidden_rows_are_accounted_for() -> None:
    grid = build_grid(small())
    assert grid.hidden_rows == 2
    assert grid.hidden_adds == pytest.approx(0.9 + 0.5)
    assert grid.reconciles


def test_all_rows_shown_add_up_to_the_score() -> None:
    for seed in range(5):
        alignment = make_alignment(make_passage(seed))
        for merge in (True, False):
            grid = build_grid(alignment, merge=merge, hidden=True)
            assert grid.hidden_rows == 0 and grid.hidden_adds == pytest.approx(0.0)
            assert abs(grid.adds.sum() - alignment.score) <= 1e-4


def test_a_score_that_does_not_add_up_is_told() -> None:
    whole = small()
    wrong = Alignment(
        whole.query, 1, "late", whole.score + 0.01, "MaxSim", whole.query_tokens, whole.passage_tokens,
        whole.similarities, whole.best, whole.contributions,
    )  # fmt: skip
    assert not build_grid(wrong).reconciles


def test_a_best_match_in_a_hidden_column_is_named() -> None:
    grid = build_grid(small())
    assert [word and word.text for word in grid.away] == [None, "disks"]
    assert grid.strongest.tolist() == [0, -1]
    assert build_grid(small(), hidden=True).away == (None,) * 4


def test_lexical_terms_without_weight_have_no_best_cell() -> None:
    grid = build_grid(small("BM25"), hidden=True)
    rows = {grid.rows[row].text for row, _column in grid.best.tolist()}
    assert rows == {"disks"}
    assert grid.reconciles


def test_special_tokens_only_are_shown_rather_than_nothing() -> None:
    whole = small()
    keep = [0, 4]
    only = Alignment(
        "", 1, "late", float(whole.contributions[keep].sum()), "MaxSim",
        tuple(whole.query_tokens[row] for row in keep), whole.passage_tokens,
        whole.similarities[keep], whole.best[keep], whole.contributions[keep],
    )  # fmt: skip
    assert len(build_grid(only).rows) == 2


def test_heat_words_take_the_maximum_over_the_querys_words() -> None:
    words = heat_words(small(), "Unbroken disk", 100)
    assert [(word.start, word.end) for word in words] == [(100, 108), (109, 113)]
    assert [word.value for word in words] == pytest.approx([0.8, 0.85])
    assert [word.match for word in words] == ["unbreakable", "disks"]
    assert [word.matched for word in words] == [True, False]  # "disks" matched best in the title


def test_punctuation_has_no_heat() -> None:
    passage = make_passage(3)
    words = heat_words(make_alignment(passage), passage.text, passage.start)
    assert words
    for word in words:
        piece = passage.text[word.start - passage.start : word.end - passage.start]
        assert any(letter.isalnum() for letter in piece)


def test_no_passage_tokens_is_an_empty_grid() -> None:
    whole = small()
    bare = Alignment(
        QUERY, 1, "lexical", 2.5, "BM25", whole.query_tokens, (), np.zeros((5, 0), np.float32),
        np.zeros(5, np.int64), np.array([0, 0, 0, 2.5, 0], np.float32),
    )  # fmt: skip
    grid = build_grid(bare)
    assert grid.values.shape == (2, 0)
    assert grid.reconciles
    assert heat_words(bare, "", 0) == ()


def test_the_neighbourhood_holds_all_centres_and_fits() -> None:
    columns, cut = neighbourhood([3, 50, 51], [40.0] * 100, 600, 16)
    assert cut
    assert {3, 50, 51} <= set(columns.tolist())
    assert 12 <= len(columns) <= 14
    assert columns.tolist() == sorted(columns.tolist())


def test_the_neighbourhood_is_everything_where_that_fits() -> None:
    columns, cut = neighbourhood([1], [40.0] * 5, 600, 16)
    assert columns.tolist() == [0, 1, 2, 3, 4] and not cut


def test_centres_that_do_not_fit_are_kept_nevertheless() -> None:
    columns, cut = neighbourhood([0, 10, 20], [40.0] * 30, 60, 16)
    assert columns.tolist() == [0, 10, 20] and cut


def test_the_densest_part_shows_most_centres() -> None:
    edges = np.arange(101) * 40.0
    left = densest([2, 60, 62, 64], edges, 400)
    assert left <= edges[60] and left + 400 >= edges[65]
    assert densest([], edges, 400) == 0.0


def test_the_table_has_a_column_for_what_rows_add(qapp: object) -> None:
    model = HeatmapModel()
    model.set_grid(build_grid(small(), passage="Unbroken disk", passage_start=100))
    assert (model.rowCount(), model.columnCount()) == (2, 3)
    assert model.data(model.index(0, 0)) == "0.80"
    assert model.data(model.index(1, 2)) == "0.95"
    assert model.is_best(0, 0) and not model.is_best(1, 1)
    assert "best match" in model.sentence(0, 0)
    lines = model.as_text().split("\n")
    assert lines[0].split("\t") == ["", "Unbroken", "disk", "adds to MaxSim"]
    assert lines[1].split("\t") == ["unbreakable", "0.80", "0.20", "1.20"]
    model.set_grid(None)
    assert model.rowCount() == 0
