"""The banner, the flow of chips and the list of files that were not read."""

from __future__ import annotations

from typing import Any

from fake_workspace import FakeWorkspace
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from rankscope.app.theme import Theme
from rankscope.app.widgets.banner import Banner
from rankscope.app.widgets.dialogs import FailuresDialog, ShortcutsDialog
from rankscope.app.widgets.flow_layout import FlowLayout


def test_the_banner_speaks_and_folds_the_technical_part_away(theme: Theme, qtbot: Any) -> None:
    banner = Banner(theme)
    qtbot.addWidget(banner)
    assert not banner.isVisible()
    banner.show_failure("The disk is full.", "Make room.", "Traceback …")
    details = banner.findChild(QPlainTextEdit)
    assert banner.isVisible() and not details.isVisible()
    banner._fold.click()
    assert details.isVisible()
    banner._copy.click()
    assert QGuiApplication.clipboard().text() == "The disk is full.\nMake room.\nTraceback …"
    banner.show_failure("Another.", "", "")
    assert not details.isVisible() and not banner._fold.isVisible() and not banner._remedy.isVisible()
    banner._close.click()
    assert not banner.isVisible()


def test_a_flow_breaks_its_line_where_the_width_ends(qtbot: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    flow = FlowLayout(host, spacing=10)
    labels = [QLabel(host) for _ in range(3)]
    for label in labels:
        label.setFixedSize(100, 20)
        flow.addWidget(label)
    assert flow.heightForWidth(320) == 20
    assert flow.heightForWidth(319) == 50
    assert flow.heightForWidth(50) == 80
    host.resize(215, 100)
    host.show()
    assert [(label.x(), label.y()) for label in labels] == [(0, 0), (110, 0), (0, 30)]
    flow.clear()
    assert flow.count() == 0


def test_failures_are_listed_with_reason_and_remedy_and_can_be_copied(theme: Theme, qtbot: Any) -> None:
    dialog = FailuresDialog("/docs/reports", theme)
    dialog.set_documents(FakeWorkspace().documents(1, "failed"))
    dialog.show()
    model = dialog.model
    row = [model.index(0, column).data() for column in range(4)]
    assert row == ["secret.pdf", "encrypted", "secret.pdf needs a password.", "Remove the password and update."]
    dialog.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("/docs/reports/locked.pdf\tencrypted\t")
    with qtbot.waitSignal(dialog.retryRequested):
        dialog._retry()


def test_shortcuts_are_listed(theme: Theme) -> None:
    dialog = ShortcutsDialog(theme)
    dialog.show()
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "Search layout" in texts and "F2" in texts
    dialog.close()
