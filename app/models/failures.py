"""The files that could not be read, as a table that can be sorted: which, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.core.api import DocumentInfo

Index = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()
FILE, REASON, MESSAGE, REMEDY = range(4)

# The engine's reasons in words for a column.
_REASONS: dict[str, str] = {
    "unreadable": QT_TRANSLATE_NOOP("reasons", "no access"),
    "empty": QT_TRANSLATE_NOOP("reasons", "empty"),
    "encrypted": QT_TRANSLATE_NOOP("reasons", "needs a password"),
    "damaged": QT_TRANSLATE_NOOP("reasons", "damaged"),
    "wrong type": QT_TRANSLATE_NOOP("reasons", "not what its name says"),
    "no text": QT_TRANSLATE_NOOP("reasons", "no text"),
    "needs OCR": QT_TRANSLATE_NOOP("reasons", "scanned"),
    "unsupported": QT_TRANSLATE_NOOP("reasons", "unknown kind"),
    "too large": QT_TRANSLATE_NOOP("reasons", "too large"),
    "too deep": QT_TRANSLATE_NOOP("reasons", "packed too deeply"),
    "changing": QT_TRANSLATE_NOOP("reasons", "being written"),
    "vanished": QT_TRANSLATE_NOOP("reasons", "gone"),
    "timed out": QT_TRANSLATE_NOOP("reasons", "took too long"),
    "crashed": QT_TRANSLATE_NOOP("reasons", "could not be handled"),
}


def reason_text(reason: str) -> str:
    """One of the engine's reasons as people say it; one that is not known as it is."""
    return QCoreApplication.translate("reasons", _REASONS[reason]) if reason in _REASONS else reason


def file_text(document: DocumentInfo) -> str:
    """The name of a file, and of the file it lies in."""
    name = PurePath(document.path).name
    return f"{name} ({PurePath(document.container).name})" if document.container else name


@dataclass(frozen=True, slots=True)
class Failure:
    """A document with its cells (file, reason, what happened, what to do), and the same for sorting."""

    document: DocumentInfo
    texts: tuple[str, str, str, str]
    keys: tuple[str, ...]


def prepare(documents: Sequence[DocumentInfo]) -> list[Failure]:
    """Rows for the model, sorted by file. Takes a while for very many: not on the thread of the window."""
    failures = []
    for one in documents:
        texts = (file_text(one), reason_text(one.reason), one.message, one.remedy)
        failures.append(Failure(one, texts, tuple(text.casefold() for text in texts)))
    return sorted(failures, key=lambda failure: (failure.keys[FILE], failure.document.path))


class FailuresModel(QAbstractTableModel):
    """Columns: file, reason, what happened, what to do. Sorted by reason at first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._column = REASON
        self._order = Qt.SortOrder.AscendingOrder
        self._failures: list[Failure] = []

    def set_failures(self, failures: Sequence[Failure]) -> None:
        """Show what :func:`prepare` made."""
        self.beginResetModel()
        self._failures = self._sorted(failures)
        self.endResetModel()

    def document(self, row: int) -> DocumentInfo:
        """The document in a row."""
        return self._failures[row].document

    def rows(self, document_ids: set[int]) -> list[int]:
        """The rows of those of the documents that are shown."""
        return [row for row, failure in enumerate(self._failures) if failure.document.document_id in document_ids]

    def rowCount(self, parent: Index = NO_PARENT) -> int:
        """One row per document."""
        return 0 if parent.isValid() else len(self._failures)

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
        failure = self._failures[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return failure.texts[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return failure.document.path if index.column() == FILE else failure.texts[index.column()]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column, and by file within the same values."""
        self._column, self._order = column, order
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        marked = [self._failures[index.row()] for index in before]
        self._failures = self._sorted(self._failures)
        if before:
            row_of = {id(failure): row for row, failure in enumerate(self._failures)}
            after = [self.index(row_of[id(one)], index.column()) for one, index in zip(marked, before, strict=True)]
            self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def as_text(self) -> str:
        """All rows with their whole paths, tab-separated, for the clipboard."""
        return "\n".join("\t".join((failure.document.path, *failure.texts[REASON:])) for failure in self._failures)

    def _sorted(self, failures: Sequence[Failure]) -> list[Failure]:
        by_file = sorted(failures, key=lambda failure: failure.keys[FILE])
        reverse = self._order == Qt.SortOrder.DescendingOrder
        return sorted(by_file, key=lambda failure: failure.keys[self._column], reverse=reverse)
