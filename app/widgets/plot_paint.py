"""How a chart is painted: frame, legend, lines, marks of several shapes, and the words at a point."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from rankscope.app.models.chart import Series
from rankscope.app.theme import RADIUS_CONTROL, Theme

if TYPE_CHECKING:
    from rankscope.app.widgets.plot import Geometry, Spot

RADIUS = 4.6
_SELECTED, _RING = 6.4, 10.5
_LINE = 1.8
_GAP = 6.0
SWATCH = 18.0  # pixels of a legend's sample of a series
# Corners of each shape around (0, 0), in radii; the first shape is a circle.
_SQUARE = ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9))
_DIAMOND = ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0))
_TRIANGLE = ((0.0, -1.2), (1.15, 0.85), (-1.15, 0.85))
_DOWN = ((0.0, 1.2), (1.15, -0.85), (-1.15, -0.85))
SHAPES = ((), _SQUARE, _DIAMOND, _TRIANGLE, _DOWN)


class PlotPainter:
    """Paints on a widget; use as a context manager."""

    def __init__(self, widget: QWidget, theme: Theme) -> None:
        self._widget = widget
        self._theme = theme
        self._font = theme.font("small")
        self._metrics = QFontMetricsF(self._font)

    def __enter__(self) -> PlotPainter:
        self._painter = painter = QPainter(self._widget)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        return self

    def __exit__(self, *_: object) -> None:
        self._painter.end()

    # -- what stands around ----------------------------------------------------------------------------------------

    def frame(self, geometry: Geometry, x_title: str, y_title: str) -> None:
        """Hairlines at the round values, these values, and what the axes are."""
        painter, area, height = self._painter, geometry.area, self._metrics.height()
        painter.setPen(QPen(self._theme.qcolor("line"), 1))
        for y, _ in geometry.y_ticks:
            painter.drawLine(QPointF(area.left(), _crisp(y)), QPointF(area.right(), _crisp(y)))
        for x, _ in geometry.x_ticks:
            painter.drawLine(QPointF(_crisp(x), area.bottom()), QPointF(_crisp(x), area.bottom() + 4))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setPen(self._theme.qcolor("dim"))
        for y, text in geometry.y_ticks:
            box = QRectF(0, y - height / 2, area.left() - _GAP, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        for x, text in geometry.x_ticks:
            width = self._metrics.horizontalAdvance(text) + 2
            left = min(max(x - width / 2, 0.0), self._widget.width() - width)
            painter.drawText(QRectF(left, area.bottom() + 5, width, height), Qt.AlignmentFlag.AlignCenter, text)
        below = QRectF(area.left(), area.bottom() + 5 + height, area.width(), height + 2)
        painter.drawText(below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, x_title)
        painter.setPen(self._theme.qcolor("text"))
        painter.drawText(QRectF(8, 6, self._widget.width(), height), Qt.AlignmentFlag.AlignLeft, y_title)

    def legend(self, geometry: Geometry) -> None:
        """The names, each with a sample."""
        painter = self._painter
        for box, series in geometry.legend:
            y = box.center().y()
            if series.joined:
                painter.setPen(self._line_pen(series))
                painter.drawLine(QPointF(box.left(), y), QPointF(box.left() + SWATCH, y))
            if series.marked:
                filled = not series.solid or any(series.solid)
                self._mark(QPointF(box.left() + SWATCH / 2, y), series, RADIUS, solid=filled)
            painter.setPen(self._theme.qcolor("dim"))
            text = box.adjusted(SWATCH + _GAP, 0, 2, 0)
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, series.name)

    def focus_ring(self) -> None:
        """The widget has the keyboard."""
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.setPen(QPen(self._theme.qcolor("accent"), 1))
        box = QRectF(self._widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        self._painter.drawRoundedRect(box, RADIUS_CONTROL, RADIUS_CONTROL)

    # -- lines and marks -------------------------------------------------------------------------------------------

    def lines(self, geometry: Geometry) -> None:
        """The lines through points."""
        for series, points in geometry.lines:
            self._painter.setPen(self._line_pen(series))
            self._painter.drawPolyline(QPolygonF(list(points)))

    def marks(
        self, geometry: Geometry, selected: Spot | None, recommended: Spot | None, told: Spot | None = None
    ) -> None:
        """The marks, hollow ones first, then what stands out, then words where there is room for them.

        Args:
            told: the one that :meth:`callout` is about; it needs no words.
        """
        shown = [spot for spot in geometry.spots if spot.series.marked]
        for spot in sorted(shown, key=lambda spot: spot.solid):
            self._mark(spot.at, spot.series, RADIUS, solid=spot.solid)
        if recommended is not None:
            self._painter.setBrush(Qt.BrushStyle.NoBrush)
            self._painter.setPen(QPen(self._theme.qcolor("text"), 1.6))
            self._painter.drawEllipse(recommended.at, _RING, _RING)
        if selected is not None:
            halo = self._theme.series_color(selected.series.colour)
            halo.setAlphaF(0.28)
            self._painter.setPen(Qt.PenStyle.NoPen)
            self._painter.setBrush(halo)
            self._painter.drawEllipse(selected.at, _RING, _RING)
            self._mark(selected.at, selected.series, _SELECTED, solid=selected.solid)
        self._labels(geometry, shown, selected, told)

    def _mark(self, at: QPointF, series: Series, radius: float, *, solid: bool) -> None:
        colour = self._theme.series_color(series.colour)
        panel = self._theme.qcolor("panel")
        # A rim in the panel's colour parts filled marks that overlap.
        self._painter.setPen(QPen(panel if solid else colour, 1.2 if solid else 1.6))
        self._painter.setBrush(colour if solid else panel)
        corners = SHAPES[series.shape % len(SHAPES)]
        if not corners:
            self._painter.drawEllipse(at, radius, radius)
        else:
            self._painter.drawPolygon(QPolygonF([at + QPointF(x * radius, y * radius) for x, y in corners]))

    def _labels(self, geometry: Geometry, shown: list[Spot], selected: Spot | None, told: Spot | None) -> None:
        """Words beside marks, those of filled ones first; one that would cover something is left out."""
        taken = [_around(spot.at, RADIUS + 1) for spot in shown]
        named = [spot for spot in shown if spot.label and spot is not told]
        wanted = sorted(named, key=lambda spot: (spot is not selected, not spot.solid))
        painter = self._painter
        for spot in wanted:
            width, height = self._metrics.horizontalAdvance(spot.label) + 2, self._metrics.height() - 2
            boxes = _places(spot.at, width, height)
            inside = geometry.area.adjusted(0, -_GAP, _GAP, 0)
            free = (box for box in boxes if inside.contains(box) and not any(box.intersects(other) for other in taken))
            box = next(free, None)
            if box is not None:
                taken.append(box)
                painter.setPen(self._theme.qcolor("text" if spot.solid or spot is selected else "dim"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, spot.label)

    def callout(self, geometry: Geometry, spot: Spot) -> None:
        """A box with what a point is, beside it and inside the widget."""
        lines = spot.tip.split("\n")
        width = max(self._metrics.horizontalAdvance(line) for line in lines) + 20
        height = self._metrics.height() * len(lines) + 14
        x = spot.at.x() + 14
        if x + width > self._widget.width() - 2:
            x = max(2.0, spot.at.x() - 14 - width)
        top = min(geometry.area.top(), max(2.0, self._widget.height() - height - 2))  # the legend stays in sight
        y = min(max(top, spot.at.y() - height / 2), max(top, self._widget.height() - height - 2))
        box = QRectF(x, y, width, height)
        painter = self._painter
        painter.setPen(QPen(self._theme.qcolor("dim"), 1))
        painter.setBrush(self._theme.qcolor("panel"))
        painter.drawRoundedRect(box, RADIUS_CONTROL, RADIUS_CONTROL)
        for number, line in enumerate(lines):
            painter.setPen(self._theme.qcolor("text" if number == 0 else "dim"))
            row = QRectF(box.left() + 10, box.top() + 7 + number * self._metrics.height(), width, 0)
            painter.drawText(
                row.adjusted(0, 0, 0, self._metrics.height()),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                line,
            )

    def _line_pen(self, series: Series) -> QPen:
        colour = QColor(self._theme.series_color(series.colour))
        pen = QPen(colour, _LINE if series.colour >= 0 else 1.2)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if series.colour < 0:
            pen.setDashPattern([4, 3])
        return pen


def _crisp(value: float) -> float:
    """The middle of a pixel, so that a hairline is one pixel wide."""
    return math.floor(value) + 0.5


def _around(at: QPointF, radius: float) -> QRectF:
    return QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius)


def _places(at: QPointF, width: float, height: float) -> tuple[QRectF, ...]:
    """Where words may stand: above, right, below, left of a mark."""
    x, y, off = at.x(), at.y(), RADIUS + 3
    return (
        QRectF(x - width / 2, y - off - height, width, height),
        QRectF(x + off, y - height / 2, width, height),
        QRectF(x - width / 2, y + off, width, height),
        QRectF(x - off - width, y - height / 2, width, height),
    )
