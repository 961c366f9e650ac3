"""The table of a training: cells that can be chosen and copied."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from rankscope.app.models.curve_plot import key_of, place_of
from rankscope.app.models.curve_table import COLUMNS, FIRST_BUDGET, STEP, TIME, CurveTableModel
from rankscope.app.models.training import Curve
from rankscope.app.theme import ROW_ONE_LINE, Theme
from rankscope.app.widgets.controls import table_style

_ROOM = 12  # pixels in a column beside its words
_WIDEST = {STEP: "100,000", TIME: "1:00:00"}
_NUMBER = "0.0000"


class CurveTable(QTableView):
    """``chosen`` brings what the current cell stands for (see ``curve_plot.key_of``), -1 for none."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model_of_points = CurveTableModel(theme, self)
        self.setModel(self.model_of_points)
        self.setAccessibleName(self.tr("Points of the curve"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumWidth(200)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_ONE_LINE)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(24)
        copying = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copying.setContext(Qt.ShortcutContext.WidgetShortcut)
        copying.activated.connect(self.copy_selected)
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.restyle()

    def restyle(self) -> None:
        """Take colours and fonts from the theme again."""
        body, small = self._theme.font("body"), self._theme.font("small")
        self.setFont(body)
        self.horizontalHeader().setFont(small)
        self.setStyleSheet(table_style(self._theme.palette))
        for column in range(COLUMNS):
            title = str(self.model_of_points.headerData(column, Qt.Orientation.Horizontal))
            cell = QFontMetrics(body).horizontalAdvance(_WIDEST.get(column, _NUMBER))
            self.setColumnWidth(column, max(cell, QFontMetrics(small).horizontalAdvance(title)) + _ROOM)
        self.viewport().update()

    def show_curve(self, curve: Curve | None, quantity: str) -> None:
        """Show this quantity; the last row stays in sight when it was."""
        bar = self.verticalScrollBar()
        at_end = bar.value() == bar.maximum()
        self.model_of_points.show_curve(curve, quantity)
        if at_end:
            self.scrollToBottom()

    @Slot(int)
    def choose(self, key: int) -> None:
        """Select a cell and bring it into sight."""
        row, budget = place_of(key)
        index = self.model_of_points.index(row, FIRST_BUDGET + budget)
        if key >= 0 and index.isValid() and index != self.currentIndex():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    @Slot()
    def copy_selected(self) -> None:
        """Put the selected cells with their titles on the clipboard; everything when that is no more than one."""
        cells = self.selectionModel().selectedIndexes()
        if len(cells) < 2:
            self.copy_all()
            return
        rows, columns = sorted({cell.row() for cell in cells}), sorted({cell.column() for cell in cells})
        QGuiApplication.clipboard().setText(self.model_of_points.as_text(rows, columns))

    @Slot()
    def copy_all(self) -> None:
        """Put loss and MRR@10 of all points on the clipboard."""
        QGuiApplication.clipboard().setText(self.model_of_points.as_text())

    @Slot(QModelIndex)
    def _current_changed(self, index: QModelIndex) -> None:
        number = index.column() - FIRST_BUDGET
        of_budget = index.isValid() and FIRST_BUDGET <= index.column() < TIME
        self.chosen.emit(key_of(index.row(), number) if of_budget else -1)
