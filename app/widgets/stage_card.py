"""One stage of a trace as a button: what went in and out, how exactly, with which settings, and how long it took."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from rankscope.app.models.flow import milliseconds, settings_line
from rankscope.app.theme import RADIUS_CONTROL, Theme
from rankscope.app.widgets.controls import weighted
from rankscope.core.api import StageTrace

CARD_WIDTH, CARD_HEIGHT = 212, 80
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class StageCard(QAbstractButton):
    """``part`` says what Results does with the stage: "before", "after" or ""."""

    def __init__(self, stage: StageTrace, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stage = stage
        self._theme = theme
        self._part = ""
        self.setFixedSize(CARD_WIDTH, CARD_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._describe()

    @property
    def part(self) -> str:
        return self._part

    def set_part(self, part: str) -> None:
        """Mark the card as the left or the right column of Results."""
        if part != self._part:
            self._part = part
            self._describe()
            self.update()

    def sentence(self) -> str:
        """The stage in words."""
        stage = self.stage
        cut = self.tr("no cut") if stage.cut is None else self.tr("cut at {cut:,}").format(cut=stage.cut)
        exact = self.tr("exact") if stage.exact else self.tr("approximate")
        parts = [
            self.tr("{title}: {entered:,} in, {left:,} out").format(
                title=stage.title, entered=stage.entered, left=stage.left
            ),
            cut,
            exact,
            milliseconds(stage.ms),
        ]
        if stage.bytes_read:
            parts.append(self.tr("{size:.1f} MB read").format(size=stage.bytes_read / 1e6))
        settings = settings_line(stage)
        if settings:
            parts.append(settings)
        if stage.note:
            parts.append(stage.note)
        return ", ".join(parts)

    def sizeHint(self) -> QSize:
        return QSize(CARD_WIDTH, CARD_HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter)
        inner = QRectF(self.rect()).adjusted(12, 8, -12, -8)
        height = inner.height() / 3
        lines = [QRectF(inner.left(), inner.top() + number * height, inner.width(), height) for number in range(3)]
        self._first(painter, lines[0])
        self._second(painter, lines[1])
        self._third(painter, lines[2])
        painter.end()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _ground(self, painter: QPainter) -> None:
        theme = self._theme
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        after, before = self._part == "after", self._part == "before"
        painter.setBrush(theme.qcolor("selection" if after else "chip" if self.underMouse() else "panel"))
        colour = theme.qcolor("accent" if after or before or self.hasFocus() else "line")
        pen = QPen(colour, 2 if self.hasFocus() else 1.4 if after or before else 1)
        if before and not self.hasFocus():
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(box, RADIUS_CONTROL, RADIUS_CONTROL)

    def _first(self, painter: QPainter, line: QRectF) -> None:
        end = self._write(painter, line, milliseconds(self.stage.ms), "small", "dim", _RIGHT)
        title = weighted(self._theme.font("body"), QFont.Weight.DemiBold)
        painter.setFont(title)
        painter.setPen(self._theme.qcolor("text"))
        room = line.adjusted(0, 0, -end - 10, 0)
        text = QFontMetricsF(title).elidedText(self.stage.title, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, _LEFT, text)

    def _second(self, painter: QPainter, line: QRectF) -> None:
        badge = self.tr("exact") if self.stage.exact else self.tr("approximate")
        font = self._theme.font("small")
        width = QFontMetricsF(font).horizontalAdvance(badge) + 12
        box = QRectF(line.right() - width, line.center().y() - 9, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.qcolor("chip" if self._part != "after" else "panel"))
        painter.drawRoundedRect(box, 9, 9)
        painter.setFont(font)
        painter.setPen(self._theme.qcolor("dim" if self.stage.exact else "down_text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge)
        counts = f"{self.stage.entered:,} → {self.stage.left:,}"
        self._write(painter, line.adjusted(0, 0, -width - 8, 0), counts, "body", "text")

    def _third(self, painter: QPainter, line: QRectF) -> None:
        end = 0.0
        tag = {"before": self.tr("Before"), "after": self.tr("After")}.get(self._part, "")
        if tag:
            font = weighted(self._theme.font("small"), QFont.Weight.DemiBold)
            painter.setFont(font)
            painter.setPen(self._theme.qcolor("accent_text"))
            painter.drawText(line, _RIGHT, tag)
            end = 10 + QFontMetricsF(font).horizontalAdvance(tag)
        text = settings_line(self.stage) or self.stage.note
        self._write(painter, line.adjusted(0, 0, -end, 0), text, "small", "dim")

    def _write(self, painter: QPainter, line: QRectF, text: str, font: str, colour: str, align: int = _LEFT) -> float:
        chosen = self._theme.font(font)
        painter.setFont(chosen)
        painter.setPen(self._theme.qcolor(colour))
        metrics = QFontMetricsF(chosen)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, align, shown)
        return metrics.horizontalAdvance(shown)

    def _describe(self) -> None:
        part = {"before": self.tr("shown as before"), "after": self.tr("shown as after")}.get(self._part, "")
        sentence = self.sentence()
        self.setAccessibleName(f"{sentence} ({part})" if part else sentence)
        hint = self.tr("Click to see what it did in Results.")
        if len(self.stage.inputs) > 1:
            hint = self.tr("Click to see what it did in Results; click again for its other input.")
        self.setToolTip(f"{sentence}\n{hint}")
