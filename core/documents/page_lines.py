"""Lines of text on a page, and how they become running text: joined with a blank, a line end or an empty line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rankscope.core.documents.page_hyphens import LINE_HYPHEN, PageWords, only_marks_the_line_end

BLANK, LINE_END, EMPTY_LINE = " ", "\n", "\n\n"
_NEAR = (-2, -1, 1, 2, 3)  # the lines around a line that show where the margin is

Floats = npt.NDArray[np.float64]


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
    count = len(lines) - 1
    if count < 1:
        return [""] * len(lines)
    left, right, height = lines.left[:-1], lines.right[:-1], np.maximum(lines.height[:-1], lines.height[1:])
    down = lines.baseline[:-1] - lines.baseline[1:]
    goes_on = (down > 0.2 * height) & (down < 1.9 * height) & (lines.turn[:-1] == lines.turn[1:])
    goes_on &= np.abs(lines.height[:-1] - lines.height[1:]) <= 0.15 * height
    goes_on &= (lines.left[1:] <= right) & (lines.right[1:] >= left)  # else it is another column
    room = _margin(lines)[:-1] - right
    result = np.where(goes_on, BLANK, EMPTY_LINE).tolist()
    for number in np.flatnonzero(goes_on & (room > 0.3 * height)).tolist():
        first_word = first_word_right(number + 1) - lines.left[number + 1]
        indented = lines.left[number + 1] > left[number] + 0.8 * height[number] and room[number] > 0.5 * height[number]
        if first_word + 0.3 * height[number] < room[number] or indented:
            result[number] = LINE_END
    return [*result, ""]


def _margin(lines: Lines) -> Floats:
    """How far to the right the lines near each line reach that stand in the same column."""
    count = len(lines)
    left, right = lines.left, lines.right
    margin = right.copy()
    for step in _NEAR:
        if abs(step) >= count:
            continue
        here, there = slice(max(0, -step), count - max(0, step)), slice(max(0, step), count - max(0, -step))
        same_column = (left[there] < right[here]) & (right[there] > left[here])
        np.maximum(margin[here], right[there], out=margin[here], where=same_column)
    return margin
