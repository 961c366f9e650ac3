"""The text of one PDF page and the box of each of its characters: one function for reading and for showing.

PDFium tells characters one by one, with their boxes, and puts line ends between them. Here the lines of a paragraph
are joined with blanks, words that were hyphenated at a line end are made whole, and every character of the result
remembers which of PDFium's characters it is. So text, offsets and boxes always agree.
"""

from __future__ import annotations

import ctypes
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rankscope.core.documents.text import REPLACEMENT, safe

_SURROGATES = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[^\W\d_]+(?:[-\x02][^\W\d_]+)*")
_LAST_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*\Z")
_LETTERS_AFTER = re.compile(r"[^\W\d_]+")
_LINE = re.compile(r"[^\s\x02](?:[^\r\n\x02]*[^\s\x02])?")
_SPACE = re.compile(r"\s")
_HYPHEN = "\x02"  # how PDFium writes a hyphen at a line end together with that line end
_NO_CHARACTER = "\ufffe"  # the same in its quick answer, where it also stands for glyphs without a meaning

NO_BOX = -1


@dataclass(frozen=True, slots=True)
class PageText:
    """``text`` and, for each of its characters, the index of PDFium's character; -1 where it has no box."""

    text: str
    sources: array[int]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line in PDFium's characters [start, end), with what decides whether the next line continues it."""

    start: int
    end: int
    left: float
    right: float
    first_word_right: float
    baseline: float
    height: float


def page_text(textpage: pdfium.PdfTextPage) -> PageText:
    """The text of a page in PDFium's reading order. The same page always gives the same text."""
    characters, sources = _characters(textpage)
    lines = list(_lines(textpage, characters, sources))
    words = _whole_words(characters) if _HYPHEN in characters else frozenset()
    pieces: list[str] = []
    kept = array("i")
    for number, line in enumerate(lines):
        pieces.append(characters[line.start : line.end])
        kept.extend(sources[line.start : line.end])
        if number + 1 == len(lines):
            break
        if characters[line.end] == _HYPHEN:
            before = _LAST_WORD.search(characters, max(line.start, line.end - 40), line.end)
            after = _LETTERS_AFTER.match(characters, lines[number + 1].start)
            if before is None or after is None or not _is_one_word(before.group(), after.group(), words):
                pieces.append("-")
                kept.append(sources[line.end])
            continue
        separator = _separator(lines, number)
        pieces.append(separator)
        kept.extend([NO_BOX] * len(separator))
    return PageText(safe("".join(pieces)), kept)


def _characters(textpage: pdfium.PdfTextPage) -> tuple[str, array[int]]:
    """All characters of the page and the index that PDFium knows each by (for its box)."""
    count = raw.FPDFText_CountChars(textpage)
    if count <= 0:
        return "", array("i")
    buffer = (ctypes.c_ushort * (count * 2 + 2))()
    written = raw.FPDFText_GetText(textpage, 0, count, buffer)
    quick = bytes(buffer)[: max(0, written - 1) * 2].decode("utf-16-le", errors="surrogatepass")
    # One call for the whole page is right as long as it neither drops nor adds characters.
    if len(quick) == count and not _SURROGATES.search(quick):
        return _marked_hyphens(textpage, quick), array("i", range(count))
    return _one_by_one(textpage, count)


def _marked_hyphens(textpage: pdfium.PdfTextPage, text: str) -> str:
    if _NO_CHARACTER not in text:
        return text
    return "".join(
        character
        if character != _NO_CHARACTER
        else (_HYPHEN if raw.FPDFText_IsHyphen(textpage, index) == 1 else REPLACEMENT)
        for index, character in enumerate(text)
    )


def _one_by_one(textpage: pdfium.PdfTextPage, count: int) -> tuple[str, array[int]]:
    """Slower and always in step: characters beyond the basic plane are two of PDFium's."""
    units = [raw.FPDFText_GetUnicode(textpage, index) for index in range(count)]
    characters: list[str] = []
    sources = array("i")
    skip = False
    for index, unit in enumerate(units):
        if skip:
            skip = False
            continue
        character = chr(unit) if 0 < unit < 0x110000 and unit != 0xFFFE else REPLACEMENT
        if 0xD800 <= unit < 0xDC00 and index + 1 < count and 0xDC00 <= units[index + 1] < 0xE000:
            character = chr(0x10000 + ((unit - 0xD800) << 10) + (units[index + 1] - 0xDC00))
            skip = True
        characters.append(character)
        sources.append(index)
    return "".join(characters), sources


def _lines(textpage: pdfium.PdfTextPage, characters: str, sources: array[int]) -> Iterator[_Line]:
    """The lines that hold anything, without the line ends and the blanks around them."""
    for match in _LINE.finditer(characters):
        start, end = match.span()
        space = _SPACE.search(characters, start, end)
        word_end = space.start() if space else end
        first = _box(textpage, sources[start])
        last = _box(textpage, sources[end - 1])
        word = _box(textpage, sources[word_end - 1])
        yield _Line(start, end, first[0], last[2], word[2], first[1], max(first[3] - first[1], 0.1))


def _box(textpage: pdfium.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a character in the page's own units; zeros where it has none."""
    rectangle = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(textpage, index, rectangle):
        return (0.0, 0.0, 0.0, 0.0)
    return (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _separator(lines: list[_Line], number: int) -> str:
    """What stands between a line and the next: a blank inside a paragraph, a line end, or an empty line.

    The test of a paragraph's last line is whether the next line's first word would still have fitted on it.
    """
    line, following = lines[number], lines[number + 1]
    height = max(line.height, following.height)
    down = line.baseline - following.baseline
    if not 0.2 * height < down < 1.9 * height or abs(line.height - following.height) > 0.15 * height:
        return "\n\n"
    if following.left > line.right or following.right < line.left:
        return "\n\n"  # another column
    margin = max(other.right for other in lines[max(0, number - 2) : number + 4] if _same_column(other, line))
    room = margin - line.right
    if following.first_word_right - following.left + 0.3 * height < room:
        return "\n"
    return "\n" if following.left > line.left + 0.8 * height and room > 0.5 * height else " "


def _same_column(line: _Line, other: _Line) -> bool:
    return line.left < other.right and line.right > other.left


def _whole_words(characters: str) -> frozenset[str]:
    """The page's words that no line end cuts."""
    return frozenset(word.lower() for word in _WORD.findall(characters) if _HYPHEN not in word)


def _is_one_word(before: str, after: str, words: frozenset[str]) -> bool:
    """Whether the hyphen between them only marks the line end. One of the word's own ("few-shot") stays: the page's
    other words tell."""
    if f"{before}{after}".lower() in words:
        return True
    if "-" in before or f"{before}-{after}".lower() in words or not after[0].islower():
        return False
    # Both halves being words of the page speaks for a compound: "few" and "shot", not "architec" and "ture".
    return not (before.lower() in words and after.lower() in words)
