"""What was removed and can be brought back, as a table: single files, and sources as a whole."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models import wording
from rankscope.app.theme import Theme
from rankscope.core.api import RemovedDocument

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
WHEN, NAME, PLACE, FILE = range(4)


@dataclass(frozen=True)
class Removed:
    """A line of the list. A source that was removed is one line, however many ``documents`` it had."""

    removed: str
    path: str
    file_is_there: bool
    documents: int
    document_id: int | None = None
    source_id: int | None = None


def gather(documents: Sequence[RemovedDocument], sources: Collection[int]) -> list[Removed]:
    """Lines for the documents, newest first; ``sources`` are those that are still in the library."""
    lines = []
    whole: dict[int, list[RemovedDocument]] = {}
    for one in documents:
        if one.source_id in sources:
            lines.append(Removed(one.removed, one.path, one.file_is_there, 1, document_id=one.document_id))
        else:
            whole.setdefault(one.source_id, []).append(one)
    for source_id, inside in whole.items():
        there = any(one.file_is_there for one in inside)
        newest = max(one.removed for one in inside)
        lines.append(Removed(newest, _common_folder(inside), there, len(inside), source_id=source_id))
    return sorted(lines, key=lambda line: line.removed, reverse=True)


def _common_folder(documents: Sequence[RemovedDocument]) -> str:
    """The folder around all of them, which is the source as far as one can tell."""
    if len(documents) == 1:
        return documents[0].path
    try:
        return os.path.commonpath([one.path for one in documents])
    except ValueError:  # on several drives
        return documents[0].path


class RemovedModel(QAbstractTableModel):
    """Columns: when, name, where, whether the file is still there."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: Sequence[Removed] = ()

    @property
    def lines(self) -> Sequence[Removed]:
        """The lines in the order shown."""
        return self._lines

    def set_lines(self, lines: Sequence[Removed]) -> None:
        """Show these."""
        self.beginResetModel()
        self._lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row per line."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Four."""
        return 0 if parent.isValid() else 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Removed"), self.tr("Document"), self.tr("Where"), self.tr("On disk"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts; whole paths as tooltips."""
        line = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return line.path
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.qcolor("text" if index.column() == NAME else "dim")
        return None

    def _text(self, line: Removed, column: int) -> str:
        path = PurePath(line.path)
        if column == WHEN:
            return wording.moment(line.removed)
        if column == NAME:
            if line.source_id is None:
                return path.name
            files = wording.plural(line.documents, self.tr("1 file"), self.tr("{count} files"))
            return self.tr("{name}  (whole source, {files})").format(name=path.name, files=files)
        if column == PLACE:
            return str(path.parent)
        return self.tr("still there") if line.file_is_there else self.tr("gone")
