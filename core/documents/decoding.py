"""Bytes to text, never silently wrong: what was guessed or replaced is said in a warning.

The order is: byte order mark; UTF-16 or UTF-32 by what its bytes make; the escape sequences of ISO-2022; UTF-8 if every
byte fits; the encoding the document itself declares; UTF-8 with a few damaged places; a guess.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from rankscope.core.documents.text import REPLACEMENT
from rankscope.core.documents.text_guessing import guessed_encoding, wide_encoding

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_FIRST_BYTES = tuple(mark for mark, _ in _MARKS)
_SAMPLE = 64 * 1024
_CONTROLS = bytes(set(range(32)) - {0, 8, 9, 10, 11, 12, 13, 27})
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SEVEN_BIT = re.compile(r"iso-?2022|^hz|utf-?7", re.IGNORECASE)
_ESCAPES = ((re.compile(rb"\x1b\$[@B]"), "iso2022_jp_ext"), (re.compile(rb"\x1b\$\)C"), "iso2022_kr"))
# What documents call an encoding is often only a part of what they use; browsers read these names so, too.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Codecs that are no encoding of whole documents, or that the declaration, itself readable as ASCII, contradicts.
_NEVER_MEANT = frozenset("idna punycode undefined unicode-escape raw-unicode-escape".split())


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
    if data.startswith(_FIRST_BYTES):
        mark, encoding = next(entry for entry in _MARKS if data.startswith(entry[0]))
        return _with_losses(data[len(mark) :], encoding)
    head = data[:_SAMPLE]
    wide = _wide_encoding(head)
    if wide is None and _looks_binary(head):
        escaped = _escaped(data)
        if escaped is not None:
            return escaped
        wide = wide_encoding(head)
        if wide is None:
            raise NotText
    return _as_wide(data, wide) if wide else _of_bytes(data, _meant(declared))


def _as_wide(data: bytes, encoding: str) -> Decoded:
    return _with_losses(data, encoding, f"It has no byte order mark; it was read as {encoding.upper()}.")


def _of_bytes(data: bytes, declared: str | None) -> Decoded:
    """An encoding in which ASCII characters are single bytes."""
    if declared and _SEVEN_BIT.search(declared):
        decoded = _strict(data, declared)
        if decoded is not None:
            return Decoded(decoded, declared)
    decoded = _strict(data, "utf-8")
    if decoded is not None:
        return _escaped(data) or Decoded(decoded, "utf-8", _nul_warning(decoded))
    if declared:
        decoded = _strict(data, declared)
        if decoded is not None:
            return Decoded(decoded, declared, _nul_warning(decoded))
    # In scripts other than Latin only blanks and line ends have zero bytes in UTF-16.
    wide = wide_encoding(data[:_SAMPLE]) if b"\x00" in data[:_SAMPLE] else None
    return _as_wide(data, wide) if wide else _guess(data)


def _meant(declared: str | None) -> str | None:
    """The Python codec for the name of an encoding in a document; None where the name cannot be right."""
    try:
        name = codecs.lookup(declared or "").name
    except (LookupError, ValueError):
        return None
    if name in _NEVER_MEANT or name.startswith(("utf-16", "utf-32")):
        return None
    return _MEANT.get(name, name)


def _escaped(data: bytes) -> Decoded | None:
    """Japanese or Korean in seven bits, which its escape sequences give away."""
    if b"\x1b" not in data:  # a search for one byte is much faster than for two
        return None
    for sequence, encoding in _ESCAPES:
        if sequence.search(data):
            decoded = _strict(data, encoding)
            if decoded is not None:
                return Decoded(decoded, encoding)
    return None


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
    count = text.count("\x00") if "\x00" in text else 0  # none is found sooner than counted
    return (f"{count} NUL characters were replaced.",) if count else ()


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: Latin letters have zero bytes in every second or fourth place."""
    if len(sample) < 4 or 0 not in sample or sample.count(0) < len(sample) // 4:
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
    return controls > max(1, 0.01 * len(sample)) or (0 in sample and sample.count(0) > 0.3 * len(sample))


def _guess(data: bytes) -> Decoded:
    """An encoding for bytes that are not UTF-8 and do not say what they are."""
    bad = data.decode("utf-8", errors="replace").count(REPLACEMENT)
    if len(_MULTIBYTE.findall(data)) > 3 * bad:
        return _with_losses(data, "utf-8")
    encoding = guessed_encoding(data)
    text = _strict(data, encoding)
    note = f"Its encoding is not stated; {encoding.upper()} was guessed."
    if text is not None:
        return Decoded(text, encoding, (note, *_nul_warning(text)))
    return _with_losses(data, encoding, note)
