"""Opening a PDF with PDFium, its failures in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.office_crypt import needs_password
from rankscope.core.documents.passwords import passwords
from rankscope.core.documents.text import shown


@contextmanager
def open_pdf(path: Path) -> Iterator[pdfium.PdfDocument]:
    """The open document, its form fields included; PDFium is not thread-safe, so only one thread of a process may
    use it.

    Raises:
        Unreadable: ("encrypted" or "damaged") PDFium cannot open it.
        OSError: the file cannot be read.
    """
    document = _opened(path)
    try:
        if document.get_formtype() in (raw.FORMTYPE_ACRO_FORM, raw.FORMTYPE_XFA_FOREGROUND):
            document.init_forms()
        yield document
    finally:
        document.close()


def _opened(path: Path) -> pdfium.PdfDocument:
    for password in (None, *passwords()):
        # A file without pages leaves the error of an earlier file standing; after this it is one of the structure.
        raw.FPDF_LoadMemDocument(b"", 0, None)
        try:
            return pdfium.PdfDocument(path, password)
        except pdfium.PdfiumError as error:
            if error.err_code == raw.FPDF_ERR_PASSWORD:
                continue
            if error.err_code == raw.FPDF_ERR_SECURITY:
                raise unreadable(
                    "encrypted",
                    f"{shown(path)} is protected in a way that cannot be undone here.",
                    "Open it in a PDF viewer and save a copy without protection.",
                ) from None
        path.open("rb").close()  # PDFium does not say that a file cannot be read
        raise unreadable(
            "damaged",
            f"{shown(path)} is a damaged PDF: its structure cannot be read.",
            "Download or copy it again, or open it in a PDF viewer and save it anew.",
        )
    raise needs_password(path)
