"""One page of a PDF as a picture, with the box of every character of its text."""

from __future__ import annotations

import ctypes
from array import array
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import PageView
from rankscope.core.documents.pdf_file import open_pdf
from rankscope.core.documents.pdf_text import NO_BOX, page_text
from rankscope.core.documents.text import shown

MIN_WIDTH, MAX_SIDE = 16, 10_000
# PDFium converts page to picture coordinates in whole pixels; asked for a picture this much larger, it gives parts.
_FINE = 1024

_Box = tuple[float, float, float, float]
_NO_BOX: _Box = (0.0, 0.0, 0.0, 0.0)


def render_page(path: Path, page: int, width: int) -> PageView:
    """Draws a page ``width`` pixels wide, as a viewer shows it: turned and cropped as the file says.

    A page so long that its picture would be higher than :data:`MAX_SIDE` pixels is drawn narrower than asked for.

    Args:
        page: its number, from 1.

    Raises:
        Unreadable: the file cannot be opened, has no such page, or the page is damaged.
        OSError: the file cannot be read.
    """
    with open_pdf(path) as document:
        if not 1 <= page <= len(document):
            raise unreadable(
                "damaged",
                f"{shown(path)} has no page {page}; it has {len(document)}.",
                "The file may have changed since it was indexed: bring the index up to date.",
            )
        try:
            loaded = document[page - 1]
            try:
                return _view(loaded, page, width)
            finally:
                loaded.close()
        except pdfium.PdfiumError:
            raise unreadable(
                "damaged",
                f"Page {page} of {shown(path)} is damaged and cannot be drawn.",
                "Open the file in a PDF viewer and save it anew.",
            ) from None


def _view(page: pdfium.PdfPage, number: int, width: int) -> PageView:
    points_wide, points_high = page.get_size()
    width = max(MIN_WIDTH, min(width, MAX_SIDE))
    height = max(1, round(width * points_high / points_wide)) if points_wide > 0 else 1
    if height > MAX_SIDE:
        width, height = max(1, round(width * MAX_SIDE / height)), MAX_SIDE
    textpage = page.get_textpage()
    try:
        boxes = _boxes(page, textpage, page_text(textpage).sources, width, height)
    finally:
        textpage.close()
    return PageView(number, width, height, _pixels(page, width, height), boxes)


def _pixels(page: pdfium.PdfPage, width: int, height: int) -> bytes:
    """Rows of RGB from the top, drawn on white."""
    bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
        raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
        row, stride = width * 3, bitmap.stride
        data = bytes(bitmap.buffer)
        if stride == row:
            return data[: row * height]
        return b"".join(data[line * stride : line * stride + row] for line in range(height))
    finally:
        bitmap.close()


def _boxes(
    page: pdfium.PdfPage, textpage: pdfium.PdfTextPage, sources: array[int], width: int, height: int
) -> list[_Box]:
    """One box per character, in pixels; zeros for the line ends and for what PDFium has no box for."""
    a, b, c, d, e, f = _to_picture(page, width, height)
    rectangle = raw.FS_RECTF()
    boxes: list[_Box] = []
    for index in sources:
        if index == NO_BOX or not raw.FPDFText_GetLooseCharBox(textpage, index, rectangle):
            boxes.append(_NO_BOX)
            continue
        left, bottom, right, top = rectangle.left, rectangle.bottom, rectangle.right, rectangle.top
        x0, y0 = a * left + c * bottom + e, b * left + d * bottom + f
        x1, y1 = a * right + c * top + e, b * right + d * top + f
        boxes.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
    return boxes


def _to_picture(page: pdfium.PdfPage, width: int, height: int) -> tuple[float, float, float, float, float, float]:
    """The affine map from page to picture: x' = a x + c y + e, y' = b x + d y + f."""

    def place(x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, width * _FINE, height * _FINE, 0, x, y, across, down)
        return across.value / _FINE, down.value / _FINE

    reach = max(1.0, min(page.get_size()))  # within the page, so that no coordinate overflows
    e, f = place(0.0, 0.0)
    x_across, x_down = place(reach, 0.0)
    y_across, y_down = place(0.0, reach)
    return (x_across - e) / reach, (x_down - f) / reach, (y_across - e) / reach, (y_down - f) / reach, e, f
