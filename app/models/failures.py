"""The files that could not be read, as a table: which, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.core.api import DocumentInfo

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class FailuresModel(QAbstractTableModel):
    """Columns: file, reason, what happened, what to do."""

    def __init__(self, documents: Sequence[DocumentInfo] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents = list(documents)

    def set_documents(self, documents: Sequence[DocumentInfo]) -> None:
        """Show these documents."""
        self.beginResetModel()
        self._documents = list(documents)
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row per document."""
        return 0 if parent.isValid() else len(self._documents)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Four."""
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("File"), self.tr("Reason"), self.tr("What happened"), self.tr("What to do"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The texts; the whole path or sentence as tooltip."""
        document = self._documents[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            name = Path(document.path).name
            return (name, document.reason, document.message, document.remedy)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (document.path, document.reason, document.message, document.remedy)[index.column()]
        return None

    def as_text(self) -> str:
        """All rows with their whole paths, tab-separated, for the clipboard."""
        return "\n".join(
            "\t".join((document.path, document.reason, document.message, document.remedy))
            for document in self._documents
        )
