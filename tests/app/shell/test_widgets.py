"""The banner, the flow of chips and the list of shortcuts."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QWidget

from rankscope.app.dialogs.shortcuts import ShortcutsDialog
from rankscope.app.theme import Theme
from rankscope.app.widgets.banner import Banner
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


def test_news_in_the_banner_offer_what_can_be_done_and_go_by_themselves(theme: Theme, qtbot: Any) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    QLineEdit(host).setFocus()
    banner = Banner(theme, host)
    banner.move(0, 60)
    host.resize(600, 200)
    host.show()
    undone: list[bool] = []
    banner.show_failure("The disk is full.", "Make room.", "Traceback …")
    banner.show_news("“mail” was removed.", "Undo", lambda: undone.append(True))
    assert banner.text() == "“mail” was removed."
    assert banner.action_button.text() == "Undo" and not banner._fold.isVisible()
    qtbot.mouseClick(banner.action_button, Qt.MouseButton.LeftButton)
    assert undone == [True] and not banner.isVisible()
    qtbot.mouseMove(host, QPoint(1, 1))
    host.findChild(QLineEdit).setFocus()
    banner._leave.setInterval(1)
    banner.show_news("The workspace is tidy.")
    assert not banner.action_button.isVisible()
    qtbot.waitUntil(lambda: not banner.isVisible())
    banner.show_failure("The disk is full.", "", "")
    qtbot.wait(20)
    assert banner.isVisible(), "a failure must stay until it is closed"


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


def test_shortcuts_are_listed(theme: Theme) -> None:
    dialog = ShortcutsDialog(theme)
    dialog.show()
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "Search layout" in texts and "F2" in texts
    dialog.close()
