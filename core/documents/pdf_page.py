"""One page of an open PDF. PDFium's own functions are called directly: its Python objects cost as much as a page."""

from __future__ import annotations

from types import TracebackType

import pypdfium2 as pdfium
import pypdfium2.raw as raw


class OpenPage:
    """A loaded page with its text. Use as a context manager.

    Args:
        index: from 0.

    Raises:
        pypdfium2.PdfiumError: the page is damaged.
    """

    def __init__(self, document: pdfium.PdfDocument, index: int) -> None:
        self.form = document.formenv.raw if document.formenv else None
        self.handle = raw.FPDF_LoadPage(document.raw, index)
        if not self.handle:
            raise pdfium.PdfiumError("Failed to load page.")
        if self.form:
            raw.FORM_OnAfterLoadPage(self.handle, self.form)
        self.text = raw.FPDFText_LoadPage(self.handle)
        if not self.text:
            self.close()
            raise pdfium.PdfiumError("Failed to load text page.")

    def size(self) -> tuple[float, float]:
        """Width and height in points, as the page is shown: turned and cropped."""
        return raw.FPDF_GetPageWidthF(self.handle), raw.FPDF_GetPageHeightF(self.handle)

    def drawn(self, width: int, height: int) -> bytes:
        """The page as ``height * width * 3`` bytes: rows of RGB from the top, drawn on white."""
        bitmap = pdfium.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGR, rev_byteorder=True)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER
            raw.FPDF_RenderPageBitmap(bitmap, self.handle, 0, 0, width, height, 0, flags)
            if self.form:
                raw.FPDF_FFLDraw(self.form, bitmap, self.handle, 0, 0, width, height, 0, flags)
            row, stride = width * 3, bitmap.stride
            data = bytes(bitmap.buffer)
            if stride == row:
                return data[: row * height]
            return b"".join(data[line * stride : line * stride + row] for line in range(height))
        finally:
            bitmap.close()

    def close(self) -> None:
        """Frees the page."""
        if self.text:
            raw.FPDFText_ClosePage(self.text)
        if self.form:
            raw.FORM_OnBeforeClosePage(self.handle, self.form)
        raw.FPDF_ClosePage(self.handle)

    def __enter__(self) -> OpenPage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
