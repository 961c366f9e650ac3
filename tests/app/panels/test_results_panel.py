"""The Results panel: columns, linked selection, keyboard, and its states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made import FakeSession, make_trace, ranking
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices

from rankscope.app.models.results import ResultsModel, RowRole
from rankscope.app.panels.results import ResultsPanel
from rankscope.app.theme import Theme
from rankscope.core.api import Filters, Trace

Show = Callable[..., Any]


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> ResultsPanel:
    return shown(ResultsPanel(session, theme))


def ids(view: Any) -> list[int]:
    model = view.model()
    return [model.passage_at(model.index(row)) for row in range(model.rowCount())]


def test_it_begins_with_an_invitation(panel: ResultsPanel) -> None:
    assert panel.notice.isVisible()
    assert panel.notice.accessibleName()
    assert not panel.notice.button.isVisible()


def test_both_columns_show_the_first_k(panel: ResultsPanel, session: FakeSession) -> None:
    trace = make_trace()
    session.give_trace(trace)
    assert ids(panel.before_view) == trace.stage("fusion").output.ids[:10].tolist()
    assert ids(panel.after_view) == trace.final.ids.tolist()
    assert not panel.notice.isVisible()


def test_selecting_a_row_selects_in_the_session_and_the_other_column(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    both = [item for item in ids(panel.after_view) if item in ids(panel.before_view)]
    row = ids(panel.after_view).index(both[-1])
    panel.after_view.setCurrentIndex(panel.after_view.model().index(row))
    assert session.selected == both[-1]
    assert panel.before_view.model().passage_at(panel.before_view.currentIndex()) == both[-1]


def test_a_selection_from_elsewhere_is_followed(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    target = ids(panel.after_view)[5]
    session.select(target)
    assert panel.after_view.model().passage_at(panel.after_view.currentIndex()) == target


def test_a_passage_that_a_column_does_not_show_leaves_it_unselected(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    entered = next(item for item, move in panel.comparison.moves.items() if move.kind == "entered")
    session.select(entered)
    assert not panel.before_view.currentIndex().isValid()
    assert session.selected == entered


def test_the_keyboard_walks_the_ranking(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    panel.focus_list()
    qtbot.keyClick(panel.after_view, Qt.Key.Key_Down)
    assert session.selected == ids(panel.after_view)[1]
    qtbot.keyClick(panel.after_view, Qt.Key.Key_End)
    assert session.selected == ids(panel.after_view)[-1]
    qtbot.keyClick(panel.after_view, Qt.Key.Key_Home)
    assert session.selected == ids(panel.after_view)[0]
    with qtbot.waitSignal(panel.previewRequested, timeout=500):
        qtbot.keyClick(panel.after_view, Qt.Key.Key_Space)
    assert session.selected == ids(panel.after_view)[0]


def test_enter_opens_the_document(
    panel: ResultsPanel, session: FakeSession, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())) or True)
    monkeypatch.chdir(tmp_path)
    session.give_trace(make_trace())
    info = session.trace.passages[session.selected]  # type: ignore[union-attr,index]
    file = tmp_path / info.document
    file.parent.mkdir(parents=True)
    file.write_text("there")
    qtbot.keyClick(panel.after_view, Qt.Key.Key_Return)
    assert opened == [str(file)]


def test_a_document_that_is_gone_is_told(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    with qtbot.waitSignal(session.failed, timeout=500) as caught:
        qtbot.keyClick(panel.after_view, Qt.Key.Key_Return)
    assert "could not be opened" in caught.args[0]


def test_both_columns_scroll_together_and_the_lines_stay_attached(
    panel: ResultsPanel, session: FakeSession, qtbot: Any
) -> None:
    session.give_trace(make_trace(k=30))
    qtbot.waitUntil(lambda: panel.after_view.verticalScrollBar().maximum() > 300)
    panel.after_view.verticalScrollBar().setValue(250)
    assert panel.before_view.verticalScrollBar().value() == 250
    for row in (5, 8):
        for side, view in ((0, panel.before_view), (1, panel.after_view)):
            rect = view.visualRect(view.model().index(row))
            at_line = panel.lane.mapToGlobal(QPoint(0, round(panel.lane.centre(row, side))))
            assert abs(view.viewport().mapToGlobal(rect.center()).y() - at_line.y()) <= 1


def test_evidence_arrives_later(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    first = ids(panel.after_view)[0]
    index = panel.after_view.model().index(0)
    assert "best words" not in index.data(Qt.ItemDataRole.AccessibleTextRole)
    session.give_evidence({first: ("blade", "fatigue")})
    assert "best words: blade, fatigue" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_a_row_is_a_sentence_for_screen_readers(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    row = next(n for n, item in enumerate(panel.comparison.after) if (item.move.delta or 0) > 0)  # type: ignore[union-attr]
    sentence = panel.after_view.model().index(row).data(Qt.ItemDataRole.AccessibleTextRole)
    shown = panel.comparison.after[row]
    assert sentence.startswith(f"Rank {row + 1}: {ResultsModel.title(shown)}")
    assert f"up {shown.move.delta} from {shown.move.before}" in sentence  # type: ignore[union-attr]
    assert "MaxSim" in sentence


def test_hovering_in_one_column_marks_the_row_in_both(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    rect = panel.after_view.visualRect(panel.after_view.model().index(2))
    qtbot.mouseMove(panel.after_view.viewport(), rect.center())
    hovered = ids(panel.after_view)[2]
    qtbot.waitUntil(lambda: panel.before_view.delegate.hovered == hovered)


def test_one_stage_shows_one_column(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace(stages=make_trace().stages[:1]))
    assert not panel.before_view.isVisible() and not panel.lane.isVisible()
    assert panel.after_view.isVisible()


def test_choosing_stages_changes_the_columns(panel: ResultsPanel, session: FakeSession) -> None:
    trace = make_trace()
    session.give_trace(trace)
    session.set_stages("dense", "fusion")
    assert ids(panel.before_view) == trace.stage("dense").output.ids[:10].tolist()
    assert ids(panel.after_view) == trace.stage("fusion").output.ids[:10].tolist()


def test_compact_shows_one_column_without_scores(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    panel.set_compact(True)
    assert not panel.before_view.isVisible() and not panel.lane.isVisible()
    high = panel.after_view.visualRect(panel.after_view.model().index(0)).height()
    panel.set_compact(False)
    assert panel.before_view.isVisible()
    assert panel.after_view.visualRect(panel.after_view.model().index(0)).height() < high


def empty_trace(pipeline: str = "hybrid") -> Trace:
    return make_trace(stages=make_trace(stages=()).stages, pipeline=pipeline, passages={})


def test_no_results_with_filters_offer_to_clear_them(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.filters = Filters(types=("pdf",))
    session.give_trace(empty_trace())
    assert panel.notice.isVisible() and panel.notice.button.isVisible()
    qtbot.mouseClick(panel.notice.button, Qt.MouseButton.LeftButton)
    assert not session.filters


def test_no_results_of_words_offer_the_search_by_meaning(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.pipeline = "lexical"
    session.give_trace(empty_trace("lexical"))
    qtbot.mouseClick(panel.notice.button, Qt.MouseButton.LeftButton)
    assert session.pipeline == "hybrid"


def test_no_results_otherwise_say_what_to_do(panel: ResultsPanel, session: FakeSession) -> None:
    session.give_trace(empty_trace())
    assert panel.notice.isVisible() and not panel.notice.button.isVisible()


def test_quick_searches_show_no_sign_of_work(panel: ResultsPanel, session: FakeSession, qtbot: Any) -> None:
    session.searching.emit(True)
    session.searching.emit(False)
    qtbot.wait(panel.busy.DELAY_MS + 50)
    assert not panel.busy.active
    session.searching.emit(True)
    qtbot.waitUntil(lambda: panel.busy.active, timeout=2000)
    session.searching.emit(False)
    assert not panel.busy.active


def test_the_theme_can_change_while_results_are_shown(panel: ResultsPanel, session: FakeSession, theme: Theme) -> None:
    session.give_trace(make_trace())
    light = panel.grab().toImage()
    theme.set_mode("dark")
    assert panel.grab().toImage() != light
    assert panel.after_view.model().index(0).data(RowRole) is not None


def test_rankings_of_different_length_draw(panel: ResultsPanel, session: FakeSession) -> None:
    stages = make_trace().stages
    short = stages[-1].__class__(
        "late", "maxsim", "MaxSim", {}, ("fusion",), 100, 2, None, 1.0, ranking([4, 2], 2.0, 0.5, "MaxSim")
    )
    session.give_trace(make_trace(stages=(*stages[:-1], short)))
    assert not panel.grab().isNull()
    assert panel.after_view.model().rowCount() == 2
