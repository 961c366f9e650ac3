"""Paints one row of Results: rank, title, a line of evidence, and at the right what the column is about."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from rankscope.app.models.comparison import ResultRow, format_score
from rankscope.app.models.excerpt import best_words, first_words, snippet
from rankscope.app.models.results import EvidenceRole, ResultsModel, RowRole
from rankscope.app.theme import RADIUS_CONTROL, ROW_TWO_LINES, Theme
from rankscope.app.widgets.controls import weighted

COMPACT_ROW = 84
TEXT_LEFT = 34  # where titles start: rank and its room before it
PAD = 8
_BAR, _SHORT_BAR = 58.0, 38.0
_LINE = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_END = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

_Index = QModelIndex | QPersistentModelIndex


class ResultDelegate(QStyledItemDelegate):
    """``side``: "before" (bar and score), "after" (move and score) or "compact" (no jargon, a longer snippet)."""

    def __init__(self, theme: Theme, side: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.side = side
        self.hovered: int | None = None

    @property
    def row_height(self) -> int:
        return COMPACT_ROW if self.side == "compact" else ROW_TWO_LINES

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, self.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row = index.data(RowRole)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(option.rect).adjusted(1, 2, -1, -2)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        self._ground(painter, box, option, selected, row.passage.passage_id == self.hovered)
        inner = box.adjusted(PAD - 1, 6, -PAD, -6)
        words = index.data(EvidenceRole) or ()
        if self.side == "compact":
            self._compact(painter, inner, row, words, selected)
        else:
            self._two_lines(painter, inner, row, words, selected)
        painter.restore()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _ground(
        self, painter: QPainter, box: QRectF, option: QStyleOptionViewItem, selected: bool, hovered: bool
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if selected:
            painter.setBrush(self._theme.qcolor("selection"))
        elif hovered:
            ground = self._theme.qcolor("selection")
            ground.setAlphaF(0.5)
            painter.setBrush(ground)
        else:
            return
        painter.drawRoundedRect(box, RADIUS_CONTROL, RADIUS_CONTROL)
        if selected and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(self._theme.qcolor("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CONTROL, RADIUS_CONTROL)

    def _two_lines(
        self, painter: QPainter, inner: QRectF, row: ResultRow, words: tuple[str, ...], selected: bool
    ) -> None:
        half = inner.height() / 2
        first = QRectF(inner.left(), inner.top(), inner.width(), half)
        second = first.translated(0, half)
        end = self._score(painter, second, row)
        if self.side == "before":
            bar = _BAR if inner.width() > 330 else _SHORT_BAR
            self._bar(painter, QRectF(first.right() - bar, first.center().y() - 3, bar, 6), row.share)
            top_end: float = bar
        else:
            top_end = self._move(painter, first, row)
            if inner.width() > 300:
                left = first.right() - top_end - 12 - _BAR
                self._bar(painter, QRectF(left, first.center().y() - 3, _BAR, 6), row.share)
                top_end += 12 + _BAR
        self._rank(painter, first, row.rank)
        self._title(painter, first.adjusted(TEXT_LEFT - PAD, 0, -top_end - 12, 0), row, selected)
        below = second.adjusted(TEXT_LEFT - PAD, 0, -end - 12, 0)
        if self.side == "before":
            line = self._before_line(row)
        else:
            line = self._after_line(row, words, with_place=below.width() > 230)
        self._text(painter, below, line, "small", "dim")

    def _compact(
        self, painter: QPainter, inner: QRectF, row: ResultRow, words: tuple[str, ...], selected: bool
    ) -> None:
        first = QRectF(inner.left(), inner.top(), inner.width(), 20)
        place = " · ".join(part for part in (heading_of(row), self._place(row)) if part)
        right = first.adjusted(first.width() * 0.5, 0, 0, 0)
        taken = self._text(painter, right, place, "small", "dim", _END) + 12 if place else 0.0
        self._rank(painter, first, row.rank)
        self._title(painter, first.adjusted(TEXT_LEFT - PAD, 0, -taken, 0), row, selected)
        below = QRectF(inner.left() + TEXT_LEFT - PAD, first.bottom() + 4, 0, inner.bottom() - first.bottom() - 4)
        below.setRight(inner.right())
        self._snippet(painter, below, row, words)

    def _rank(self, painter: QPainter, line: QRectF, rank: int) -> None:
        painter.setFont(weighted(self._theme.font("body"), QFont.Weight.DemiBold))
        painter.setPen(self._theme.qcolor("dim"))
        painter.drawText(line, _LINE, str(rank))

    def _title(self, painter: QPainter, line: QRectF, row: ResultRow, selected: bool) -> None:
        weight = QFont.Weight.DemiBold if selected else QFont.Weight.Medium
        font = weighted(self._theme.font("body"), weight)
        title = QFontMetricsF(font).elidedText(ResultsModel.title(row), Qt.TextElideMode.ElideMiddle, line.width())
        painter.setFont(font)
        painter.setPen(self._theme.qcolor("text"))
        painter.drawText(line, _LINE, title)

    def _bar(self, painter: QPainter, box: QRectF, share: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.qcolor("bar"))
        width = max(4.0, box.width() * share) if share > 0 else 0.0
        painter.drawRoundedRect(QRectF(box.left(), box.top(), width, box.height()), 3, 3)

    def _score(self, painter: QPainter, line: QRectF, row: ResultRow) -> float:
        """Draw the score with its kind; returns how wide that is."""
        return self._text(
            painter, line, f"{format_score(row.score, row.score_kind)} {row.score_kind}", "small", "dim", _END
        )

    def _move(self, painter: QPainter, line: QRectF, row: ResultRow) -> float:
        """Draw the move large; returns the room to keep for it, the same in all rows of up to three digits."""
        text, colour = move_label(row)
        font = weighted(self._theme.font("query"), QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(self._theme.qcolor(colour))
        painter.drawText(line, _END, text)
        metrics = QFontMetricsF(font)
        return max(metrics.horizontalAdvance(text), metrics.horizontalAdvance("▲ 00") if row.move else 0.0)

    def _before_line(self, row: ResultRow) -> str:
        found = self.tr("found by {stages}").format(stages="+".join(row.found_by)) if row.found_by else ""
        return " · ".join(part for part in (self._place(row, short=True), found) if part)

    def _after_line(self, row: ResultRow, words: tuple[str, ...], with_place: bool) -> str:
        place = self._place(row, short=True) if with_place else ""
        if words:
            best = self.tr("best: “{words}”").format(words=best_words(row.passage.text, words))
        else:
            best = first_words(row.passage.text)
        return " · ".join(part for part in (place, best) if part)

    def _place(self, row: ResultRow, short: bool = False) -> str:
        """Where in the file the passage stands, and how many copies of the file there are."""
        passage = row.passage
        place = passage.place
        if short and passage.page is not None and place:
            place = self.tr("p. {page}").format(page=passage.page)
        copies = ""
        if passage.copies:
            copies = self.tr("+1 copy") if passage.copies == 1 else self.tr("+{n} copies").format(n=passage.copies)
        return " · ".join(part for part in (place, copies) if part)

    def _text(
        self, painter: QPainter, line: QRectF, text: str, font_kind: str, colour: str, align: int = _LINE
    ) -> float:
        font = self._theme.font(font_kind)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(self._theme.qcolor(colour))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, align, shown)
        return metrics.horizontalAdvance(shown)

    def _snippet(self, painter: QPainter, box: QRectF, row: ResultRow, words: tuple[str, ...]) -> None:
        """Two lines of the passage around the best words, which are set in the text's own colour and heavier."""
        font = self._theme.font("small")
        metrics = QFontMetricsF(font)
        spacing = metrics.height() + 3
        text, marks = snippet(row.passage.text, words, int(1.8 * box.width() / metrics.averageCharWidth()))
        layout = QTextLayout(text, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        layout.setTextOption(option)
        strong = QTextCharFormat()
        strong.setForeground(self._theme.qcolor("text"))
        strong.setFontWeight(QFont.Weight.DemiBold)
        ranges = []
        for start, end in marks:
            piece = QTextLayout.FormatRange()
            piece.start, piece.length, piece.format = start, end - start, strong  # type: ignore[misc]
            ranges.append(piece)
        layout.setFormats(ranges)
        layout.beginLayout()
        for number in range(2):
            line = layout.createLine()
            if not line.isValid():
                break
            line.setLineWidth(box.width())
            line.setPosition(QPointF(0, number * spacing))
        layout.endLayout()
        painter.setPen(QColor(self._theme.palette.dim))
        layout.draw(painter, box.topLeft())


def heading_of(row: ResultRow) -> str:
    """The innermost heading the passage stands under; "" where that is the title again."""
    heading = row.passage.context.rsplit("›", 1)[-1].strip()
    return "" if heading == row.passage.title else heading


def move_label(row: ResultRow) -> tuple[str, str]:
    """The move as text and the palette's name of its colour: ("▲ 4", "up_text")."""
    move = row.move
    if move is None:
        return "", "dim"
    if move.before is None:
        return "new", "up_text"
    delta = move.delta
    if delta is None:
        return "", "dim"
    if delta == 0:
        return "=", "dim"
    return (f"▲ {delta}", "up_text") if delta > 0 else (f"▼ {-delta}", "down_text")
