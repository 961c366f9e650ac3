"""The banner above the panels: what went wrong and what to do about it, or what was done and how to undo it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from rankscope.app.theme import SPACE_L, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import make_label

CALM_MS = 30_000  # how long something that is no failure stays


class Banner(QFrame):
    """Stands above the panels while there is something to say; never blocks the window.

    A failure stays until it is closed, with its technical part folded away; other news go after half a minute, unless
    the pointer or the keyboard is on them.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self._act: Callable[[], object] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_L, SPACE_S, SPACE_S, SPACE_S)
        column.setSpacing(SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        words = QVBoxLayout()
        words.setSpacing(SPACE_XS // 2)
        self._message = make_label("", theme, "body", "error", self, wrap=True)
        self._remedy = make_label("", theme, "body", parent=self, wrap=True)
        words.addWidget(self._message)
        words.addWidget(self._remedy)
        row.addLayout(words, 1)
        self.action_button = self._button("", theme)
        self.action_button.clicked.connect(self._acted)
        self._fold = self._button(self.tr("Details"), theme)
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._set_folded_out)
        self._copy = self._button(self.tr("Copy"), theme)
        self._copy.clicked.connect(self.copy)
        self._close = self._button(self.tr("Close"), theme)
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.clicked.connect(self.hide)
        for button in (self.action_button, self._fold, self._copy, self._close):
            row.addWidget(button)
        column.addLayout(row)
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.setMaximumHeight(120)
        self._details.setAccessibleName(self.tr("Technical details"))
        self._details.hide()
        column.addWidget(self._details)
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.setInterval(CALM_MS)
        self._leave.timeout.connect(self._go)
        self.hide()

    @Slot(str, str, str)
    def show_failure(self, message: str, remedy: str, details: str) -> None:
        """Show a failure instead of whatever was shown."""
        self._leave.stop()
        self._show(message, remedy, details, calm=False)

    def show_news(self, message: str, action: str = "", act: Callable[[], object] | None = None) -> None:
        """Show something that is no failure, with a button for what can be done about it."""
        self._show(message, "", "", calm=True)
        self._act = act
        self.action_button.setText(action)
        self.action_button.setVisible(act is not None)
        self._leave.start()

    def hide_action(self, act: Callable[[], object]) -> None:
        """Go if this is what the button does: it can no longer be done."""
        if self._act == act:
            self.hide()

    def text(self) -> str:
        """All of it, as it is copied."""
        parts = (self._message.text(), self._remedy.text(), self._details.toPlainText())
        return "\n".join(part for part in parts if part)

    @Slot()
    def copy(self) -> None:
        """Put the whole text on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    def _show(self, message: str, remedy: str, details: str, *, calm: bool) -> None:
        self._act = None
        self.action_button.hide()
        self._message.setText(message)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self._details.setPlainText(details)
        self._fold.setChecked(False)
        self._fold.setVisible(bool(details))
        self._copy.setVisible(not calm)
        self.setAccessibleName(message)
        if self.property("calm") != calm:
            self.setProperty("calm", calm)
            self._message.setProperty("role", "" if calm else "error")
            for widget in (self, self._message):
                widget.style().unpolish(widget)
                widget.style().polish(widget)
        self.show()

    @Slot()
    def _acted(self) -> None:
        act = self._act
        self.hide()
        if act is not None:
            act()

    @Slot()
    def _go(self) -> None:
        """Half a minute has passed."""
        if self.underMouse() or any(button.hasFocus() for button in self.findChildren(QPushButton)):
            self._leave.start()
        else:
            self.hide()

    @Slot(bool)
    def _set_folded_out(self, shown: bool) -> None:
        self._details.setVisible(shown)

    def _button(self, text: str, theme: Theme) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setFont(theme.font("body"))
        return button
