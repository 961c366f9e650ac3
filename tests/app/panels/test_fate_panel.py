"""The fate panel: asking, the table, the verdict, dropping a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made import FakeSession, make_trace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from rankscope.app.models.fate import CUT, KEPT, RANK, SCORE, FateModel
from rankscope.app.panels.fate import FatePanel
from rankscope.app.theme import Theme
from rankscope.app.widgets.fate_delegate import place_on_scale
from rankscope.core.api import Fate, FateStage

Show = Callable[..., Any]

FATE = Fate(
    "reports/Annual report 2024.pdf",
    "Lost in fusion: rank 410 where the cut was 100.",
    (
        FateStage("dense", "dense", 1532, 0.214, "cosine", 100, False),
        FateStage("lexical", "BM25", None, None, "BM25", 100, False),
        FateStage("fusion", "dense + BM25", 87, 0.0121, "RRF", 100, True),
        FateStage("late", "MaxSim", 23, 2.413, "MaxSim", None, False),
    ),
    3,
)


@pytest.fixture
def panel(session: FakeSession, theme: Theme, shown: Show) -> FatePanel:
    return shown(FatePanel(session, theme), 1400, 240)


def column(model: FateModel, number: int) -> list[str]:
    return [model.data(model.index(row, number)) for row in range(model.rowCount())]


def test_without_a_query_nothing_can_be_asked(panel: FatePanel, session: FakeSession) -> None:
    panel.edit.setText("a.pdf")
    assert not panel.ask_button.isEnabled()
    assert panel.notice.isVisible()
    session.give_trace(make_trace())
    assert panel.ask_button.isEnabled()


def test_asking_goes_to_the_session(panel: FatePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    panel.edit.setText("  reports/Annual report 2024.pdf ")
    qtbot.mouseClick(panel.ask_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(panel.edit, Qt.Key.Key_Return)
    assert session.asked_fates == ["reports/Annual report 2024.pdf"] * 2


def test_the_answer_is_a_verdict_and_a_line_per_stage(panel: FatePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    session.give_fate(FATE)
    assert panel.verdict.text() == FATE.verdict
    assert panel.table.isVisible()
    assert column(panel.model, RANK) == ["1,532", "–", "87", "23"]
    assert column(panel.model, SCORE) == ["0.214 cosine", "–", "0.0121 RRF", "2.41 MaxSim"]
    assert column(panel.model, CUT) == ["100", "100", "100", "none"]
    assert column(panel.model, KEPT) == ["✗ beyond the cut", "✗ never scored", "✓ kept", "✗ did not get here"]
    assert panel.edit.text() == FATE.document
    assert not panel.grab().isNull()


def test_a_row_is_a_sentence(panel: FatePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    session.give_fate(FATE)
    sentence = panel.model.data(panel.model.index(0, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert sentence == "dense: rank 1,532, score 0.214 cosine, cut 100, ✗ beyond the cut"


def test_its_best_passage_can_be_shown_when_it_is_known(panel: FatePanel, session: FakeSession) -> None:
    trace = make_trace()
    session.give_trace(trace)
    known = next(iter(trace.passages))
    session.give_fate(Fate("a", "Kept.", FATE.stages, known))
    assert panel.show_button.isVisible()
    panel.show_button.click()
    assert session.selected == known
    session.give_fate(Fate("a", "Lost.", FATE.stages, 99_999))
    assert not panel.show_button.isVisible()


def test_a_question_that_fails_ends_the_waiting(panel: FatePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    panel.edit.setText("gone.pdf")
    panel.ask_button.click()
    qtbot.waitUntil(lambda: panel.busy.active, timeout=2000)
    session.failed.emit("There is no such document.", "", "")
    assert not panel.busy.active
    assert panel.notice.isVisible()


def drop(panel: FatePanel, path: Path) -> bool:
    """Drop a path on the panel; whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    enter.ignore()
    panel.dragEnterEvent(enter)
    if enter.isAccepted():
        panel.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    return enter.isAccepted()


def test_a_dropped_file_is_asked_for_and_a_folder_left_alone(
    panel: FatePanel, session: FakeSession, tmp_path: Path
) -> None:
    session.give_trace(make_trace())
    file = tmp_path / "lost.txt"
    file.write_text("words")
    assert drop(panel, file)
    assert session.asked_fates == [str(file)]
    assert not drop(panel, tmp_path)


def test_documents_of_the_trace_complete_the_name(panel: FatePanel, session: FakeSession) -> None:
    session.give_trace(make_trace())
    completer = panel.edit.completer()
    completer.setCompletionPrefix("alloy")
    assert completer.completionCount() == 1


def test_ranks_stand_on_a_logarithmic_scale() -> None:
    assert place_on_scale(1, 1000) == 0.0
    assert place_on_scale(1000, 1000) == pytest.approx(1.0)
    assert place_on_scale(100, 1000) == pytest.approx(2 / 3)


def test_a_narrow_panel_puts_the_verdict_below(panel: FatePanel, session: FakeSession, qtbot: Any) -> None:
    session.give_trace(make_trace())
    session.give_fate(FATE)
    panel.resize(500, 400)
    origin = QPoint(0, 0)
    qtbot.waitUntil(lambda: panel.verdict.mapTo(panel, origin).y() > panel.edit.mapTo(panel, origin).y() + 10)
