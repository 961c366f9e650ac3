"""The text of one PDF page and the box of each of its characters: one function for reading and for showing.

PDFium tells characters one by one, with their boxes, and puts line ends between them. Here the lines of a paragraph
are joined with blanks, words that were hyphenated at a line end are made whole, and every character of the result
remembers which of PDFium's characters it is. So text, offsets and boxes always agree.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import pypdfium2.raw as raw

from rankscope.core.documents.page_hyphens import LINE_HYPHEN
from rankscope.core.documents.page_lines import Line, Lines, joined
from rankscope.core.documents.pdf_characters import PdfCharacters
from rankscope.core.documents.pdf_columns import column_by_column

NO_BOX = -1
_DOWN = 3  # quarter turns against the clock


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page; ``sources`` gives the index by which PDFium knows each of the page's characters, None where
    it is the same."""

    text: str
    runs: list[tuple[int, int, int]]
    sources: array[int] | None = None

    def indices(self) -> array[int]:
        """For each character of the text, PDFium's index of it; :data:`NO_BOX` where it has none."""
        result = array("i")
        for first, count, others in self.runs:
            if self.sources is None:
                result.extend(range(first, first + count))
            else:
                result.extend(self.sources[first : first + count])
            result.extend([NO_BOX] * others)
        return result


def page_text(textpage: raw.FPDF_TEXTPAGE) -> PageText:
    """The text of a page in reading order. The same page always gives the same text."""
    characters = PdfCharacters(textpage)
    text = characters.text
    if not text or text.isspace():
        return PageText("", [])
    lines = column_by_column(_lines(characters), characters)

    def first_word_right(number: int) -> float:
        space = text.find(" ", lines.starts[number], lines.ends[number])
        return characters.right((space if space > 0 else lines.ends[number]) - 1, lines.turn[number])

    running = joined(lines, text, first_word_right)
    return PageText(running.text, running.runs, characters.sources)


def _lines(characters: PdfCharacters) -> Lines:
    """The lines that hold anything, without the line ends and the blanks around them."""
    starts: list[int] = []
    ends: list[int] = []
    following = 0
    # PDFium ends lines with two characters; offsets must stay what they are.
    for whole in characters.text.replace("\r\n", " \n").replace("\r", "\n").replace(LINE_HYPHEN, "\n").split("\n"):
        start, following = following, following + len(whole) + 1
        written = whole.strip()
        if written:
            if whole[0].isspace():
                start += whole.index(written)
            starts.append(start)
            ends.append(start + len(written))
    corners = characters.reaches(starts, ends)
    left, bottom, right = corners[0::8], corners[3::8], corners[6::8]
    height = [top - low if top - low > 0.1 else 0.1 for top, low in zip(corners[1::8], bottom, strict=True)]
    lines = Lines(starts, ends, left, right, bottom, height, [0] * len(starts))
    for number, (begin, end, high) in enumerate(zip(left, right, height, strict=True)):
        if end - begin < 0.3 * high * (ends[number] - starts[number]):  # too narrow for so many characters
            _turn(lines, number, characters)
    return _downwards(lines) if any(lines.turn) else lines


def _turn(lines: Lines, number: int, characters: PdfCharacters) -> None:
    """Notes that a line is turned, if it is."""
    turn = characters.turn(lines.starts[number])
    if turn:
        left, bottom, _, top = characters.turned_box(lines.starts[number], turn)
        lines.left[number], lines.right[number] = left, characters.turned_box(lines.ends[number] - 1, turn)[2]
        lines.baseline[number], lines.height[number] = bottom, max(top - bottom, 0.1)
        lines.turn[number] = turn


def _downwards(lines: Lines) -> Lines:
    """The lines with those in order that run down the page: PDFium has the last of them first."""
    result: list[Line] = []
    for turn, group in groupby(map(lines.__getitem__, range(len(lines))), key=attrgetter("turn")):
        together = list(group)
        if turn == _DOWN:
            together.sort(key=lambda line: (-round(2 * line.baseline / line.height), line.left))
        result += together
    return Lines.of(result)
