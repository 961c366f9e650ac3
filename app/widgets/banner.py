"""The banner that tells what went wrong, what to do, and, folded away, the technical part."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from rankscope.app.theme import SPACE_L, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import make_label


class Banner(QFrame):
    """Stands above the panels while there is something to say; never blocks the window."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
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
        self._fold = self._button(self.tr("Details"), theme)
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._set_folded_out)
        self._copy = self._button(self.tr("Copy"), theme)
        self._copy.clicked.connect(self.copy)
        self._close = self._button(self.tr("Close"), theme)
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.clicked.connect(self.hide)
        for button in (self._fold, self._copy, self._close):
            row.addWidget(button)
        column.addLayout(row)
        self._details = QPlainTextEdit(self)
        self._details.setReadOnly(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.setMaximumHeight(120)
        self._details.setAccessibleName(self.tr("Technical details"))
        self._details.hide()
        column.addWidget(self._details)
        self.hide()

    @Slot(str, str, str)
    def show_failure(self, message: str, remedy: str, details: str) -> None:
        """Show a failure instead of whatever was shown."""
        self._message.setText(message)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self._details.setPlainText(details)
        self._fold.setChecked(False)
        self._fold.setVisible(bool(details))
        self.setAccessibleName(message)
        self.show()

    def text(self) -> str:
        """All of it, as it is copied."""
        parts = (self._message.text(), self._remedy.text(), self._details.toPlainText())
        return "\n".join(part for part in parts if part)

    @Slot()
    def copy(self) -> None:
        """Put the whole text on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())

    @Slot(bool)
    def _set_folded_out(self, shown: bool) -> None:
        self._details.setVisible(shown)

    def _button(self, text: str, theme: Theme) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setFont(theme.font("body"))
        return button
