"""The status bar: what is, and what is happening."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar

from rankscope.app.indexing import Request
from rankscope.app.panels.status import StatusPanel, elide
from rankscope.app.session import Session
from rankscope.app.theme import Theme


@pytest.fixture
def panel(opened: Session, theme: Theme, qtbot: Any) -> StatusPanel:
    panel = StatusPanel(opened, theme)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_the_left_tells_what_is_there_and_how_long_the_query_took(
    panel: StatusPanel, opened: Session, qtbot: Any
) -> None:
    assert panel.left_text() == "6 passages · 84 MB"
    with qtbot.waitSignal(opened.traceChanged):
        opened.search("blade")
    assert panel.left_text() == "6 passages · 84 MB · last query 38 ms (encode 11, dense 3, late 17)"
    panel.set_compact(True)
    assert panel.left_text() == "6 passages · 84 MB · last query 38 ms"


def test_indexing_shows_what_and_how_far_and_can_be_cancelled(
    panel: StatusPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    bar, stop = panel.findChild(QProgressBar), panel.stop_button
    assert not bar.isVisible() and not stop.isVisible()
    workspace.hold["index"] = threading.Event()
    opened.add_sources(["/a"])
    qtbot.waitUntil(lambda: "1 / 6 files" in panel.right_text())
    assert panel.right_text().startswith("Reading Fatigue of cast blades.pdf")
    assert bar.isVisible() and bar.value() == round(bar.maximum() / 6)
    opened.add_sources(["/b"])
    assert "1 more waiting" in panel.right_text()
    stop.click()
    assert panel.right_text() == "Stopping…"
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert not bar.isVisible() and not stop.isVisible()
    assert "stays" in panel.right_text()


def test_indexing_can_be_paused_and_resumed(
    panel: StatusPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    gate = workspace.hold["index"] = threading.Event()
    opened.add_sources(["/a"])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    assert panel.pause_button.isVisible() and not panel.resume_button.isVisible()
    qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    assert panel.right_text() == "Pausing…"
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert panel.right_text().startswith("Paused") and panel.resume_button.isVisible()
    assert not panel.stop_button.isVisible() and not panel.pause_button.isVisible()
    gate.set()
    qtbot.mouseClick(panel.resume_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not opened.indexer.active and not opened.paused)
    assert not panel.resume_button.isVisible() and panel.right_text() == "Everything is up to date."


def test_a_run_that_nobody_asked_for_shows_only_once_it_has_something_to_tell(
    panel: StatusPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    opened.indexer.add(Request(workspace, only=frozenset({1}), quiet=True))
    assert not panel.pause_button.isVisible() and panel.right_text() == ""
    qtbot.waitUntil(lambda: not opened.indexer.active)
    qtbot.wait(20)
    assert panel.right_text() == "", "nothing changed, and it spoke of it"


def test_tidying_up_shows_how_far_and_can_be_cancelled(
    panel: StatusPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.hold["compact"] = threading.Event()
    opened.tidy_up()
    qtbot.waitUntil(lambda: "1 / 3 segments" in panel.right_text())
    assert not panel.pause_button.isVisible()
    qtbot.mouseClick(panel.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Nothing is lost" in panel.right_text())
    assert not panel.stop_button.isVisible()


def test_an_ended_run_is_summed_up(panel: StatusPanel, opened: Session, qtbot: Any) -> None:
    opened.add_sources(["/a"])
    qtbot.waitUntil(lambda: "Read 6 files" in panel.right_text())


def test_long_names_lose_their_middle() -> None:
    assert elide("a" * 30 + "b" * 60, 21) == "a" * 10 + "…" + "b" * 10
    assert elide("short", 21) == "short"
