"""The lines between the two columns of Results: who rose, who fell, who came and who went."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QListView, QWidget

from rankscope.app.models.comparison import Move
from rankscope.app.theme import Theme

_WIDTH = {"up": 2.4, "down": 2.4, "same": 1.4, "entered": 2.4, "dropped": 2.4}
_COLOUR = {"up": "up", "down": "down", "same": "dim", "entered": "up", "dropped": "down"}
_WORDS = {"entered": "up_text", "dropped": "down_text"}
_CROWD = 40  # from so many curves in sight they are drawn thin
_STUB = 12.0
_INSET = 6.0
_MARK_ROOM = 18.0


class SlopeLane(QWidget):
    """Draws a curve per move. Rows are ``row_height`` high; the columns' scroll offsets keep lines attached.

    The passage under the mouse, or else the selected one, is drawn stronger and the others fainter.
    """

    def __init__(self, theme: Theme, row_height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row_height = row_height
        self._moves: tuple[Move, ...] = ()
        self._ends: tuple[frozenset[int | None], frozenset[int | None]] = (frozenset(), frozenset())
        self._offsets = (0, 0)
        self._hovered: int | None = None
        self._selected: int | None = None
        self._wheel_target: QListView | None = None
        self.setAccessibleName(self.tr("Moves between the two rankings"))

    def set_moves(self, moves: Iterable[Move]) -> None:
        """Show other moves."""
        self._moves = tuple(moves)
        dropped = frozenset(move.before_row for move in self._moves if move.kind == "dropped")
        entered = frozenset(move.after_row for move in self._moves if move.kind == "entered")
        self._ends = (dropped, entered)
        counts = {kind: sum(1 for move in self._moves if move.kind == kind) for kind in _WIDTH}
        self.setAccessibleDescription(
            self.tr("{up} up, {down} down, {same} not moved, {entered} new, {dropped} dropped").format(**counts)
        )
        self.update()

    def set_offsets(self, before: int, after: int) -> None:
        """How many pixels each column is scrolled down."""
        if (before, after) != self._offsets:
            self._offsets = (before, after)
            self.update()

    def set_focus(self, hovered: int | None, selected: int | None) -> None:
        """Which passages stand out."""
        if (hovered, selected) != (self._hovered, self._selected):
            self._hovered, self._selected = hovered, selected
            self.update()

    def scroll_with(self, view: QListView) -> None:
        """Hand the mouse wheel to this view."""
        self._wheel_target = view

    def sizeHint(self) -> QSize:
        return QSize(112, 4 * self._row_height)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._wheel_target is not None:
            bar = self._wheel_target.verticalScrollBar()
            step = event.pixelDelta().y() or event.angleDelta().y() * bar.singleStep() // 40
            bar.setValue(bar.value() - step)
            event.accept()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def centre(self, row: int, side: int) -> float:
        """The y of a row's line, in this widget. ``side`` 0 is before, 1 after."""
        return row * self._row_height + self._row_height / 2 - self._offsets[side]

    def paths(self) -> dict[str, list[QPainterPath]]:
        """The curves within the widget's height, by kind of move."""
        paths: dict[str, list[QPainterPath]] = {kind: [] for kind in _WIDTH}
        for move in self._moves:
            path = self._path(move)
            if path is not None:
                paths[move.kind].append(path)
        return paths

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = self._hovered if self._hovered is not None else self._selected
        chosen = next((move for move in self._moves if move.passage_id == focus), None)
        painter.setOpacity(1.0 if chosen is None else 0.25 if self._hovered is not None else 0.72)
        paths = self.paths()
        # Many thick curves cannot be told apart, and Qt draws those of one pixel twenty times faster.
        crowded = sum(len(found) for found in paths.values()) > _CROWD
        for kind, found in paths.items():
            painter.setPen(self._pen(kind, 1.0 if crowded else _WIDTH[kind]))
            for path in found:
                painter.drawPath(path)
        if self._hovered is None or chosen is None:
            painter.setOpacity(1.0)  # words keep their contrast
        self._marks(painter, focus if chosen is not None else None)
        if chosen is not None:
            painter.setOpacity(1.0)
            curve = self._path(chosen)
            if curve is not None:
                painter.setPen(self._pen(chosen.kind, _WIDTH[chosen.kind] + 0.9, full=True))
                painter.drawPath(curve)
            self._mark(painter, chosen)
        painter.end()

    def _pen(self, kind: str, width: float, *, full: bool = False) -> QPen:
        colour = self._theme.qcolor(_COLOUR[kind])
        if kind == "same" and not full:
            colour.setAlphaF(0.55)
        return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)

    def _path(self, move: Move) -> QPainterPath | None:
        """The curve of a move, or None when it is out of sight."""
        left, right = _INSET, self.width() - _INSET
        y0 = self.centre(move.before_row, 0) if move.before_row is not None else None
        y1 = self.centre(move.after_row, 1) if move.after_row is not None else None
        ends = [y for y in (y0, y1) if y is not None]
        if not ends or max(ends) < 0 or min(ends) > self.height():
            return None
        if y0 is not None and y1 is not None:
            path = QPainterPath(QPointF(left, y0))
            middle = (left + right) / 2
            path.cubicTo(QPointF(middle, y0), QPointF(middle, y1), QPointF(right, y1))
        elif y1 is not None:
            path = QPainterPath(QPointF(right - _STUB, y1))
            path.lineTo(right, y1)
        else:
            path = QPainterPath(QPointF(left, ends[0]))
            path.lineTo(left + _STUB, ends[0])
        return path

    def _marks(self, painter: QPainter, without: int | None) -> None:
        for move in self._moves:
            if move.kind in _WORDS and move.passage_id != without:
                self._mark(painter, move)

    def _mark(self, painter: QPainter, move: Move) -> None:
        """The words at the end of a line that leads out of the picture."""
        text = self.mark_text(move)
        if not text:
            return
        font = self._theme.font("small")
        metrics = QFontMetricsF(font)
        width, height = metrics.horizontalAdvance(text) + 8, metrics.height() + 2
        side = 1 if move.kind == "entered" else 0
        y = self.mark_centre(move) - height / 2
        x = self.width() - _INSET - _STUB - 2 - width if side else _INSET + _STUB + 2
        box = QRectF(max(0.0, x), y, width, height)
        if box.bottom() < 0 or box.top() > self.height():
            return
        ground = self._theme.qcolor("panel")
        ground.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(self._theme.qcolor(_WORDS[move.kind]))
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def mark_centre(self, move: Move) -> float:
        """The y of a mark's words: its row's line, a little off it where a mark of the other side stands as high."""
        side = 1 if move.kind == "entered" else 0
        row = move.after_row if side else move.before_row
        y = self.centre(row or 0, side)
        opposite = round((y + self._offsets[1 - side]) / self._row_height - 0.5)
        crowded = opposite in self._ends[1 - side] and abs(self.centre(opposite, 1 - side) - y) < _MARK_ROOM
        return y + (side - 0.5) * _MARK_ROOM if crowded else y

    def mark_text(self, move: Move) -> str:
        """ "new from 37", "new", "to 58" or "dropped"; "" for a move between two shown rows."""
        if move.kind == "entered":
            return self.tr("new") if move.before is None else self.tr("new from {rank}").format(rank=move.before)
        if move.kind == "dropped":
            return self.tr("dropped") if move.after is None else self.tr("to {rank}").format(rank=move.after)
        return ""
