"""A page of a document as it looks, with the heat of every word painted where the word stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from rankscope.app.models.grid import HeatWord
from rankscope.app.models.page_text import PageText, Rect
from rankscope.app.theme import Theme
from rankscope.app.widgets.heat import SHARED, HeatScale
from rankscope.core.api import PageView

MARGIN = 10.0
PAINTED = 0.18  # words below this part of the scale stay bare paper
OUTLINED = 0.3  # matched words below it get no outline
_PAPER = QColor("#FFFFFF")
_PASSAGE = QColor("#F5F8FF")  # paper is white in both themes, and so is its mark
_BAR = QColor("#2F6FDE")
_INK = QColor("#1B2430")
_SETTLE_MS = 140
_SCROLL_BAR = 12  # pixels kept free at the right


@dataclass(frozen=True, slots=True)
class _Mark:
    """One word on the page: its rectangles in page pixels, its colour, and what is said about it."""

    rects: tuple[Rect, ...]
    word: HeatWord
    colour: QColor | None
    outlined: bool


class PageCanvas(QAbstractScrollArea):
    """Shows one :class:`PageView` as wide as the view (or more when zoomed). Offsets are the document's.

    ``widthWanted`` asks for a picture of so many device pixels after the view changed its width.
    """

    widthWanted = Signal(int)
    pageStep = Signal(int)  # -1 or 1

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._size = QSizeF(595, 842)
        self._image: QImage | None = None
        self._view: PageView | None = None
        self._page_start = 0
        self._text = PageText([])
        self._scale_of_boxes = 1.0
        self._words: tuple[HeatWord, ...] = ()
        self._heat = SHARED
        self._passage = (0, 0)
        self._current = -1
        self._marks: tuple[_Mark, ...] = ()
        self._passage_rects: tuple[Rect, ...] = ()
        self._zoom = 1.0
        self._reveal_wanted = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._want_width)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setStyleSheet("QAbstractScrollArea { background: transparent; border: none; }")
        self.viewport().setAutoFillBackground(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAccessibleName(self.tr("Page"))

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def wanted_width(self) -> int:
        """The width in device pixels that a picture should have now."""
        return max(1, round(self._paper().width() * self.devicePixelRatioF()))

    @property
    def has_picture(self) -> bool:
        return self._image is not None

    def set_blank(self, width: float, height: float) -> None:
        """Empty paper of these proportions, until its picture comes."""
        self._image, self._view, self._text = None, None, PageText([])
        self._marks, self._passage_rects = (), ()
        self._size = QSizeF(max(1.0, width), max(1.0, height))
        self._fit()

    def set_page(self, view: PageView, page_start: int) -> None:
        """Show a picture whose first character has the document offset ``page_start``."""
        if view is self._view and page_start == self._page_start:
            return
        self._view = view
        image = QImage(view.pixels, view.width, view.height, 3 * view.width, QImage.Format.Format_RGB888)
        self._image = image.convertToFormat(QImage.Format.Format_RGB32)
        self._size = QSizeF(view.width, view.height)
        self._page_start = page_start
        self._text = PageText(view.boxes)
        self._mark_passage()
        self._mark_words()
        self._fit()

    def set_heat(self, words: tuple[HeatWord, ...], scale: HeatScale) -> None:
        """Paint other words; the ones of other pages are left out."""
        self._words, self._heat = words, scale
        self._mark_words()
        self.viewport().update()

    def set_passage(self, start: int, end: int) -> None:
        """Mark ``start:end`` softly and bring it into sight as soon as the page is there."""
        self._passage, self._current = (start, end), -1
        self._reveal_wanted = True
        self._mark_passage()
        self._fit()

    def set_current_word(self, start: int) -> None:
        """Ring the word that starts at a document offset and bring it into sight."""
        self._current = start
        rects = [rect for mark in self._marks if mark.word.start == start for rect in mark.rects]
        if rects:
            self._reveal(rects[0][1], rects[0][3])
        self.viewport().update()

    def marked_words(self) -> list[tuple[HeatWord, tuple[Rect, ...]]]:
        """The words that stand on this page with their rectangles in the picture's pixels."""
        return [(mark.word, mark.rects) for mark in self._marks]

    # -- Qt --------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        paper = self._paper()
        self._shadow(painter, paper)
        if self._image is None:
            painter.fillRect(paper, _PAPER)
            painter.setPen(QColor("#657080"))
            painter.setFont(self._theme.font("small"))
            top = QRectF(paper.left(), paper.top() + 24, paper.width(), 24)
            painter.drawText(top, Qt.AlignmentFlag.AlignCenter, self.tr("Drawing the page"))
            painter.end()
            return
        painter.drawImage(paper, self._image)
        painter.setClipRect(paper)
        painter.translate(paper.topLeft())
        factor = paper.width() / self._size.width()
        self._paint_passage(painter, factor)
        self._paint_words(painter, factor)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the passage was in sight it stays there."""
        follow = self._passage_in_sight(event.oldSize().height())
        super().resizeEvent(event)
        self._fit()
        if follow:
            self._reveal_passage(always=False)
        self._settle.start()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1.0015 ** event.angleDelta().y())
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.pageStep.emit(1 if event.key() == Qt.Key.Key_Right else -1)
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1.25)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_by(0.8)
        elif event.key() == Qt.Key.Key_0:
            self.zoom_by(1.0 / self._zoom)
        elif event.key() == Qt.Key.Key_Space:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + int(bar.pageStep() * 0.9))
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            word = self.word_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), "" if word is None else self._tip(word), self.viewport())
            return True
        return super().viewportEvent(event)

    def zoom_by(self, factor: float) -> None:
        """Make the page wider or narrower than the view, from once to four times."""
        self._zoom = min(4.0, max(1.0, self._zoom * factor))
        self._fit()
        self._settle.start()

    def word_at(self, point: QPointF) -> HeatWord | None:
        """The word at a point of the viewport, or None."""
        paper = self._paper()
        factor = paper.width() / self._size.width()
        x, y = (point.x() - paper.left()) / factor, (point.y() - paper.top()) / factor
        for mark in self._marks:
            if any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in mark.rects):
                return mark.word
        return None

    # -- places ----------------------------------------------------------------------------------------------------

    def _paper(self) -> QRectF:
        """Where the paper stands in the viewport."""
        # The scroll bar's room is always kept free, so that its coming does not change what made it come.
        room = self.width() - 2 * MARGIN - _SCROLL_BAR
        width = max(40.0, room * self._zoom)
        height = width * self._size.height() / self._size.width()
        x = MARGIN - self.horizontalScrollBar().value()
        return QRectF(x, 4.0 - self.verticalScrollBar().value(), width, height)

    def _fit(self) -> None:
        paper = self._paper()
        view = self.viewport().size()
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setRange(0, max(0, int(paper.width() + 2 * MARGIN - view.width())))
        across.setPageStep(view.width())
        down.setRange(0, max(0, int(paper.height() + 12 - view.height())))
        down.setPageStep(view.height())
        down.setSingleStep(24)
        if self._reveal_wanted and self._image is not None:
            self._reveal_wanted = False
            if self._passage_rects:
                self._reveal_passage(always=True)
            else:
                down.setValue(0)
        self.viewport().update()

    def _reveal(self, top: float, bottom: float, *, always: bool = False) -> None:
        """Scroll so that page pixels ``top`` to ``bottom`` are in sight, with some page above them."""
        paper = self._paper()
        factor = paper.width() / self._size.width()
        bar = self.verticalScrollBar()
        height = self.viewport().height()
        first, last = top * factor + 4, bottom * factor + 4
        if always or first < bar.value() or last > bar.value() + height:
            bar.setValue(int(first - max(24.0, min(height / 3, (height - (last - first)) / 2))))

    def _passage_extent(self) -> tuple[float, float]:
        """Top and bottom of the passage's first column, in page pixels."""
        top, bottom = self._passage_rects[0][1], self._passage_rects[0][3]
        for rect in self._passage_rects:
            if rect[1] < top:
                break
            bottom = max(bottom, rect[3])
        return top, bottom

    def _reveal_passage(self, *, always: bool) -> None:
        if self._passage_rects:
            self._reveal(*self._passage_extent(), always=always)

    def _passage_in_sight(self, view_height: int) -> bool:
        """Whether the passage's beginning stood in a view of that height."""
        if not self._passage_rects or view_height <= 0:
            return False
        y = self._paper().top() + self._passage_rects[0][1] * self._paper().width() / self._size.width()
        return 0 <= y <= view_height

    def _want_width(self) -> None:
        if self._image is None or abs(self._image.width() - self.wanted_width) > 2:
            self.widthWanted.emit(self.wanted_width)

    def _mark_passage(self) -> None:
        """Find the place of the passage on this page."""
        start, end = (offset - self._page_start for offset in self._passage)
        self._passage_rects = tuple(self._text.rects(start, end))

    def _mark_words(self) -> None:
        """Find the places of the words on this page."""
        values = np.array([word.value for word in self._words], dtype=np.float64)
        shares = self._heat.fraction(values)
        colours = self._heat.on_paper(values, _PAPER).tolist() if len(values) else []
        marks = []
        for word, share, (red, green, blue) in zip(self._words, shares.tolist(), colours, strict=True):
            rects = self._text.rects(word.start - self._page_start, word.end - self._page_start)
            if rects:
                colour = QColor(red, green, blue) if share >= PAINTED else None
                marks.append(_Mark(tuple(rects), word, colour, word.matched and share >= OUTLINED))
        self._marks = tuple(marks)

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _shadow(self, painter: QPainter, paper: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        for spread, strength in ((4, 8), (2, 14)):
            painter.setBrush(QColor(0, 0, 0, strength))
            painter.drawRoundedRect(paper.adjusted(-spread, 1 - spread / 2, spread, spread), 4, 4)
        painter.setPen(QPen(self._theme.qcolor("line"), 1))
        painter.setBrush(_PAPER)
        painter.drawRect(paper.adjusted(-0.5, -0.5, 0.5, 0.5))

    def _paint_passage(self, painter: QPainter, factor: float) -> None:
        if not self._passage_rects:
            return
        boxes = [self._scaled(rect, factor, 3.0, 1.5) for rect in self._passage_rects]
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        for box in boxes:
            path.addRoundedRect(box, 3, 3)
        # Darkening only: the letters keep their black, the paper takes the colour.
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        painter.fillPath(path, _PASSAGE)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_BAR)
        for block in _blocks(boxes):
            left = max(2.0, min(box.left() for box in block) - 7)
            bottom = max(box.bottom() for box in block)
            painter.drawRoundedRect(QRectF(left, block[0].top(), 3, bottom - block[0].top()), 1.5, 1.5)

    def _paint_words(self, painter: QPainter, factor: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        for mark in self._marks:
            if mark.colour is not None:
                painter.setBrush(mark.colour)
                for rect in mark.rects:
                    painter.drawRoundedRect(self._scaled(rect, factor, 0.8, 0.8), 2.5, 2.5)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        outlines, ring = QPainterPath(), QPainterPath()
        for mark in self._marks:
            path = ring if mark.word.start == self._current else outlines if mark.outlined else None
            if path is not None:
                for rect in mark.rects:
                    path.addRoundedRect(self._scaled(rect, factor, 0.8, 0.8), 2.5, 2.5)
        painter.strokePath(outlines, QPen(_INK, 1.0))
        painter.strokePath(ring, QPen(_BAR, 2.4))

    @staticmethod
    def _scaled(rect: Rect, factor: float, across: float, down: float) -> QRectF:
        left, top, right, bottom = (edge * factor for edge in rect)
        return QRectF(QPointF(left - across, top - down), QPointF(right + across, bottom + down))

    def _tip(self, word: HeatWord) -> str:
        return self.tr("similarity {value:.2f} to “{match}”").format(value=word.value, match=word.match)


def _blocks(boxes: list[QRectF]) -> list[list[QRectF]]:
    """Lines that follow each other downwards; a line higher than the one before it starts the next column."""
    blocks: list[list[QRectF]] = []
    for box in boxes:
        if not blocks or box.top() < blocks[-1][-1].top():
            blocks.append([])
        blocks[-1].append(box)
    return blocks
