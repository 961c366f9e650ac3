"""The heatmap's drawing: cells, outlines, numbers, labels and row sums, with a crosshair and a cell cursor.

Everything is painted in one pass: cells as one picture when they are many, as rounded tiles when they are few. That
keeps 64 x 512 cells far below a frame, where one item per cell would take a second.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QToolTip, QWidget

from rankscope.app.models.grid import densest
from rankscope.app.models.heatmap import HeatmapModel
from rankscope.app.theme import Theme
from rankscope.app.widgets.controls import weighted
from rankscope.app.widgets.heat import SHARED, HeatScale
from rankscope.app.widgets.heat_layout import ALL, MATCHED, MAX_COLUMN, MIN_COLUMN, HeatLayout, lay_out
from rankscope.app.widgets.heat_paint import BOTTOM, SIDE, HeatPainter

MIN_ZOOM, MAX_ZOOM = 0.05, 3.0


class HeatCanvas(QAbstractScrollArea):
    """Shows the grid of a :class:`HeatmapModel`. Cells are addressed by row and column of the grid.

    Wheel and drag pan, Ctrl with the wheel zooms, arrow keys move the cell cursor, Enter or a click activates a column.
    """

    columnActivated = Signal(int)
    cellChanged = Signal(int, int)  # row and column under the mouse or the cursor; -1 when none
    modeChanged = Signal(str)

    def __init__(self, model: HeatmapModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._scale = SHARED
        self._mode = MATCHED
        self._zoom = 1.0
        self._layout = lay_out([], 0, [], 0, 0)
        self._natural = np.empty(0)
        self._cell = (-1, -1)
        self._faded = False
        self._layer = QPixmap()
        self._layer_is_old = True
        self._press: QPoint | None = None
        self._dragged = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setStyleSheet("QAbstractScrollArea { background: transparent; border: none; }")
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Heatmap"))
        model.modelReset.connect(self.refresh)

    @property
    def heat_layout(self) -> HeatLayout:
        return self._layout

    @property
    def mode(self) -> str:
        return self._mode

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the grid under the mouse or the cursor; (-1, -1) when none."""
        return self._cell

    def set_mode(self, mode: str) -> None:
        """Show "matched" columns with their neighbours, "all" at readable width, or "overview": all in one view."""
        self._mode, self._zoom = mode, 1.0
        self.refresh()
        self.modeChanged.emit(mode)

    def set_scale(self, scale: HeatScale) -> None:
        """Use another range of colours."""
        self._scale = scale
        self._redraw()

    def set_faded(self, faded: bool) -> None:
        """Draw pale: what is shown belongs to an older selection."""
        if faded != self._faded:
            self._faded = faded
            self.viewport().update()

    @Slot()
    def refresh(self) -> None:
        """Measure the labels again and place everything; the densest part comes into sight."""
        grid = self._model.grid
        metrics = QFontMetricsF(self._theme.font("small"))
        self._natural = np.array([metrics.horizontalAdvance(word.text) + 10 for word in grid.columns] if grid else [])
        self._set_cell((-1, -1))
        self._place()
        centres = self._centres()
        if grid is not None and centres and len(self._layout.columns) == len(grid.columns):
            edges = np.append(self._layout.lefts, self._layout.width)
            self.horizontalScrollBar().setValue(int(densest(centres, edges, self._layout.view_width)))
        self.verticalScrollBar().setValue(0)
        self._describe()

    def painter_for(self) -> HeatPainter:
        """The drawing of what is in sight now."""
        return HeatPainter(
            self._model,
            self._theme,
            self._layout,
            self._scale,
            self._left(),
            (float(self.horizontalScrollBar().value()), float(self.verticalScrollBar().value())),
        )

    # -- Qt --------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._model.grid is None:
            return
        heat = self.painter_for()
        painter = QPainter(self.viewport())
        painter.setOpacity(0.35 if self._faded else 1.0)
        painter.drawPixmap(0, 0, self._drawn(heat))
        heat.paint_cell(painter, self._cell)
        painter.end()

    def _drawn(self, heat: HeatPainter) -> QPixmap:
        """Everything but the crosshair, which alone moves with the mouse; drawn again only after a change."""
        ratio = self.devicePixelRatioF()
        size = self.viewport().size() * ratio
        if self._layer.size() != size or self._layer.devicePixelRatio() != ratio:
            self._layer = QPixmap(size)
            self._layer.setDevicePixelRatio(ratio)
            self._layer_is_old = True
        if self._layer_is_old:
            self._layer_is_old = False
            self._layer.fill(self._theme.qcolor("panel"))
            painter = QPainter(self._layer)
            heat.paint(painter)
            painter.end()
        return self._layer

    def _redraw(self) -> None:
        self._layer_is_old = True
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._redraw()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom_at(event.position().x(), 1.0015 ** (steps.y() or steps.x()))
        else:
            sideways = not self.verticalScrollBar().maximum() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            across, down = self.horizontalScrollBar(), self.verticalScrollBar()
            across.setValue(across.value() - (steps.x() or (steps.y() if sideways else 0)))
            if not sideways:
                down.setValue(down.value() - steps.y() // 2)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press, self._dragged = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        if self._press is not None and event.buttons() & Qt.MouseButton.LeftButton:
            moved = point - self._press
            if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
                self._dragged, self._press = True, point
                across, down = self.horizontalScrollBar(), self.verticalScrollBar()
                across.setValue(across.value() - moved.x())
                down.setValue(down.value() - moved.y())
            return
        cell = self.cell_at(event.position())
        if cell != self._cell:
            self._set_cell(cell)
            text = self._model.sentence(*cell) if cell[0] >= 0 else ""
            QToolTip.showText(event.globalPosition().toPoint() + QPoint(12, 16), text, self.viewport())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._press is not None and not self._dragged and event.button() == Qt.MouseButton.LeftButton:
            column = self._column_at(event.position().x())
            if column >= 0:
                self.columnActivated.emit(column)
        self._press = None

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._set_cell((-1, -1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Home: (0, -10_000),
            Qt.Key.Key_End: (0, 10_000),
        }.get(Qt.Key(event.key()))
        if step is not None:
            self._move_cell(*step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._cell[1] >= 0:
            self.columnActivated.emit(self._cell[1])
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom_at(self.viewport().width() / 2, 1.25)
        elif event.key() == Qt.Key.Key_Minus:
            self._zoom_at(self.viewport().width() / 2, 0.8)
        elif event.key() == Qt.Key.Key_0:
            self.set_mode(MATCHED)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QEvent) -> None:  # type: ignore[override]
        self._set_cell((-1, -1))
        self.viewport().update()

    # -- places ----------------------------------------------------------------------------------------------------

    def cell_at(self, point: QPointF) -> tuple[int, int]:
        """Row and column of the grid at a point of the viewport, or (-1, -1).

        Over the sums at the right the column is the number of the grid's columns.
        """
        row = self._layout.row_at(point.y() + self.verticalScrollBar().value()) if self._over_rows(point.y()) else -1
        column = self._column_at(point.x())
        if column < 0 and self._model.grid is not None and point.x() >= self.painter_for().side:
            column = len(self._model.grid.columns)
        return (row, column) if row >= 0 and column >= 0 else (-1, -1)

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a cell of the grid stands in the viewport; empty when its column is not shown."""
        return self.painter_for().cell_rect(row, self._layout.position_of(column))

    def _over_rows(self, y: float) -> bool:
        return 0 <= y < self._layout.view_height

    def _column_at(self, x: float) -> int:
        inside = x - self._left()
        if not 0 <= inside < self._layout.view_width:
            return -1
        place = self._layout.column_at(inside + self.horizontalScrollBar().value())
        return int(self._layout.columns[place]) if place >= 0 else -1

    def _left(self) -> float:
        grid = self._model.grid
        metrics = QFontMetricsF(weighted(self._theme.font("small"), QFont.Weight.DemiBold))
        longest = max((metrics.horizontalAdvance(row.text) for row in grid.rows), default=0.0) if grid else 0.0
        return float(min(132.0, max(48.0, longest + 14)))

    def _centres(self) -> list[int]:
        grid = self._model.grid
        return [] if grid is None else sorted({int(column) for column in grid.best[:, 1].tolist()})

    def _place(self) -> None:
        grid = self._model.grid
        rows = len(grid.rows) if grid is not None else 0
        width = max(40.0, self.viewport().width() - self._left() - SIDE)
        height = max(20.0, self.viewport().height() - BOTTOM)
        self._layout = lay_out(self._natural.tolist(), rows, self._centres(), width, height, self._mode, self._zoom)
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, max(0, int(np.ceil(self._layout.width - width - 0.5))))
        across.setPageStep(int(width))
        across.setSingleStep(36)
        down.setRange(0, max(0, int(np.ceil(self._layout.height - height - 0.5))))
        down.setPageStep(int(height))
        down.setSingleStep(int(self._layout.row_height))
        self._redraw()

    def _zoom_at(self, x: float, factor: float) -> None:
        """Zoom the columns around a pixel of the viewport; from the matched columns this shows all of them."""
        if self._mode != ALL:
            natural = self._natural.clip(MIN_COLUMN, MAX_COLUMN)[self._layout.columns].sum()
            self._zoom, self._mode = float(self._layout.widths.sum() / max(1.0, natural)), ALL
            self._place()
            self.modeChanged.emit(ALL)
        inside = x - self._left() + self.horizontalScrollBar().value()
        share = inside / max(1.0, self._layout.width)
        self._zoom = float(np.clip(self._zoom * factor, MIN_ZOOM, MAX_ZOOM))
        self._place()
        self.horizontalScrollBar().setValue(round(share * self._layout.width - (x - self._left())))

    # -- the current cell ------------------------------------------------------------------------------------------

    def _set_cell(self, cell: tuple[int, int]) -> None:
        if cell != self._cell:
            self._cell = cell
            self.cellChanged.emit(*cell)
            self.viewport().update()

    def _move_cell(self, rows: int, columns: int) -> None:
        if self._model.grid is None or not len(self._layout.columns):
            return
        row, column = self._cell
        place = self._layout.position_of(column)
        if row < 0 or place < 0:
            row, place = 0, self._layout.visible(self.horizontalScrollBar().value())[0]
        else:
            row = min(max(0, row + rows), self._layout.rows - 1)
            place = min(max(0, place + columns), len(self._layout.columns) - 1)
        self._set_cell((row, int(self._layout.columns[place])))
        self._reveal(row, place)
        sentence = self._model.sentence(*self._cell)
        self.setAccessibleDescription(sentence)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, sentence))

    def _reveal(self, row: int, place: int) -> None:
        layout, across, down = self._layout, self.horizontalScrollBar(), self.verticalScrollBar()
        left, right = layout.lefts[place], layout.lefts[place] + layout.widths[place]
        across.setValue(int(min(max(across.value(), right - layout.view_width), left)))
        top = row * layout.row_height
        down.setValue(int(min(max(down.value(), top + layout.row_height - layout.view_height), top)))

    def _describe(self) -> None:
        grid = self._model.grid
        if grid is None or not grid.values.size:
            self.setAccessibleDescription("")
            return
        row, column = (int(at) for at in np.unravel_index(int(np.nanargmax(grid.values)), grid.values.shape))
        self.setAccessibleDescription(
            self.tr("{rows} query words by {columns} passage words. Strongest: {cell}").format(
                rows=len(grid.rows), columns=len(grid.columns), cell=self._model.sentence(row, column)
            )
        )
