"""PDF, through PDFium."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pypdfium2 as pdfium

from rankscope.core.documents.dates import pdf_date
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction, Heading, Page
from rankscope.core.documents.pdf_file import open_pdf
from rankscope.core.documents.pdf_text import page_text
from rankscope.core.documents.text import chosen_title, has_content, one_line, shown

_MAX_OUTLINE = 5000
_NUMBER_BEFORE = re.compile(r"(?:(?:[A-Z]|[IVX]+|\d+)(?:\.\d+)*\.?)[ \t]+\Z")


def read(path: Path) -> Extraction:
    """Reads a PDF page by page; pages that cannot be read are left out with a warning.

    Headings are the entries of its outline that stand on the page they point to; a PDF without an outline has none.

    Raises:
        Unreadable: ("encrypted", "damaged", "no text").
    """
    with open_pdf(path) as document:
        pieces: list[str] = []
        pages: list[Page] = []
        unread: list[int] = []
        position = 0
        for index in range(len(document)):
            try:
                text, width, height = _read_page(document, index)
            except pdfium.PdfiumError:
                unread.append(index + 1)
                continue
            if pieces:
                pieces.append("\n")
                position += 1
            pieces.append(text)
            pages.append(Page(index + 1, position, position + len(text), width, height))
            position += len(text)
        text = "".join(pieces)
        if not has_content(text):
            raise _no_text(path, len(pages), len(unread))
        information = _information(document)
        return Extraction(
            text,
            "pdf",
            title=chosen_title(information.get("Title", "")),
            author=one_line(information.get("Author", "")),
            created=pdf_date(information.get("CreationDate")),
            modified=pdf_date(information.get("ModDate")),
            headings=tuple(_headings(text, pages, _outline(document))),
            pages=tuple(pages),
            warnings=_warnings(unread),
        )


def _read_page(document: pdfium.PdfDocument, index: int) -> tuple[str, float, float]:
    page = document[index]
    try:
        width, height = page.get_size()
        textpage = page.get_textpage()
        try:
            return page_text(textpage).text, width, height
        finally:
            textpage.close()
    finally:
        page.close()


def _information(document: pdfium.PdfDocument) -> dict[str, str]:
    try:
        information: dict[str, str] = document.get_metadata_dict(skip_empty=True)
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return {}
    return information


def _no_text(path: Path, pages: int, unread: int) -> Exception:
    if unread:
        return unreadable(
            "damaged",
            f"{shown(path)} is a damaged PDF: {unread} of its {unread + pages} pages cannot be read, and the others "
            "hold no text.",
            "Download or copy it again, or open it in a PDF viewer and save it anew.",
        )
    return unreadable(
        "no text",
        f"{shown(path)} holds no text, only pictures of pages." if pages else f"{shown(path)} has no pages.",
        "If it is a scan, run text recognition (OCR) over it in another program; Rankscope does not do that yet.",
    )


def _warnings(unread: list[int]) -> tuple[str, ...]:
    if not unread:
        return ()
    named = ", ".join(map(str, unread[:10])) + (", …" if len(unread) > 10 else "")
    return (f"{len(unread)} damaged pages were left out ({named}).",)


def _outline(document: pdfium.PdfDocument) -> Iterator[tuple[int, int, str]]:
    """Level (from 1), page number and title of each entry of the outline that points to a page."""
    try:
        for count, entry in enumerate(document.get_toc(max_depth=9)):
            if count >= _MAX_OUTLINE:
                return
            target = entry.get_dest()
            index = target.get_index() if target is not None else None
            title = one_line(entry.get_title())
            if index is not None and title:
                yield entry.level + 1, index + 1, title
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return  # a damaged outline costs its headings, not the text


def _headings(text: str, pages: list[Page], outline: Iterable[tuple[int, int, str]]) -> Iterator[Heading]:
    """The outline's entries found in the text, in order. One that is not on its page, or stands before its
    predecessor, is left out."""
    by_number = {page.number: page for page in pages}
    end = 0
    for level, number, title in outline:
        page = by_number.get(number)
        if page is None:
            continue
        pattern = r"\s+".join(map(re.escape, title.split()))
        match = _at_line_start(re.compile(pattern, re.IGNORECASE), text, max(page.start, end), page.end)
        if match is None:
            continue
        start, end = match
        yield Heading(start, end, level)


def _at_line_start(pattern: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int] | None:
    """The first place where the pattern stands at the start of a line, a section number before it included."""
    for match in pattern.finditer(text, start, end):
        line = text.rfind("\n", start, match.start()) + 1 or start
        before = text[line : match.start()]
        if not before or (len(before) < 16 and _NUMBER_BEFORE.match(before)):
            return line, match.end()
    return None
