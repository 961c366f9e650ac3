"""Joins the parts of a document (slides, sheets, chapters) and remembers where each begins; the order on a slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rankscope.core.documents.model import Heading, Mark

_BETWEEN = "\n\n"

Thing = TypeVar("Thing")


@dataclass(slots=True)
class Parts:
    """The parts so far. Those without text leave no trace."""

    headings: list[Heading] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _length: int = 0

    def add(self, text: str, headings: Iterable[Heading] = (), places: Iterable[tuple[int, str]] = ()) -> None:
        """The next part. All offsets are those in ``text``; ``places`` are offsets with the place in words."""
        if not text:
            return
        start = self._length + (len(_BETWEEN) if self._texts else 0)
        self.marks.extend(Mark(start + offset, place) for offset, place in places)
        self.headings.extend(Heading(start + heading.start, start + heading.end, heading.level) for heading in headings)
        self._texts.append(text)
        self._length = start + len(text)

    def text(self) -> str:
        """All parts, set off from each other by an empty line."""
        return _BETWEEN.join(self._texts)


@dataclass(frozen=True, slots=True)
class Placed(Generic[Thing]):
    """Something on a slide, with its edges in any unit."""

    thing: Thing
    top: float = 0
    left: float = 0
    height: float = 0


def in_reading_order(placed: Sequence[Placed[Thing]], tolerance: float) -> list[Thing]:
    """Top to bottom, and left to right among what stands side by side.

    Two things stand side by side if one begins above the other's middle and not more than ``tolerance`` lower.
    """
    rows: list[list[Placed[Thing]]] = []
    for item in sorted(placed, key=lambda item: item.top):
        first = rows[-1][0] if rows else None
        if first is not None and item.top <= first.top + min(first.height / 2, tolerance):
            rows[-1].append(item)
        else:
            rows.append([item])
    return [item.thing for row in rows for item in sorted(row, key=lambda item: item.left)]


def hidden_slides(numbers: Sequence[int]) -> tuple[str, ...]:
    """The sentence about slides that the show leaves out; none if there are none."""
    if not numbers:
        return ()
    return (f"Hidden in the presentation, and read all the same: {numbered('slide', numbers)}.",)


def numbered(name: str, numbers: Sequence[int]) -> str:
    """A list for people: "slide 3", "slides 3, 7 and 12", and of many only the first few."""
    if len(numbers) == 1:
        return f"{name} {numbers[0]}"
    if len(numbers) > 10:
        return f"{name}s {', '.join(map(str, numbers[:10]))} and {len(numbers) - 10:,} more"
    return f"{name}s {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
