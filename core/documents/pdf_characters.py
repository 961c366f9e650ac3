"""The characters of a PDF page as PDFium tells them, each with its box."""

from __future__ import annotations

import ctypes
import math
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pypdfium2.raw as raw

from rankscope.core.documents.page_hyphens import LINE_HYPHEN
from rankscope.core.documents.right_to_left import has_right_to_left, is_right_to_left, reading_order
from rankscope.core.documents.text import REPLACEMENT

_NO_CHARACTER = "\ufffe"  # in PDFium's quick answer a hyphen with its line end, and also a glyph without a meaning
_WORD = re.compile(r"\S+")
_LINE = re.compile(rf"[^\r\n{LINE_HYPHEN}]+|[\r\n{LINE_HYPHEN}]")

MIRRORED = 4  # beside the quarter turns 0 to 3: a line that is read from right to left

Box = tuple[float, float, float, float]
_NO_BOX: Box = (0.0, 0.0, 0.0, 0.0)


def _with_addresses(function: Any, *arguments: type[ctypes.c_void_p | ctypes.c_int]) -> Callable[..., int]:
    """A function of PDFium that takes plain addresses. That is quicker than what its bindings take: they need a new
    type for each length of an array, and every page has its own."""
    return ctypes.PYFUNCTYPE(ctypes.c_int, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)


_loose_box = _with_addresses(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_get_text = _with_addresses(raw.FPDFText_GetText, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
_BOX_BYTES = ctypes.sizeof(raw.FS_RECTF)


class PdfCharacters:
    """``text`` holds the page's characters in PDFium's order, with its line ends; a hyphen that ends a line is
    :data:`~rankscope.core.documents.page_hyphens.LINE_HYPHEN`. ``sources`` gives the index by which PDFium knows each;
    None where it is the same."""

    def __init__(self, textpage: raw.FPDF_TEXTPAGE) -> None:
        self.text, self.sources, utf16 = _read(textpage)
        self._handle = textpage
        self._mirrored: set[int] = set()
        self._address = ctypes.cast(textpage, ctypes.c_void_p).value
        self._rectangle = raw.FS_RECTF()
        self._place = ctypes.addressof(self._rectangle)
        if has_right_to_left(self.text, utf16):
            self._put_in_reading_order()

    def reaches(self, starts: Sequence[int], ends: Sequence[int]) -> list[float]:
        """For each stretch text[start:end], one after the other, the boxes of its first and its last character: eight
        numbers, twice left, top, right, bottom. Zeros where PDFium has no box."""
        if self.sources is not None:
            starts, ends = [self.sources[start] for start in starts], [self.sources[end - 1] + 1 for end in ends]
        boxes = array("f", bytes(2 * _BOX_BYTES * len(starts)))
        handle, place = self._address, boxes.buffer_info()[0]
        for first, end in zip(starts, ends, strict=True):
            _loose_box(handle, first, place)
            _loose_box(handle, end - 1, place + _BOX_BYTES)
            place += 2 * _BOX_BYTES
        return boxes.tolist()

    def box(self, index: int) -> Box:
        """Left, bottom, right, top of a character in the page's own units; zeros where it has none."""
        rectangle = self._rectangle
        source = index if self.sources is None else self.sources[index]
        if not raw.FPDFText_GetLooseCharBox(self._handle, source, rectangle):
            return _NO_BOX
        return rectangle.left, rectangle.bottom, rectangle.right, rectangle.top

    def right(self, index: int, turn: int) -> float:
        """Where a character ends on the page turned back by ``turn`` quarter turns."""
        if turn or self.sources is not None:
            return self.turned_box(index, turn)[2]
        _loose_box(self._address, index, self._place)
        return self._rectangle.right

    def turn(self, index: int) -> int:
        """The quarter turns, against the clock, by which a character is turned; :data:`MIRRORED` where a line starts
        that is read from right to left."""
        if index in self._mirrored:
            return MIRRORED
        angle = raw.FPDFText_GetCharAngle(self._handle, index if self.sources is None else self.sources[index])
        return round(-angle / (math.pi / 2)) % 4 if angle > 0 else 0  # PDFium measures with the clock

    def turned_box(self, index: int, turn: int) -> Box:
        """The box of a character on the page turned back by ``turn`` quarter turns."""
        return _turned(self.box(index), turn)

    def stretches(self, start: int, end: int, gap: float, turn: int) -> list[tuple[float, float]]:
        """The stretches (left, right) of a line between which at least ``gap`` is empty, on the page turned back."""
        first, last = start, end - 1
        if self.sources is not None:
            first, last = self.sources[first], self.sources[last]
        pieces = raw.FPDFText_CountRects(self._handle, first, last - first + 1)
        if pieces == 1:
            return []
        # Looking at what was drawn at once is quicker than looking at the blanks, unless it is single letters.
        if pieces > 2 * self.text.count(" ", start, end):
            edges = self._words(start, end, turn)
        else:
            edges = self._pieces(pieces, turn)
        result: list[tuple[float, float]] = []
        for left, right in edges:
            if result and left - result[-1][1] < gap:
                result[-1] = (min(left, result[-1][0]), max(right, result[-1][1]))
            else:
                result.append((left, right))
        return result

    def _put_in_reading_order(self) -> None:
        """Arabic and Hebrew as they are read, whatever order PDFium has them in."""
        order: list[int] = []
        for match in _LINE.finditer(self.text):
            line = match.group()
            boxes = [self.box(index) for index in range(*match.span())]
            places = [(left, right) if right > left else None for left, _, right, _ in boxes]
            if is_right_to_left(line):
                self._mirrored.add(len(order) + len(line) - len(line.lstrip()))
            order += (match.start() + index for index in reading_order(line, places))
        sources = range(len(self.text)) if self.sources is None else self.sources
        self.text = "".join(map(self.text.__getitem__, order))
        self.sources = array("i", map(sources.__getitem__, order))

    def _pieces(self, count: int, turn: int) -> Iterator[tuple[float, float]]:
        left, top, right, bottom = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
        for number in range(count):
            raw.FPDFText_GetRect(self._handle, number, left, top, right, bottom)
            turned = _turned((left.value, bottom.value, right.value, top.value), turn)
            yield turned[0], turned[2]

    def _words(self, start: int, end: int, turn: int) -> Iterator[tuple[float, float]]:
        for word in _WORD.finditer(self.text, start, end):
            yield self.turned_box(word.start(), turn)[0], self.turned_box(word.end() - 1, turn)[2]


def _turned(box: Box, turn: int) -> Box:
    left, bottom, right, top = box
    if turn == 0:
        return box
    if turn == 1:
        return bottom, -right, top, -left
    if turn == 2:
        return -right, -top, -left, -bottom
    if turn == MIRRORED:
        return -right, bottom, -left, top
    return -top, left, -bottom, right


def _read(textpage: raw.FPDF_TEXTPAGE) -> tuple[str, array[int] | None, bytes]:
    """All characters of the page; the index by which PDFium knows each, unless they count alike; both as UTF-16."""
    count = raw.FPDFText_CountChars(textpage)
    if count <= 0:
        return "", None, b""
    buffer = array("H", bytes(4 * count + 4))
    place = buffer.buffer_info()[0]
    written = _get_text(ctypes.cast(textpage, ctypes.c_void_p).value, 0, count, place)
    utf16 = ctypes.string_at(place, 2 * max(0, written - 1))
    try:
        quick = utf16.decode("utf-16-le")
    except UnicodeDecodeError:
        quick = ""
    # One call for the whole page is right as long as it neither drops nor adds characters.
    if len(quick) == count:
        return (_marked_hyphens(textpage, quick) if _NO_CHARACTER in quick else quick), None, utf16
    return *_one_by_one(textpage, count), utf16


def _marked_hyphens(textpage: raw.FPDF_TEXTPAGE, text: str) -> str:
    def meaning(match: re.Match[str]) -> str:
        return LINE_HYPHEN if raw.FPDFText_IsHyphen(textpage, match.start()) == 1 else REPLACEMENT

    return re.sub(_NO_CHARACTER, meaning, text)


def _one_by_one(textpage: raw.FPDF_TEXTPAGE, count: int) -> tuple[str, array[int]]:
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
