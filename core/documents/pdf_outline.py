"""The headings of a PDF: the entries of its outline that stand on the page they point to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pypdfium2 as pdfium

from rankscope.core.documents.model import Heading, Page
from rankscope.core.documents.text import one_line

_MAX_ENTRIES = 5000
_NUMBER_BEFORE = re.compile(r"(?:(?:[a-z]|[ivx]+|\d+)(?:\.\d+)*\.?)[ \t]+\Z")


def outline_of(document: pdfium.PdfDocument) -> Iterator[tuple[int, int, str]]:
    """Level (from 1), page number and title of each entry of the outline that points to a page."""
    try:
        for count, entry in enumerate(document.get_toc(max_depth=9)):
            if count >= _MAX_ENTRIES:
                return
            target = entry.get_dest()
            index = target.get_index() if target is not None else None
            title = one_line(entry.get_title())
            if index is not None and title:
                yield entry.level + 1, index + 1, title
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return  # a damaged outline costs its headings, not the text


def headings_in(text: str, pages: list[Page], outline: Iterable[tuple[int, int, str]]) -> Iterator[Heading]:
    """The outline's entries found in the text, in order. One that is not on its page, or stands before its
    predecessor, is left out."""
    by_number = {page.number: page for page in pages}
    lower, of_page, end = "", 0, 0
    for level, number, title in outline:
        page = by_number.get(number)
        if page is None:
            continue
        if number != of_page:
            lower, of_page = text[page.start : page.end].lower(), number
        if len(lower) != page.end - page.start:
            continue  # a few letters become two when they are made small
        found = _at_line_start(title.lower().split(), lower, max(0, end - page.start))
        if found is not None:
            end = page.start + found[1]
            yield Heading(page.start + found[0], end, level)


def _at_line_start(words: list[str], text: str, start: int) -> tuple[int, int] | None:
    """The first place where the words stand at the start of a line, a section number before them included."""
    at = text.find(words[0], start)
    while at >= 0:
        line = text.rfind("\n", start, at) + 1 or start
        before = text[line:at] if at - line < 16 else "too long"
        if not before or _NUMBER_BEFORE.match(before):
            end = _end_of(words, text, at)
            if end >= 0:
                return line, end
        at = text.find(words[0], at + 1)
    return None


def _end_of(words: list[str], text: str, at: int) -> int:
    """Where the words end that stand at this place, with any white space between them; -1 if they do not."""
    for number, word in enumerate(words):
        if number:
            blanks = text[at : at + 4]
            at += len(blanks) - len(blanks.lstrip())
        if not text.startswith(word, at):
            return -1
        at += len(word)
    return at
