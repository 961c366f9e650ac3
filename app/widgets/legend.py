"""What colours mean: the map of similarity with the numbers of its ends, and the two parts of a score."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from rankscope.app.theme import SPACE_M, Theme
from rankscope.app.widgets.heat import SHARED, HeatScale
from rankscope.app.widgets.heat_paint import PART_COLOURS

_BAR = 72
_SWATCH = 10


class HeatLegend(QWidget):
    """A small colour bar between two numbers. With ``paper`` set it shows the colours as they fade into that paper."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._scale = SHARED
        self._paper: QColor | None = None
        self._title = self.tr("similarity")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._describe()

    def set_scale(self, scale: HeatScale, paper: QColor | None = None) -> None:
        """Show another range."""
        self._scale, self._paper = scale, paper
        self._describe()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._theme.font("small"))
        words = sum(metrics.horizontalAdvance(text) for text in (self._title, *self._ends()))
        return QSize(int(words) + _BAR + 24, int(metrics.height()) + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._theme.qcolor("dim"))
        low, high = self._ends()
        x = 0.0
        for text in (self._title, low):
            width = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + 6
        bar = QRectF(x, self.height() / 2 - 4, _BAR, 8)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, self._image())
        painter.setPen(self._theme.qcolor("line"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        painter.setPen(self._theme.qcolor("dim"))
        end = QRectF(bar.right() + 6, 0, self.width() - bar.right() - 6, self.height())
        painter.drawText(end, Qt.AlignmentFlag.AlignVCenter, high)
        painter.end()

    def _image(self) -> QImage:
        values = np.linspace(self._scale.low, self._scale.high, _BAR)
        colours = self._scale.colours(values) if self._paper is None else self._scale.on_paper(values, self._paper)
        pixels = np.ascontiguousarray(colours[None])  # [1, bar, 3]
        return QImage(pixels.data, _BAR, 1, 3 * _BAR, QImage.Format.Format_RGB888).copy()

    def _ends(self) -> tuple[str, str]:
        return f"{self._scale.low:.2f}", f"{self._scale.high:.2f}"

    def _describe(self) -> None:
        low, high = self._ends()
        self.setAccessibleName(
            self.tr("Colour scale: cosine similarity from {low} to {high}").format(low=low, high=high)
        )
        self.setToolTip(self.accessibleName())


class PartsLegend(QWidget):
    """The two shades of the bars, each with what it stands for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts = tuple(zip(PART_COLOURS, (self.tr("whole"), self.tr("parts")), strict=True))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(
            self.tr("Bars: the pale part compares the passage as a whole, the strong one its best parts")
        )
        self.setToolTip(
            self.tr(
                "A score has two parts. Pale: the query and the passage, each as a whole.\n"
                "Strong: each part of the query with the part of the passage that fits it best."
            )
        )

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self._theme.font("small"))
        words = sum(metrics.horizontalAdvance(text) + _SWATCH + 6 for _, text in self._parts)
        return QSize(int(words) + 2 * SPACE_M + 2, int(metrics.height()) + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self._theme.font("small")
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        x = float(SPACE_M)
        for colour, text in self._parts:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.qcolor(colour))
            painter.drawRoundedRect(QRectF(x, (self.height() - _SWATCH) / 2, _SWATCH, _SWATCH), 3, 3)
            x += _SWATCH + 6
            width = metrics.horizontalAdvance(text)
            painter.setPen(self._theme.qcolor("dim"))
            painter.drawText(QRectF(x, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + SPACE_M
        painter.end()
