"""A training as a table: a row for every point, a column for every budget."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models import wording
from rankscope.app.models.curve_plot import LOSS, MRR, budget_name, values_of, written
from rankscope.app.models.training import Curve, Point
from rankscope.app.theme import Theme
from rankscope.core.api import BUDGETS

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

STEP, FIRST_BUDGET = 0, 1
TIME = FIRST_BUDGET + len(BUDGETS)
COLUMNS = TIME + 1


class CurveTableModel(QAbstractTableModel):
    """Columns: step, the chosen quantity at every budget, time. The best value of each trained budget stands out."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._points: tuple[Point, ...] = ()
        self._quantity = LOSS
        self._best: tuple[float, ...] = ()

    def show_curve(self, curve: Curve | None, quantity: str) -> None:
        """Show this quantity of these points. More of the same only come below."""
        points = curve.points if curve is not None else ()
        known = len(self._points)
        grown = bool(known) and quantity == self._quantity and points[:known] == self._points
        if grown and len(points) > known:
            self.beginInsertRows(QModelIndex(), known, len(points) - 1)
            self._set(points, quantity)
            self.endInsertRows()
            self.dataChanged.emit(self.index(0, FIRST_BUDGET), self.index(known - 1, TIME - 1))
        elif points != self._points or not points:
            self.beginResetModel()
            self._set(points, quantity)
            self.endResetModel()
        elif quantity != self._quantity:  # the selection stays
            self._set(points, quantity)
            self.dataChanged.emit(self.index(0, FIRST_BUDGET), self.index(known - 1, TIME - 1))

    def _set(self, points: tuple[Point, ...], quantity: str) -> None:
        self._points, self._quantity = points, quantity
        best = min if quantity == LOSS else max
        columns = zip(*(values_of(point, quantity) for point in points), strict=True)
        self._best = tuple(best(column) for column in columns)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """One row per point."""
        return 0 if parent.isValid() else len(self._points)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Always the same."""
        return 0 if parent.isValid() else COLUMNS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles; what they mean as tooltips."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles()[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._meaning(section)
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Numbers in words."""
        point, column = self._points[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(point, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.qcolor(self._colour(point, column))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) and self._is_best(point, column):
            best = self.tr("best so far")
            return f"{self._text(point, column)}, {best}"
        return None

    def as_text(self, rows: Sequence[int] | None = None, columns: Sequence[int] | None = None) -> str:
        """Cells under their titles, tab-separated; all of them, and both quantities, where none are named."""
        if rows is None or columns is None:
            names = [budget_name(budget).replace(" ", "") for budget in BUDGETS]
            lines = [["step", *(f"{what} {name}" for what in (LOSS, MRR) for name in names), "seconds"]]
            for point in self._points:
                lines.append([f"{value:g}" for value in (point.step, *point.loss, *point.mrr, point.seconds)])
        else:
            titles = self._titles()
            lines = [[titles[column] for column in columns]]
            lines += [[self._text(self._points[row], column) for column in columns] for row in rows]
        return "".join("\t".join(line) + "\n" for line in lines)

    def _titles(self) -> tuple[str, ...]:
        return (self.tr("Step"), *(budget_name(budget) for budget in BUDGETS), self.tr("Time"))

    def _meaning(self, column: int) -> str:
        if column == STEP:
            return self.tr("Steps of training")
        if column == TIME:
            return self.tr("How long training had taken, the text pass left out")
        if column == FIRST_BUDGET:
            return self.tr("The pooled vector alone: it is not trained, and stands here for comparison")
        return self.tr("So many vectors of a query, so many of a passage")

    def _text(self, point: Point, column: int) -> str:
        if column == STEP:
            return wording.count(point.step)
        if column == TIME:
            return wording.clock(point.seconds)
        return written(values_of(point, self._quantity)[column - FIRST_BUDGET])

    def _is_best(self, point: Point, column: int) -> bool:
        number = column - FIRST_BUDGET
        # What the first budget reads is not trained.
        return 0 < number < len(BUDGETS) and values_of(point, self._quantity)[number] == self._best[number]

    def _colour(self, point: Point, column: int) -> str:
        if column in (STEP, TIME):
            return "dim"
        return "accent_text" if self._is_best(point, column) else "text"
