"""The files that could not be read, and what can be done about them."""

from __future__ import annotations

from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit

from rankscope.app.dialogs.failures import FailuresDialog
from rankscope.app.models.failures import FILE, REASON, FailuresModel, prepare
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.core.api import DocumentInfo


def failure(number: int, name: str, reason: str, remedy: str = "", container: str = "") -> DocumentInfo:
    return DocumentInfo(
        number, 1, f"/docs/reports/{name}", "", "pdf", 10, "2026-01-01", 0, "failed", reason, f"{name} is {reason}.",
        remedy, container,
    )  # fmt: skip


FAILURES = [
    failure(50, "secret.pdf", "encrypted", "Enter its password."),
    failure(51, "scan.pdf", "needs OCR", "Install Tesseract, then try again."),
    failure(52, "broken.docx", "damaged", "Save it again."),
    failure(53, "mail.eml/locked.xlsx", "encrypted", "Enter its password.", "/docs/reports/mail.eml"),
]


@pytest.fixture
def dialog(
    opened: Session, theme: Theme, workspace: FakeWorkspace, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> FailuresDialog:
    listed = {"all": list(FAILURES)}
    monkeypatch.setattr(workspace, "documents", lambda source_id=None, status=None: list(listed["all"]))
    workspace.settings[1] = {"skipped": ((".mp4", 5), (".exe", 2))}
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()
    dialog = FailuresDialog(opened, theme, opened.sources[0])
    dialog.listed = listed  # type: ignore[attr-defined]
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 4)
    return dialog


def names(dialog: FailuresDialog) -> list[str]:
    return [dialog.model.index(row, FILE).data() for row in range(dialog.model.rowCount())]


def choose(dialog: FailuresDialog, *document_ids: int) -> None:
    dialog.table.clearSelection()
    for row in dialog.model.rows(set(document_ids)):
        index = dialog.model.index(row, 0)
        flags = dialog.table.selectionModel().SelectionFlag
        dialog.table.selectionModel().select(index, flags.Select | flags.Rows)


def again(workspace: FakeWorkspace) -> list[dict[str, Any]]:
    return [call[2] for call in workspace.calls if call[0] == "index"]


def shown(dialog: FailuresDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_files_of_one_reason_stand_together(dialog: FailuresDialog) -> None:
    assert names(dialog) == ["broken.docx", "locked.xlsx (mail.eml)", "secret.pdf", "scan.pdf"]
    reasons = [dialog.model.index(row, REASON).data() for row in range(4)]
    assert reasons == ["damaged", "needs a password", "needs a password", "scanned"]


def test_it_can_be_sorted_by_name_by_a_click_and_keeps_what_is_chosen(dialog: FailuresDialog, qtbot: Any) -> None:
    choose(dialog, 51)
    header = dialog.table.horizontalHeader()
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=header.rect().center().__class__(20, 10))
    assert names(dialog) == ["broken.docx", "locked.xlsx (mail.eml)", "scan.pdf", "secret.pdf"]
    assert [document.document_id for document in dialog.chosen()] == [51]


def test_the_chosen_file_is_told_in_full_with_its_remedy(dialog: FailuresDialog) -> None:
    choose(dialog, 51)
    text = shown(dialog)
    assert "/docs/reports/scan.pdf" in text and "Install Tesseract, then try again." in text
    assert not dialog.password_button.isVisible()


def test_the_first_file_is_chosen_from_the_start(dialog: FailuresDialog) -> None:
    assert [document.document_id for document in dialog.chosen()] == [52]


def test_chosen_files_are_tried_again(dialog: FailuresDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    choose(dialog, 51, 52)
    assert "2 files are chosen." in shown(dialog) and not dialog.open_button.isEnabled()
    qtbot.mouseClick(dialog.again_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again(workspace) == [{"again": frozenset({51, 52})}])
    qtbot.waitUntil(lambda: dialog.note.text() == "2 files still cannot be read.")


def test_all_files_are_tried_again_and_those_that_were_read_leave_the_list(
    dialog: FailuresDialog, workspace: FakeWorkspace, qtbot: Any
) -> None:
    choose(dialog, 51)
    dialog.listed["all"] = [FAILURES[1], FAILURES[2]]  # type: ignore[attr-defined]
    qtbot.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again(workspace) == [{"again": frozenset({50, 51, 52, 53})}])
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    qtbot.waitUntil(lambda: dialog.note.text() == "2 files still cannot be read.")
    assert [document.document_id for document in dialog.chosen()] == [51]


def test_a_password_is_hidden_used_and_forgotten_by_the_dialog(
    dialog: FailuresDialog, workspace: FakeWorkspace, qtbot: Any
) -> None:
    choose(dialog, 50)
    qtbot.mouseClick(dialog.password_button, Qt.MouseButton.LeftButton)
    assert dialog.password.isVisible() and dialog.password.echoMode() == QLineEdit.EchoMode.Password
    assert "Password of secret.pdf" in shown(dialog) and "never written down" in shown(dialog)
    qtbot.keyClicks(dialog.password, "open sesame")
    dialog.listed["all"] = FAILURES[1:]  # type: ignore[attr-defined]
    qtbot.keyClick(dialog.password, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: again(workspace) == [{"again": frozenset({50}), "passwords": ("open sesame",)}])
    assert dialog.password.text() == "" and not dialog.password.isVisible() and dialog.isVisible()
    qtbot.waitUntil(lambda: dialog.note.text() == "1 file was read.")


def test_a_password_can_serve_several_files(dialog: FailuresDialog, workspace: FakeWorkspace, qtbot: Any) -> None:
    choose(dialog, 50, 52, 53)
    dialog.ask_password()
    assert "Password of 2 files" in shown(dialog)
    dialog.password.setText("x")
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again(workspace) == [{"again": frozenset({50, 53}), "passwords": ("x",)}])


def test_a_file_inside_a_file_is_opened_by_what_holds_it(
    dialog: FailuresDialog, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    mail = tmp_path / "mail.eml"
    mail.write_text("x")
    dialog.set_failures(prepare([failure(53, "mail.eml/locked.xlsx", "encrypted", "", str(mail))]))
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(dialog.folder_button, Qt.MouseButton.LeftButton)
    assert opened == [str(mail), str(tmp_path)]


def test_a_file_that_is_gone_is_told_and_not_opened(dialog: FailuresDialog, qtbot: Any) -> None:
    choose(dialog, 51)
    qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert "gone" in dialog.note.text()


def test_the_list_can_be_copied(dialog: FailuresDialog, qtbot: Any) -> None:
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "/docs/reports/broken.docx\tdamaged\tbroken.docx is damaged.\tSave it again."
    assert len(lines) == 4


def test_kinds_that_nothing_reads_are_summed_up(dialog: FailuresDialog) -> None:
    assert "5 .mp4 and 2 .exe files are of kinds that Rankscope does not read." in shown(dialog)


def test_without_failures_it_says_so(dialog: FailuresDialog) -> None:
    dialog.set_failures([])
    assert "was read" in shown(dialog)
    assert not dialog.again_button.isVisible() and not dialog.all_button.isEnabled()


def test_a_long_list_is_sorted_quickly() -> None:
    many = [failure(n, f"file {n % 977}.pdf", ("damaged", "encrypted", "empty")[n % 3]) for n in range(5_000)]
    model = FailuresModel()
    model.set_failures(prepare(many))
    model.sort(FILE, Qt.SortOrder.DescendingOrder)
    assert model.index(0, FILE).data() == "file 99.pdf"
