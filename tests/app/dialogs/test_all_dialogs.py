"""What holds for every dialog of the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from rankscope.app.dialogs.base import LibraryDialog, choose_rows, chosen_rows
from rankscope.app.dialogs.convert import ConvertDialog
from rankscope.app.dialogs.copies import CopiesDialog
from rankscope.app.dialogs.failures import FailuresDialog
from rankscope.app.dialogs.removed import RemovedDialog
from rankscope.app.dialogs.source import SourceDialog
from rankscope.app.session import Session
from rankscope.app.theme import Theme

MAKERS: dict[str, Callable[[Session, Theme], LibraryDialog]] = {
    "source": lambda session, theme: SourceDialog(session, theme, session.sources[0]),
    "failures": lambda session, theme: FailuresDialog(session, theme, session.sources[0]),
    "copies": lambda session, theme: CopiesDialog(session, theme),
    "removed": lambda session, theme: RemovedDialog(session, theme),
    "convert": lambda session, theme: ConvertDialog(session, theme, session.library.info),
}


@pytest.fixture(params=list(MAKERS))
def dialog(request: Any, opened: Session, theme: Theme, qtbot: Any) -> LibraryDialog:
    dialog = MAKERS[request.param](opened, theme)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    return dialog


def visible(dialog: LibraryDialog, kind: type[Any]) -> list[Any]:
    return [
        widget
        for widget in dialog.findChildren(kind)
        if widget.isVisible() and not widget.objectName().startswith("qt_")
    ]


def test_everything_that_can_be_used_has_a_name_for_screen_readers(dialog: LibraryDialog) -> None:
    assert dialog.windowTitle()
    nameless: list[QWidget] = [
        widget
        for kind in (QLineEdit, QAbstractItemView, QPlainTextEdit)
        for widget in visible(dialog, kind)
        if not widget.accessibleName()
    ]
    nameless += [b for b in visible(dialog, QAbstractButton) if not (b.accessibleName() or b.text())]
    assert nameless == []


def test_everything_that_can_be_used_can_be_reached_by_the_keyboard(dialog: LibraryDialog) -> None:
    for button in visible(dialog, QAbstractButton):
        if isinstance(button, QRadioButton) and not button.isChecked():
            continue  # the arrow keys lead there from the checked one
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.text()


def test_no_word_on_a_button_is_cut(dialog: LibraryDialog) -> None:
    for button in visible(dialog, QPushButton):
        assert button.width() >= button.sizeHint().width(), button.text()


def test_escape_and_close_end_it(dialog: LibraryDialog, qtbot: Any) -> None:
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_it_asks_nothing_any_more_once_it_is_closed(
    dialog: LibraryDialog, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    dialog.close()
    dialog.ask("x", lambda engine, cancelled: workspace._called("asked too late"), lambda _: None)
    opened.refresh_library()
    qtbot.waitUntil(lambda: not opened.jobs.busy())
    assert "asked too late" not in workspace.names()


def test_it_is_drawn_in_both_themes(dialog: LibraryDialog, theme: Theme, qapp: Any) -> None:
    before = qapp.styleSheet()
    try:
        for mode in ("light", "dark"):
            theme.set_mode(mode)
            qapp.setStyleSheet(theme.stylesheet())
            corner = dialog.grab().toImage().pixelColor(3, 3)
            assert corner == theme.qcolor("background")
    finally:
        qapp.setStyleSheet(before)


def test_rows_are_chosen_as_blocks(opened: Session, theme: Theme, qtbot: Any) -> None:
    dialog = SourceDialog(opened, theme, opened.sources[0])
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.tester.model.rowCount() == 6)
    for rows in ([0], [1, 2, 3], [5, 0, 1, 3], []):
        choose_rows(dialog.tester.table, rows)
        assert chosen_rows(dialog.tester.table) == sorted(rows)
