"""The settings of a source: watching, patterns, and the list that shows what they take."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from rankscope.app.dialogs.source import SourceDialog
from rankscope.app.session import Session
from rankscope.app.theme import Theme


@pytest.fixture
def dialog(opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any) -> SourceDialog:
    workspace.settings[1] = {"skipped": ((".mp4", 3),), "copies": 2}
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()
    dialog = SourceDialog(opened, theme, opened.sources[0])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # so that a test can look at it afterwards
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "taken" in dialog.tester.counts_text())
    return dialog


def texts(dialog: SourceDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def rows(dialog: SourceDialog) -> list[tuple[str, str, str]]:
    model = dialog.tester.model
    return [tuple(model.index(row, column).data() for column in range(3)) for row in range(model.rowCount())]


def test_it_tells_what_is_known_of_the_source(dialog: SourceDialog) -> None:
    shown = texts(dialog)
    for words in ("/docs/reports", "6 files", "6 passages", "last read 2026-11-20", "3 .mp4"):
        assert words in shown
    assert dialog.failures_link.text() == "2 files not read" and dialog.copies_link.text() == "2 copies"


def test_its_figures_lead_to_the_lists(dialog: SourceDialog, qtbot: Any) -> None:
    with qtbot.waitSignal(dialog.failuresRequested) as asked:
        qtbot.mouseClick(dialog.failures_link, Qt.MouseButton.LeftButton)
    assert asked.args[0].source_id == 1
    with qtbot.waitSignal(dialog.copiesRequested):
        qtbot.mouseClick(dialog.copies_link, Qt.MouseButton.LeftButton)


def test_the_list_shows_what_is_taken_and_why_not_the_rest(dialog: SourceDialog) -> None:
    assert dialog.tester.counts_text() == "5 taken, 1 left out"
    assert ("✓", "a.pdf", "") in rows(dialog)
    assert ("–", "talk.mp4", "no reader for .mp4") in rows(dialog)


def test_the_list_follows_while_patterns_are_typed(dialog: SourceDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    before = workspace.names().count("test_patterns")
    qtbot.keyClicks(dialog.include, "*.pdf")
    dialog.exclude.setFocus()
    qtbot.keyClicks(dialog.exclude, "drafts/")
    qtbot.waitUntil(lambda: dialog.tester.counts_text() == "3 taken, 3 left out")
    assert ("–", "drafts/c.pdf", "excluded by drafts/") in rows(dialog)
    assert ("–", "notes.md", "not included") in rows(dialog)
    assert workspace.names().count("test_patterns") == before + 1, "it asked for every letter"


def test_only_the_newest_test_is_shown(dialog: SourceDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["test_patterns"] = threading.Event()
    seen: list[str] = []
    dialog.tester.model.modelReset.connect(lambda: seen.append(dialog.tester.counts_text()))
    for patterns in ("*.md", "*.pdf", "important.pdf"):
        dialog.include.setPlainText(patterns)
        dialog.test()
    gate.set()
    qtbot.waitUntil(lambda: dialog.tester.counts_text() == "1 taken, 5 left out")
    qtbot.waitUntil(lambda: not dialog.session.jobs.busy())
    assert len(seen) == 1


def test_closing_gives_the_test_up(opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any) -> None:
    gate = workspace.hold["test_patterns"] = threading.Event()
    dialog = SourceDialog(opened, theme, opened.sources[0])
    dialog.show()
    qtbot.waitUntil(lambda: "test_patterns" in workspace.names())
    dialog.close()
    gate.set()
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    qtbot.wait(20)


def test_a_pattern_that_makes_no_sense_is_told_in_place(dialog: SourceDialog, qtbot: Any) -> None:
    failures: list[Any] = []
    dialog.session.failed.connect(lambda *args: failures.append(args))
    dialog.exclude.setPlainText("a[")
    qtbot.waitUntil(dialog.trouble.isVisible)
    assert "a[" in dialog.trouble.text() and dialog.tester.model.rowCount() == 0
    qtbot.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.session.jobs.busy())
    assert failures == [], "it was told twice"
    dialog.exclude.setPlainText("a")
    qtbot.waitUntil(lambda: not dialog.trouble.isVisible())
    assert dialog.tester.model.rowCount() == 6
    dialog.exclude.clear()


def test_the_list_can_be_filtered(dialog: SourceDialog, qtbot: Any) -> None:
    qtbot.keyClicks(dialog.tester.filter, "PDF")
    assert [row[1] for row in rows(dialog)] == ["a.pdf", "b.pdf", "drafts/c.pdf", "important.pdf"]
    assert dialog.tester.counts_text() == "5 taken, 1 left out"
    dialog.tester.filter.clear()
    qtbot.mouseClick(dialog.tester.choices[False], Qt.MouseButton.LeftButton)
    assert [row[1] for row in rows(dialog)] == ["talk.mp4"]


def test_applying_sets_the_patterns_and_reads_the_source(
    dialog: SourceDialog, workspace: FakeWorkspace, qtbot: Any
) -> None:
    assert not dialog.apply_button.isEnabled()
    dialog.exclude.setPlainText("drafts/\n\n  !important.pdf \n")
    assert dialog.apply_button.isEnabled()
    qtbot.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("index", (), {"only": frozenset({1})}) in workspace.calls)
    assert ("configure_source", 1, (), ("drafts/", "!important.pdf"), None) in workspace.calls
    qtbot.waitUntil(lambda: not dialog.apply_button.isEnabled())
    assert "being brought up to date" in dialog.note.text()


def test_watching_is_set_at_once(dialog: SourceDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    assert not dialog.watch.isChecked()
    dialog.watch.click()
    qtbot.waitUntil(lambda: ("configure_source", 1, None, None, True) in workspace.calls)
    qtbot.waitUntil(lambda: dialog.source.watch)
    assert "index" not in [call[0] for call in workspace.calls if call[0] == "index" and "only" not in call[2]]
    assert "switched off" not in texts(dialog)
    dialog.session.set_watching(False)
    assert "switched off" in texts(dialog)


def test_patterns_that_were_not_applied_are_not_lost_without_a_question(
    dialog: SourceDialog, workspace: FakeWorkspace, qtbot: Any
) -> None:
    dialog.exclude.setPlainText("drafts/")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    question = dialog.findChild(QMessageBox)
    assert dialog.isVisible() and question is not None
    apply = next(button for button in question.findChildren(QPushButton) if button.text() == "Apply")
    qtbot.mouseClick(apply, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    qtbot.waitUntil(lambda: ("configure_source", 1, (), ("drafts/",), None) in workspace.calls)


def test_escape_closes_when_nothing_was_changed(dialog: SourceDialog, qtbot: Any) -> None:
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_it_goes_with_its_source(dialog: SourceDialog, opened: Session, qtbot: Any) -> None:
    dialog.exclude.setPlainText("x")
    opened.remove_source(opened.sources[0])
    assert not dialog.isVisible()


def test_a_single_file_has_no_patterns(
    opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any, tmp_path: Any
) -> None:
    file = tmp_path / "one.pdf"
    file.write_bytes(b"%PDF")
    workspace.added = [file]
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()
    dialog = SourceDialog(opened, theme, opened.sources[0])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not dialog.include.isVisible())
    assert not dialog.apply_button.isVisible()
