"""What lies over the window while files are dragged across it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from rankscope.app.theme import RADIUS_CARD, SPACE_M, Theme


class DropOverlay(QWidget):
    """A veil with a dashed frame and one sentence; lets all events through."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(self.tr("Drop to add to the library"))
        self.hide()

    def cover(self) -> None:
        """Lie over the whole parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The veil, the frame and the sentence."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.palette.selection)
        veil.setAlpha(232)
        painter.fillRect(self.rect(), veil)
        painter.setPen(QPen(self._theme.qcolor("accent"), 2, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(SPACE_M, SPACE_M, -SPACE_M, -SPACE_M)
        painter.drawRoundedRect(frame, RADIUS_CARD, RADIUS_CARD)
        painter.setPen(self._theme.qcolor("text"))
        painter.setFont(self._theme.font("title"))
        middle = QRectF(frame.left(), frame.center().y() - 28, frame.width(), 28)
        painter.drawText(middle, Qt.AlignmentFlag.AlignCenter, self.tr("Drop to add to the library"))
        painter.setPen(self._theme.qcolor("dim"))
        painter.setFont(self._theme.font("body"))
        painter.drawText(
            middle.translated(0, 28),
            Qt.AlignmentFlag.AlignCenter,
            self.tr("Folders and files stay where they are; Rankscope only reads them."),
        )
