"""All the text of a PDF page: what is written on it or was recognised in its picture, then its notes."""

from __future__ import annotations

from dataclasses import dataclass

from rankscope.core.documents.ocr_text import RecognisedText
from rankscope.core.documents.pdf_annotations import Notes, annotations_of
from rankscope.core.documents.pdf_page import OpenPage
from rankscope.core.documents.pdf_scans import may_be_a_scan
from rankscope.core.documents.pdf_text import PageText, page_text
from rankscope.core.documents.recognition import MAX_SIDE, recognise_picture

BEFORE_NOTES = "\n\n"
_DOTS_PER_INCH = 200  # fewer lose small print, more cost time


@dataclass(frozen=True, slots=True)
class PageContent:
    """``text`` is that of ``body``, followed by the notes, each after :data:`BEFORE_NOTES`."""

    text: str
    body: PageText
    notes: Notes
    scan: bool


def page_content(page: OpenPage) -> PageContent:
    """What a page says without text recognition; ``scan`` tells whether that could find more.

    The same page always gives the same.
    """
    body = page_text(page.text)
    notes = annotations_of(page, body.text)
    text = with_notes(body.text, notes) if notes.notes else body.text
    return PageContent(text, body, notes, may_be_a_scan(page, body.text))


def with_notes(text: str, notes: Notes) -> str:
    """The text of a page and its notes."""
    return BEFORE_NOTES.join([*([text] if text else ()), *(note.text for note in notes.notes)])


def recognised(page: OpenPage, seconds: float) -> RecognisedText:
    """The text in the picture of a page, with boxes as shares of its width and height.

    Raises:
        RecognitionFailed: see :func:`rankscope.core.documents.recognition.recognise_picture`.
    """
    from PIL import Image

    wide, high = page.size()
    scale = min(_DOTS_PER_INCH / 72, MAX_SIDE / max(wide, high, 1.0))
    width, height = max(1, round(wide * scale)), max(1, round(high * scale))
    picture = Image.frombytes("RGB", (width, height), page.drawn(width, height)).convert("L")
    return recognise_picture(picture, seconds).scaled(1 / width, 1 / height)
