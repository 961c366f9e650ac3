"""The settings of a sweep as a table that can be sorted by any column."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models import wording
from rankscope.app.models.sweep import QUALITY, Setting, SweepOutcome
from rankscope.app.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)

MARK, BUDGET, CODEC, FIRST_STAGE, METRICS = range(5)  # the metrics' columns begin at METRICS
AFTER_METRICS = 3  # p50, p95, bytes
SortRole = int(Qt.ItemDataRole.UserRole) + 1
_ALL_TOKENS = 10**6  # sorts behind every budget


class SweepTableModel(QAbstractTableModel):
    """Columns: mark, budget, codec, first stage, every metric, p50, p95, bytes per passage.

    ``SortRole`` gives what a cell is sorted by.
    """

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: tuple[Setting, ...] = ()
        self._metrics: tuple[str, ...] = ()
        self._recommended = -1

    @property
    def rows(self) -> tuple[Setting, ...]:
        """The settings in the order in which they were measured."""
        return self._rows

    def set_outcome(self, outcome: SweepOutcome | None) -> None:
        """Show these settings. More of the same sweep only come below."""
        rows = outcome.rows if outcome is not None else ()
        metrics = outcome.metrics if outcome is not None else ()
        known = len(self._rows)
        grown = bool(known) and metrics == self._metrics and len(rows) > known
        if grown and all(_same(old, new) for old, new in zip(self._rows, rows, strict=False)):
            self.beginInsertRows(QModelIndex(), known, len(rows) - 1)
            self._rows = rows
            self.endInsertRows()
            self.dataChanged.emit(self.index(0, MARK), self.index(known - 1, MARK))  # what came may beat what was
            return
        self.beginResetModel()
        self._rows, self._metrics, self._recommended = rows, metrics, -1
        self.endResetModel()

    def recommend(self, row: int) -> None:
        """Mark this row; -1 for none."""
        if row != self._recommended:
            for changed in (self._recommended, row):
                self._recommended = row
                if 0 <= changed < len(self._rows):
                    self.dataChanged.emit(self.index(changed, MARK), self.index(changed, self.columnCount() - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """One row per setting."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """As many as there are metrics, and seven."""
        return 0 if parent.isValid() else METRICS + len(self._metrics) + AFTER_METRICS

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The columns' titles; what they mean as tooltips."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles()[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._meaning(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts, and what they are sorted by."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.row(), column)
        if role == SortRole:
            return self._sort_key(row, index.row(), column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._theme.qcolor(self._colour(row, index.row(), column))
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole) and column == MARK:
            return self._mark_words(row, index.row())
        return None

    def sentence(self, row: int) -> str:
        """A row in words."""
        cells = zip(self._titles()[BUDGET:], range(BUDGET, self.columnCount()), strict=True)
        parts = [f"{title} {self._text(self._rows[row], row, column)}" for title, column in cells]
        return ", ".join(part for part in (*parts, self._mark_words(self._rows[row], row)) if part)

    def _titles(self) -> tuple[str, ...]:
        return (
            "",
            self.tr("Budget"),
            self.tr("Codec"),
            self.tr("First stage"),
            *self._metrics,
            self.tr("p50 ms"),
            self.tr("p95 ms"),
            self.tr("Bytes"),
        )

    def _meaning(self, column: int) -> str:
        after = column - METRICS - len(self._metrics)
        if column == MARK:
            return self.tr("● no other setting is better, faster and smaller   ★ recommended within the limits")
        if after == 0:
            return self.tr("Milliseconds of a whole query, its encoding included: half of them are faster")
        if after == 1:
            return self.tr("Milliseconds of a whole query, its encoding included: 95 of 100 are faster")
        if after == 2:
            return self.tr("What late interaction reads of one candidate passage, in bytes")
        return ""

    def _alignment(self, column: int) -> int:
        if column == MARK:
            return _CENTRE
        return _LEFT if column < METRICS else _RIGHT

    def _text(self, row: Setting, number: int, column: int) -> str:
        if column == MARK:
            return "★" if number == self._recommended else "●" if row.pareto else ""
        if column == BUDGET:
            return row.budget_text if row.budget else self.tr("all tokens")
        if column == CODEC:
            return row.codec
        if column == FIRST_STAGE:
            return row.first_stage
        after = column - METRICS - len(self._metrics)
        if after < 0:
            return f"{row.metrics[self._metrics[column - METRICS]]:.4f}"
        return wording.count(row.bytes_per_passage) if after == 2 else f"{(row.p50, row.p95)[after]:.1f}"

    def _sort_key(self, row: Setting, number: int, column: int) -> object:
        if column == MARK:
            return 2 if number == self._recommended else int(row.pareto)
        if column == BUDGET:
            return row.budget.r_c * 1_000 + row.budget.r_q if row.budget else _ALL_TOKENS
        if column in (CODEC, FIRST_STAGE):
            return row.codec if column == CODEC else row.first_stage
        after = column - METRICS - len(self._metrics)
        if after < 0:
            return row.metrics[self._metrics[column - METRICS]]
        return (row.p50, row.p95, row.bytes_per_passage)[after]

    def _colour(self, row: Setting, number: int, column: int) -> str:
        if column == MARK:
            return "accent_text" if number == self._recommended else "text"
        if column >= METRICS and self._titles()[column] == QUALITY:
            return "text"
        return "text" if column < METRICS or row.pareto else "dim"

    def _mark_words(self, row: Setting, number: int) -> str:
        words = []
        if number == self._recommended:
            words.append(self.tr("recommended within the limits"))
        if row.pareto:
            words.append(self.tr("no other setting is better, faster and smaller"))
        return ", ".join(words)


def _same(old: Setting, new: Setting) -> bool:
    """Whether it is the same measurement; only its mark may have changed."""
    return (old.budget, old.codec, old.first_stage, old.metrics, old.p50) == (
        new.budget, new.codec, new.first_stage, new.metrics, new.p50,
    )  # fmt: skip
