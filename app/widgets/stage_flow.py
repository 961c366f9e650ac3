"""The stages of a trace as boxes from left to right, with the candidates that flow between them; and their times."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from rankscope.app.models.flow import Place, Span, milliseconds, place_stages, waterfall
from rankscope.app.theme import Theme
from rankscope.app.widgets.controls import weighted
from rankscope.app.widgets.stage_card import CARD_HEIGHT, CARD_WIDTH, StageCard
from rankscope.core.api import Trace

_ACROSS, _DOWN = 58, 10
_END = 84  # room behind the last stage for what is shown
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class StageFlow(QWidget):
    """``chosen`` carries the name of a stage that was clicked."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._places: tuple[Place, ...] = ()
        self._shown = 0
        self.cards: dict[str, StageCard] = {}

    def set_trace(self, trace: Trace | None) -> None:
        """Show the stages of another trace."""
        for card in self.cards.values():
            card.hide()
            card.setParent(None)
            card.deleteLater()
        self.cards = {}
        self._places = place_stages(trace) if trace is not None else ()
        self._shown = len(trace.final) if trace is not None else 0
        for place in self._places:
            card = StageCard(place.stage, self._theme, self)
            card.clicked.connect(self._clicked)
            card.show()
            self.cards[place.stage.name] = card
        size = self.sizeHint()
        self.setMinimumSize(size)
        self._arrange()
        self.update()

    def mark(self, before: str | None, after: str | None) -> None:
        """Mark the two stages that Results compares."""
        for name, card in self.cards.items():
            card.set_part("after" if name == after else "before" if name == before else "")
        self.update()

    def sizeHint(self) -> QSize:
        levels = max((place.level for place in self._places), default=-1) + 1
        lanes = max((place.lanes for place in self._places), default=0)
        width = levels * CARD_WIDTH + max(0, levels - 1) * _ACROSS + (_END if levels else 0)
        return QSize(width, lanes * CARD_HEIGHT + max(0, lanes - 1) * _DOWN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place in self._places:
            target = self.cards[place.stage.name]
            for name in place.stage.inputs:
                source = self.cards.get(name)
                if source is not None:
                    self._arrow(painter, source, target)
        if self._places:
            self._ending(painter, self.cards[self._places[-1].stage.name])
        painter.end()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        for place in self._places:
            room = place.lanes * CARD_HEIGHT + (place.lanes - 1) * _DOWN
            top = (self.height() - room) // 2 + place.lane * (CARD_HEIGHT + _DOWN)
            self.cards[place.stage.name].move(place.level * (CARD_WIDTH + _ACROSS), max(0, top))

    def _arrow(self, painter: QPainter, source: StageCard, target: StageCard) -> None:
        begin = QPointF(source.geometry().right() + 4, source.geometry().center().y())
        end = QPointF(target.geometry().left() - 5, target.geometry().center().y())
        compared = source.part == "before" and target.part == "after"
        colour = self._theme.qcolor("accent" if compared else "dim")
        path = QPainterPath(begin)
        middle = (begin.x() + end.x()) / 2
        path.cubicTo(QPointF(middle, begin.y()), QPointF(middle, end.y()), end)
        painter.strokePath(path, QPen(colour, 2.0 if compared else 1.3))
        head = QPainterPath(end)
        head.lineTo(end + QPointF(-7, -4))
        head.lineTo(end + QPointF(-7, 4))
        head.closeSubpath()
        painter.fillPath(head, colour)
        self._count(painter, begin, end, f"{source.stage.left:,}")

    def _count(self, painter: QPainter, begin: QPointF, end: QPointF, text: str) -> None:
        font = self._theme.font("small")
        width = QFontMetricsF(font).horizontalAdvance(text) + 6
        centre = (begin + end) / 2
        # On a level line the number stands above it, on a slope in a gap of it.
        box = QRectF(centre.x() - width / 2, centre.y() - 8, width, 16)
        if abs(begin.y() - end.y()) < 4:
            box.translate(-3, -10)
        else:
            painter.fillRect(box, self._theme.qcolor("panel"))
        painter.setFont(font)
        painter.setPen(self._theme.qcolor("dim"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _ending(self, painter: QPainter, last: StageCard) -> None:
        begin = QPointF(last.geometry().right() + 4, last.geometry().center().y())
        painter.setPen(QPen(self._theme.qcolor("dim"), 1.3))
        painter.drawLine(begin, begin + QPointF(14, 0))
        painter.setFont(self._theme.font("small"))
        painter.setPen(self._theme.qcolor("text"))
        text = self.tr("{count} shown").format(count=self._shown)
        painter.drawText(QRectF(begin.x() + 20, begin.y() - 9, _END, 18), _LEFT, text)

    @Slot()
    def _clicked(self) -> None:
        card = self.sender()
        if isinstance(card, StageCard):
            self.chosen.emit(card.stage.name)


class Waterfall(QWidget):
    """Bars on one time line: what ran when, and for how long."""

    ROW = 22

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spans: tuple[Span, ...] = ()
        self._total = 0.0
        self._after: str | None = None
        self.setMinimumWidth(250)

    @property
    def spans(self) -> tuple[Span, ...]:
        return self._spans

    def set_trace(self, trace: Trace | None) -> None:
        """Show the times of another trace."""
        titles = self.tr("encode the query"), self.tr("everything else")
        self._spans = waterfall(trace, *titles) if trace is not None else ()
        self._total = trace.total_ms if trace is not None else 0.0
        self.setMinimumHeight((len(self._spans) + 1) * self.ROW)
        words = ", ".join(f"{span.title} {milliseconds(span.ms)}" for span in self._spans)
        self.setAccessibleName(
            self.tr("Times: {words}; {total} in all").format(words=words, total=milliseconds(self._total))
        )
        self.update()

    def mark(self, after: str | None) -> None:
        """Set off the stage that Results shows."""
        self._after = after
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._spans:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = self._theme.font("small")
        metrics = QFontMetricsF(small)
        label = min(132.0, max(metrics.horizontalAdvance(span.title) for span in self._spans) + 12)
        number = metrics.horizontalAdvance("00.0 ms") + 10
        room = max(20.0, self.width() - label - number - 6)
        end = max(self._total, max(span.start + span.ms for span in self._spans)) or 1.0
        top = max(0.0, (self.height() - (len(self._spans) + 1) * self.ROW) / 2)
        for row, span in enumerate(self._spans):
            line = QRectF(0, top + row * self.ROW, self.width(), self.ROW)
            chosen = bool(span.stage) and span.stage == self._after
            painter.setFont(weighted(small, QFont.Weight.DemiBold if chosen else QFont.Weight.Normal))
            painter.setPen(self._theme.qcolor("text" if chosen else "dim"))
            title = metrics.elidedText(span.title, Qt.TextElideMode.ElideRight, label - 10)
            painter.drawText(QRectF(0, line.top(), label - 8, self.ROW), _RIGHT, title)
            bar = QRectF(label + room * span.start / end, line.center().y() - 5, max(2.0, room * span.ms / end), 10)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.qcolor("accent" if chosen else "bar"))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setFont(small)
            painter.setPen(self._theme.qcolor("text"))
            painter.drawText(QRectF(self.width() - number, line.top(), number, self.ROW), _RIGHT, milliseconds(span.ms))
        line = QRectF(0, top + len(self._spans) * self.ROW, self.width(), self.ROW)
        painter.setPen(self._theme.qcolor("line"))
        painter.drawLine(line.topLeft() + QPointF(label, 2), line.topRight() + QPointF(0, 2))
        painter.setFont(weighted(small, QFont.Weight.DemiBold))
        painter.setPen(self._theme.qcolor("text"))
        total = self.tr("total {time}").format(time=milliseconds(self._total))
        painter.drawText(line.adjusted(label, 3, 0, 3), _RIGHT, total)
        painter.end()
