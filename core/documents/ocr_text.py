"""The words that were recognised in a picture, put together as text with a box for each character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter
from statistics import median

from rankscope.core.documents.page_lines import Joined, Line, Lines, joined
from rankscope.core.documents.text import safe

Box = tuple[float, float, float, float]
_NO_BOX: Box = (0.0, 0.0, 0.0, 0.0)
_LEADING = 1.25  # the height of a line is that of its words and a little more, as type has it


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word; ``box`` is left, top, right, bottom in pixels; words of a line share its number."""

    text: str
    box: Box
    line: int


@dataclass(frozen=True, slots=True)
class RecognisedText:
    """``boxes`` has one (left, top, right, bottom) per character, in pixels; zeros for the white space."""

    text: str
    boxes: tuple[Box, ...] = ()

    def scaled(self, across: float, down: float) -> RecognisedText:
        """The same text in a picture of another size."""
        scaled = ((left * across, top * down, right * across, low * down) for left, top, right, low in self.boxes)
        return RecognisedText(self.text, tuple(scaled))


def put_together(words: Sequence[Word]) -> RecognisedText:
    """The words, in reading order, as text in which the lines of a paragraph are joined."""
    turn = _turn(words)
    characters: list[str] = []
    boxes: list[Box] = []
    lines: list[Line] = []
    first_words: list[float] = []
    for _, group in groupby(words, key=attrgetter("line")):
        members = list(group)
        start = len(boxes)
        for number, word in enumerate(members):
            if number:
                characters.append(" ")
                boxes.append(_NO_BOX)
            characters += word.text
            boxes += _letters(word, turn)
        upright = [_upright(word.box, turn) for word in members]
        height = _LEADING * max(1.0, median(top - bottom for _, bottom, _, top in upright))
        low = median(bottom for _, bottom, _, _ in upright)
        lines.append(Line(start, len(boxes), upright[0][0], upright[-1][2], low, height, turn))
        first_words.append(upright[0][2])
        characters.append("\n")
        boxes.append(_NO_BOX)
    _even_out(lines)
    running = joined(Lines.of(lines), "".join(characters), first_words.__getitem__)
    return RecognisedText(safe(running.text), tuple(_boxes_of(running, boxes)))


def _boxes_of(running: Joined, boxes: Sequence[Box]) -> Iterator[Box]:
    for first, count, others in running.runs:
        yield from boxes[first : first + count]
        yield from [_NO_BOX] * others


def _even_out(lines: list[Line]) -> None:
    """Words with and without long letters differ in height; lines of one size of type must not."""
    if not lines:
        return
    common = median(line.height for line in lines)
    for line in lines:
        if 0.7 * common < line.height < 1.4 * common:
            line.height = common


def _turn(words: Sequence[Word]) -> int:
    """The quarter turns against the clock by which most lines are turned: which way words follow each other."""
    across = down = 0.0
    for word, following in pairwise(words):
        if word.line == following.line:
            across += following.box[0] + following.box[2] - word.box[0] - word.box[2]
            down += following.box[1] + following.box[3] - word.box[1] - word.box[3]
    if abs(across) >= abs(down):
        return 2 if across < 0 else 0
    return 3 if down > 0 else 1


def _upright(box: Box, turn: int) -> Box:
    """Left, bottom, right, top of a box in the picture turned back, upwards positive."""
    left, top, right, low = box
    if turn == 0:
        return left, -low, right, -top
    if turn == 1:
        return -low, -right, -top, -left
    if turn == 2:
        return -right, top, -left, low
    return top, left, low, right


def _letters(word: Word, turn: int) -> Iterator[Box]:
    """The word's box, split evenly between its letters along the direction of reading."""
    left, top, right, low = word.box
    count = len(word.text)
    for number in range(count):
        begin, end = number / count, (number + 1) / count
        if turn in (1, 2):
            begin, end = 1 - end, 1 - begin
        if turn in (0, 2):
            yield left + begin * (right - left), top, left + end * (right - left), low
        else:
            yield left, top + begin * (low - top), right, top + end * (low - top)
