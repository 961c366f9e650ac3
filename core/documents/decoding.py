"""Bytes to text, never silently wrong: what was guessed or replaced is said in a warning.

The order is: byte order mark; UTF-16 or UTF-32 by where its zero bytes stand; UTF-8 if every byte fits; the encoding
the document itself declares; UTF-8 with a few damaged places; a guess.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rankscope.core.documents.text import REPLACEMENT

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_CONTROLS = bytes(set(range(32)) - {0, 8, 9, 10, 11, 12, 13, 27})
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SEVEN_BIT = re.compile(r"iso-?2022|^hz|utf-?7", re.IGNORECASE)
# In other one-byte encodings these places hold letters: "za¿ó³æ" is no Windows-1252.
_SIGN_INSIDE_WORD = re.compile(r"[^\W\d_][¡-©«¬®-´¶¸¹»-¿×÷†‡•ˆ˜][^\W\d_]")


class NotText(Exception):
    """The bytes are no text in any encoding that this module knows."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the name of its encoding, and what a person should know about how it was read."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of ``data``; ``declared`` is the encoding that the document claims for itself.

    Raises:
        NotText: the bytes are binary data.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _with_losses(data[len(mark) :], encoding)
    wide = _wide_encoding(data[:_SAMPLE])
    if wide:
        return _with_losses(data, wide, f"It has no byte order mark; it was read as {wide.upper()}.")
    if _looks_binary(data[:_SAMPLE]):
        raise NotText
    if declared and _SEVEN_BIT.search(declared):
        decoded = _strict(data, declared)
        if decoded is not None:
            return Decoded(decoded, declared)
    decoded = _strict(data, "utf-8")
    if decoded is not None:
        return Decoded(decoded, "utf-8", _nul_warning(decoded))
    if declared:
        decoded = _strict(data, declared)
        if decoded is not None:
            return Decoded(decoded, declared)
    return _guess(data)


def _strict(data: bytes, encoding: str) -> str | None:
    """The text if every byte fits, else None."""
    try:
        return data.decode(encoding)
    except (LookupError, ValueError):
        return None


def _with_losses(data: bytes, encoding: str, *notes: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    lost = text.count(REPLACEMENT)
    if lost:
        notes += (f"{lost} places were no valid {encoding.upper()} and were replaced.",)
    return Decoded(text, encoding, notes + _nul_warning(text))


def _nul_warning(text: str) -> tuple[str, ...]:
    count = text.count("\x00")
    return (f"{count} NUL characters were replaced.",) if count else ()


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: Latin letters have zero bytes in every second or fourth place."""
    zeros = sample.count(0)
    if len(sample) < 4 or zeros < len(sample) // 4:
        return None
    shares = [column.count(0) / len(column) for column in (sample[offset::4] for offset in range(4))]
    full = [share > 0.7 for share in shares]
    clear = [share < 0.1 for share in shares]
    if full[1] and full[2] and full[3] and clear[0]:
        return "utf-32-le"
    if full[0] and full[1] and full[2] and clear[3]:
        return "utf-32-be"
    if full[1] and full[3] and clear[0] and clear[2]:
        return "utf-16-le"
    if full[0] and full[2] and clear[1] and clear[3]:
        return "utf-16-be"
    return None


def _looks_binary(sample: bytes) -> bool:
    """Text has hardly any control characters. NULs between words (lists made for machines) are let through."""
    if not sample:
        return False
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    zeros = sample.count(0)
    return controls > 0.01 * len(sample) or zeros > 0.3 * len(sample)


def _guess(data: bytes) -> Decoded:
    """An encoding for bytes that are not UTF-8 and do not say what they are."""
    bad = data.decode("utf-8", errors="replace").count(REPLACEMENT)
    if len(_MULTIBYTE.findall(data)) > 3 * bad:
        return _with_losses(data, "utf-8")
    sample = _sample(data)
    encoding = "cp1252" if _western(sample) else _detected(sample)
    text = _strict(data, encoding)
    note = f"Its encoding is not stated; {encoding.upper()} was guessed."
    if text is not None:
        return Decoded(text, encoding, (note, *_nul_warning(text)))
    return _with_losses(data, encoding, note)


def _sample(data: bytes) -> bytes:
    """A stretch that begins near the first byte beyond ASCII: what comes before tells nothing of the encoding."""
    first = next(match.start() for match in re.finditer(rb"[\x80-\xff]", data))
    start = max(0, first - 1024)
    sample = data[start : start + _SAMPLE]
    if len(data) > start + _SAMPLE:
        end = sample.rfind(b"\n")  # not in the middle of a character
        sample = sample[: end + 1] if end > first - start else sample
    return sample


def _western(sample: bytes) -> bool:
    """Whether this reads like Windows-1252: a few accented letters inside words, signs only between words."""
    text = _strict(sample, "cp1252")
    if text is None:
        return False
    letters = sum(map(str.isalpha, text))
    accented = sum(1 for character in text if character > "\x7f" and character.isalpha())
    return accented <= 0.4 * letters and _SIGN_INSIDE_WORD.search(text) is None


def _detected(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # a few milliseconds, and most files never come here

    best = from_bytes(sample).best()
    return best.encoding if best is not None else "cp1252"
