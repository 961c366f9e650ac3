"""The sources of the workspace as an item model: one row per source, under it a line when files failed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from rankscope.app.models import wording
from rankscope.app.theme import ROW_ONE_LINE, Theme
from rankscope.core.api import SourceInfo

SOURCE_ROLE = Qt.ItemDataRole.UserRole
KIND_ROLE = Qt.ItemDataRole.UserRole + 1  # "source" or "errors"


class SourcesModel(QStandardItemModel):
    """Two columns: the name, and how many documents; ``SOURCE_ROLE`` holds the SourceInfo of every row."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(0, 2, parent)
        self._theme = theme
        self._sources: tuple[SourceInfo, ...] = ()

    def set_sources(self, sources: Iterable[SourceInfo]) -> bool:
        """Show these sources; False when they are shown already."""
        fresh = tuple(sources)
        if fresh == self._sources:
            return False
        self._sources = fresh
        self.refresh()
        return True

    def refresh(self) -> None:
        """Build the rows again, in the colours of the theme."""
        self.removeRows(0, self.rowCount())
        for source in self._sources:
            self.appendRow(self._source_row(source))

    def _source_row(self, source: SourceInfo) -> list[QStandardItem]:
        path = Path(source.path)
        name = self._item(path.name or source.path, "body", "text", source, "source")
        amount = self._item(wording.count(source.documents), "small", "dim", source, "source")
        amount.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        scanned = source.last_scan.replace("T", " ")[:16] + " UTC" if source.last_scan else self.tr("never")
        tip = self.tr("{path}\n{documents} documents, {passages} passages\nLast read: {when}").format(
            path=source.path,
            documents=wording.count(source.documents),
            passages=wording.count(source.passages),
            when=scanned,
        )
        for item in (name, amount):
            item.setToolTip(tip)
        name.setAccessibleText(
            self.tr("{name}, {documents} documents").format(
                name=path.name or source.path, documents=wording.count(source.documents)
            )
        )
        if source.errors:
            text = self.tr("1 file not read") if source.errors == 1 else ""
            text = text or self.tr("{count} files not read").format(count=wording.count(source.errors))
            errors = self._item(text, "small", "error", source, "errors")
            errors.setToolTip(self.tr("Show which files, and why"))
            rest = self._item("", "small", "error", source, "errors")
            name.appendRow([errors, rest])
        return [name, amount]

    def _item(self, text: str, font: str, colour: str, source: SourceInfo, kind: str) -> QStandardItem:
        item = QStandardItem(text)
        item.setEditable(False)
        item.setFont(self._theme.font(font))
        item.setForeground(self._theme.qcolor(colour))
        item.setData(source, SOURCE_ROLE)
        item.setData(kind, KIND_ROLE)
        item.setSizeHint(QSize(0, ROW_ONE_LINE if kind == "source" else ROW_ONE_LINE - 6))
        return item
