"""A card: the white (or dark) sheet with round corners that groups what belongs together."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from rankscope.app.theme import SPACE_L, SPACE_M, SPACE_S, Theme


class Card(QFrame):
    """A sheet with a column of widgets; ``column`` is its layout."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE_L, SPACE_M, SPACE_L, SPACE_M)
        self.column.setSpacing(SPACE_S)


def make_label(
    text: str, theme: Theme, kind: str = "body", role: str = "", parent: QWidget | None = None, *, wrap: bool = False
) -> QLabel:
    """A label in one of the theme's fonts; ``role`` is "", "dim" or "error"."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(theme.font(kind))
    label.setWordWrap(wrap)
    if role:
        label.setProperty("role", role)
    return label
