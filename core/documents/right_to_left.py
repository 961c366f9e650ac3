"""Arabic and Hebrew in the order in which they are read, from letters that are known by where they stand on a page.

A PDF places letters; in which order it names them depends on the program that wrote it. PDFium turns words round in
the belief that they were named from left to right, and is wrong as often as right. Where they stand is certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_LETTERS = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_SOME = re.compile(f"[{_LETTERS}]")
# The upper bytes of UTF-16 that such letters may have; a search of bytes is far quicker than one of characters.
_OTHER_BYTES = bytes(set(range(256)) - {0x05, 0x06, 0x07, 0x08, 0xFB, 0xFC, 0xFD, 0xFE})

_LEFT_TO_RIGHT = re.compile("[ln](?:[ln-]*[ln])?")  # kinds: r, l letters by direction, n digits, - all others
_RIGHT_TO_LEFT = re.compile("r(?:[rn-]*r)?")
_NUMBER = re.compile("n+")
_SEPARATORS = ".,:/"

Place = tuple[float, float] | None


def has_right_to_left(text: str, utf16: bytes) -> bool:
    """Whether a text, given also as UTF-16 (little-endian), holds letters that are read from right to left."""
    return not text.isascii() and bool(utf16[1::2].translate(None, _OTHER_BYTES)) and bool(_SOME.search(text))


def is_right_to_left(text: str) -> bool:
    """Whether most letters of a line are read from right to left."""
    right = len(_SOME.findall(text))
    return 2 * right >= sum(map(str.isalpha, text)) and right > 0


def reading_order(text: str, places: Sequence[Place]) -> list[int]:
    """The order in which the characters of one line are read, as their indices.

    Args:
        text: the characters of the line, in any order.
        places: where each stands on the line (left, right); None for one that stands nowhere, like some blanks: they
            stay between their neighbours.
    """
    if not _SOME.search(text):
        return list(range(len(text)))
    clusters = _from_left_to_right(text, places)
    kinds = _kinds([text[cluster[0]] for cluster in clusters])
    order = list(range(len(clusters)))
    if is_right_to_left(text):
        order.reverse()
        kinds = kinds[::-1]
        for run in _LEFT_TO_RIGHT.finditer(kinds):
            # Numbers by themselves are read one after the other from right to left, each from left to right.
            for part in (run,) if "l" in run.group() else _NUMBER.finditer(kinds, *run.span()):
                _turn_round(order, part)
    else:
        for run in _RIGHT_TO_LEFT.finditer(kinds):
            _turn_round(order, run)
            reversed_kinds = kinds[: run.start()] + run.group()[::-1]
            for part in _NUMBER.finditer(reversed_kinds, *run.span()):
                _turn_round(order, part)
    return [index for number in order for index in clusters[number]]


def _turn_round(order: list[int], run: re.Match[str]) -> None:
    order[run.start() : run.end()] = order[run.start() : run.end()][::-1]


def _kinds(characters: Sequence[str]) -> str:
    kinds = ["r" if _SOME.match(one) else "l" if one.isalpha() else "n" if one.isdigit() else "-" for one in characters]
    for number in range(1, len(kinds) - 1):
        if characters[number] in _SEPARATORS and kinds[number - 1] == kinds[number + 1] == "n":
            kinds[number] = "n"
    return "".join(kinds)


def _from_left_to_right(text: str, places: Sequence[Place]) -> list[list[int]]:
    """The characters as they stand. Those of one glyph, and a letter with its vowel signs, stay together."""
    middles: list[float] = []
    for index, place in enumerate(places):
        around = (place,) if place is not None else places[max(0, index - 1) : index + 2]
        found = [(one[0] + one[1]) / 2 for one in around if one is not None]
        middles.append(sum(found) / len(found) if found else 0.0)
    clusters: list[list[int]] = []
    for index in sorted(range(len(text)), key=middles.__getitem__):
        same = clusters and (middles[index] == middles[clusters[-1][0]] or unicodedata.combining(text[index]))
        if same:
            clusters[-1].append(index)
        else:
            clusters.append([index])
    return clusters
