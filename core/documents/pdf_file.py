"""Opening a PDF with PDFium, its failures in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.text import shown


@contextmanager
def open_pdf(path: Path) -> Iterator[pdfium.PdfDocument]:
    """The open document; PDFium is not thread-safe, so only one thread of a process may use it.

    Raises:
        Unreadable: ("encrypted" or "damaged") PDFium cannot open it.
        OSError: the file cannot be read.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise unreadable(
                "encrypted",
                f"{shown(path)} is protected with a password.",
                "Open it in a PDF viewer and save a copy without a password.",
            ) from None
        raise unreadable(
            "damaged",
            f"{shown(path)} is a damaged PDF: its structure cannot be read.",
            "Download or copy it again, or open it in a PDF viewer and save it anew.",
        ) from None
    try:
        yield document
    finally:
        document.close()
