"""Where in its file a stretch of text stands, in a number or in words."""

from __future__ import annotations

import re
from bisect import bisect_right

from rankscope.core.documents.model import Extraction

_LINE_END = re.compile("\n")
# What people call a line of the text in the program that they open such a file with.
_LINE_NAMES = {"csv": "row"}


class Places:
    """Answers for offsets into one extraction's text, in any order, each in logarithmic time."""

    def __init__(self, extraction: Extraction) -> None:
        self._pages = extraction.pages
        self._page_starts = [page.start for page in extraction.pages]
        self._marks = extraction.marks
        self._mark_starts = [mark.start for mark in extraction.marks]
        self._line_starts = _line_starts(extraction.text) if extraction.numbered_lines else None
        self._line_name = _LINE_NAMES.get(extraction.format, "line")

    def page(self, offset: int) -> int | None:
        """The number of the page, or None in a document without pages."""
        before = bisect_right(self._page_starts, offset)
        return self._pages[before - 1].number if before else None

    def name(self, offset: int) -> str:
        """The place in words; empty where the format has none."""
        before = bisect_right(self._mark_starts, offset)
        if before:
            return self._marks[before - 1].place
        if self._line_starts is not None:
            return f"{self._line_name} {bisect_right(self._line_starts, offset) + 1}"
        # A single page needs no name: there is no other.
        return f"page {self.page(offset)}" if len(self._pages) > 1 and self._page_starts[0] <= offset else ""


def _line_starts(text: str) -> list[int]:
    """The offsets at which lines 2, 3, ... begin."""
    return [match.end() for match in _LINE_END.finditer(text)]
