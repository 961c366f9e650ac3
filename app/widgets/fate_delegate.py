"""Draws where a document stood against a stage's cut: a line of ranks on a logarithmic scale, the cut, and a dot."""

from __future__ import annotations

import math

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from rankscope.app.models.fate import KEPT, WHERE, FateModel, StageRole
from rankscope.app.theme import Theme
from rankscope.core.api import FateStage

_Index = QModelIndex | QPersistentModelIndex


def place_on_scale(rank: int, farthest: int) -> float:
    """Where a rank stands between 1 (0.0) and ``farthest`` (1.0), on a logarithmic scale."""
    return math.log(max(1, rank)) / math.log(max(2, farthest))


class FateDelegate(QStyledItemDelegate):
    """Paints the cells of a :class:`FateModel`."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        stage = index.data(StageRole)
        if not isinstance(stage, FateStage):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(8, 0, -8, 0)
        model = index.model()
        if index.column() == WHERE and isinstance(model, FateModel):
            self._scale(painter, box, stage, max(10, round(model.farthest * 1.4)))
        else:
            lost = index.column() == KEPT and not stage.kept
            painter.setFont(self._theme.font("body"))
            painter.setPen(self._theme.qcolor("down_text" if lost else "text"))
            text = str(index.data(Qt.ItemDataRole.DisplayRole))
            align = int(index.data(Qt.ItemDataRole.TextAlignmentRole))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
            painter.drawText(box, align, shown)
        painter.restore()

    def _scale(self, painter: QPainter, box: QRectF, stage: FateStage, farthest: int) -> None:
        room = box.adjusted(6, 0, -6, 0)
        middle = room.center().y()
        cut = room.left() + room.width() * (1.0 if stage.cut is None else place_on_scale(stage.cut, farthest))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.qcolor("line"))
        painter.drawRoundedRect(QRectF(room.left(), middle - 2, room.width(), 4), 2, 2)
        painter.setBrush(self._theme.qcolor("bar"))
        painter.drawRoundedRect(QRectF(room.left(), middle - 2, cut - room.left(), 4), 2, 2)
        if stage.cut is not None:
            painter.setPen(QPen(self._theme.qcolor("dim"), 1.5))
            painter.drawLine(QPointF(cut, middle - 8), QPointF(cut, middle + 8))
        if stage.rank is not None:
            x = room.left() + room.width() * place_on_scale(stage.rank, farthest)
            painter.setPen(QPen(self._theme.qcolor("panel"), 1.5))
            painter.setBrush(self._theme.qcolor("accent" if stage.kept else "down"))
            painter.drawEllipse(QPointF(x, middle), 5.5, 5.5)
