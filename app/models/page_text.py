"""Where words stand on a rendered page, and which part of a long text is shown. Numpy and strings only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rankscope.core.api import Page

WINDOW = 40_000  # characters shown before and after the passage in a long text

# What Qt's text documents would treat as the end of a paragraph or drop; one character each, so offsets stay.
_REPLACED = {
    0x0D: " ",
    0x0B: " ",
    0x0C: "\n",
    0x1C: " ",
    0x1D: " ",
    0x1E: " ",
    0x85: " ",
    0x2028: "\n",
    0x2029: "\n",
    0xFDD0: " ",
    0xFDD1: " ",
    0xFFFC: " ",
}

Rect = tuple[float, float, float, float]


class PageText:
    """The boxes of a page's characters, gathered into lines.

    Args:
        boxes: ``(left, top, right, bottom)`` per character, all zeros for a character without a box.
    """

    def __init__(self, boxes: Sequence[tuple[float, float, float, float]]) -> None:
        self._boxes = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)  # [characters, 4]
        self._seen = (self._boxes[:, 2] > self._boxes[:, 0]) & (self._boxes[:, 3] > self._boxes[:, 1])
        self._line = np.full(len(self._boxes), -1, dtype=np.int64)
        where = np.flatnonzero(self._seen)
        if len(where):
            boxes_seen = self._boxes[where]
            middles = (boxes_seen[:, 1] + boxes_seen[:, 3]) / 2
            height = float(np.median(boxes_seen[:, 3] - boxes_seen[:, 1])) or 1.0
            lower = np.abs(np.diff(middles)) > 0.8 * height
            back = np.diff(boxes_seen[:, 0]) < -2.0 * height
            self._line[where] = np.concatenate(([0], np.cumsum(lower | back)))
        count = int(self._line.max(initial=-1)) + 1
        self._tops, self._bottoms = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(self._tops, self._line[where], self._boxes[where, 1])
        np.maximum.at(self._bottoms, self._line[where], self._boxes[where, 3])
        self._known: dict[tuple[int, int], list[Rect]] = {}  # the same words are asked for with every new heat

    def __len__(self) -> int:
        return len(self._boxes)

    def rects(self, start: int, end: int) -> list[Rect]:
        """One rectangle per line that characters ``start:end`` touch, as high as that line."""
        if (start, end) not in self._known:
            self._known[start, end] = self._rects(start, end)
        return self._known[start, end]

    def _rects(self, start: int, end: int) -> list[Rect]:
        start, end = max(0, start), min(end, len(self._boxes))
        if end <= start:
            return []
        rects: list[Rect] = []
        lines = self._line[start:end]
        for line in np.unique(lines[lines >= 0]).tolist():
            boxes = self._boxes[start:end][lines == line]
            left, right = float(boxes[:, 0].min()), float(boxes[:, 2].max())
            rects.append((left, float(self._tops[line]), right, float(self._bottoms[line])))
        return rects


def page_at(pages: Sequence[Page], offset: int) -> int:
    """The index of the page that holds a text offset; the last one before it when it stands between pages."""
    found = 0
    for index, page in enumerate(pages):
        if page.start <= offset < page.end:
            return index
        if page.start <= offset:
            found = index
    return found


def text_window(length: int, start: int, end: int, margin: int = WINDOW) -> tuple[int, int]:
    """The part ``first:last`` of a text of ``length`` characters that is shown around ``start:end``."""
    if length <= 2 * margin:
        return 0, length
    return max(0, min(start, length) - margin), min(length, max(start, end) + margin)


def displayable(text: str) -> str:
    """The text with every character that a text view would swallow or split at replaced by one that it keeps."""
    return text.translate(_REPLACED)


class Utf16Offsets:
    """Code point offsets of a text as the UTF-16 positions that Qt counts in, and back."""

    def __init__(self, text: str) -> None:
        self._positions: np.ndarray | None = None
        if not text.isascii() and max(text) > "\uffff":
            points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
            self._positions = np.concatenate(([0], np.cumsum(1 + (points > 0xFFFF))))

    def to_utf16(self, offset: int) -> int:
        if self._positions is None:
            return offset
        return int(self._positions[min(max(0, offset), len(self._positions) - 1)])

    def to_code_points(self, position: int) -> int:
        if self._positions is None:
            return position
        return int(np.searchsorted(self._positions, position, side="right")) - 1
