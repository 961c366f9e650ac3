"""Files of the same content as a tree: a group per content, under it the files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor

from rankscope.app.models import wording
from rankscope.app.theme import ROW_ONE_LINE, Theme
from rankscope.core.api import Duplicates

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
NAME, PLACE, SIZE = range(3)
GROUP = 0  # internal id of a group; that of a file is the number of its group plus one


class CopiesModel(QAbstractItemModel):
    """Columns: title or file name, folder, size. Made of nothing but the records, so that many groups cost nothing."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._groups: Sequence[Duplicates] = ()

    @property
    def groups(self) -> Sequence[Duplicates]:
        """The groups in the order shown."""
        return self._groups

    def set_groups(self, groups: Sequence[Duplicates]) -> None:
        """Show these groups."""
        self.beginResetModel()
        self._groups = groups
        self.endResetModel()

    def path(self, index: Index) -> str:
        """The path of a file; of a group, that of the file that results show; "" for nothing."""
        if not index.isValid():
            return ""
        inside = index.internalId()
        return self._groups[index.row()].paths[0] if inside == GROUP else self._groups[inside - 1].paths[index.row()]

    def index(self, row: int, column: int, parent: Index = NO_PARENT) -> QModelIndex:
        """Groups at the top, files below them."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else GROUP)

    def parent(self, index: Index = NO_PARENT) -> QModelIndex:  # type: ignore[override]
        """The group of a file."""
        inside = index.internalId() if index.isValid() else GROUP
        return QModelIndex() if inside == GROUP else self.createIndex(inside - 1, 0, GROUP)

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """Groups, or the files of one."""
        if not parent.isValid():
            return len(self._groups)
        return len(self._groups[parent.row()].paths) if parent.internalId() == GROUP and parent.column() == 0 else 0

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Three."""
        return 3

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (self.tr("Document"), self.tr("Where"), self.tr("Size"))[section]
        if section == SIZE and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts, whole paths as tooltips, and what is not so important in a paler colour."""
        inside = index.internalId()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._group_text(index) if inside == GROUP else self._file_text(index)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.path(index)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(index)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == SIZE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return QSize(0, ROW_ONE_LINE - 2) if role == Qt.ItemDataRole.SizeHintRole else None

    def as_text(self) -> str:
        """All paths, a blank line between groups, for the clipboard."""
        return "\n\n".join("\n".join(group.paths) for group in self._groups)

    def _group_text(self, index: Index) -> str:
        group = self._groups[index.row()]
        if index.column() == NAME:
            return group.title or PurePath(group.paths[0]).name
        files = self.tr("{count} files").format(count=wording.count(len(group.paths)))
        return files if index.column() == PLACE else wording.size(group.size)

    def _file_text(self, index: Index) -> str:
        path = PurePath(self.path(index))
        if index.column() == NAME:
            return self.tr("{name}  (shown in results)").format(name=path.name) if index.row() == 0 else path.name
        return str(path.parent) if index.column() == PLACE else ""

    def _colour(self, index: Index) -> QColor:
        pale = index.internalId() == GROUP and index.column() != NAME
        pale = pale or (index.internalId() != GROUP and index.column() == PLACE)
        return self._theme.qcolor("dim" if pale else "text")
