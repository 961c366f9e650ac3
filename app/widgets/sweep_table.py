"""The table of a sweep: sorted by any column, chosen and used a row at a time."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from rankscope.app.models.sweep import SweepOutcome
from rankscope.app.models.sweep_table import BUDGET, CODEC, FIRST_STAGE, MARK, SortRole, SweepTableModel
from rankscope.app.theme import ROW_ONE_LINE, Theme
from rankscope.app.widgets.controls import table_style

_WIDTHS = {MARK: 24, BUDGET: 74, CODEC: 80, FIRST_STAGE: 74}
_NUMBER_WIDTH, _BYTES_WIDTH = 54, 62
_ROOM = 12  # pixels in a head beside its words


class SweepTable(QTableView):
    """``chosen`` brings the number of the selected row, -1 for none; ``used`` of one that was double-clicked or on
    which Enter was pressed. Rows are numbered as they were measured, however they are sorted.
    """

    chosen = Signal(int)
    used = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model_of_rows = SweepTableModel(theme, self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self.model_of_rows)
        self._sorted.setSortRole(SortRole)
        self.setModel(self._sorted)
        self.setAccessibleName(self.tr("Settings and what they measured"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumWidth(200)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_ONE_LINE)
        header = self.horizontalHeader()
        header.setAccessibleName(self.tr("Settings and what they measured"))
        header.setHighlightSections(False)
        header.setMinimumSectionSize(_WIDTHS[MARK])
        header.setDefaultSectionSize(_NUMBER_WIDTH)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorClearable(True)
        self.setSortingEnabled(True)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.activated.connect(self._activated)
        self.restyle()

    def restyle(self) -> None:
        """Take colours and fonts from the theme again."""
        self.setFont(self._theme.font("body"))
        self.horizontalHeader().setFont(self._theme.font("small"))
        self.setStyleSheet(table_style(self._theme.palette))
        self.viewport().update()

    @property
    def chosen_row(self) -> int:
        """The number of the selected row, -1 for none."""
        return self._number(self.currentIndex()) if self.selectionModel().hasSelection() else -1

    def set_outcome(self, outcome: SweepOutcome | None) -> None:
        """Show these settings."""
        columns = self.model_of_rows.columnCount()
        self.model_of_rows.set_outcome(outcome)
        if outcome is not None and self.model_of_rows.columnCount() != columns:
            for column in range(self.model_of_rows.columnCount()):
                title = str(self._sorted.headerData(column, Qt.Orientation.Horizontal))
                needed = QFontMetrics(self._theme.font("small")).horizontalAdvance(title) + _ROOM
                usual = _BYTES_WIDTH if column == self.model_of_rows.columnCount() - 1 else _NUMBER_WIDTH
                self.setColumnWidth(column, max(needed, _WIDTHS.get(column, usual)))

    @Slot(int)
    def choose(self, row: int) -> None:
        """Select a row and bring it into sight."""
        index = self._sorted.mapFromSource(self.model_of_rows.index(row, BUDGET))
        if index.isValid() and row != self.chosen_row:
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def _number(self, index: QModelIndex) -> int:
        return self._sorted.mapToSource(index).row() if index.isValid() else -1

    @Slot(QModelIndex)
    def _current_changed(self, index: QModelIndex) -> None:
        self.chosen.emit(self._number(index))

    @Slot(QModelIndex)
    def _activated(self, index: QModelIndex) -> None:
        self.used.emit(self._number(index))
