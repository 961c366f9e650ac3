"""The atoms that passages are made of: sentences (or lines), headings, and parts of those that are too long."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from rankscope.core.documents.sections import Section
from rankscope.core.documents.sentences import sentence_ends
from rankscope.core.documents.tokens import MeasuredText


class Atoms:
    """Atom ``i`` is ``text[edges[i]:edges[i + 1]]``; together they cover the text.

    Each has a price: its tokens, or its characters divided by ``characters_per_token``, whichever is more. So a
    passage whose price stays within a number of tokens has no more characters than that many times this ratio.
    ``by_line`` makes atoms of lines instead of sentences: rows of tables and lines of programs stay whole.
    ``sums[i]`` is what the atoms before ``i`` cost together. No atom costs more than ``limit``.
    """

    def __init__(
        self,
        measured: MeasuredText,
        sections: Sequence[Section],
        limit: int,
        characters_per_token: int,
        by_line: bool = False,
    ) -> None:
        self.measured = measured
        self._limit = limit
        self._ratio = characters_per_token
        text = measured.text
        edges = _edges(text, sections, _line_ends(text) if by_line else sentence_ends(text))
        if max(self._prices(edges), default=0.0) > limit:
            edges = [0, *(cut for start, end in pairwise(edges) for cut in self._parts(start, end))]
        self.edges = edges
        self.sums: list[float] = [0.0, *np.cumsum(self._prices(edges)).tolist()]
        self.headings = frozenset(self.at(section.start) for section in sections if section.body > section.start)

    def at(self, offset: int) -> int:
        """The atom that starts at ``offset``, which is an edge."""
        return bisect_left(self.edges, offset)

    def price(self, first: int, last: int) -> float:
        """What the atoms [first, last) cost together."""
        return self.sums[last] - self.sums[first]

    def _prices(self, edges: list[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        offsets = np.asarray(edges, dtype=np.int64)
        return np.maximum(np.diff(self.measured.indices(offsets)), np.diff(offsets) / self._ratio)

    def _parts(self, start: int, end: int) -> Iterator[int]:
        """The ends of the parts of one atom, the last of them ``end``: of even size, cut behind a line if one ends in
        the part's second half, else behind a blank, else behind a token."""
        text, measured = self.measured.text, self.measured
        while True:
            first = measured.index(start)
            price = max(measured.index(end) - first, (end - start) / self._ratio)
            if price <= self._limit:
                yield end
                return
            # A little more than an even share, so that cutting at blanks does not leave a scrap at the end.
            share = min(float(self._limit), 1.1 * price / math.ceil(price / self._limit))
            reach = measured.offset_of(first + max(1, int(share)))
            reach = max(start + 1, min(reach, end, start + int(share * self._ratio)))
            middle = (start + reach) // 2
            found = text.rfind("\n", middle, reach)
            if found < 0:
                found = text.rfind(" ", middle, reach)
            start = found + 1 if found >= 0 else reach
            yield start


def _line_ends(text: str) -> list[int]:
    """The offset behind each line end; the last one is ``len(text)``."""
    ends, at = [], text.find("\n")
    while at >= 0:
        ends.append(at + 1)
        at = text.find("\n", at + 1)
    return [*ends, len(text)]


def _edges(text: str, sections: Sequence[Section], ends: Sequence[int]) -> list[int]:
    """The ends of sentences (or lines) and headings. White space goes to the atom before it; none ends in a heading."""
    fixed = {section.start for section in sections}
    cuts = set(ends) | fixed
    for section in sections:
        if section.body > section.start:
            cuts.add(section.body)
    inside = iter(sections)
    section = next(inside)
    edges = [0]
    for cut in sorted(cuts):
        while cut >= section.end and section.end < len(text):
            section = next(inside)
        if cut <= edges[-1] or section.start < cut < section.body:
            continue
        if len(edges) > 1 and edges[-1] not in fixed and text[edges[-1] : cut].isspace():
            edges[-1] = cut
        else:
            edges.append(cut)
    return edges
