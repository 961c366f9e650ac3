"""A chart of named series: points to choose settings by, or lines over time.

Painted by this widget, because a plotting library would cost the window's start more than the chart does. Whoever shows
one puts a table with the same numbers beside it, for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from rankscope.app.models.chart import NO_KEY, Axis, Series
from rankscope.app.theme import Theme
from rankscope.app.widgets.plot_paint import SWATCH, PlotPainter

_REACH = 16.0  # pixels from a mark within which the pointer means it
_TICK_ROOM = (74.0, 36.0)  # pixels that a tick across and one upwards want
_LEFT, _RIGHT, _TOP, _BOTTOM = 8.0, 14.0, 6.0, 6.0
_GAP = 6.0
_LEGEND_GAP = 16.0
_MOST_LEGEND = 0.35  # of the height; with less room the names are told at the points alone
_ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Down: (1, -1),
    Qt.Key.Key_Up: (1, 1),
    Qt.Key.Key_Home: (0, -(10**9)),
    Qt.Key.Key_End: (0, 10**9),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A point where it is drawn: pixels, and what it belongs to."""

    at: QPointF
    key: int
    series: Series
    index: int
    solid: bool
    label: str

    @property
    def tip(self) -> str:
        """What the pointer is told; "" where the series says nothing about its points."""
        return self.series.tips[self.index] if self.series.tips else ""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where everything stands for one size of the widget."""

    area: QRectF
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    legend: tuple[tuple[QRectF, Series], ...]
    lines: tuple[tuple[Series, tuple[QPointF, ...]], ...]
    spots: tuple[Spot, ...]


class Plot(QWidget):
    """See the module. ``chosen`` and ``activated`` bring the key of a point that was clicked or reached with the
    arrow keys, and of one that was double-clicked or on which Enter was pressed.
    """

    chosen = Signal(int)
    activated = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._series: tuple[Series, ...] = ()
        self._x, self._y = Axis(""), Axis("")
        self._selected = self._recommended = NO_KEY
        self._hovered: Spot | None = None
        self._geometry: Geometry | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        theme.changed.connect(self._refresh)

    def sizeHint(self) -> QSize:
        return QSize(480, 320)

    # -- what it shows ---------------------------------------------------------------------------------------------

    @property
    def series(self) -> tuple[Series, ...]:
        """What is shown."""
        return self._series

    @property
    def selected(self) -> int:
        """The key of the selected point, or -1."""
        return self._selected

    def show_series(self, series: Sequence[Series], x: Axis, y: Axis) -> None:
        """Show other series on other axes; what was selected stays so, by its key."""
        self._series, self._x, self._y = tuple(series), x, y
        self._hovered = None
        self._refresh()

    def select(self, key: int) -> None:
        """Let the point of this key stand out; -1 for none."""
        if key != self._selected:
            self._selected = key
            self._describe()
            self.update()

    def recommend(self, key: int) -> None:
        """Put a ring around the point of this key; -1 for none."""
        if key != self._recommended:
            self._recommended = key
            self.update()

    # -- where things are ------------------------------------------------------------------------------------------

    @property
    def geometry_now(self) -> Geometry:
        """Where everything stands at the present size."""
        if self._geometry is None:
            self._geometry = self._place()
        return self._geometry

    def spot_of(self, key: int) -> Spot | None:
        """The point of a key, or None when it has no place."""
        return next((spot for spot in self.geometry_now.spots if spot.key == key != NO_KEY), None)

    def spot_at(self, place: QPointF) -> Spot | None:
        """The point nearest to a pixel, or None when there is none within reach."""
        near = [(_distance(spot.at, place), -spot.key, spot) for spot in self.geometry_now.spots]
        found = min(near, key=lambda one: one[:2], default=None)
        return found[2] if found is not None and found[0] <= _REACH else None

    def _place(self) -> Geometry:
        metrics = QFontMetricsF(self._theme.font("small"))
        height = metrics.height()
        legend = self._legend(metrics)
        top = max((box.bottom() for box, _ in legend), default=_TOP + height) + _GAP
        x_ends = self._x.range_of([x for one in self._series for x in one.xs])
        y_ends = self._y.range_of([y for one in self._series for y in one.ys])
        bottom = self.height() - _BOTTOM - 2 * height - _GAP
        most = max(2, int((bottom - top) / _TICK_ROOM[1]))
        y_values = self._y.ticks(y_ends, most)
        y_words = self._y.words(y_values)
        left = _LEFT + max((metrics.horizontalAdvance(text) for text in y_words), default=0.0) + _GAP
        area = QRectF(left, top, max(10.0, self.width() - _RIGHT - left), max(10.0, bottom - top))
        x_values = self._x.ticks(x_ends, max(2, int(area.width() / _TICK_ROOM[0])))

        def across(value: float) -> float:
            return area.left() + self._x.place(value, x_ends) * area.width()

        def upwards(value: float) -> float:
            return area.bottom() - self._y.place(value, y_ends) * area.height()

        lines, spots = [], []
        for one in self._series:
            known = [n for n in range(len(one.xs)) if self._x.shows(one.xs[n]) and self._y.shows(one.ys[n])]
            points = [QPointF(across(one.xs[n]), upwards(one.ys[n])) for n in known]
            if one.joined and len(points) > 1:
                lines.append((one, tuple(_thinned(points, 2 * int(area.width())))))
            if one.marked or one.tips:
                spots += [self._spot(one, n, at) for n, at in zip(known, points, strict=True)]
        return Geometry(
            area,
            tuple((across(value), text) for value, text in zip(x_values, self._x.words(x_values), strict=True)),
            tuple((upwards(value), text) for value, text in zip(y_values, y_words, strict=True)),
            tuple(legend),
            tuple(lines),
            tuple(spots),
        )

    @staticmethod
    def _spot(one: Series, n: int, at: QPointF) -> Spot:
        key = one.keys[n] if one.keys else NO_KEY
        return Spot(at, key, one, n, not one.solid or one.solid[n], one.labels[n] if one.labels else "")

    def _legend(self, metrics: QFontMetricsF) -> list[tuple[QRectF, Series]]:
        """Boxes for the names, right of the title of the upward axis, in as many lines as they need."""
        listed = [one for one in self._series if one.listed and one.name]
        line = metrics.height()
        start = _LEFT + metrics.horizontalAdvance(self._y.title) + 2 * _LEGEND_GAP
        x, y = start, _TOP
        boxes = []
        for one in listed:
            width = SWATCH + _GAP + metrics.horizontalAdvance(one.name)
            if x > start and x + width > self.width() - _RIGHT:
                x, y = start, y + line + 2
            boxes.append((QRectF(x, y, width, line), one))
            x += width + _LEGEND_GAP
        crowded = bool(boxes) and boxes[-1][0].bottom() > _MOST_LEGEND * self.height()
        return [] if crowded else boxes

    # -- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        with PlotPainter(self, self._theme) as painter:
            geometry = self.geometry_now
            painter.frame(geometry, self._x.title, self._y.title)
            painter.legend(geometry)
            painter.lines(geometry)
            told = self._hovered or (self.spot_of(self._selected) if self.hasFocus() else None)
            painter.marks(geometry, self.spot_of(self._selected), self.spot_of(self._recommended), told)
            if self.hasFocus():
                painter.focus_ring()
            if told is not None:
                painter.callout(geometry, told)

    def _refresh(self) -> None:
        self._geometry = None
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Say to a screen reader what is there, and what is selected."""
        spot = self.spot_of(self._selected)
        named = ", ".join(one.name for one in self._series if one.listed and one.name)
        text = self.tr("{y} over {x}: {names}.").format(y=self._y.title, x=self._x.title, names=named)
        chosen = self.tr("Selected: {point}.").format(point=spot.tip.replace("\n", ", ")) if spot is not None else ""
        self.setAccessibleDescription(f"{text} {chosen}".strip() if self._series else "")

    # -- mouse and keys --------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QEvent) -> None:
        self._hovered = None
        self._geometry = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.spot_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()

    def _hover(self, spot: Spot | None) -> None:
        told = spot if spot is not None and spot.tip else None
        if told != self._hovered:
            self._hovered = told
            can_choose = spot is not None and spot.key != NO_KEY
            self.setCursor(Qt.CursorShape.PointingHandCursor if can_choose else Qt.CursorShape.ArrowCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        spot = self.spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None and spot.key != NO_KEY:
            self._choose(spot.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        spot = self.spot_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and spot is not None and spot.key != NO_KEY:
            self.activated.emit(spot.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrows go from point to point along an axis, Enter uses the selected one."""
        key = event.key()
        if key in _ARROWS:
            self._step(*_ARROWS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.spot_of(self._selected) is not None:
            self.activated.emit(self._selected)
        else:
            super().keyPressEvent(event)

    def _step(self, axis: int, steps: int) -> None:
        """Choose the point so many further to the right (axis 0) or upwards (1)."""
        spots = [spot for spot in self.geometry_now.spots if spot.key != NO_KEY]
        if not spots:
            return
        if axis:
            spots.sort(key=lambda spot: (-spot.at.y(), spot.at.x(), spot.key))
        else:
            spots.sort(key=lambda spot: (spot.at.x(), -spot.at.y(), spot.key))
        places = [place for place, spot in enumerate(spots) if spot.key == self._selected]
        place = places[0] + steps if places else (0 if steps > 0 else len(spots) - 1)
        self._choose(spots[min(max(place, 0), len(spots) - 1)].key)

    def _choose(self, key: int) -> None:
        self._hovered = None
        self.select(key)
        self.chosen.emit(key)


def _distance(one: QPointF, other: QPointF) -> float:
    return float(((one.x() - other.x()) ** 2 + (one.y() - other.y()) ** 2) ** 0.5)


def _thinned(points: list[QPointF], most: int) -> list[QPointF]:
    """At most about so many of the points, the last among them: more cannot be seen and take long to draw."""
    every = -(-len(points) // max(most, 1))
    return points if every == 1 else [*points[:-1:every], points[-1]]
