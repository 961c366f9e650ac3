"""The small windows: which files could not be read, the shortcuts, and what this is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.commands import shortcut_rows
from rankscope.app.models.failures import FailuresModel
from rankscope.app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XL, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.core.api import DocumentInfo


class FailuresDialog(QDialog):
    """The files of a source that could not be read. ``retryRequested`` asks to read them again."""

    retryRequested = Signal()

    def __init__(self, source: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Files that could not be read"))
        self.resize(860, 380)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        column.setSpacing(SPACE_M)
        column.addWidget(make_label(source, theme, "title", parent=self))
        self.model = FailuresModel(parent=self)
        card = Card(self)
        table = QTableView(card)
        table.setModel(self.model)
        table.setFont(theme.font("body"))
        table.horizontalHeader().setFont(theme.font("small"))
        table.setAccessibleName(self.tr("Files that could not be read"))
        table.setShowGrid(False)
        table.setWordWrap(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 190)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(1, 96)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        card.column.addWidget(table)
        column.addWidget(card, 1)
        row = QHBoxLayout()
        copy = QPushButton(self.tr("Copy all"), self)
        copy.clicked.connect(self.copy)
        retry = QPushButton(self.tr("Try again"), self)
        retry.setToolTip(self.tr("Read the files of all sources that are new, changed or failed"))
        retry.clicked.connect(self._retry)
        close = QPushButton(self.tr("Close"), self)
        close.setDefault(True)
        close.clicked.connect(self.close)
        row.addWidget(copy)
        row.addWidget(retry)
        row.addStretch(1)
        row.addWidget(close)
        for button in (copy, retry, close):
            button.setFont(theme.font("body"))
        column.addLayout(row)

    @Slot(object)
    def set_documents(self, documents: Sequence[DocumentInfo]) -> None:
        """Show these failures."""
        self.model.set_documents(documents)

    @Slot()
    def copy(self) -> None:
        """Put the whole list on the clipboard."""
        QGuiApplication.clipboard().setText(self.model.as_text())

    @Slot()
    def _retry(self) -> None:
        self.retryRequested.emit()
        self.close()


class ShortcutsDialog(QDialog):
    """What can be done from the keyboard."""

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
