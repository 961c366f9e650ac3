"""Pictures: the words that OCR finds in them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from rankscope.core.documents import ocr
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.failures import NeedsRecognition, Unreadable, unreadable
from rankscope.core.documents.image_file import Picture
from rankscope.core.documents.model import Extraction, Page
from rankscope.core.documents.recognition import SECONDS_PER_PICTURE, RecognitionFailed, recognise_picture
from rankscope.core.documents.text import chosen_title, has_content, one_line, shown

_SMALLEST = 32  # pixels: a picture that is lower or narrower holds no line of text
_SECONDS = 600.0  # for one file; then its remaining pages are left out
_DESCRIPTION, _CHANGED, _ARTIST, _DETAILS, _TAKEN = 0x010E, 0x0132, 0x013B, 0x8769, 0x9003  # EXIF
_WINDOWS_TITLE, _WINDOWS_AUTHOR = 0x9C9B, 0x9C9D  # the same, written by Windows in UTF-16


def read(path: Path) -> Extraction:
    """Only finds out whether there may be something to recognise.

    Raises:
        NeedsRecognition: there may be text in it, and there is Tesseract.
        Unreadable: ("damaged", "too large", "no text", "needs OCR").
    """
    with Picture(path) as picture:
        width, height = picture.image.size
    if min(width, height) < _SMALLEST:
        raise unreadable(
            "no text",
            f"{shown(path)} is a picture of {width} by {height} pixels, too small to hold text.",
            "There is nothing in it to search.",
        )
    if not ocr.available():
        raise ocr.missing(f"{shown(path)} is a picture")
    raise NeedsRecognition


def recognise(path: Path) -> Extraction:
    """The words in the picture; one page for each picture of a file that has several.

    Raises:
        Unreadable: ("damaged", "too large", "no text", "needs OCR").
    """
    pieces: list[str] = []
    pages: list[Page] = []
    given_up: list[int] = []
    position = 0
    deadline = time.monotonic() + _SECONDS
    with Picture(path) as picture:
        title, author, created, modified = _properties(picture.image)
        for number in range(1, picture.pages + 1):
            drawn = picture.page(number)
            text = _text(drawn, min(SECONDS_PER_PICTURE, deadline - time.monotonic()))
            if text is None:
                given_up.append(number)
            if pieces:
                pieces.append("\n")
                position += 1
            pieces.append(text or "")
            pages.append(Page(number, position, position + len(pieces[-1]), float(drawn.width), float(drawn.height)))
            position += len(pieces[-1])
        warnings = _warnings(given_up, picture)
    text = "".join(pieces)
    if not has_content(text):
        raise _no_text(path, given_up)
    return Extraction(
        text, "image", title, author, created=created, modified=modified, pages=tuple(pages), warnings=warnings
    )


def _text(drawn: Image.Image, seconds: float) -> str | None:
    """None where recognition gave up."""
    try:
        return recognise_picture(drawn, seconds).text if seconds > 0 else None
    except RecognitionFailed:
        return None


def _no_text(path: Path, given_up: Sequence[int]) -> Unreadable:
    if given_up:
        return unreadable(
            "needs OCR",
            f"{shown(path)} is a picture, and text recognition (OCR) gave up on it.",
            "Check that Tesseract works and is complete; or cut the picture to the part that holds text.",
        )
    return unreadable(
        "no text", f"{shown(path)} is a picture in which no text was found.", "There is nothing in it to search."
    )


def _warnings(given_up: Sequence[int], picture: Picture) -> tuple[str, ...]:
    warnings = []
    if given_up:
        named = ", ".join(map(str, given_up[:10])) + (", …" if len(given_up) > 10 else "")
        warnings.append(f"Text recognition gave up on some of its pictures ({named}).")
    if picture.moves:
        warnings.append(f"Only the first {picture.pages} of its pictures were read.".replace("first 1 of", "first of"))
    return tuple(warnings)


def _properties(image: Image.Image) -> tuple[str, str, str | None, str | None]:
    """Title, author, the day it was taken and the day it was changed, as far as they stand in the file."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(_DETAILS)
    except Exception:  # damaged properties cost no text
        return "", "", None, None
    title = _string(exif.get(_DESCRIPTION)) or _string(exif.get(_WINDOWS_TITLE)) or _string(image.info.get("Title"))
    author = _string(exif.get(_ARTIST)) or _string(exif.get(_WINDOWS_AUTHOR)) or _string(image.info.get("Author"))
    changed = _date(exif.get(_CHANGED))
    return chosen_title(title), one_line(author), _date(details.get(_TAKEN)) or changed, changed


def _string(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-16-le", "replace")
    return value.strip("\0 \n") if isinstance(value, str) else ""


def _date(value: object) -> str | None:
    """EXIF writes 2024:05:17 09:30:00."""
    day, _, clock = _string(value).partition(" ")
    return iso_date(f"{day.replace(':', '-')} {clock}".strip())
