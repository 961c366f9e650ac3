"""The query line, its chips, its history and the questions offered to a new user."""

from __future__ import annotations

from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt

from rankscope.app.panels.query import QueryPanel
from rankscope.app.samples import samples_folder
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme


@pytest.fixture
def panel(opened: Session, theme: Theme, settings: Settings, qtbot: Any) -> QueryPanel:
    panel = QueryPanel(opened, theme, settings)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def ask(panel: QueryPanel, session: Session, qtbot: Any, query: str) -> None:
    panel.line.setFocus()
    panel.line.setText(query)
    qtbot.keyClick(panel.line, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: session.trace is not None and session.trace.query == query and session.alignment is not None
    )


def test_enter_searches_and_shows_the_words(panel: QueryPanel, opened: Session, qtbot: Any) -> None:
    ask(panel, opened, qtbot, "blade fatigue")
    assert panel.chip_texts() == ["[CLS]", "blade", "fatigue", "[SEP]"]
    assert panel._hint.text() == "4 tokens"


def test_special_tokens_are_hollow(panel: QueryPanel, opened: Session, qtbot: Any) -> None:
    ask(panel, opened, qtbot, "blade")
    roles = {label.text(): label.property("role") for label in panel.findChildren(type(panel._hint))}
    assert roles["[CLS]"] == "hollow-chip"
    assert roles["blade"] == "chip"


def test_the_search_layout_has_no_chips(panel: QueryPanel, opened: Session, qtbot: Any) -> None:
    ask(panel, opened, qtbot, "blade fatigue")
    panel.set_compact(True)
    assert not panel._below.isVisible()
    panel.set_compact(False)
    assert panel._below.isVisible()


def test_a_very_long_query_does_not_fill_the_window(panel: QueryPanel, opened: Session, qtbot: Any) -> None:
    ask(panel, opened, qtbot, " ".join(f"word{n}" for n in range(2000)))
    assert len(panel.chip_texts()) < 60
    assert any("more" in text for text in panel.chip_texts())


def test_up_and_down_go_through_the_history(panel: QueryPanel, opened: Session, settings: Settings, qtbot: Any) -> None:
    for query in ("one", "two"):
        ask(panel, opened, qtbot, query)
    panel.line.clear()
    qtbot.keyClicks(panel.line, "half a tho")
    expected = ["two", "one", "one"]
    for text in expected:
        qtbot.keyClick(panel.line, Qt.Key.Key_Up)
        assert panel.line.text() == text
    qtbot.keyClick(panel.line, Qt.Key.Key_Down)
    assert panel.line.text() == "two"
    qtbot.keyClick(panel.line, Qt.Key.Key_Down)
    assert panel.line.text() == "half a tho"
    assert settings.history == ["two", "one"]


def test_example_questions_are_offered_for_the_samples_and_answered_by_a_click(
    panel: QueryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    assert panel.suggestions() == []
    workspace.added = [samples_folder()]
    opened.refresh_library()
    qtbot.waitUntil(lambda: bool(panel.suggestions()))
    button = panel.suggestions()[0]
    text = button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.trace is not None)
    assert opened.trace is not None and opened.trace.query == text
    assert panel.line.text() == text
    assert panel.suggestions() == []


def test_an_empty_line_clears(panel: QueryPanel, opened: Session, qtbot: Any) -> None:
    ask(panel, opened, qtbot, "blade")
    panel.line.clear()
    qtbot.keyClick(panel.line, Qt.Key.Key_Return)
    assert opened.trace is None
