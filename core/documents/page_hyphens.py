"""Whether a hyphen at the end of a line belongs to the word or only marks that the word goes on in the next line."""

from __future__ import annotations

import re

LINE_HYPHEN = "\x02"  # how PDFium writes a hyphen at a line end together with that line end

_LAST_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*\Z")
_LETTERS = re.compile(r"[^\W\d_]+")
_MAX_SEARCHED = 20_000  # characters around the hyphen in which other words are looked for


class PageWords:
    """The words of a page, to be asked for with ``in``. A part of a word with a hyphen is none of them.

    Pages have few hyphens at line ends: looking through the text for each is quicker than listing all words.
    """

    def __init__(self, text: str) -> None:
        self._text = text.lower()[:_MAX_SEARCHED]

    def __contains__(self, word: str) -> bool:
        text, length = self._text, len(word)
        at = text.find(word)
        while at >= 0:
            if not (_goes_on(text[at - 1 : at]) or _goes_on(text[at + length : at + length + 1])):
                return True
            at = text.find(word, at + length)
        return False


def _goes_on(character: str) -> bool:
    return character.isalnum() or character in ("-", "_", LINE_HYPHEN)


def only_marks_the_line_end(before: str, after: str, words: PageWords) -> bool:
    """Whether the hyphen between two lines goes when they are joined.

    A hyphen of the word's own ("few-shot") stays: the other words of the page tell.

    Args:
        before: the line up to its hyphen.
        after: the next line.
    """
    last, first = _LAST_WORD.search(before[-40:].rpartition(" ")[2]), _LETTERS.match(after)
    if last is None or first is None:
        return False
    left, right = last.group().lower(), first.group().lower()
    if left + right in words:
        return True
    if "-" in left or not first.group()[0].islower() or f"{left}-{right}" in words:
        return False
    # Both halves being words of the page speaks for a compound: "few" and "shot", not "architec" and "ture".
    return not (left in words and right in words)
