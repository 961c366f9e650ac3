"""Which files a source's patterns take, as a table that can be filtered."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.theme import Theme
from rankscope.core.api import TestedFile

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
MARK, FILE, WHY = range(3)


class TestedModel(QAbstractTableModel):
    """Columns: a mark, the file, and why it is left out. A folder that is left out as a whole ends in "/"."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._every: Sequence[TestedFile] = ()
        self._shown: Sequence[TestedFile] = ()
        self._wanted = ""
        self._taken: bool | None = None

    @property
    def taken(self) -> int:
        """How many of all files are taken."""
        return sum(file.taken for file in self._every)

    @property
    def left_out(self) -> int:
        """How many of all files are not; those in folders that nobody looked into do not count."""
        return sum(not file.taken and not file.relative.endswith("/") for file in self._every)

    @property
    def folders_left_out(self) -> int:
        """How many folders are left out as a whole."""
        return sum(not file.taken and file.relative.endswith("/") for file in self._every)

    @property
    def shown(self) -> Sequence[TestedFile]:
        """The files that the filter leaves, in the order shown."""
        return self._shown

    def set_files(self, files: Sequence[TestedFile]) -> None:
        """Show these."""
        self._every = files
        self._filter()

    def set_filter(self, text: str, taken: bool | None) -> None:
        """Show only files whose path contains the text, and that are taken or left out; None: both."""
        self._wanted, self._taken = text.strip().casefold(), taken
        self._filter()

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row per file."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = NO_PARENT) -> int:
        """Three."""
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts and colours; a screen reader hears what the mark means."""
        file = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return ("✓" if file.taken else "–", file.relative, "" if file.taken else file.why)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == MARK:
            return self.tr("taken") if file.taken else self.tr("left out")
        if role == Qt.ItemDataRole.ToolTipRole:
            return file.relative if file.taken else f"{file.relative}\n{file.why}"
        if role == Qt.ItemDataRole.ForegroundRole:
            mark = "accent_text" if index.column() == MARK else "text"
            return self._theme.qcolor(mark if file.taken else "dim")
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == MARK:
            return Qt.AlignmentFlag.AlignCenter
        return None

    def _filter(self) -> None:
        self.beginResetModel()
        self._shown = [
            file
            for file in self._every
            if self._wanted in file.relative.casefold() and self._taken in (None, file.taken)
        ]
        self.endResetModel()
