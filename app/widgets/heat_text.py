"""A document's text with the passage marked and the heat of every word painted behind the word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextLine,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QToolTip, QWidget

from rankscope.app.models.grid import HeatWord
from rankscope.app.models.page_text import Utf16Offsets, displayable
from rankscope.app.theme import Theme
from rankscope.app.widgets.heat import SHARED, HeatScale, dark_ink
from rankscope.app.widgets.page import OUTLINED, PAINTED

_LINE_PERCENT = 138
_MARGIN = 16


@dataclass(frozen=True, slots=True)
class _Mark:
    """One word: positions in the Qt document, its colour and whether it is outlined."""

    word: HeatWord
    first: int
    last: int
    colour: QColor | None
    outlined: bool


class HeatText(QTextEdit):
    """A window of a document's text. All offsets given to it are the document's, in code points."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._offset = 0
        self._length = 0
        self._positions = Utf16Offsets("")
        self._passage = (0, 0)
        self._words: tuple[HeatWord, ...] = ()
        self._scale = SHARED
        self._marks: tuple[_Mark, ...] = ()
        self._inked = False
        self._current = -1
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.document().setDocumentMargin(_MARGIN)
        self.setAccessibleName(self.tr("Text of the document"))
        self.setTabChangesFocus(True)

    def set_window(self, text: str, offset: int) -> None:
        """Show ``text``, which starts at the document's offset ``offset``."""
        if offset == self._offset and self._length == len(text) and self.toPlainText() == displayable(text):
            return
        self._offset, self._length = offset, len(text)
        shown = displayable(text)
        self._positions = Utf16Offsets(shown)
        self._marks, self._inked = (), False
        self.setPlainText(shown)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        spacing = QTextBlockFormat()
        spacing.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.mergeBlockFormat(spacing)
        self._mark()

    def set_passage(self, start: int, end: int) -> None:
        """Mark ``start:end`` softly and scroll to it."""
        self._passage, self._current = (start, end), -1
        self.reveal(start)
        self.viewport().update()

    def set_heat(self, words: tuple[HeatWord, ...], scale: HeatScale) -> None:
        """Paint other words."""
        self._words, self._scale = words, scale
        self._mark()
        self.viewport().update()

    def set_current_word(self, start: int) -> None:
        """Ring the word that starts at ``start`` and bring it into sight."""
        self._current = start
        if not self._in_sight(start):
            self.reveal(start)
        self.viewport().update()

    def reveal(self, offset: int) -> None:
        """Scroll so that ``offset`` stands in the upper third."""
        rect = self.cursorRect(self._cursor(offset))
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + rect.top() - max(32, self.viewport().height() // 6))

    def restyle(self) -> None:
        """Take colours and fonts from the theme again."""
        palette = self._theme.palette
        self.setStyleSheet(
            f"QTextEdit {{ background: {palette.panel}; color: {palette.text}; border: none;"
            f" selection-background-color: {palette.bar}; selection-color: {palette.text}; }}"
        )
        self.setFont(self._theme.font("body"))
        self._mark()

    def marked_words(self) -> list[tuple[HeatWord, str]]:
        """The painted words with the text that stands where they are painted."""
        return [(mark.word, self._between(mark.first, mark.last)) for mark in self._marks]

    # -- Qt --------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_passage(painter)
        outlines, ring = QPainterPath(), QPainterPath()
        painter.setPen(Qt.PenStyle.NoPen)
        for mark in self._marks:
            boxes = self._boxes(mark.first, mark.last)
            if mark.colour is not None:
                painter.setBrush(mark.colour)
                for box in boxes:
                    painter.drawRoundedRect(box, 3, 3)
            path = ring if mark.word.start == self._current else outlines if mark.outlined else None
            if path is not None:
                for box in boxes:
                    path.addRoundedRect(box, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.strokePath(outlines, QPen(self._theme.qcolor("text"), 1.2))
        painter.strokePath(ring, QPen(self._theme.qcolor("accent"), 2.4))
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines break elsewhere now: where the passage was in sight, it stays there."""
        start, end = self._passage
        follow = end > start and (self._in_sight(start) or not self.isVisible())
        super().resizeEvent(event)
        if follow:
            self.reveal(start)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            position = self.cursorForPosition(event.pos()).position()
            word = next((mark.word for mark in self._marks if mark.first <= position <= mark.last), None)
            text = ""
            if word is not None:
                text = self.tr("similarity {value:.2f} to “{match}”").format(value=word.value, match=word.match)
            QToolTip.showText(event.globalPos(), text, self.viewport())
            return True
        return super().viewportEvent(event)

    # -- places ----------------------------------------------------------------------------------------------------

    def _position(self, offset: int) -> int:
        inside = min(max(0, offset - self._offset), self._length)
        return self._positions.to_utf16(inside)

    def _cursor(self, offset: int) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(self._position(offset), max(0, self.document().characterCount() - 1)))
        return cursor

    def _between(self, first: int, last: int) -> str:
        cursor = QTextCursor(self.document())
        cursor.setPosition(first)
        cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return cursor.selectedText()

    def _in_sight(self, offset: int) -> bool:
        rect = self.cursorRect(self._cursor(offset))
        return rect.top() >= 0 and rect.bottom() <= self.viewport().height()

    def _boxes(self, first: int, last: int) -> list[QRectF]:
        """Where positions ``first:last`` stand in the viewport, one box per line; none when out of sight."""
        boxes = []
        document = self.document()
        layout = document.documentLayout()
        dx, dy = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        block = document.findBlock(first)
        while block.isValid() and block.position() < last:
            frame = layout.blockBoundingRect(block)
            if frame.bottom() >= dy and frame.top() <= dy + self.viewport().height():
                text = block.layout()
                begin, end = max(first - block.position(), 0), min(last - block.position(), block.length() - 1)
                while begin < end:
                    line = text.lineForTextPosition(begin)
                    if not line.isValid():
                        break
                    stop = min(end, line.textStart() + line.textLength())
                    left, right = _x(line, begin), _x(line, stop)
                    # The line's box is higher than its letters: take these only.
                    middle = line.y() + line.ascent() - self.fontMetrics().ascent() + self.fontMetrics().height() / 2
                    top = frame.top() + middle - self.fontMetrics().height() / 2 - dy
                    box = QRectF(frame.left() + left - dx, top, right - left, self.fontMetrics().height())
                    boxes.append(box.adjusted(-1.5, 0, 1.5, 0))
                    if stop <= begin:
                        break
                    begin = stop
            block = block.next()
        return boxes

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _paint_passage(self, painter: QPainter) -> None:
        start, end = self._passage
        if end <= start:
            return
        top = self.cursorRect(self._cursor(start)).top() - 3
        bottom = self.cursorRect(self._cursor(end)).bottom() + 3
        if bottom < 0 or top > self.viewport().height():
            return
        ground = self._theme.qcolor("selection")
        ground.setAlphaF(0.42)
        width = self.viewport().width()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(4, top, width - 8, bottom - top), 4, 4)
        painter.setBrush(self._theme.qcolor("accent"))
        painter.drawRoundedRect(QRectF(4, top, 3, bottom - top), 1.5, 1.5)

    def _mark(self) -> None:
        """Find the words in the window; words on a colour that the text's own would not read on get another ink."""
        inside = [
            word for word in self._words if self._offset <= word.start and word.end <= self._offset + self._length
        ]
        values = np.array([word.value for word in inside], dtype=np.float64)
        shares = self._scale.fraction(values)
        paper = self._theme.qcolor("panel")
        colours = self._scale.on_paper(values, paper) if inside else np.empty((0, 3), np.uint8)
        text = self._theme.qcolor("text")
        text_is_dark = bool(not dark_ink(np.array([text.red(), text.green(), text.blue()])))
        marks, other_ink = [], []
        for word, share, rgb in zip(inside, shares.tolist(), colours, strict=True):
            painted = share >= PAINTED
            colour = QColor(*(int(channel) for channel in rgb)) if painted else None
            mark = _Mark(
                word, self._position(word.start), self._position(word.end), colour, word.matched and share >= OUTLINED
            )
            marks.append(mark)
            if painted and bool(dark_ink(rgb)) != text_is_dark:
                other_ink.append(mark)
        self._marks = tuple(marks)
        self._ink(other_ink, QColor("#FFFFFF") if text_is_dark else QColor("#000000"))

    def _ink(self, marks: list[_Mark], colour: QColor) -> None:
        if not marks and not self._inked:
            return
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        plain = QTextCharFormat()
        plain.setForeground(QBrush(self._theme.qcolor("text")))
        if self._inked:
            cursor.select(QTextCursor.SelectionType.Document)
            cursor.mergeCharFormat(plain)
        ink = QTextCharFormat()
        ink.setForeground(QBrush(colour))
        for mark in marks:
            cursor.setPosition(mark.first)
            cursor.setPosition(mark.last, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(ink)
        cursor.endEditBlock()
        self._inked = bool(marks)


def _x(line: QTextLine, position: int) -> float:
    """Where a position of a block stands in its line. Qt hands the position back as well."""
    found = line.cursorToX(position)
    return float(found[0]) if isinstance(found, tuple) else float(cast(float, found))
