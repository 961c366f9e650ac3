"""Files of the same content, and documents that can be brought back."""

from __future__ import annotations

from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget

from rankscope.app.dialogs.copies import CopiesDialog
from rankscope.app.dialogs.removed import RemovedDialog
from rankscope.app.models.copies import CopiesModel
from rankscope.app.models.removed import gather
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.core.api import Duplicates, RemovedDocument

GROUPS = [
    Duplicates(1, "Annual report", 4_000_000, ("/docs/reports/annual.pdf", "/mail/annual.pdf", "/old/annual (1).pdf")),
    Duplicates(2, "Alloy data", 300_000, ("/papers/alloy.pdf", "/papers/old/alloy.pdf")),
]
GONE = [
    RemovedDocument(7, 1, "/docs/reports/draft.docx", "Draft", 4, "2026-11-20T09:30:00+00:00", True),
    RemovedDocument(8, 1, "/docs/reports/primer.pdf", "Primer", 9, "2026-11-18T09:30:00+00:00", False),
    RemovedDocument(9, 5, "/docs/letters/a.txt", "a", 1, "2026-11-19T09:30:00+00:00", True),
    RemovedDocument(10, 5, "/docs/letters/b/c.txt", "c", 1, "2026-11-19T09:30:00+00:00", True),
]


def shown(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


# -- copies ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def copies(opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any) -> CopiesDialog:
    workspace.groups = list(GROUPS)
    dialog = CopiesDialog(opened, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    return dialog


def test_groups_are_shown_with_all_their_files(copies: CopiesDialog) -> None:
    model = copies.model
    group = model.index(0, 0)
    assert [group.data(), model.index(0, 1).data(), model.index(0, 2).data()] == ["Annual report", "3 files", "4.0 MB"]
    files = [(model.index(row, 0, group).data(), model.index(row, 1, group).data()) for row in range(3)]
    assert files[0] == ("annual.pdf  (shown in results)", "/docs/reports")
    assert files[1:] == [("annual.pdf", "/mail"), ("annual (1).pdf", "/old")]
    assert "3 files are copies of others and take 8.3 MB. Results show each group once." in shown(copies)


def test_the_tree_of_copies_is_a_proper_model(theme: Theme) -> None:
    model = CopiesModel(theme)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_groups(GROUPS)
    assert model.rowCount(model.index(1, 0)) == 2
    assert model.parent(model.index(1, 0, model.index(1, 0))) == model.index(1, 0)
    assert model.path(QModelIndex()) == ""
    model.set_groups(())
    del tester


def test_a_copy_can_be_opened_and_shown_in_its_folder(
    copies: CopiesDialog, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, workspace: FakeWorkspace
) -> None:
    file = tmp_path / "twin.pdf"
    file.write_text("x")
    copies.set_groups([Duplicates(1, "Twin", 10, ("/docs/reports/x.pdf", str(file)))])
    assert not copies.open_button.isEnabled()
    copies.tree.setCurrentIndex(copies.model.index(1, 0, copies.model.index(0, 0)))
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    qtbot.mouseClick(copies.open_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(copies.folder_button, Qt.MouseButton.LeftButton)
    assert opened == [str(file), str(tmp_path)]


def test_copies_can_be_filtered_and_copied_as_text(copies: CopiesDialog, qtbot: Any) -> None:
    qtbot.keyClicks(copies.filter, "ALLOY")
    assert copies.model.rowCount() == 1
    qtbot.mouseClick(copies.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "/papers/alloy.pdf\n/papers/old/alloy.pdf"


def test_from_a_source_only_its_copies_are_shown(
    opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.groups = list(GROUPS)
    dialog = CopiesDialog(opened, theme, opened.sources[0])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 1)
    assert dialog.model.index(0, 0).data() == "Annual report" and "/docs/reports" in shown(dialog)


def test_without_copies_it_says_so(opened: Session, theme: Theme, qtbot: Any) -> None:
    dialog = CopiesDialog(opened, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "There are no copies" in shown(dialog))
    assert not dialog.copy_button.isEnabled()


# -- removed -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def removed(opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any) -> RemovedDialog:
    workspace.gone = list(GONE)
    dialog = RemovedDialog(opened, theme)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 3)
    return dialog


def row(dialog: RemovedDialog, number: int) -> list[str]:
    return [dialog.model.index(number, column).data() for column in range(4)]


def test_what_was_removed_is_listed_newest_first(removed: RemovedDialog) -> None:
    assert row(removed, 0)[1:] == ["draft.docx", "/docs/reports", "still there"]
    assert row(removed, 0)[0].startswith("2026-11-20")
    assert row(removed, 1)[1:] == ["letters  (whole source, 2 files)", "/docs", "still there"]
    assert row(removed, 2)[1:] == ["primer.pdf", "/docs/reports", "gone"]


def test_the_chosen_ones_come_back(removed: RemovedDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    assert not removed.back_button.isEnabled()
    removed.table.selectRow(2)
    qtbot.mouseClick(removed.back_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("bring_back", (8,)) in workspace.calls)
    qtbot.waitUntil(lambda: removed.model.rowCount() == 2)
    assert removed.note.text() == "1 document is back."


def test_a_whole_source_comes_back_as_one(removed: RemovedDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.out[5] = workspace.path
    removed.table.selectRow(1)
    qtbot.mouseClick(removed.back_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("bring_back_source", 5) in workspace.calls)
    assert "bring_back" not in workspace.names()


def test_all_that_are_shown_come_back(removed: RemovedDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    qtbot.keyClicks(removed.filter, "reports")
    assert removed.model.rowCount() == 2
    qtbot.mouseClick(removed.all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("bring_back", (7, 8)) in workspace.calls)


def test_forgetting_asks_first(removed: RemovedDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    qtbot.mouseClick(removed.forget_button, Qt.MouseButton.LeftButton)
    question = removed.findChild(QMessageBox)
    assert question is not None and "compact" not in workspace.names()
    forget = next(button for button in question.findChildren(QPushButton) if button.text() == "Forget all")
    qtbot.mouseClick(forget, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: ("compact", True) in workspace.calls)
    qtbot.waitUntil(lambda: removed.model.rowCount() == 0)
    assert "Nothing was removed" in shown(removed)


def test_a_removed_source_on_several_drives_has_some_path() -> None:
    (line,) = gather([GONE[2]], set())
    assert line.path == "/docs/letters/a.txt" and line.documents == 1
    mixed = [RemovedDocument(1, 5, "a/b", "", 1, "2026", True), RemovedDocument(2, 5, "/c/d", "", 1, "2025", True)]
    assert gather(mixed, set())[0].path == "a/b"


def test_dialogs_take_the_colours_of_a_new_theme(removed: RemovedDialog, theme: Theme) -> None:
    theme.set_mode("dark")
    colour = removed.model.index(0, 1).data(Qt.ItemDataRole.ForegroundRole)
    assert colour == theme.qcolor("text")
