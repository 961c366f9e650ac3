"""PDF, through PDFium; pages that are pictures of text are read by OCR."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents import ocr
from rankscope.core.documents.dates import pdf_date
from rankscope.core.documents.failures import NeedsRecognition, Unreadable, unreadable
from rankscope.core.documents.model import Extraction, Page
from rankscope.core.documents.pdf_content import PageContent, page_content, recognised, with_notes
from rankscope.core.documents.pdf_file import open_pdf
from rankscope.core.documents.pdf_outline import headings_in, outline_of
from rankscope.core.documents.pdf_page import OpenPage
from rankscope.core.documents.pdf_scans import worth_recognising
from rankscope.core.documents.recognition import SECONDS_PER_PICTURE, RecognitionFailed
from rankscope.core.documents.text import chosen_title, has_content, one_line, safe, shown

_SECONDS_OF_OCR = 600.0  # for one document; then its remaining pictures are left out
_MAX_UNREAD = 2000  # damaged pages in a row: a damaged file may claim to have millions


def read(path: Path) -> Extraction:
    """Reads a PDF page by page; pages that cannot be read are left out with a warning.

    Headings are the entries of its outline that stand on the page they point to; a PDF without an outline has none.

    Raises:
        Unreadable: ("encrypted", "damaged", "no text", "needs OCR").
        NeedsRecognition: a good part of its pages, or all that could hold text, are pictures, and there is Tesseract.
    """
    with open_pdf(path) as document:
        found = _Found()
        _read_pages(document, found)
        has_text = has_content(found.text())
        if worth_recognising(len(found.pictures), len(found.pages), has_text):
            if ocr.available():
                raise NeedsRecognition
            if not has_text:
                raise ocr.missing(f"{shown(path)} is a scan")
        return _extraction(path, document, found)


def recognise(path: Path) -> Extraction:
    """Reads a PDF as :func:`read` does, and the pictures of text in it by OCR.

    Raises:
        Unreadable: as in :func:`read`.
    """
    with open_pdf(path) as document:
        found = _Found()
        _read_pages(document, found, time.monotonic() + _SECONDS_OF_OCR)
        return _extraction(path, document, found)


@dataclass(slots=True)
class _Found:
    """What the pages hold, and the numbers of those that could not be read, are pictures that nobody tried to
    recognise, or pictures on which that was given up."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    pages: list[Page] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    files: int = 0

    def add(self, number: int, text: str, size: tuple[float, float]) -> None:
        if self.pieces:
            self.pieces.append("\n")
            self.length += 1
        self.pieces.append(text)
        self.pages.append(Page(number, self.length, self.length + len(text), *size))
        self.length += len(text)

    def text(self) -> str:
        return safe("".join(self.pieces))


def _read_pages(document: pdfium.PdfDocument, found: _Found, deadline: float | None = None) -> None:
    """Reads all pages; with a deadline, the pictures of text by OCR until then."""
    last_read = 0
    for number in range(1, len(document) + 1):
        if number - last_read > _MAX_UNREAD:
            return
        try:
            with OpenPage(document, number - 1) as page:
                content = page_content(page)
                text = content.text
                if content.scan:
                    text = _recognised_text(page, content, number, found, deadline)
                found.add(number, text, page.size())
                found.files += content.notes.files
                last_read = number
        except pdfium.PdfiumError:
            found.unread.append(number)


def _recognised_text(page: OpenPage, content: PageContent, number: int, found: _Found, deadline: float | None) -> str:
    """The text of a page that is a picture, by OCR if there is time."""
    if deadline is None:
        found.pictures.append(number)
        return content.text
    seconds = min(SECONDS_PER_PICTURE, deadline - time.monotonic())
    try:
        if seconds > 0:
            seen = recognised(page, seconds).text
            return with_notes(seen, content.notes) if len(seen) > len(content.body.text) else content.text
    except RecognitionFailed:
        pass
    found.given_up.append(number)
    return content.text


def _extraction(path: Path, document: pdfium.PdfDocument, found: _Found) -> Extraction:
    text = found.text()
    if not has_content(text):
        raise _no_text(path, found)
    information = _information(document)
    return Extraction(
        text,
        "pdf",
        title=chosen_title(information.get("Title", "")),
        author=one_line(information.get("Author", "")),
        created=pdf_date(information.get("CreationDate")),
        modified=pdf_date(information.get("ModDate")),
        headings=tuple(headings_in(text, found.pages, outline_of(document))),
        pages=tuple(found.pages),
        warnings=tuple(_warnings(document, found)),
    )


def _information(document: pdfium.PdfDocument) -> dict[str, str]:
    try:
        return {key: document.get_metadata_value(key) for key in ("Title", "Author", "CreationDate", "ModDate")}
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return {}


def _no_text(path: Path, found: _Found) -> Unreadable:
    if found.unread and not found.pages:
        return unreadable(
            "damaged",
            f"{shown(path)} is a damaged PDF: none of its pages can be read.",
            "Download or copy it again, or open it in a PDF viewer and save it anew.",
        )
    if found.unread:
        return unreadable(
            "damaged",
            f"{shown(path)} is a damaged PDF: {len(found.unread)} of its {len(found.unread) + len(found.pages)} pages "
            "cannot be read, and the others hold no text.",
            "Download or copy it again, or open it in a PDF viewer and save it anew.",
        )
    if found.given_up:
        return unreadable(
            "needs OCR",
            f"{shown(path)} is a scan, and text recognition (OCR) gave up on it.",
            "Check that Tesseract works and is complete, or run OCR over the file in another program.",
        )
    return unreadable("no text", f"{shown(path)} holds no text.", "There is nothing in it to search.")


def _warnings(document: pdfium.PdfDocument, found: _Found) -> list[str]:
    warnings = []
    if found.unread:
        warnings.append(f"{_pages(found.unread)} could not be read: the file is damaged there.")
    if found.pictures and ocr.available():
        warnings.append(f"{_pages(found.pictures)} held only pictures, which were not read.")
    elif found.pictures:
        warnings.append(f"{_pages(found.pictures)} held only pictures, which cannot be read without Tesseract (OCR).")
    if found.given_up:
        warnings.append(f"{_pages(found.given_up)} held only pictures, and text recognition gave up on them.")
    files = found.files + max(0, raw.FPDFDoc_GetAttachmentCount(document))
    if files:
        warnings.append("The file attached to it was not read." if files == 1 else f"{files} attached files not read.")
    if document.get_formtype() == raw.FORMTYPE_XFA_FULL:
        warnings.append("Its form is of a kind (XFA) whose fields cannot be read.")
    return warnings


def _pages(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"Page {numbers[0]}"
    named = ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")
    return f"{len(numbers)} pages ({named})"
