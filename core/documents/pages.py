"""One page of a PDF, or a picture, as it is to be shown, with the box of every character of its text."""

from __future__ import annotations

import ctypes
from functools import lru_cache
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents import ocr
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.model import PageView
from rankscope.core.documents.ocr_text import Box, RecognisedText
from rankscope.core.documents.pdf_content import BEFORE_NOTES, PageContent, page_content, recognised
from rankscope.core.documents.pdf_file import open_pdf
from rankscope.core.documents.pdf_page import OpenPage
from rankscope.core.documents.pdf_scans import worth_recognising
from rankscope.core.documents.pdf_text import NO_BOX
from rankscope.core.documents.recognition import RecognitionFailed, recognise_picture
from rankscope.core.documents.text import has_content, shown

MIN_WIDTH, MAX_SIDE = 16, 10_000
# PDFium converts page to picture coordinates in whole pixels; asked for a picture this much larger, it gives parts.
_FINE = 1024
_SECONDS_OF_OCR = 15.0  # somebody is waiting for the page; without boxes it is still a page

_NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)
_Stamp = tuple[int, int]  # size and time of a file: as long as it is the same, so is its text


def render_page(path: Path, page: int, width: int) -> PageView:
    """Draws a page ``width`` pixels wide, as a viewer shows it: turned and cropped as the file says.

    A page so long that its picture would be higher than :data:`MAX_SIDE` pixels is drawn narrower than asked for.
    The first view of a scanned page or a picture takes as long as recognising its text does.

    Args:
        page: its number, from 1.

    Raises:
        Unreadable: the file cannot be opened, has no such page, or the page is damaged.
        OSError: the file cannot be read.
    """
    with path.open("rb") as stream:
        is_pdf = b"%PDF-" in stream.read(1024)
    return _pdf_view(path, page, width) if is_pdf else _picture_view(path, page, width)


def _pdf_view(path: Path, number: int, width: int) -> PageView:
    with open_pdf(path) as document:
        if not 1 <= number <= len(document):
            raise _no_such_page(path, number, len(document))
        try:
            with OpenPage(document, number - 1) as page:
                width, height = _fitting(width, *page.size())
                content = page_content(page)
                seen = _recognised_page(path, _stamp(path), number) if content.scan else None
                boxes = _boxes(page, content, seen, width, height)
                return PageView(number, width, height, page.drawn(width, height), boxes)
        except pdfium.PdfiumError:
            raise unreadable(
                "damaged",
                f"Page {number} of {shown(path)} is damaged and cannot be drawn.",
                "Open the file in a PDF viewer and save it anew.",
            ) from None


def _picture_view(path: Path, number: int, width: int) -> PageView:
    from rankscope.core.documents.image_file import Picture

    with Picture(path) as picture:
        if not 1 <= number <= picture.pages:
            raise _no_such_page(path, number, picture.pages)
        image = picture.page(number).convert("RGB")
    width, height = _fitting(width, image.width, image.height)
    seen = _recognised_picture(path, _stamp(path), number)
    boxes = list(seen.scaled(width / image.width, height / image.height).boxes) if seen else []
    return PageView(number, width, height, image.resize((width, height)).tobytes(), boxes)


def _fitting(width: int, wide: float, high: float) -> tuple[int, int]:
    """Width and height of the picture of a page of this size."""
    width = max(MIN_WIDTH, min(width, MAX_SIDE))
    height = max(1, round(width * high / wide)) if wide > 0 else 1
    if height > MAX_SIDE:
        width, height = max(1, round(width * MAX_SIDE / height)), MAX_SIDE
    return width, height


def _no_such_page(path: Path, number: int, pages: int) -> Unreadable:
    return unreadable(
        "damaged",
        f"{shown(path)} has no page {number}; it has {pages}.",
        "The file may have changed since it was indexed: bring the index up to date.",
    )


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=32)
def _recognised_picture(path: Path, stamp: _Stamp, number: int) -> RecognisedText | None:
    """Remembered, because a page is drawn again whenever its window changes."""
    from rankscope.core.documents.image_file import Picture

    try:
        with Picture(path) as picture:
            return recognise_picture(picture.page(number), _SECONDS_OF_OCR)
    except RecognitionFailed:
        return None


@lru_cache(maxsize=32)
def _recognised_page(path: Path, stamp: _Stamp, number: int) -> RecognisedText | None:
    """The recognised text of a page that is a picture; None where its reader did not have it recognised."""
    with open_pdf(path) as document:
        try:
            if not (ocr.available() and _was_recognised(document)):
                return None
            with OpenPage(document, number - 1) as page:
                return recognised(page, _SECONDS_OF_OCR)
        except (pdfium.PdfiumError, RecognitionFailed):
            return None


def _was_recognised(document: pdfium.PdfDocument) -> bool:
    """Whether the reader found this document worth recognising: see :func:`worth_recognising`."""
    pictures = read = 0
    has_text = False
    for index in range(len(document)):
        try:
            with OpenPage(document, index) as page:
                content = page_content(page)
        except pdfium.PdfiumError:
            continue
        read += 1
        pictures += content.scan
        has_text = has_text or has_content(content.text)
        if worth_recognising(pictures, len(document), has_text=True):
            return True
    return worth_recognising(pictures, read, has_text)


def _boxes(page: OpenPage, content: PageContent, seen: RecognisedText | None, width: int, height: int) -> list[Box]:
    """One box per character of the page's text, in pixels; zeros for what has none."""
    place = _Place(page, width, height)
    if seen is not None and len(seen.text) > len(content.body.text):
        boxes = list(seen.scaled(width, height).boxes)
    else:
        boxes = _written(page, content, place)
    for note in content.notes.notes:
        if boxes:
            boxes += [_NOWHERE] * len(BEFORE_NOTES)
        boxes += [place.box(*note.box) if any(note.box) else _NOWHERE] * len(note.text)
    return boxes


def _written(page: OpenPage, content: PageContent, place: _Place) -> list[Box]:
    rectangle = raw.FS_RECTF()
    boxes: list[Box] = []
    for index in content.body.indices():
        if index == NO_BOX or not raw.FPDFText_GetLooseCharBox(page.text, index, rectangle):
            boxes.append(_NOWHERE)
        else:
            boxes.append(place.box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top))
    return boxes


class _Place:
    """The affine map from page to picture: x' = a x + c y + e, y' = b x + d y + f."""

    def __init__(self, page: OpenPage, width: int, height: int) -> None:
        def place(x: float, y: float) -> tuple[float, float]:
            across, down = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(page.handle, 0, 0, width * _FINE, height * _FINE, 0, x, y, across, down)
            return across.value / _FINE, down.value / _FINE

        reach = max(1.0, min(page.size()))  # within the page, so that no coordinate overflows
        self._e, self._f = place(0.0, 0.0)
        x_across, x_down = place(reach, 0.0)
        y_across, y_down = place(0.0, reach)
        self._a, self._b = (x_across - self._e) / reach, (x_down - self._f) / reach
        self._c, self._d = (y_across - self._e) / reach, (y_down - self._f) / reach

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Left, top, right, bottom in pixels."""
        x0, y0 = self._a * left + self._c * bottom + self._e, self._b * left + self._d * bottom + self._f
        x1, y1 = self._a * right + self._c * top + self._e, self._b * right + self._d * top + self._f
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
