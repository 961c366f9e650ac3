"""The sources of the workspace as an item model: a row per source, under it its state, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QFontMetrics, QStandardItem, QStandardItemModel

from rankscope.app.models import wording
from rankscope.app.theme import SPACE_S, Theme
from rankscope.core.api import SourceInfo

SOURCE_ROLE = Qt.ItemDataRole.UserRole
KIND_ROLE = Qt.ItemDataRole.UserRole + 1  # "source", "settings", "state" or "problem"
PARTS_ROLE = Qt.ItemDataRole.UserRole + 2  # the parts of a line, for "state" and "problem"
NAME_HEIGHT = 24
LINE_HEIGHT = 18
GAP = 6  # below the last line of a source, so that its lines stand closer to their name than to the next one
SEPARATOR = " · "
NAME, AMOUNT, SETTINGS = range(3)


@dataclass(frozen=True)
class Part:
    """A piece of a source's second line.

    ``key`` says what it is about: "watch", "copies", "skipped", "missing" or "errors". ``short`` is used where
    ``text`` does not fit. A part with ``leads`` True can be clicked.
    """

    key: str
    text: str
    short: str
    tip: str = ""
    leads: bool = False


class SourcesModel(QStandardItemModel):
    """Three columns: the name, how many files, and the way to the settings.

    ``SOURCE_ROLE`` holds the SourceInfo of every row.
    """

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(0, 3, parent)
        self._theme = theme
        self._sources: tuple[SourceInfo, ...] = ()
        self._watching = True

    def set_sources(self, sources: Iterable[SourceInfo], *, watching: bool) -> bool:
        """Show these sources; ``watching``: folders are watched at all. False when that is shown already."""
        fresh = tuple(sources)
        if fresh == self._sources and watching == self._watching:
            return False
        self._sources, self._watching = fresh, watching
        self.refresh()
        return True

    def refresh(self) -> None:
        """Build the rows again, in the colours of the theme."""
        self.removeRows(0, self.rowCount())
        for source in self._sources:
            self.appendRow(self._source_row(source))

    # -- what is said of a source ----------------------------------------------------------------------------------

    def state_parts(self, source: SourceInfo) -> list[Part]:
        """The calm line: whether it is watched, and what else there is to know."""
        if not source.reachable:
            return []
        watched = source.watch and self._watching
        text = self.tr("watching") if watched else self.tr("not watched")
        tip = self.tr("Changes in it are taken in as they happen.")
        if not source.watch:
            tip = self.tr("Changes in it are taken in when you update the library.")
        elif not self._watching:
            tip = self.tr("Watching is switched off for all folders, in the Library menu.")
        parts = [Part("watch", text, text, tip)]
        if source.copies:
            text = wording.plural(source.copies, self.tr("1 copy"), self.tr("{count} copies"))
            tip = self.tr("Files with the same content as another one. Click to see which.")
            parts.append(Part("copies", text, text, tip, leads=True))
        skipped = sum(files for _, files in source.skipped)
        if skipped:
            text = wording.plural(skipped, self.tr("1 file of another kind"), self.tr("{count} files of other kinds"))
            short = self.tr("{count} of other kinds").format(count=wording.count(skipped))
            tip = self.tr("Kinds that Rankscope does not read:\n{kinds}").format(kinds=wording.kinds(source.skipped))
            parts.append(Part("skipped", text, short, tip))
        return parts

    def problem_parts(self, source: SourceInfo) -> list[Part]:
        """The line that asks for attention; empty when nothing does."""
        parts = []
        if not source.reachable:
            alone = source.documents <= 1 and bool(Path(source.path).suffix)
            text = self.tr("file not there") if alone else self.tr("folder not there")
            tip = self.tr("What was read of it can still be searched. Connect its disk, or remove it from the library.")
            parts.append(Part("missing", text, text, tip, leads=True))
        if source.errors:
            text = wording.plural(source.errors, self.tr("1 file not read"), self.tr("{count} files not read"))
            short = self.tr("{count} not read").format(count=wording.count(source.errors))
            parts.append(Part("errors", text, short, self.tr("Show which files, and why"), leads=True))
        return parts

    # -- rows ------------------------------------------------------------------------------------------------------

    def _source_row(self, source: SourceInfo) -> list[QStandardItem]:
        path = Path(source.path)
        called = path.name or source.path
        name = self._item(called, "body", "text", source, "source")
        amount = self._item(wording.count(source.documents), "small", "dim", source, "source")
        amount.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        width = QFontMetrics(amount.font()).horizontalAdvance(amount.text())
        amount.setSizeHint(QSize(width + SPACE_S, NAME_HEIGHT))
        settings = self._item("⋯", "body", "dim", source, "settings")
        settings.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        settings.setToolTip(self.tr("Source settings…"))
        settings.setAccessibleText(self.tr("Settings of {name}").format(name=called))
        tip = self.tr("{path}\n{documents} files, {passages} passages\nLast read: {when}").format(
            path=source.path,
            documents=wording.count(source.documents),
            passages=wording.count(source.passages),
            when=wording.moment(source.last_scan) or self.tr("never"),
        )
        for item in (name, amount):
            item.setToolTip(tip)
        state, problem = self.state_parts(source), self.problem_parts(source)
        words = [self.tr("{count} files").format(count=wording.count(source.documents))]
        words += [part.text for part in (*state, *problem)]
        name.setAccessibleText(", ".join((called, *words)))
        for kind, colour, parts in (("state", "dim", state), ("problem", "error", problem)):
            if parts:
                name.appendRow(self._line(source, kind, colour, parts))
        name.child(name.rowCount() - 1).setSizeHint(QSize(0, LINE_HEIGHT + GAP))
        return [name, amount, settings]

    def _line(self, source: SourceInfo, kind: str, colour: str, parts: list[Part]) -> list[QStandardItem]:
        item = self._item(SEPARATOR.join(part.text for part in parts), "small", colour, source, kind)
        item.setData(tuple(parts), PARTS_ROLE)
        item.setToolTip("\n".join(part.tip for part in parts if part.tip))
        return [item]

    def _item(self, text: str, font: str, colour: str, source: SourceInfo, kind: str) -> QStandardItem:
        item = QStandardItem(text)
        item.setEditable(False)
        item.setFont(self._theme.font(font))
        item.setForeground(self._theme.qcolor(colour))
        item.setData(source, SOURCE_ROLE)
        item.setData(kind, KIND_ROLE)
        item.setSizeHint(QSize(0, LINE_HEIGHT if kind in ("state", "problem") else NAME_HEIGHT))
        return item
