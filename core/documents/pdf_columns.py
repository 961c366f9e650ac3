"""Columns of running text, read one after the other.

Most PDFs write one column after the other, and PDFium keeps that order. Some write line by line across the columns;
PDFium then takes the lines of two columns at the same height for one. Here such lines are cut at the gutter and put
column by column, where both sides are running text. Tables, forms and everything doubtful stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter, gt, is_

from rankscope.core.documents.page_lines import Line, Lines
from rankscope.core.documents.pdf_characters import PdfCharacters

_MAX_LINES = 2000
_SAMPLES = 6  # lines that are looked at before a page is taken for one that may have columns
_SIGNS = 2  # how many of them, or of lines that stand beside each other, speak for columns
_GUTTER = 0.7  # how wide a gutter is at least, in heights of a line
_ROWS = 4  # how many rows must meet at a gutter
_MIN_SHARE = 0.2  # how wide a column is at least, as a share of the widest line
_FULL = 0.8  # a line of running text fills this much of its column, except the last one of a paragraph
_LONG, _MIN_CHARACTERS = 0.6, 30  # a line of two columns: its share of the widest line, its length
_SAME_HEIGHT = 0.3  # how much the baselines of lines beside each other may differ, in heights of a line
_MAX_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """A line, or a part of it between two gaps; ``row`` is the number of the line."""

    line: Line
    row: int


def column_by_column(lines: Lines, characters: PdfCharacters) -> Lines:
    """The lines in the order in which they are read; on nearly all pages they come back as they are.

    Takes time in proportion to the number of lines, and on pages without columns little more than a look.
    """
    if not 2 * _ROWS <= len(lines) <= _MAX_LINES or not _may_have_columns(lines, characters):
        return lines
    rows = [lines[number] for number in range(len(lines))]
    least = _MIN_SHARE * max(line.right - line.left for line in rows)
    parts = [part for row, line in enumerate(rows) for part in _parts(line, row, characters)]
    ordered = _ordered(parts, least, characters.text, _MAX_COLUMNS)
    return lines if ordered is parts else Lines.of(list(_rejoined(ordered, rows)))


def _may_have_columns(lines: Lines, characters: PdfCharacters) -> bool:
    """A quick look: whether a few long lines, or lines beside each other, show a gap between wide parts."""
    widths = [right - left for left, right in zip(lines.left, lines.right, strict=True)]
    widest = max(widths)
    least = _MIN_SHARE * widest
    beside = 0
    for number, is_right in enumerate(map(gt, lines.left[1:], lines.right)):
        if is_right and widths[number] > least and widths[number + 1] > least:
            beside += _beside(lines[number], lines[number + 1])
    if beside >= _SIGNS:
        return True
    long = [number for number, width in enumerate(widths) if width > _LONG * widest]
    samples = [long[len(long) * (2 * n + 1) // (2 * _SAMPLES)] for n in range(_SAMPLES)] if long else []
    signs = 0
    for looked_at, number in enumerate((*samples[::2], *samples[1::2])):
        signs += _shows_gutter(lines[number], least, characters)
        if signs >= _SIGNS or (signs == 0 and 2 * looked_at >= _SAMPLES - 2):
            break
    return signs >= _SIGNS


def _shows_gutter(line: Line, least: float, characters: PdfCharacters) -> bool:
    if line.end - line.start <= _MIN_CHARACTERS:
        return False
    return any(_wide_enough(*pair, least) for pair in pairwise(_stretches(line, characters)))


def _beside(line: Line, following: Line) -> bool:
    """Whether a line stands to the right of its predecessor, at the same height."""
    return following.left > line.right and abs(line.baseline - following.baseline) < _SAME_HEIGHT * line.height


def _stretches(line: Line, characters: PdfCharacters) -> list[tuple[float, float]]:
    return characters.stretches(line.start, line.end, _GUTTER * line.height, line.turn)


def _wide_enough(left: tuple[float, float], right: tuple[float, float], least: float) -> bool:
    return left[1] - left[0] > least and right[1] - right[0] > least


def _parts(line: Line, row: int, characters: PdfCharacters) -> Iterator[_Part]:
    """The line cut at its gaps."""
    start, left = line.start, line.left
    for before, after in pairwise(_stretches(line, characters)):
        end, following = _cut((before[1] + after[0]) / 2, start, line, characters)
        if start < end and following < line.end:
            yield _Part(Line(start, end, left, before[1], line.baseline, line.height, line.turn), row)
            start, left = following, after[0]
    yield _Part(Line(start, line.end, left, line.right, line.baseline, line.height, line.turn), row)


def _cut(gutter: float, start: int, line: Line, characters: PdfCharacters) -> tuple[int, int]:
    """Where the text before a gutter ends and the text after it starts, found by halving: along a line the
    characters stand from left to right. Blanks are passed over, because PDFium's own ones stand nowhere."""
    text = characters.text
    end, following = start, line.end
    while end < following:
        middle = (end + following) // 2
        seen = middle
        while seen < following and text[seen].isspace():
            seen += 1
        if seen < following and characters.turned_box(seen, line.turn)[0] < gutter:
            end = seen + 1
        else:
            following = middle
    while end > start and text[end - 1].isspace():
        end -= 1
    while following < line.end and text[following].isspace():
        following += 1
    return end, following


def _ordered(parts: list[_Part], least: float, text: str, columns: int) -> list[_Part]:
    """The parts column by column; the very same list where nothing changes.

    Args:
        least: the width of the narrowest column.
        columns: how many there may be.
    """
    gutter = _best_gutter(parts, least) if columns > 1 else None
    if gutter is None:
        return parts
    result: list[_Part] = []
    for stretch in _between_crossing_lines(parts, gutter):
        rows = sum(_meet(part, following, gutter) for part, following in pairwise(stretch))
        if rows >= _ROWS:
            sides = (
                [part for part in stretch if part.line.right <= gutter],
                [part for part in stretch if part.line.right > gutter],
            )
            inside = [_ordered(side, least, text, columns - 1) for side in sides]
            if all(new is not side or _is_running_text(side, text) for new, side in zip(inside, sides, strict=True)):
                stretch = inside[0] + inside[1]
        result += stretch
    return parts if all(map(is_, result, parts)) else result


def _best_gutter(parts: Sequence[_Part], least: float) -> float | None:
    """The place where most rows have a gap between wide parts; None where too few have one at the same place."""
    edges: list[tuple[float, int]] = []
    for part, following in pairwise(parts):
        left, right = (part.line.left, part.line.right), (following.line.left, following.line.right)
        if _meet(part, following) and _wide_enough(left, right, least):
            edges += ((part.line.right, 1), (following.line.left, -1))
    edges.sort()
    count = best = 0
    gutter = None
    for (edge, step), (next_edge, _) in pairwise(edges):
        count += step
        if count > best:
            best, gutter = count, (edge + next_edge) / 2
    return gutter if best >= _ROWS else None


def _meet(part: _Part, following: _Part, gutter: float | None = None) -> bool:
    """Whether two parts stand side by side, with the gutter (or any gap) between them."""
    if part.row != following.row and not _beside(part.line, following.line):
        return False
    return gutter is None or part.line.right <= gutter <= following.line.left


def _between_crossing_lines(parts: Iterable[_Part], gutter: float) -> Iterator[list[_Part]]:
    """Stretches of parts on either side of the gutter; a line across it stands by itself."""
    stretch: list[_Part] = []
    for part in parts:
        if part.line.left < gutter < part.line.right:
            yield stretch
            yield [part]
            stretch = []
        else:
            stretch.append(part)
    yield stretch


def _is_running_text(parts: Sequence[_Part], text: str) -> bool:
    """Whether this is a column of text: lines of several words, most of them full, and more letters than digits."""
    width = max(part.line.right for part in parts) - min(part.line.left for part in parts)
    full = sum(part.line.right - part.line.left > _FULL * width for part in parts)
    written = " ".join(text[part.line.start : part.line.end] for part in parts)
    letters = sum(map(str.isalpha, written))
    return full >= len(parts) / 2 and written.count(" ") >= 3 * len(parts) and letters > 0.6 * len(written)


def _rejoined(parts: Iterable[_Part], lines: Sequence[Line]) -> Iterator[Line]:
    """The parts as lines; those of a row that still follow each other are one again."""
    for row, group in groupby(parts, key=attrgetter("row")):
        together = [part.line for part in group]
        first, last = together[0], together[-1]
        if first.start == lines[row].start and last.end == lines[row].end:
            yield lines[row]
        else:
            yield Line(first.start, last.end, first.left, last.right, first.baseline, first.height, first.turn)
