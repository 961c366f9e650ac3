"""Paints one view of the heatmap with a painter. Separate from the widget, so that an export can paint it as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from rankscope.app.models.grid import Grid
from rankscope.app.models.heatmap import HeatmapModel, format_part, split_texts
from rankscope.app.theme import Theme
from rankscope.app.widgets.controls import weighted
from rankscope.app.widgets.heat import HeatScale, dark_ink
from rankscope.app.widgets.heat_layout import HeatLayout

SIDE = 248.0  # pixels at the right for the row sums
BOTTOM = 42.0  # pixels below for the labels and the score
_BAR = 112.0
_NUMBER = 54.0
_TILES = 320  # up to so many cells in sight are drawn one by one, with round corners
_PRINTED = 0.5  # cells from here on the scale carry their number
_NUMBERS = 150  # at most so many, the largest; each costs time to draw, and more are not read anyway

# The palette's names: the passage as a whole (or everything, where there are no parts), and its parts.
PART_COLOURS = ("bar", "accent")

_MIDDLE = Qt.TextElideMode.ElideMiddle
_CENTRE = Qt.AlignmentFlag.AlignCenter
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeatPainter", text)


@dataclass
class HeatPainter:
    """One view: the layout, how far it is scrolled (x, y), and the room for row labels."""

    model: HeatmapModel
    theme: Theme
    layout: HeatLayout
    scale: HeatScale
    left: float
    scroll: tuple[float, float]

    def paint(self, painter: QPainter) -> None:
        """Draw everything into the painter's coordinates, starting at (0, 0)."""
        grid = self.model.grid
        if grid is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        layout = self.layout
        first, last = layout.visible(self.scroll[0])
        painter.save()
        painter.setClipRect(QRectF(self.left, 0, layout.view_width + 2, layout.view_height))
        self._cells(painter, grid, first, last)
        self._gaps(painter)
        self._outlines(painter, grid)
        self._numbers(painter, grid, first, last)
        painter.restore()
        self._row_labels(painter, grid)
        self._column_labels(painter, grid, first, last)
        self._sums(painter, grid)
        self._score(painter, grid)

    def paint_cell(self, painter: QPainter, cell: tuple[int, int]) -> None:
        """Draw the crosshair on a cell of the grid over what :meth:`paint` drew, and its two words heavier."""
        grid, row, place = self.model.grid, cell[0], self.layout.position_of(cell[1])
        if grid is None or row < 0 or place < 0:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(QRectF(self.left, 0, self.layout.view_width + 2, self.layout.view_height))
        self._crosshair(painter, self.cell_rect(row, place))
        painter.restore()
        font = weighted(self.theme.font("small"), QFont.Weight.DemiBold)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self.theme.qcolor("text"))
        label = self._row_label_box(row)
        painter.fillRect(label.adjusted(0, 1, 0, -1), self.theme.qcolor("panel"))
        painter.drawText(label, _RIGHT, metrics.elidedText(grid.rows[row].text, _MIDDLE, label.width()))
        word = grid.columns[cell[1]].text
        width = metrics.horizontalAdvance(word) + 8
        centre = self.cell_rect(0, place).center().x()
        left = max(0.0, min(centre - width / 2, self.left + self.layout.view_width - width))
        box = QRectF(left, self._label_top(), width, 18)
        painter.fillRect(box, self.theme.qcolor("panel"))
        painter.drawText(box, _CENTRE, word)

    def cell_rect(self, row: int, place: int) -> QRectF:
        """The rectangle of a row and a position in the layout's columns; empty for position -1."""
        if place < 0:
            return QRectF()
        x = self.left + float(self.layout.lefts[place]) - self.scroll[0]
        y = row * self.layout.row_height - self.scroll[1]
        return QRectF(x, y, float(self.layout.widths[place]), self.layout.row_height)

    # -- cells -----------------------------------------------------------------------------------------------------

    def _cells(self, painter: QPainter, grid: Grid, first: int, last: int) -> None:
        if first == last:
            return
        columns = self.layout.columns[first:last]
        colours = self.scale.colours(grid.values[:, columns])  # [rows, columns, 3]
        narrow = float(self.layout.widths[first:last].min()) < 14
        if colours.shape[0] * colours.shape[1] <= _TILES and not narrow:
            painter.setPen(Qt.PenStyle.NoPen)
            for row, line in enumerate(colours.tolist()):
                for place, (red, green, blue) in enumerate(line):
                    painter.setBrush(QColor(red, green, blue))
                    painter.drawRoundedRect(self._tile(self.cell_rect(row, first + place)), 3, 3)
            return
        self._picture(painter, colours, first, last)
        if not narrow:
            self._lattice(painter, first, last)

    def _picture(self, painter: QPainter, colours: np.ndarray, first: int, last: int) -> None:
        """All cells as one picture, one pixel per cell high and as many pixels wide as it needs."""
        lefts = self.layout.lefts[first:last]
        edges = np.round(np.append(lefts, lefts[-1] + self.layout.widths[last - 1]) - lefts[0]).astype(np.int64)
        # A gap belongs to no column: it is painted over afterwards.
        spread = np.repeat(colours, np.diff(edges), axis=1)  # [rows, pixels, 3]
        pixels = np.empty((*spread.shape[:2], 4), np.uint8)
        pixels[..., :3] = spread[..., ::-1]
        pixels[..., 3] = 255
        height, width = pixels.shape[:2]
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        target = QRectF(
            self.left + float(lefts[0]) - self.scroll[0], -self.scroll[1], width, height * self.layout.row_height
        )
        painter.drawImage(target, image)

    def _lattice(self, painter: QPainter, first: int, last: int) -> None:
        """Lines in the panel's colour that part the cells of the picture."""
        path = QPainterPath()
        top, bottom = -self.scroll[1], self.layout.height - self.scroll[1]
        right = self.left + self.layout.view_width
        for place in range(first, last):
            box = self.cell_rect(0, place)
            path.moveTo(box.right(), top)
            path.lineTo(box.right(), bottom)
        for row in range(self.layout.rows + 1):
            y = row * self.layout.row_height - self.scroll[1]
            path.moveTo(self.left, y)
            path.lineTo(right, y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.strokePath(path, QPen(self.theme.qcolor("panel"), 2 if self.layout.row_height > 16 else 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    @staticmethod
    def _tile(box: QRectF) -> QRectF:
        return box.adjusted(1, 1, -1, -1)

    def _gaps(self, painter: QPainter) -> None:
        painter.setPen(self.theme.qcolor("dim"))
        painter.setFont(self.theme.font("small"))
        middle = min(self.layout.height, self.layout.view_height) / 2
        for gap in self.layout.gaps:
            box = QRectF(self.left + gap - self.scroll[0], 0, 16, 2 * middle)
            painter.fillRect(box, self.theme.qcolor("panel"))
            painter.drawText(box, _CENTRE, "⋯")

    def _outlines(self, painter: QPainter, grid: Grid) -> None:
        path = QPainterPath()
        many = len(grid.best) > 40
        view = QRectF(self.left, 0, self.layout.view_width, self.layout.view_height)
        for row, column in grid.best.tolist():
            box = self.cell_rect(row, self.layout.position_of(column))
            if box.isEmpty() or not box.intersects(view):
                continue
            if many:
                path.addRect(box)
            else:
                path.addRoundedRect(box.adjusted(0.75, 0.75, -0.75, -0.75), 3.5, 3.5)
        # Round corners need smooth edges, which cost time; straight ones do not.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not many)
        painter.strokePath(path, QPen(self.theme.qcolor("panel"), 3 if many else 3.2))
        painter.strokePath(path, QPen(self.theme.qcolor("text"), 1 if many else 1.5))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _numbers(self, painter: QPainter, grid: Grid, first: int, last: int) -> None:
        """Values, where they are large or the row's best, and fit their cell."""
        font = weighted(self.theme.font("small"), QFont.Weight.Medium)
        font.setPointSizeF(font.pointSizeF() * 0.94)
        metrics = QFontMetricsF(font)
        if self.layout.row_height < metrics.height() - 1 or first == last:
            return
        columns = self.layout.columns[first:last]
        values = grid.values[:, columns]
        large = self.scale.fraction(values) >= _PRINTED
        for row, column in grid.best.tolist():
            place = self.layout.position_of(column)
            if first <= place < last:
                large[row, place - first] = True
        wide = self.layout.widths[first:last] >= metrics.horizontalAdvance("0.00") + 6
        rows, places = np.nonzero(large & wide & self._rows_in_sight()[:, None])
        chosen = np.argsort(-values[rows, places], kind="stable")[:_NUMBERS]
        rows, places = rows[chosen], places[chosen]
        dark = dark_ink(self.scale.colours(values[rows, places]))
        painter.setFont(font)
        black, white = QColor("#000000"), QColor("#FFFFFF")
        for row, at, on_dark in zip(rows.tolist(), places.tolist(), (~dark).tolist(), strict=True):
            painter.setPen(white if on_dark else black)
            painter.drawText(self.cell_rect(row, first + at), _CENTRE, f"{values[row, at]:.2f}")

    def _rows_in_sight(self) -> np.ndarray:
        """Which rows the view shows at least in part: bool [rows]."""
        tops = np.arange(self.layout.rows) * self.layout.row_height - self.scroll[1]
        return (tops + self.layout.row_height > 0) & (tops < self.layout.view_height)

    def _crosshair(self, painter: QPainter, box: QRectF) -> None:
        line = self.theme.qcolor("accent")
        line.setAlphaF(0.75)
        painter.setPen(QPen(line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(self.left, box.top(), self.layout.view_width, box.height()))
        painter.drawRect(QRectF(box.left(), 0, box.width(), min(self.layout.height, self.layout.view_height)))
        painter.setPen(QPen(self.theme.qcolor("accent"), 2.5))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    # -- words -----------------------------------------------------------------------------------------------------

    def _row_label_box(self, row: int) -> QRectF:
        return QRectF(0, row * self.layout.row_height - self.scroll[1], self.left - 8, self.layout.row_height)

    def _label_top(self) -> float:
        return min(self.layout.height, self.layout.view_height) + 3

    def _row_labels(self, painter: QPainter, grid: Grid) -> None:
        painter.save()
        painter.setClipRect(QRectF(0, 0, self.left, self.layout.view_height))
        font = self.theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        text, dim = self.theme.qcolor("text"), self.theme.qcolor("dim")
        for row in np.flatnonzero(self._rows_in_sight()).tolist():
            word, box = grid.rows[row], self._row_label_box(row)
            painter.setPen(text if word.role == "text" else dim)
            painter.drawText(box, _RIGHT, metrics.elidedText(word.text, _MIDDLE, box.width()))
        painter.restore()

    def _column_labels(self, painter: QPainter, grid: Grid, first: int, last: int) -> None:
        """Words under the columns; where they are crowded the matched ones come first and the others only if free."""
        painter.save()
        top = self._label_top()
        painter.setClipRect(QRectF(self.left, top, self.layout.view_width, 20))
        plain = self.theme.font("small")
        slanted = QFont(plain)
        slanted.setItalic(True)
        fonts = {True: (plain, QFontMetricsF(plain)), False: (slanted, QFontMetricsF(slanted))}
        matched = {int(column) for column in grid.best[:, 1].tolist()}
        columns = self.layout.columns[first:last].tolist()
        important = [first + at for at, column in enumerate(columns) if column in matched]
        roomy = [first + at for at, width in enumerate(self.layout.widths[first:last].tolist()) if width >= 20]
        taken: list[tuple[float, float]] = []
        for place in dict.fromkeys([*important, *roomy]):
            column = columns[place - first]
            word, box = grid.columns[column], self.cell_rect(0, place)
            font, metrics = fonts[word.role == "text"]
            room = max(box.width() - 2, 60.0 if column in matched else 30.0)
            text = metrics.elidedText(word.text, Qt.TextElideMode.ElideRight, room)
            half = metrics.horizontalAdvance(text) / 2 + 1
            span = box.center().x() - half, box.center().x() + half
            if any(span[0] < right and left < span[1] for left, right in taken):
                continue
            taken.append(span)
            painter.setFont(font)
            painter.setPen(self.theme.qcolor("text" if column in matched else "dim"))
            painter.drawText(QRectF(span[0], top, 2 * half, 18), _CENTRE, text)
        painter.restore()

    # -- sums ------------------------------------------------------------------------------------------------------

    @property
    def side(self) -> float:
        """Where the sums begin."""
        return self.left + min(self.layout.width, self.layout.view_width) + 20

    def _sums(self, painter: QPainter, grid: Grid) -> None:
        painter.save()
        x = self.side
        painter.setClipRect(QRectF(x, 0, SIDE, self.layout.view_height))
        number = weighted(self.theme.font("small"), QFont.Weight.DemiBold)
        small = self.theme.font("small")
        bars = stacked(grid)
        radius = 3.0 if bars.shape[1] == 1 else 1.5
        highest, lowest = float(bars.max(initial=0.0)), float(bars.min(initial=0.0))
        longest = _BAR - 32.0 if any(grid.away) else _BAR  # leave room for the words beside the bars
        unit = longest / (highest - lowest) if highest > lowest else 0.0
        zero = x + _NUMBER - lowest * unit
        for row in np.flatnonzero(self._rows_in_sight()).tolist():
            box = QRectF(x, row * self.layout.row_height - self.scroll[1], _NUMBER - 10, self.layout.row_height)
            painter.setFont(number)
            painter.setPen(self.theme.qcolor("text"))
            painter.drawText(box, _RIGHT, format_part(float(grid.adds[row]), grid))
            thick = min(12.0, self.layout.row_height - 6)
            top = box.center().y() - thick / 2
            painter.setPen(Qt.PenStyle.NoPen)
            right = zero
            for (start, end), colour in zip(bars[row].tolist(), PART_COLOURS, strict=False):
                painter.setBrush(self.theme.qcolor(colour))
                piece = QRectF(zero + start * unit, top, (end - start) * unit, thick).normalized()
                painter.drawRoundedRect(piece, radius, radius)
                right = max(right, piece.right())
            elsewhere = grid.away[row]
            if elsewhere is not None:
                note = QRectF(right + 6, box.top(), x + SIDE - 24 - right - 6, box.height())
                painter.setFont(small)
                painter.setPen(self.theme.qcolor("dim"))
                name = _tr("title: {word}") if elsewhere.role == "context" else _tr("best: {word}")
                text = name.format(word=elsewhere.text)
                shown = QFontMetricsF(small).elidedText(text, Qt.TextElideMode.ElideMiddle, note.width())
                painter.drawText(note, _LEFT, shown)
        painter.restore()

    def _score(self, painter: QPainter, grid: Grid) -> None:
        top = self._label_top()
        painter.setFont(self.theme.font("small"))
        for number, (text, colour) in enumerate(score_lines(grid)):
            painter.setPen(self.theme.qcolor(colour))
            painter.drawText(QRectF(self.side, top + 17 * number, SIDE, 18), _LEFT, text)


def stacked(grid: Grid) -> np.ndarray:
    """Where the bars of the rows begin and end, float64 [rows, parts, 2], in the score's unit from 0.

    Parts of one sign follow each other; a negative one goes to the left, so that the ends never add up wrongly.
    """
    lates = grid.lates
    parts = np.stack([grid.adds] if grid.anchors is None or lates is None else [grid.anchors, lates], axis=1)
    bars = np.zeros((*parts.shape, 2))
    for sign in (1, -1):
        of_sign = np.where(parts * sign > 0, parts, 0.0)
        ends = np.cumsum(of_sign, axis=1)
        bars += np.where((of_sign != 0)[..., None], np.stack([ends - of_sign, ends], axis=-1), 0.0)
    return bars


def score_lines(grid: Grid) -> list[tuple[str, str]]:
    """What the rows add up to, in one or two lines, each with the palette's name of its colour."""

    def show(value: float) -> str:
        return format_part(value, grid)

    parts = {"BM25": _tr("term weights"), "cosine": _tr("shares")}.get(grid.score_kind, _tr("rows"))
    if not grid.reconciles:
        total = show(grid.shown_adds + grid.hidden_adds)
        return [(_tr("score {score}").format(score=show(grid.score)), "text"),
                (_tr("the rows add up to {total}").format(total=total), "down_text")]  # fmt: skip
    if grid.anchors is not None:
        score, whole, parts = split_texts(grid.score, grid.anchor_score)
        line = _tr("{score} = {whole} whole + {parts} parts").format(score=score, whole=whole, parts=parts)
        hidden = _tr("hidden tokens add {hidden} of it").format(hidden=show(grid.hidden_adds))
        return [(line, "dim"), (hidden, "dim")] if grid.hidden_rows else [(line, "dim")]
    if not grid.hidden_rows:
        return [(_tr("score {score} = sum of {parts}").format(score=show(grid.score), parts=parts), "dim")]
    first = _tr("score {score} = {shown} + {hidden}").format(
        score=show(grid.score), shown=show(grid.shown_adds), hidden=show(grid.hidden_adds)
    )
    return [(first, "dim"), (_tr("hidden tokens add {hidden}").format(hidden=show(grid.hidden_adds)), "dim")]
