"""Lines of text on a page, and how they become running text: joined with a blank, a line end or an empty line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rankscope.core.documents.page_hyphens import LINE_HYPHEN, PageWords, only_marks_the_line_end

BLANK, LINE_END, EMPTY_LINE = " ", "\n", "\n\n"

_NEAR = np.arange(6)  # two lines before a line and three after it show where the margin is
_NO_LINE = np.array([np.nan])

Floats = npt.NDArray[np.floating[Any]]


@dataclass(slots=True)
class Line:
    """A line: ``text[start:end]`` of its page's characters, and where it stands.

    Lengths are in any one unit, measured along the direction in which the line is read and across it; ``baseline``
    grows upwards. ``turn`` counts the quarter turns, against the clock, by which the line is turned.
    """

    start: int
    end: int
    left: float
    right: float
    baseline: float
    height: float
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a page in reading order: one entry per line everywhere, with the meaning that :class:`Line` gives
    them. Arrays, because what is asked of every line of every page has to be quick."""

    starts: list[int]
    ends: list[int]
    left: Floats
    right: Floats
    baseline: Floats
    height: Floats
    turn: npt.NDArray[np.int8]

    @staticmethod
    def of(lines: Sequence[Line]) -> Lines:
        """These lines."""
        places = np.array([(line.left, line.right, line.baseline, line.height) for line in lines])
        left, right, baseline, height = places.reshape(-1, 4).T
        turn = np.array([line.turn for line in lines], np.int8)
        return Lines([line.start for line in lines], [line.end for line in lines], left, right, baseline, height, turn)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Line:
        return Line(
            self.starts[number],
            self.ends[number],
            float(self.left[number]),
            float(self.right[number]),
            float(self.baseline[number]),
            float(self.height[number]),
            int(self.turn[number]),
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """The running text that lines make up. ``runs`` are (first, count, others) for each line: ``count`` characters in a
    row that are the page's from ``first`` on, then ``others`` that stand nowhere on it."""

    text: str
    runs: list[tuple[int, int, int]]


def joined(lines: Lines, text: str, first_word_right: Callable[[int], float]) -> Joined:
    """The lines as running text; words that were cut at a line end are whole again.

    Args:
        text: all characters of the page.
        first_word_right: where the first word of a line ends; asked only where it matters, because it costs time.
    """
    words: PageWords | None = None
    pieces: list[str] = []
    runs: list[tuple[int, int, int]] = []
    last = len(lines) - 1
    for number, (start, end, between) in enumerate(
        zip(lines.starts, lines.ends, _between(lines, first_word_right), strict=True)
    ):
        if number < last and (text[end - 1] == "-" or text[end : end + 1] == LINE_HYPHEN):
            following = text[lines.starts[number + 1] : lines.ends[number + 1]]
            hyphen = _hyphen(text, end, between, following)
            if hyphen >= 0:
                words = words or PageWords(text)
                end = hyphen if only_marks_the_line_end(text[start:hyphen], following, words) else hyphen + 1
                between = ""
        pieces.append(text[start:end])
        pieces.append(between)
        runs.append((start, end - start, len(between)))
    return Joined("".join(pieces).replace(LINE_HYPHEN, "-"), runs)


def _hyphen(text: str, end: int, between: str, following: str) -> int:
    """Where the hyphen stands that ties a line to the following one; -1 if there is none."""
    if text[end : end + 1] == LINE_HYPHEN:
        return end
    tied = between == BLANK and text[end - 2 : end - 1].isalpha() and following[:1].isalpha()
    return end - 1 if tied else -1


def _between(lines: Lines, first_word_right: Callable[[int], float]) -> list[str]:
    """What stands after each line; nothing after the last one.

    The test of a paragraph's last line is whether the next line's first word would still have fitted on it.
    """
    if len(lines) < 2:
        return [""] * len(lines)
    left, right, baseline, height = lines.left, lines.right, lines.baseline, lines.height
    high = np.maximum(height[:-1], height[1:])
    down = (baseline[:-1] - baseline[1:]) / high
    goes_on = (down > 0.2) & (down < 1.9) & (np.abs(height[:-1] - height[1:]) <= 0.15 * high)
    goes_on &= (left[1:] <= right[:-1]) & (right[1:] >= left[:-1])  # else it is another column
    if lines.turn.any():
        goes_on &= lines.turn[:-1] == lines.turn[1:]
    room = (_margin(left, right)[:-1] - right[:-1]) / high
    goes_on_early = goes_on & (room > 0.3)
    all_would_fit = (right[1:] - left[1:]) / high + 0.3 < room
    indented = (left[1:] - left[:-1] > 0.8 * high) & (room > 0.5)
    ended = goes_on_early & (all_would_fit | indented)
    result = np.where(ended, LINE_END, np.where(goes_on, BLANK, EMPTY_LINE)).tolist()
    unsure = (goes_on_early & ~ended).nonzero()[0]
    limits = (left[1:] + (room - 0.3) * high)[unsure].tolist()
    for number, limit in zip(unsure.tolist(), limits, strict=True):
        if first_word_right(number + 1) < limit:
            result[number] = LINE_END
    result.append("")
    return result


def _margin(left: Floats, right: Floats) -> Floats:
    """How far to the right the lines reach that are near each line and in the same column."""
    near = np.arange(len(left))[:, np.newaxis] + _NEAR
    lefts = np.concatenate((_NO_LINE, _NO_LINE, left, _NO_LINE, _NO_LINE, _NO_LINE))[near]
    rights = np.concatenate((_NO_LINE, _NO_LINE, right, _NO_LINE, _NO_LINE, _NO_LINE))[near]
    same_column = (lefts < right[:, np.newaxis]) & (rights > left[:, np.newaxis])
    margin: Floats = np.where(same_column, rights, right[:, np.newaxis]).max(axis=1)
    return margin
