"""The text in a picture, by Tesseract."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rankscope.core.documents import ocr
from rankscope.core.documents.ocr_text import RecognisedText, Word, put_together
from rankscope.core.documents.recognition_languages import own_language

if TYPE_CHECKING:
    from PIL.Image import Image

SECONDS_PER_PICTURE = 100.0
MAX_SIDE = 3000  # pixels: a page of A4 with 250 dots per inch; more costs time and finds nothing
_SMALL = 2000  # pixels: pictures of the screen are enlarged up to this, because Tesseract wants large letters
_MAX_ENLARGED = 2.5

_MIN_CONFIDENCE = 40.0  # of 100; what Tesseract is less sure of is most often no word
_SURE = 60.0
_MIN_LETTERS = 3
_MIN_SHARE = 1 / 3


class RecognitionFailed(Exception):
    """Tesseract gave up on one picture: it took too long, or could not work."""


def recognise_picture(picture: Image, seconds: float = SECONDS_PER_PICTURE) -> RecognisedText:
    """The text in a picture, with boxes in its pixels; empty where none is found.

    Takes one to several seconds of one core. The same picture always gives the same text.

    Raises:
        RecognitionFailed: Tesseract is not there, took longer than ``seconds``, or could not work.
    """
    longest = max(picture.size)
    scale = 1.0
    if longest > MAX_SIDE:
        scale = MAX_SIDE / longest
    elif longest < _SMALL:
        scale = min(_MAX_ENLARGED, _SMALL / longest)
    if scale == 1:
        return put_together(list(_words(picture, seconds)))
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    found = put_together(list(_words(picture.resize((width, height)), seconds)))
    return found.scaled(picture.width / width, picture.height / height)


def _words(picture: Image, seconds: float) -> Iterator[Word]:
    """The words that are likely to be some, in reading order."""
    table = _table(picture, seconds)
    seen = [index for index, text in enumerate(table["text"]) if str(text).strip()]
    likely = [index for index in seen if float(table["conf"][index]) >= _MIN_CONFIDENCE]
    if not _speaks_for_text(table, likely, len(seen)):
        return
    lines: dict[tuple[int, ...], int] = {}
    for index in likely:
        line = tuple(table[level][index] for level in ("page_num", "block_num", "par_num", "line_num"))
        left, top = float(table["left"][index]), float(table["top"][index])
        box = (left, top, left + table["width"][index], top + table["height"][index])
        yield Word(str(table["text"][index]).strip(), box, lines.setdefault(line, len(lines)))


def _speaks_for_text(table: dict[str, list[Any]], likely: list[int], seen: int) -> bool:
    """Whether this is text at all: in photos and in unknown scripts Tesseract sees a few words by accident."""
    if len(likely) < _MIN_SHARE * seen:
        return False
    return any(
        float(table["conf"][index]) >= _SURE and sum(map(str.isalnum, str(table["text"][index]))) >= _MIN_LETTERS
        for index in likely
    )


def _table(picture: Image, seconds: float) -> dict[str, list[Any]]:
    import pytesseract  # with its numpy it takes memory that reading without OCR does not need

    program = ocr.program()
    if program is None:
        raise RecognitionFailed
    pytesseract.pytesseract.tesseract_cmd = program
    installed = _installed(program)
    try:
        table: dict[str, list[Any]] = pytesseract.image_to_data(
            picture,
            lang="+".join(_languages(installed)),
            config="--psm 1" if "osd" in installed else "--psm 3",  # 1 also sees that a page lies on its side
            timeout=seconds,
            output_type=pytesseract.Output.DICT,
        )
    except (RuntimeError, OSError, ValueError, TypeError, subprocess.SubprocessError):
        raise RecognitionFailed from None  # what Tesseract reports, what it left half-written, no answer at all
    return table


@lru_cache(maxsize=1)
def _installed(program: str) -> frozenset[str]:
    """The languages that this Tesseract has learned."""
    import pytesseract

    pytesseract.pytesseract.tesseract_cmd = program
    try:
        return frozenset(pytesseract.get_languages())
    except (RuntimeError, OSError, ValueError):
        return frozenset()


def _languages(installed: frozenset[str]) -> list[str]:
    """English and the language of this system, as far as Tesseract has them; else any that it has."""
    known = [language for language in ("eng", own_language()) if language in installed]
    return known or sorted(installed - {"osd", "equ"})[:1] or ["eng"]
