"""The list of sources: names and counts, and under each a line or two whose parts can be clicked."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFont, QFontMetrics, QHelpEvent, QKeyEvent, QKeySequence, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
    QWidget,
)

from rankscope.app.models.sources import (
    AMOUNT,
    KIND_ROLE,
    LINE_HEIGHT,
    NAME,
    PARTS_ROLE,
    SEPARATOR,
    SETTINGS,
    SOURCE_ROLE,
    Part,
)
from rankscope.app.theme import SPACE_S, Theme

Index = QModelIndex | QPersistentModelIndex
LINES = ("state", "problem")
SETTINGS_WIDTH = 24
MORE = "…"
TEXT_INSET = 3  # where the style begins the text of an item


class Placed(NamedTuple):
    """A part of a line as it is drawn."""

    part: Part
    text: str
    area: QRect


def place_parts(parts: tuple[Part, ...], font: QFont, room: QRect) -> tuple[list[Placed], bool]:
    """Lay the parts out in a line, and tell whether some had to go.

    Where the line is too long, the last parts say it shortly; where that does not help, the last ones are left out.
    """
    metrics = QFontMetrics(font)
    gap = metrics.horizontalAdvance(SEPARATOR)
    texts = [part.text for part in parts]

    def width() -> int:
        more = gap + metrics.horizontalAdvance(MORE) if len(texts) < len(parts) else 0
        return sum(map(metrics.horizontalAdvance, texts)) + gap * (len(texts) - 1) + more

    for number in reversed(range(len(parts))):
        if width() > room.width():
            texts[number] = parts[number].short
    while len(texts) > 1 and width() > room.width():
        texts.pop()
    placed, left = [], room.left()
    for part, text in zip(parts, texts, strict=False):
        space = room.right() + 1 - left
        fits = metrics.horizontalAdvance(text) <= space
        shown = text if fits else metrics.elidedText(text, Qt.TextElideMode.ElideRight, space)
        placed.append(Placed(part, shown, QRect(left, room.top(), metrics.horizontalAdvance(shown), room.height())))
        left += placed[-1].area.width() + gap
    return placed, len(texts) < len(parts)


class LineDelegate(QStyledItemDelegate):
    """Draws the lines under a source, the part under the pointer as the link that it is."""

    def __init__(self, theme: Theme, tree: SourceTree) -> None:
        super().__init__(tree)
        self._theme = theme
        self._tree = tree

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The row's ground as the style draws it, the parts by ourselves."""
        parts = index.data(PARTS_ROLE)
        if not parts:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        option.text = ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        placed, more = self._layout(option.rect, option.font, index)
        painter.save()
        ordinary = self._theme.qcolor("error" if index.data(KIND_ROLE) == "problem" else "dim")
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        for number, (part, text, area) in enumerate(placed):
            font = QFont(option.font)
            font.setUnderline(part.leads and self._tree.pointed_at(index) == part.key)
            painter.setFont(font)
            painter.setPen(ordinary)
            painter.drawText(area, middle, text)
            last = number == len(placed) - 1
            painter.setFont(option.font)
            painter.setPen(self._theme.qcolor("dim"))
            rest = area.adjusted(area.width(), 0, option.rect.width(), 0)
            painter.drawText(rest, middle, SEPARATOR if not last else SEPARATOR + MORE if more else "")
        painter.restore()

    def parts_in(self, row: QRect, font: QFont, index: Index) -> list[Placed]:
        """Where the parts stand in a row."""
        return self._layout(row, font, index)[0]

    def _layout(self, row: QRect, font: QFont, index: Index) -> tuple[list[Placed], bool]:
        room = QRect(row.left() + TEXT_INSET, row.top(), row.width() - 2 * TEXT_INSET, LINE_HEIGHT)
        return place_parts(index.data(PARTS_ROLE) or (), font, room)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """The part's own words."""
        part = self._tree.part_at(event.pos())
        if part is None or not part.tip:
            return super().helpEvent(event, view, option, index)
        QToolTip.showText(event.globalPos(), part.tip, view)
        return True


class SourceTree(QTreeView):
    """See the module.

    ``partChosen`` brings a source and the key of the part that was clicked, or entered from the keyboard;
    ``settingsRequested`` and ``removeRequested`` a source.
    """

    partChosen = Signal(object, str)
    settingsRequested = Signal(object)
    removeRequested = Signal(object)

    def __init__(self, model: QAbstractItemModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pointed: tuple[QPersistentModelIndex, str] | None = None
        self._pressed = QPoint()
        self._delegate = LineDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setModel(model)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(SPACE_S)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Sources"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(SETTINGS_WIDTH)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(AMOUNT, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SETTINGS, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SETTINGS, SETTINGS_WIDTH)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)

    def settle(self) -> None:
        """After the model was filled: show all lines over the whole width, and be as high as they are."""
        model = self.model()
        self._pointed = None
        for row in range(model.rowCount()):
            source = model.index(row, 0)
            for line in range(model.rowCount(source)):
                self.setFirstColumnSpanned(line, source, True)
        self.expandAll()
        self.setFixedHeight(sum(self.rowHeight(index) for index in self.lines()) + 2)

    def lines(self) -> list[QModelIndex]:
        """The first column of every row, from top to bottom."""
        model, lines = self.model(), []
        for row in range(model.rowCount()):
            source = model.index(row, 0)
            lines += [source, *(model.index(line, 0, source) for line in range(model.rowCount(source)))]
        return lines

    def part_at(self, position: QPoint) -> Part | None:
        """The part of a line at a place of the viewport."""
        index = self.indexAt(position).siblingAtColumn(0)
        if index.data(KIND_ROLE) not in LINES:
            return None
        font = index.data(Qt.ItemDataRole.FontRole) or self.font()
        row = self.visualRect(index)
        for part, _, area in self._delegate.parts_in(row, font, index):
            if area.left() <= position.x() <= area.right():
                return part
        return None

    def part_rect(self, index: QModelIndex, key: str) -> QRect:
        """Where a part stands in the viewport. Raises KeyError when the line has none of that key."""
        font = index.data(Qt.ItemDataRole.FontRole) or self.font()
        return {p.part.key: p.area for p in self._delegate.parts_in(self.visualRect(index), font, index)}[key]

    def pointed_at(self, index: Index) -> str:
        """The key of the part of this row that is under the pointer, or ""."""
        return self._pointed[1] if self._pointed is not None and self._pointed[0] == index else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember where, because a click only tells the row."""
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        super().mouseMoveEvent(event)
        position = event.position().toPoint()
        index, part = self.indexAt(position), self.part_at(position)
        leads = part is not None and part.leads
        self._point_at(QPersistentModelIndex(index.siblingAtColumn(0)) if leads else None, part.key if part else "")
        leads = leads or index.data(KIND_ROLE) == "settings"
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        super().leaveEvent(event)
        self._point_at(None, "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens what the line is about, Delete removes the source."""
        index = self.currentIndex()
        source = index.data(SOURCE_ROLE)
        if source is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            leading = [part for part in index.siblingAtColumn(0).data(PARTS_ROLE) or () if part.leads]
            if leading and index.data(KIND_ROLE) in LINES:
                self.partChosen.emit(source, leading[0].key)
            else:
                self.settingsRequested.emit(source)
        elif source is not None and event.matches(QKeySequence.StandardKey.Delete):
            self.removeRequested.emit(source)
        else:
            super().keyPressEvent(event)

    def _point_at(self, index: QPersistentModelIndex | None, key: str) -> None:
        pointed = (index, key) if index is not None else None
        if pointed != self._pointed:
            self._pointed = pointed
            self.viewport().update()

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        source = index.data(SOURCE_ROLE)
        if index.data(KIND_ROLE) == "settings":
            self.settingsRequested.emit(source)
            return
        part = self.part_at(self._pressed)
        if part is not None and part.leads:
            self.partChosen.emit(source, part.key)

    @Slot(QModelIndex)
    def _double_clicked(self, index: QModelIndex) -> None:
        part = self.part_at(self._pressed)
        if index.data(KIND_ROLE) != "settings" and not (part is not None and part.leads):
            self.settingsRequested.emit(index.data(SOURCE_ROLE))
