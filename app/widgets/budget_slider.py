"""The slider of the budget: five bars of rising height, filled up to the chosen one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from rankscope.app.theme import RADIUS_CONTROL, SPACE_XS, Theme
from rankscope.core.api import BUDGETS

_BAR, _GAP = 11, 4
_LOWEST, _HIGHEST = 6, 20
_MARGIN = 6


class BudgetSlider(QSlider):
    """A slider to the eye of a screen reader and to the keyboard; a click or a drag goes to the bar under the mouse."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._theme = theme
        self.setRange(0, len(BUDGETS) - 1)
        self.setSingleStep(1)
        self.setPageStep(1)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        bars = self.maximum() + 1
        return QSize(bars * _BAR + (bars - 1) * _GAP + 2 * _MARGIN, _HIGHEST + 2 * SPACE_XS)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def bar_rect(self, stop: int) -> QRectF:
        """Where the bar of a stop is drawn."""
        height = _LOWEST + (_HIGHEST - _LOWEST) * stop / self.maximum()
        return QRectF(_MARGIN + stop * (_BAR + _GAP), self.height() - SPACE_XS - height, _BAR, height)

    def stop_at(self, x: float) -> int:
        """The stop nearest to a pixel."""
        return min(max(int((x - _MARGIN + _GAP / 2) // (_BAR + _GAP)), 0), self.maximum())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        if self.hasFocus():
            painter.setPen(QPen(theme.qcolor("accent"), 1))
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, RADIUS_CONTROL, RADIUS_CONTROL)
        painter.setPen(Qt.PenStyle.NoPen)
        for stop in range(self.maximum() + 1):
            filled = self.isEnabled() and stop <= self.value()
            painter.setBrush(theme.qcolor("accent" if filled else "line"))
            painter.drawRoundedRect(self.bar_rect(stop), 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setValue(self.stop_at(event.position().x()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.setValue(self.stop_at(event.position().x()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Only with the focus: a wheel that passes over the bar changes nothing by accident."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
