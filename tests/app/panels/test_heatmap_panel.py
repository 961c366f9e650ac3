"""The heatmap panel: follows the alignment, reconciles, hides and merges, moves a cell cursor, activates words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from made import FakeSession, make_alignment, make_passage, make_trace
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication

from rankscope.app.models.grid import Grid
from rankscope.app.panels.heatmap import HeatmapPanel
from rankscope.app.theme import Theme
from rankscope.app.widgets.heat import HeatScale
from rankscope.app.widgets.heat_paint import score_lines
from rankscope.core.api import Alignment, Token

Show = Callable[..., Any]


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> HeatmapPanel:
    panel = shown(HeatmapPanel(session, theme), 1400, 240)
    session.give_trace(make_trace())
    session.select(7)
    return panel


def grid(panel: HeatmapPanel) -> Grid:
    assert panel.model.grid is not None
    return panel.model.grid


def test_without_a_selection_it_says_what_to_do(session: FakeSession, theme: Theme, shown: Show) -> None:
    panel = shown(HeatmapPanel(session, theme), 1400, 240)
    assert panel.notice.isVisible()


def test_rows_add_up_to_the_score_with_all_rows_shown(panel: HeatmapPanel, session: FakeSession) -> None:
    alignment = make_alignment(make_passage(7))
    session.give_alignment(alignment)
    panel.hidden_button.setChecked(True)
    assert grid(panel).hidden_rows == 0
    assert abs(grid(panel).adds.sum() - alignment.score) <= 1e-4


def test_hidden_tokens_are_printed_with_what_they_add(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    lines = [text for text, _colour in score_lines(grid(panel))]
    assert lines[1] == f"hidden tokens add {grid(panel).hidden_adds:.2f}"
    panel.hidden_button.setChecked(True)
    assert score_lines(grid(panel))[0][0].endswith("sum of rows")


@pytest.mark.parametrize(("kind", "words"), [("BM25", "term weights"), ("cosine", "shares")])
def test_other_kinds_of_score_reconcile_too(panel: HeatmapPanel, session: FakeSession, kind: str, words: str) -> None:
    session.give_alignment(make_alignment(make_passage(7), kind=kind))
    panel.hidden_button.setChecked(True)
    assert grid(panel).reconciles
    assert words in score_lines(grid(panel))[0][0]
    assert not panel.grab().isNull()


def test_pieces_are_shown_apart_on_demand(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    words = len(grid(panel).columns)
    panel.merge_button.setChecked(False)
    assert len(grid(panel).columns) > words
    assert any(column.text.startswith("##") for column in grid(panel).columns)


def test_matched_words_are_in_sight_by_default(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    layout = panel.canvas.heat_layout
    assert len(grid(panel).columns) > 100
    assert layout.width <= layout.view_width + 1
    assert set(grid(panel).best[:, 1].tolist()) <= set(layout.columns.tolist())
    assert layout.widths.min() >= 36


def test_all_words_scroll_and_the_overview_does_not(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    panel.mode_buttons[1].click()
    assert len(panel.canvas.heat_layout.columns) == len(grid(panel).columns)
    assert panel.canvas.horizontalScrollBar().maximum() > 0
    panel.mode_buttons[2].click()
    assert len(panel.canvas.heat_layout.columns) == len(grid(panel).columns)
    assert panel.canvas.horizontalScrollBar().maximum() == 0


def test_a_click_on_a_column_names_the_words_place(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    passage = make_passage(7)
    session.give_alignment(make_alignment(passage))
    row, column = grid(panel).best.tolist()[0]
    point = panel.canvas.cell_rect(row, column).center().toPoint()
    with qtbot.waitSignal(panel.wordActivated, timeout=500) as caught:
        qtbot.mouseClick(panel.canvas.viewport(), Qt.MouseButton.LeftButton, pos=point)
    word = grid(panel).columns[column]
    assert caught.args == [word.start]
    assert passage.text[word.start - passage.start : word.end - passage.start] == word.text


def test_hovering_reads_the_cell_out(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    row, column = grid(panel).best.tolist()[-1]
    centre = panel.canvas.cell_rect(row, column).center()
    assert panel.canvas.cell_at(centre) == (row, column)
    qtbot.mouseMove(panel.canvas.viewport(), centre.toPoint())
    qtbot.waitUntil(lambda: panel.canvas.cell == (row, column))
    assert f"{grid(panel).values[row, column]:.2f}" in panel.readout.text()
    assert grid(panel).rows[row].text in panel.readout.text()


def test_outside_the_cells_is_no_cell(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    assert panel.canvas.cell_at(QPointF(2, 2)) == (-1, -1)
    assert panel.canvas.cell_at(QPointF(300, panel.canvas.viewport().height() - 1)) == (-1, -1)


def test_the_cursor_walks_with_the_arrow_keys(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    canvas = panel.canvas
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    first = canvas.cell
    assert first[0] == 0
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    shown = canvas.heat_layout.columns.tolist()
    assert canvas.cell == (1, shown[shown.index(first[1]) + 1])
    assert canvas.accessibleDescription() == panel.model.sentence(*canvas.cell)
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert canvas.cell[1] == shown[-1]
    with qtbot.waitSignal(panel.wordActivated, timeout=500):
        qtbot.keyClick(canvas, Qt.Key.Key_Return)


def test_zooming_out_of_the_matched_words_shows_all(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Minus)
    assert panel.canvas.mode == "all"
    assert panel.mode_buttons[1].isChecked()
    width = panel.canvas.heat_layout.width
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Plus)
    assert panel.canvas.heat_layout.width > width


def test_own_scale_spreads_over_the_passages_range(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    assert "0.30 to 1.00" in panel.legend.accessibleName()
    panel.own_scale_button.setChecked(True)
    low, high = float(grid(panel).values.min()), float(grid(panel).values.max())
    assert f"{low:.2f} to {high:.2f}" in panel.legend.accessibleName()


def test_the_table_twin_shows_and_copies_the_same(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    panel.table_button.setChecked(True)
    assert panel.table.isVisible() and not panel.canvas.isVisible()
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == len(grid(panel).rows) + 1
    assert len(lines[0].split("\t")) == len(grid(panel).columns) + 2


def test_the_alignment_of_an_older_selection_fades(panel: HeatmapPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    qtbot.waitUntil(lambda: not panel.canvas.horizontalScrollBar().isVisible())
    clear = panel.canvas.viewport().grab().toImage()
    session.give_alignment(None)
    assert panel.canvas.viewport().grab().toImage() == clear  # the next one usually comes at once
    qtbot.waitUntil(lambda: panel.canvas.viewport().grab().toImage() != clear, timeout=2000)
    session.give_alignment(make_alignment(make_passage(7)))
    assert panel.canvas.viewport().grab().toImage() == clear


def test_a_failed_alignment_is_not_left_pale_for_ever(panel: HeatmapPanel, session: FakeSession) -> None:
    session.give_alignment(make_alignment(make_passage(7)))
    session.give_alignment(None)
    session.failed.emit("It broke.", "", "")
    assert panel.notice.isVisible()
    session.give_alignment(make_alignment(make_passage(7)))
    assert not panel.notice.isVisible()


def large_alignment(rows: int, columns: int) -> Alignment:
    generator = np.random.default_rng(0)
    values = generator.uniform(-0.1, 1.0, (rows, columns)).astype(np.float32)
    query = tuple(Token(f"word{n}", 7 * n, 7 * n + 5, "text", n) for n in range(rows))
    passage = tuple(Token(f"token{n}", 8 * n, 8 * n + 6, "text", n) for n in range(columns))
    adds = values.max(axis=1)
    return Alignment("q", 7, "late", float(adds.sum()), "MaxSim", query, passage, values, values.argmax(axis=1), adds)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_64_by_512_cells_repaint_within_a_frame(panel: HeatmapPanel, session: FakeSession, mode: int) -> None:
    panel.resize(1400, 1150)
    session.give_alignment(large_alignment(64, 512))
    panel.mode_buttons[mode].click()
    times = []
    for step in range(9):
        panel.canvas.set_scale(HeatScale(0.3, 1.0 + step / 100))  # another scale: every cell is drawn again
        begin = time.perf_counter()
        panel.canvas.viewport().grab()
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.048  # three times the goal of 16 ms, and the best of all: a busy machine is no regression


def test_an_alignment_without_passage_tokens_draws(panel: HeatmapPanel, session: FakeSession) -> None:
    whole = make_alignment(make_passage(7), kind="BM25")
    count = len(whole.query_tokens)
    session.give_alignment(
        Alignment(whole.query, 7, "lexical", whole.score, "BM25", whole.query_tokens, (),
                  np.zeros((count, 0), np.float32), np.zeros(count, np.int64), whole.contributions)
    )  # fmt: skip
    assert not panel.grab().isNull()
    for button in panel.mode_buttons:
        button.click()
        assert not panel.grab().isNull()
