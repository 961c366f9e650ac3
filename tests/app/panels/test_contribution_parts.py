"""Scores of two parts: the passage as a whole and its best parts, in bars, table, tooltip and the line below."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made import FakeSession, make_alignment, make_passage, make_trace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from rankscope.app.models.grid import Grid, build_grid
from rankscope.app.panels.heatmap import HeatmapPanel
from rankscope.app.theme import Theme
from rankscope.app.widgets.heat_paint import PART_COLOURS, score_lines, stacked
from rankscope.core.api import BUDGETS, Alignment

Show = Callable[..., Any]


def two_parts() -> Alignment:
    """An alignment whose tokens add in both parts, some of it negative, as the engine's may."""
    whole = make_alignment(make_passage(7))
    generator = np.random.default_rng(5)
    anchor = generator.normal(0.05, 0.04, len(whole.contributions)).astype(np.float32)
    late = generator.normal(0.08, 0.05, len(whole.contributions)).astype(np.float32)
    adds = anchor + late
    return replace(whole, contributions=adds, anchor=anchor, score=float(adds.sum(dtype=np.float64)))


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> HeatmapPanel:
    panel = shown(HeatmapPanel(session, theme), 1400, 240)
    session.give_trace(make_trace())
    session.select(7)
    session.give_alignment(two_parts())
    return panel


def grid(panel: HeatmapPanel) -> Grid:
    assert panel.model.grid is not None
    return panel.model.grid


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize("hidden", [True, False])
def test_the_parts_of_the_rows_add_up_to_the_score(merge: bool, hidden: bool) -> None:
    alignment = two_parts()
    made = build_grid(alignment, merge=merge, hidden=hidden)
    assert made.anchors is not None and made.lates is not None and alignment.anchor is not None
    np.testing.assert_allclose(made.anchors + made.lates, made.adds, atol=1e-9)
    assert made.reconciles
    assert made.anchor_score == pytest.approx(float(alignment.anchor.sum()), abs=1e-5)
    if hidden:
        assert made.anchors.sum() + made.lates.sum() == pytest.approx(alignment.score, abs=1e-4)
        assert made.anchors.sum() == pytest.approx(made.anchor_score, abs=1e-4)


def test_the_table_has_a_column_for_each_part(panel: HeatmapPanel, session: FakeSession) -> None:
    panel.hidden_button.setChecked(True)
    model, first = panel.model, len(grid(panel).columns)
    assert model.columnCount() == first + 3
    heads = [model.headerData(first + at, Qt.Orientation.Horizontal) for at in range(3)]
    assert heads == ["adds to MaxSim", "whole", "parts"]
    raw = [
        [model.data(model.index(row, first + at), Qt.ItemDataRole.UserRole) for at in range(3)]
        for row in range(model.rowCount())
    ]
    for adds, whole, parts in raw:
        assert adds == pytest.approx(whole + parts, abs=1e-6)
    assert sum(row[1] + row[2] for row in raw) == pytest.approx(two_parts().score, abs=1e-4)


def test_what_is_copied_holds_the_parts_too(panel: HeatmapPanel, qtbot: Any) -> None:
    panel.table_button.setChecked(True)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, *lines = (line.split("\t") for line in QGuiApplication.clipboard().text().split("\n"))
    assert head[-3:] == ["adds to MaxSim", "whole", "parts"]
    for line in lines:
        adds, whole, parts = map(float, line[-3:])
        assert adds == pytest.approx(whole + parts, abs=1e-9), "what is printed does not add up"


def test_a_score_of_one_part_has_neither_columns_nor_a_legend(panel: HeatmapPanel, session: FakeSession) -> None:
    assert panel.parts_legend.isVisible()
    session.give_alignment(make_alignment(make_passage(7)))
    assert not panel.parts_legend.isVisible()
    assert panel.model.columnCount() == len(grid(panel).columns) + 1
    assert stacked(grid(panel)).shape[1] == 1


def test_bars_of_one_sign_follow_each_other() -> None:
    made = build_grid(two_parts(), hidden=True)
    assert made.anchors is not None and made.lates is not None
    bars = stacked(made)
    np.testing.assert_allclose(bars[..., 1] - bars[..., 0], np.stack([made.anchors, made.lates], 1), atol=1e-9)
    both = (made.anchors > 0) & (made.lates > 0)
    assert both.any() and not both.all()
    np.testing.assert_allclose(bars[both, 1, 0], bars[both, 0, 1])
    assert (bars[~both][:, :, 0] * (bars[~both][:, :, 1] != bars[~both][:, :, 0]) <= 1e-9).all()


def test_the_line_below_names_both_parts(panel: HeatmapPanel) -> None:
    made = grid(panel)
    (line, _), (hidden, _) = score_lines(made)
    score, whole, parts = (float(number) for number in re.findall(r"-?\d+\.\d+", line))
    assert score == pytest.approx(made.score, abs=0.001)
    assert whole + parts == pytest.approx(score, abs=1e-9)
    assert "whole" in line and "parts" in line and "hidden" in hidden


def test_pointing_at_a_bar_reads_both_parts_out(panel: HeatmapPanel, qtbot: Any) -> None:
    made = grid(panel)
    side, height = panel.canvas.painter_for().side, panel.canvas.heat_layout.row_height
    qtbot.mouseMove(panel.canvas.viewport(), QPoint(int(side) + 60, int(height * 1.5)))
    qtbot.waitUntil(lambda: panel.canvas.cell == (1, len(made.columns)))
    assert made.anchors is not None
    text = panel.readout.text()
    assert f"{made.adds[1]:.3f} to the score" in text and f"{made.anchors[1]:.3f} from the passage as a whole" in text


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_bars_show_both_shades_in_both_themes(panel: HeatmapPanel, theme: Theme, mode: str) -> None:
    theme.set_mode(mode)
    picture = panel.canvas.viewport().grab().toImage()
    side = int(panel.canvas.painter_for().side)
    seen = {picture.pixelColor(x, y).name() for x in range(side, picture.width()) for y in range(picture.height())}
    for colour in PART_COLOURS:
        assert theme.qcolor(colour).name() in seen


def test_a_narrow_panel_has_room_for_the_cells_rather_than_the_legend(panel: HeatmapPanel) -> None:
    panel.resize(1000, 240)
    assert not panel.parts_legend.isVisible()
    panel.resize(1400, 240)
    assert panel.parts_legend.isVisible()


def test_a_hidden_best_match_of_the_same_cluster_is_shown_where_a_word_shares_it() -> None:
    whole = two_parts()
    values = whole.similarities.copy()
    values[:, 0] = values[:, 5] = 2.0  # [CLS] and a word of the passage in one cluster
    shared = replace(whole, similarities=values, best=values.argmax(axis=1))
    assert all(word is None for word in build_grid(shared).away)
    assert all(word is not None for word in build_grid(replace(shared, anchor=None)).away)


@pytest.mark.slow
@pytest.mark.parametrize("budget", BUDGETS)
def test_parts_of_the_real_engine_add_up_to_the_score_of_the_ranking(sample_workspace: Any, budget: Any) -> None:
    trace = sample_workspace.search("what drives turbine blade fatigue?", k=5, budget=budget)
    for passage, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
        alignment = sample_workspace.explain(trace.query, passage, budget=budget)
        made = build_grid(alignment, hidden=True)
        assert made.anchors is not None and made.lates is not None
        assert made.anchors.sum() + made.lates.sum() == pytest.approx(score, abs=1e-3)
