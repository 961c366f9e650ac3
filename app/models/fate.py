"""A document's fate as a table: a line per stage with its rank and score there, the cut, and whether it got through."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from rankscope.app.models.comparison import format_score
from rankscope.core.api import Fate, FateStage

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

STAGE, RANK, SCORE, CUT, KEPT, WHERE = range(6)
StageRole = int(Qt.ItemDataRole.UserRole) + 1


class FateModel(QAbstractTableModel):
    """``StageRole`` gives the :class:`FateStage` of a row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stages: tuple[FateStage, ...] = ()

    @property
    def farthest(self) -> int:
        """The largest rank or cut in the table: the end of the scale on which places are drawn."""
        numbers = [number for stage in self._stages for number in (stage.rank, stage.cut) if number is not None]
        return max(numbers, default=1)

    def set_fate(self, fate: Fate | None) -> None:
        """Show another fate; None for an empty table."""
        self.beginResetModel()
        self._stages = fate.stages if fate is not None else ()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._stages)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else WHERE + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if section in (RANK, SCORE, CUT) else _LEFT
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                self.tr("Stage"),
                self.tr("Rank"),
                self.tr("Score"),
                self.tr("Cut"),
                self.tr("Outcome"),
                self.tr("Rank against the cut"),
            )[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        stage = self._stages[index.row()]
        if role == StageRole:
            return stage
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if index.column() in (RANK, SCORE, CUT) else _LEFT
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(stage, index.column())
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.sentence(stage)
        return None

    def outcome(self, stage: FateStage) -> str:
        """What became of the document in a stage, with a mark in front."""
        if stage.kept:
            return self.tr("✓ kept")
        if stage.rank is None:
            return self.tr("✗ never scored")
        if stage.cut is not None and stage.rank > stage.cut:
            return self.tr("✗ beyond the cut")
        return self.tr("✗ did not get here")

    def sentence(self, stage: FateStage) -> str:
        """A row in words."""
        if stage.rank is None:
            return self.tr("{stage}: {outcome}").format(stage=stage.title, outcome=self.outcome(stage))
        text = self.tr("{stage}: rank {rank:,}").format(stage=stage.title, rank=stage.rank)
        if stage.score is not None:
            text += self.tr(", score {score} {kind}").format(
                score=format_score(stage.score, stage.score_kind), kind=stage.score_kind
            )
        if stage.cut is not None:
            text += self.tr(", cut {cut:,}").format(cut=stage.cut)
        return f"{text}, {self.outcome(stage)}"

    def _text(self, stage: FateStage, column: int) -> str:
        if column == STAGE:
            return stage.title
        if column == RANK:
            return "–" if stage.rank is None else f"{stage.rank:,}"
        if column == SCORE:
            return "–" if stage.score is None else f"{format_score(stage.score, stage.score_kind)} {stage.score_kind}"
        if column == CUT:
            return self.tr("none") if stage.cut is None else f"{stage.cut:,}"
        return self.outcome(stage) if column == KEPT else ""
