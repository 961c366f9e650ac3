"""Guessing the encoding of bytes that do not say it themselves.

Between the Latin encodings the letters decide: read in the right one, a text has the letters of some language, read in
a wrong one it mixes those of several. Cyrillic is known by its commonest letters. For other scripts the library
charset-normalizer is asked; it is shown only the lines that hold more than ASCII, because in a program with a few
foreign comments everything else misleads it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_SAMPLE = 64 * 1024  # bytes looked at
_LOOK = 4096  # characters looked at to tell text from noise

# The letters beyond ASCII of languages that are written in each encoding.
_WESTERN = (
    "äöüß éèêàçâîôûùëïœæ áéíóúñü áâãàçéêíóôõú àèéìòù äåöé æøåéä áðéíóúýþæö éëïóöü àçèéíïòóúü äöõü áàéèíóúâêô"
).split()
_CENTRAL = "áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž ąćęłńóśźż áéíóöőúüű ăâîşţ čćđšž äöüß çëäöáéí".split()
_TURKISH = "çğıöşüâîûi̇".split()
_BALTIC = "ąčęėįšųūž āčēģīķļņšūž äõöüšž".split()
_LATIN: tuple[tuple[str, list[str]], ...] = (
    ("cp1252", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859_2", _CENTRAL),
    ("cp1254", _TURKISH),
    ("cp1257", _BALTIC),
    ("cp850", _WESTERN),
    ("cp852", _CENTRAL),
    ("mac_roman", _WESTERN),
)
_CYRILLIC = ("cp1251", "koi8_u", "cp866", "iso8859_5")
_COMMON_CYRILLIC = frozenset("оаеинтсрвліј")  # six letters of ten in any language that is written with it
_SEVERAL_LANGUAGES = (("cp1252", ["".join(_WESTERN)]),)
# Without ASCII characters as single bytes: decided before, or never met on a desktop.
_RULED_OUT = "cp037 cp273 cp424 cp500 cp875 cp1026 cp1140 utf_7 utf_16 utf_16_le utf_16_be utf_32 utf_32_le utf_32_be"
_SIGNS = frozenset("„“”‚‘’«»‹›–—…€£§°·•©®™º¡¿×½\u00a0²³µ")
_INSIDE_NO_WORD = "„“”«»‹›…€£§·•©®™¡¿×½²³¤¨¬±¶¸¯†‡ˆ˜¦¢¥"
_SIGN_INSIDE_WORD = re.compile(rf"[^\W\d_][{_INSIDE_NO_WORD}][^\W\d_]")
_BEYOND_ASCII = bytes(range(128, 256))
_ODD_SIGNS = frozenset(_INSIDE_NO_WORD)
_BEYOND = re.compile(r"[^\x00-\x7f]")
_NO_ASCII_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
_LEAST = 4
_FOREIGN_LINE = re.compile(rb"[\x80-\xff][^\n]{0,65536}")
_SAFE_END = re.compile(rb"([\x00-\x3f])[^\x00-\x3f]*\Z")  # in no encoding the second half of a character
_FOREIGN_RUN = re.compile(r"[^\W\d_\x00-\x7f]{5}")


def guessed_encoding(data: bytes) -> str:
    """The most likely encoding of bytes that are neither ASCII nor UTF-8."""
    sample = _telling_lines(data)
    if len(sample) - len(sample.translate(None, _BEYOND_ASCII)) < _LEAST:
        return "cp1252"  # too little to tell
    return (
        _latin(sample, _LATIN, 0.8)
        or _latin(sample, _SEVERAL_LANGUAGES, 0.97)
        or _cyrillic(sample)
        or _detected(sample)
    )


def wide_encoding(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark: read in the right order, nearly every character is one that people
    write, and fewer alphabets are mixed than in the wrong order. None for everything else."""
    if len(sample) < 8:
        return None
    if sample.count(0) >= len(sample) // 4:
        name = _less_mixed(sample, "utf-32-le", "utf-32-be")
        if name is not None:
            return name
    return _less_mixed(sample, "utf-16-le", "utf-16-be")


def _less_mixed(sample: bytes, *encodings: str) -> str | None:
    spreads = [(spread, name) for name in encodings if (spread := _spread(sample, name)) is not None]
    return min(spreads)[1] if spreads else None


def _spread(sample: bytes, encoding: str) -> int | None:
    """How many blocks of 256 code points the text uses; None where the bytes are no plausible text."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:  # only a character cut in two by the end of the sample is forgiven
            return None
        text = sample[: error.start].decode(encoding)
    text = text[:_LOOK]
    odd = sum(1 for character in text if not _written(character))
    if not text or odd > len(text) // 100:
        return None
    return len({ord(character) >> 8 for character in text})


def _written(character: str) -> bool:
    return character in "\t\n\r\x0c" or unicodedata.category(character)[0] in "LMNPSZ"


def _telling_lines(data: bytes) -> bytes:
    """The first lines that hold more than ASCII, as many as a sample takes."""
    kept: list[bytes] = []
    room = _SAMPLE
    for match in _FOREIGN_LINE.finditer(data):
        line = data[_line_start(data, match.start()) : match.end()]
        kept.append(line if len(line) < room else _whole_characters(line[:room]))
        room -= len(line)
        if room <= 0:
            break
    return b"\n".join(kept)


def _line_start(data: bytes, position: int) -> int:
    """The start of the line, or of a word on it where the line is long."""
    reach = max(0, position - 1024)
    start = data.rfind(b"\n", reach, position) + 1 or data.rfind(b" ", reach, position) + 1 or reach
    return start if data[start:position].isascii() else position


def _whole_characters(cut: bytes) -> bytes:
    """Without the last characters of several bytes, one of which the cut may have halved."""
    match = _SAFE_END.search(cut, max(0, len(cut) - 400))
    return cut[: match.end(1)] if match else cut


def _latin(sample: bytes, candidates: Sequence[tuple[str, list[str]]], least: float) -> str | None:
    """The Latin encoding whose reading looks most like one language; None where no share is above ``least``."""
    best = None
    for encoding, alphabets in candidates:
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        share = _share(text, alphabets)
        if share > least + 0.001:  # of equals the first, which is the commonest
            best, least = encoding, share
    return best


def _share(text: str, alphabets: list[str]) -> float:
    """How many of the characters beyond ASCII are letters of one language or signs between words, 0 to 1."""
    foreign = "".join(_BEYOND.findall(text))
    if _FOREIGN_RUN.search(text) or _mostly_accented(text, foreign):
        return 0.0  # some other script
    beyond = Counter(_BEYOND.findall(foreign.lower()))
    signs = sum(count for character, count in beyond.items() if character in _SIGNS)
    letters = max(sum([beyond[letter] for letter in alphabet if letter in beyond]) for alphabet in alphabets)
    inside = 0 if _ODD_SIGNS.isdisjoint(foreign) else len(_SIGN_INSIDE_WORD.findall(text))
    return (signs + letters - inside) / max(1, beyond.total())


def _cyrillic(sample: bytes) -> str | None:
    """The Cyrillic encoding in whose reading the commonest letters are the ones that should be."""
    best, best_share = None, 0.42
    for encoding in _CYRILLIC:
        text = sample.decode(encoding, errors="replace")
        beyond = [character for character in text if character > "\x7f"]
        share = sum(character in _COMMON_CYRILLIC for character in beyond) / max(1, len(beyond))
        if share > best_share:
            best, best_share = encoding, share
    return best


def _mostly_accented(text: str, foreign: str) -> bool:
    """``foreign`` are the characters of the text beyond ASCII."""
    accented = sum(map(str.isalpha, foreign))
    plain = len(text.encode("ascii", "ignore").translate(None, _NO_ASCII_LETTERS))
    return accented > 0.4 * (accented + plain)


def _detected(sample: bytes) -> str:
    from charset_normalizer import from_bytes  # a few milliseconds, and most files never come here

    best = from_bytes(sample, cp_exclusion=_RULED_OUT.split()).best()
    return best.encoding if best is not None else "cp1252"
