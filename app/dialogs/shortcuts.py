"""What can be done from the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QPushButton, QVBoxLayout, QWidget

from rankscope.app.commands import shortcut_rows
from rankscope.app.theme import SPACE_L, SPACE_S, SPACE_XL, Theme
from rankscope.app.widgets.card import Card, make_label


class ShortcutsDialog(QDialog):
    """The list of shortcuts."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        card = Card(self)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_XL)
        grid.setVerticalSpacing(SPACE_S)
        rows = [
            *shortcut_rows(),
            (self.tr("Earlier and later queries, in the query line"), "↑ ↓"),
            (self.tr("Choose a result, in the results"), "↑ ↓"),
            (self.tr("Settings of a source, in the library"), self.tr("Enter")),
            (self.tr("Remove a source, in the library"), self.tr("Delete")),
        ]
        for number, (title, keys) in enumerate(rows):
            grid.addWidget(make_label(title, theme, parent=card), number, 0)
            label = make_label(keys, theme, "body", "dim", card)
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, number, 1)
        card.column.addLayout(grid)
        column.addWidget(card)
        close = QPushButton(self.tr("Close"), self)
        close.setFont(theme.font("body"))
        close.setDefault(True)
        close.clicked.connect(self.close)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
