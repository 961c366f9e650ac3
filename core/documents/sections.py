"""The sections of a document: what stands between one heading and the next, and the path of headings above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rankscope.core.documents.model import Extraction, Heading

SEPARATOR = " › "
_MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Section:
    """``text[start:end]``; its heading, if it has one, ends at ``body``. ``path`` names the headings above it and
    its own (last), ``parents`` only those above."""

    start: int
    body: int
    end: int
    path: tuple[str, ...]
    parents: tuple[str, ...]


def sections_of(extraction: Extraction) -> list[Section]:
    """The sections in order; they cover the whole text."""
    text = extraction.text
    headings = _in_order(extraction.headings, len(text))
    sections: list[Section] = []
    if not headings or headings[0].start > 0:
        end = headings[0].start if headings else len(text)
        sections.append(Section(0, 0, end, (), ()))
    above: list[tuple[int, str]] = []  # level and name of the headings that are in force
    for number, heading in enumerate(headings):
        end = headings[number + 1].start if number + 1 < len(headings) else len(text)
        while above and above[-1][0] >= heading.level:
            above.pop()
        parents = tuple(name for _, name in above)
        above.append((heading.level, _name(text[heading.start : heading.end])))
        sections.append(Section(heading.start, heading.end, end, tuple(name for _, name in above), parents))
    return sections


def join_names(names: Iterable[str]) -> str:
    """Title and headings as one line, each said once."""
    kept: list[str] = []
    for name in names:
        if name and (not kept or kept[-1].casefold() != name.casefold()):
            kept.append(name)
    return SEPARATOR.join(kept)


def _in_order(headings: Sequence[Heading], length: int) -> list[Heading]:
    """The headings that lie in the text and do not overlap, ascending: a reader's mistake must not cost text."""
    kept: list[Heading] = []
    for heading in sorted(headings, key=lambda heading: heading.start):
        if 0 <= heading.start < heading.end <= length and (not kept or heading.start >= kept[-1].end):
            kept.append(heading)
    return kept


def _name(heading: str) -> str:
    name = " ".join(heading.split())
    return name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1].rstrip() + "…"
