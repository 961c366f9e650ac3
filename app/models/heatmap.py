"""The heatmap as a table: what screen readers read and what is copied into a spreadsheet."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models.comparison import format_score
from rankscope.app.models.grid import Grid

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


def format_part(value: float, grid: Grid) -> str:
    """A part of the score. One that comes in two shares is small, and gets a digit more."""
    return f"{value:.3f}" if grid.anchors is not None else format_score(value, grid.score_kind)


def split_texts(total: float, whole: float) -> list[str]:
    """A sum and its two parts as they are printed: the last one is what is left of the others, so that they add up."""
    first, second = round(total, 3), round(whole, 3)
    rest = round(first - second, 3) + 0.0  # no minus before a zero
    return [f"{first:.3f}", f"{second:.3f}", f"{rest:.3f}"]


def sum_texts(grid: Grid, row: int) -> list[str]:
    """What a row adds to the score, and its two parts where it has them."""
    if grid.anchors is None:
        return [format_part(float(grid.adds[row]), grid)]
    return split_texts(float(grid.adds[row]), float(grid.anchors[row]))


def _sums(grid: Grid) -> tuple[np.ndarray, ...]:
    """The columns behind the similarities: what rows add, then its two parts where it has them."""
    lates = grid.lates
    return (grid.adds,) if grid.anchors is None or lates is None else (grid.adds, grid.anchors, lates)


class HeatmapModel(QAbstractTableModel):
    """Rows are the query's words, columns the passage's, then what the row adds to the score and, where the score has
    two parts, how much of it comes from the passage as a whole and how much from its parts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grid: Grid | None = None
        self._best: set[tuple[int, int]] = set()

    @property
    def grid(self) -> Grid | None:
        return self._grid

    def set_grid(self, grid: Grid | None) -> None:
        """Show another grid; None for an empty table."""
        self.beginResetModel()
        self._grid = grid
        self._best = set() if grid is None else {(int(row), int(column)) for row, column in grid.best.tolist()}
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if self._grid is None or parent.isValid() else len(self._grid.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if self._grid is None or parent.isValid() else len(self._grid.columns) + len(_sums(self._grid))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        grid = self._grid
        if grid is None or not index.isValid():
            return None
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role == Qt.ItemDataRole.DisplayRole:
            return self._number(grid, row, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.sentence(row, column)
        if role == Qt.ItemDataRole.UserRole:
            sums = column - len(grid.columns)
            return float(_sums(grid)[sums][row]) if sums >= 0 else float(grid.values[row, column])
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._grid is None or role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return self._grid.rows[section].text
        sums = section - len(self._grid.columns)
        if sums < 0:
            return self._grid.columns[section].text
        titles = (self.tr("adds to {kind}"), self.tr("whole"), self.tr("parts"))
        return titles[sums].format(kind=self._grid.score_kind)

    def is_best(self, row: int, column: int) -> bool:
        """Whether the cell holds the arg-max of one of the row's tokens."""
        return (row, column) in self._best

    def sentence(self, row: int, column: int) -> str:
        """A cell in words, as a tooltip and a screen reader say it."""
        grid = self._grid
        if grid is None:
            return ""
        word = grid.rows[row].text
        if column >= len(grid.columns):
            total, *parts = sum_texts(grid, row)
            text = self.tr("“{word}” adds {value} to the score").format(word=word, value=total)
            if not parts:
                return text
            return self.tr("{text}: {whole} from the passage as a whole, {parts} from its best parts").format(
                text=text, whole=parts[0], parts=parts[1]
            )
        text = self.tr("“{word}” and “{other}”: similarity {value:.2f}").format(
            word=word, other=grid.columns[column].text, value=float(grid.values[row, column])
        )
        return self.tr("{text}, the best match of this row").format(text=text) if self.is_best(row, column) else text

    def as_text(self, rows: list[int] | None = None, columns: list[int] | None = None) -> str:
        """Tab-separated text with headers, of all cells or of the given rows and columns."""
        grid = self._grid
        if grid is None:
            return ""
        rows = list(range(self.rowCount())) if rows is None else rows
        columns = list(range(self.columnCount())) if columns is None else columns
        head = [str(self.headerData(column, Qt.Orientation.Horizontal)) for column in columns]
        lines = ["\t".join(["", *head])]
        for row in rows:
            cells = [self._number(grid, row, column) for column in columns]
            lines.append("\t".join([grid.rows[row].text, *cells]))
        return "\n".join(lines)

    @staticmethod
    def _number(grid: Grid, row: int, column: int) -> str:
        sums = column - len(grid.columns)
        if sums >= 0:
            return sum_texts(grid, row)[sums]
        value = float(grid.values[row, column])
        return "" if np.isnan(value) else f"{value:.2f}"
