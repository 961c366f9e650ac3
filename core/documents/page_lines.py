"""Lines of text on a page, and how they become running text: joined with a blank, a line end or an empty line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from rankscope.core.documents.page_hyphens import LINE_HYPHEN, PageWords, only_marks_the_line_end

BLANK, LINE_END, EMPTY_LINE = " ", "\n", "\n\n"


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
    """The lines of a page in reading order: one entry per line in each list, with the meaning that :class:`Line` gives
    it. Lists, because what is asked of every line of every page has to be quick."""

    starts: list[int]
    ends: list[int]
    left: list[float]
    right: list[float]
    baseline: list[float]
    height: list[float]
    turn: list[int]

    @staticmethod
    def of(lines: Sequence[Line]) -> Lines:
        """These lines."""
        return Lines(*([getattr(line, name) for line in lines] for name in Line.__slots__))

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, number: int) -> Line:
        return Line(
            self.starts[number],
            self.ends[number],
            self.left[number],
            self.right[number],
            self.baseline[number],
            self.height[number],
            self.turn[number],
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
    if not lines:
        return []
    left, right, turn = lines.left, lines.right, lines.turn
    result: list[str] = []
    number = -1
    for baseline, height, next_baseline, next_height, outermost in zip(
        lines.baseline, lines.height, lines.baseline[1:], lines.height[1:], _outermost(right), strict=False
    ):
        number += 1
        if height < next_height:
            height, next_height = next_height, height
        if not 0.2 * height < baseline - next_baseline < 1.9 * height or height - next_height > 0.15 * height:
            result.append(EMPTY_LINE)
            continue
        begin, end, next_begin = left[number], right[number], left[number + 1]
        if next_begin > end or right[number + 1] < begin or turn[number] != turn[number + 1]:
            result.append(EMPTY_LINE)  # another column
            continue
        least = 0.3 * height
        if outermost - end <= least or (room := _margin(left, right, number) - end) <= least:
            result.append(BLANK)
        elif room > 0.5 * height and next_begin > begin + 0.8 * height:
            result.append(LINE_END)  # the next line is indented
        elif right[number + 1] - next_begin + least < room:
            result.append(LINE_END)  # all of the next line would have fitted
        else:
            result.append(LINE_END if first_word_right(number + 1) - next_begin + least < room else BLANK)
    result.append("")
    return result


def _outermost(right: list[float]) -> Iterable[float]:
    """How far to the right the lines near each line reach: two before it and three after it."""
    padded = [-inf, -inf, *right, -inf, -inf, -inf]
    return map(max, *(padded[first : first + len(right)] for first in range(6)))


def _margin(left: list[float], right: list[float], number: int) -> float:
    """The same for one line, without those that stand in another column."""
    begin, margin = left[number], right[number]
    end = margin
    near = slice(number - 2 if number > 2 else 0, number + 4)
    for other_begin, other_end in zip(left[near], right[near], strict=True):
        if other_end > margin and other_begin < end and other_end > begin:
            margin = other_end
    return margin
