"""Puts a document's text together from its blocks and remembers where the headings stand."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rankscope.core.documents.model import Heading
from rankscope.core.documents.text import clean, one_line

_SPACES = re.compile(r"[ \t\n\r\f\v]+")

NOTHING, LINE, BLOCK, CELL = "", "\n", "\n\n", "\t"


class TextBuilder:
    """Collects text; breaks are written only between texts, so the result neither starts nor ends with one."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._break = NOTHING
        self._space = False
        self._prefix = ""
        self._row = 0
        self._locked = False  # the break stays as it is until the next text
        self._headings: list[Heading] = []
        self._open: tuple[int, int] | None = None  # level and start (-1 until its first text) of the open heading

    def flow(self, text: str) -> None:
        """Running text: white space of any kind counts as one blank, and none at a line's edges."""
        collapsed = _SPACES.sub(" ", text)
        if collapsed[:1] == " ":
            self._space = True
            collapsed = collapsed[1:]
        if not collapsed:
            return
        trailing = collapsed[-1] == " "
        self._write(collapsed[:-1] if trailing else collapsed)
        self._space = trailing

    def verbatim(self, text: str) -> None:
        """Text whose own blanks and line breaks stay (code, preformatted text)."""
        if text:
            self._write(text)

    def line(self) -> None:
        """What follows starts on a new line."""
        if not self._break and not self._locked:
            self._break = LINE
        self._space = False

    def block(self) -> None:
        """What follows is a new block, set off by an empty line."""
        if not self._locked:
            self._break = BLOCK
        self._space = False

    def start_row(self) -> None:
        """A table row starts. The blocks that its first cell begins with do not set it off from the row before."""
        self.end_row()
        self._row = self._length
        self._locked = True

    def end_row(self) -> None:
        """A table row has ended."""
        if self._break == CELL:
            self._break = NOTHING
        self._locked = False
        self.line()

    def cell(self) -> None:
        """A cell starts: on the line of the row's earlier cells that have text, whatever blocks lie between."""
        if self._length > self._row:
            self._break = CELL
            self._locked = True
            self._space = False

    def prefix(self, text: str) -> None:
        """Written in front of the next text, if one comes before the next prefix (the mark of a list item)."""
        self._prefix = text

    def start_heading(self, level: int) -> None:
        """The following text, up to :meth:`end_heading`, is a heading of this level."""
        self.block()
        self._open = (level, -1)

    def end_heading(self) -> None:
        """Ends the open heading; one without text leaves no trace."""
        if self._open is not None and self._open[1] >= 0:
            self._headings.append(Heading(self._open[1], self._length, self._open[0]))
        self._open = None
        self.block()

    def heading(self, text: str, level: int) -> None:
        """A whole heading at once."""
        self.start_heading(level)
        self.flow(text)
        self.end_heading()

    def result(self) -> tuple[str, tuple[Heading, ...]]:
        """The text and its headings."""
        return "".join(self._parts), tuple(self._headings)

    def _write(self, text: str) -> None:
        if self._length:
            gap = self._break or (" " if self._space else "")
            if gap:
                self._parts.append(gap)
                self._length += len(gap)
        self._break = NOTHING
        self._space = self._locked = False
        if self._prefix:
            self._parts.append(self._prefix)
            self._length += len(self._prefix)
            self._prefix = ""
        if self._open is not None and self._open[1] < 0:
            self._open = (self._open[0], self._length)
        text = clean(text)
        self._parts.append(text)
        self._length += len(text)


def title_from(text: str, headings: Sequence[Heading]) -> str:
    """The only heading of the first level names the document; empty where there is none or several."""
    first = [heading for heading in headings if heading.level == 1]
    return one_line(text[first[0].start : first[0].end]) if len(first) == 1 else ""
