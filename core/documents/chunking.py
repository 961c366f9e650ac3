"""Cutting a document into passages that fit the encoder.

The text is cut into atoms (sentences, headings), and neighbouring atoms of a section are packed into passages of even
size. Sections so short that they would make poor passages stay together with a neighbour.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rankscope.core.documents.atoms import Atoms
from rankscope.core.documents.model import Extraction, PassageSpan
from rankscope.core.documents.places import Places
from rankscope.core.documents.sections import Section, join_names, sections_of
from rankscope.core.documents.tokens import TokenCounter

MAX_CHARACTERS = 4000
MAX_CONTEXT_TOKENS = 48
MIN_TOKENS = 16
_OVERLAP_SENTENCES = 2
# Here a line is what a sentence is elsewhere: a full stop in a cell or a program ends nothing.
_BY_LINE = frozenset(("csv", "xlsx", "xls", "ods", "json", "code"))


@dataclass(frozen=True, slots=True)
class _Context:
    """What is encoded in front of a passage, and how many tokens that is (special tokens not included)."""

    text: str
    n_tokens: int


@dataclass(slots=True)
class _Group:
    """Neighbouring sections that are packed as one: atoms [first, last), which cost ``price``."""

    sections: list[Section]
    first: int
    last: int
    price: float


class Chunker:
    """Cuts extractions into passages; see :meth:`passages`. Not for several threads at once.

    Args:
        tokenizer_json: the encoder's ``tokenizer.json``.
        max_tokens: the encoder's limit, special tokens and context included; at least 16.
        target_tokens: the size of a passage's own text to aim for; three quarters of the limit if not given.
        overlap_tokens: at most this much of a passage's end is repeated at the start of the next one; an eighth of
            the limit, at most 32, if not given.

    Raises:
        ModelError: the tokenizer cannot be loaded.
        ValueError: the numbers contradict each other.
    """

    def __init__(
        self,
        tokenizer_json: Path | str,
        max_tokens: int = 256,
        target_tokens: int | None = None,
        overlap_tokens: int | None = None,
    ) -> None:
        if max_tokens < MIN_TOKENS:
            raise ValueError(f"max_tokens is {max_tokens}, but must be at least {MIN_TOKENS}")
        self._counter = TokenCounter(tokenizer_json)
        self._max_tokens = max_tokens
        self._target = max_tokens * 3 // 4 if target_tokens is None else target_tokens
        self._overlap = min(32, max_tokens // 8) if overlap_tokens is None else overlap_tokens
        self._context_limit = min(MAX_CONTEXT_TOKENS, max_tokens // 5)
        # What one atom may cost so that it still fits behind the longest context and the longest overlap.
        self._atom_limit = max_tokens - self._counter.n_specials - self._context_limit - self._overlap
        if self._overlap < 0 or self._target < 1 or self._atom_limit < 1:
            raise ValueError(
                f"a target of {self._target} and an overlap of {self._overlap} do not go with {max_tokens} tokens"
            )
        self._contexts: dict[tuple[str, ...], _Context] = {}

    def passages(self, extraction: Extraction) -> tuple[PassageSpan, ...]:
        """The passages of a document, in order; time is linear in its length.

        Every character that is not white space lies in at least one passage; a passage neither starts nor ends with
        white space; none has more than ``max_tokens`` tokens or :data:`MAX_CHARACTERS` characters.
        """
        if not extraction.text or extraction.text.isspace():
            return ()
        self._contexts.clear()
        title = " ".join(extraction.title.split())
        sections = sections_of(extraction)
        ratio = max(1, MAX_CHARACTERS // (self._max_tokens - self._counter.n_specials))
        by_line = extraction.format in _BY_LINE
        atoms = Atoms(self._counter.measure(extraction.text), sections, self._atom_limit, ratio, by_line)
        places = Places(extraction)
        spans: list[PassageSpan] = []
        for group in self._groups(sections, atoms):
            for first, last, context in self._packed(group, atoms, title):
                for start, end, text, n_tokens in self._fitted(atoms, atoms.edges[first], atoms.edges[last], context):
                    spans.append(PassageSpan(start, end, text, places.page(start), n_tokens, places.name(start)))
        return tuple(spans)

    def _groups(self, sections: Sequence[Section], atoms: Atoms) -> list[_Group]:
        """Sections, each by itself, except that tiny ones stay with what follows them; the last with what precedes."""
        tiny = self._target / 4
        groups: list[_Group] = []
        for section in sections:
            first, last = atoms.at(section.start), atoms.at(section.end)
            price = atoms.price(first, last)
            previous = groups[-1] if groups else None
            if previous is not None and previous.price < tiny:
                self._join_upwards(groups, section)
                previous = groups[-1]
            if previous is not None and previous.price < tiny:
                previous.sections.append(section)
                previous.last = last
                previous.price += price
            else:
                groups.append(_Group([section], first, last, price))
        if len(groups) > 1 and groups[-1].price < tiny:
            self._merge_last(groups, limit=self._target)
        return groups

    def _join_upwards(self, groups: list[_Group], following: Section) -> None:
        """A tiny section that ends a chapter belongs to that chapter, not to the next one's start."""
        if len(groups) > 1 and len(following.path) < len(groups[-1].sections[0].path):
            self._merge_last(groups, limit=self._target)

    @staticmethod
    def _merge_last(groups: list[_Group], limit: float) -> None:
        before, last = groups[-2], groups[-1]
        if before.price + last.price <= limit:
            before.sections.extend(last.sections)
            before.last = last.last
            before.price += last.price
            groups.pop()

    def _packed(self, group: _Group, atoms: Atoms, title: str) -> Iterator[tuple[int, int, _Context]]:
        """Passages as atoms [first, last), overlap included, with their contexts."""
        starts = [section.start for section in group.sections]
        position = group.first
        while position < group.last:
            section = group.sections[bisect_right(starts, atoms.edges[position]) - 1]
            section_first = atoms.at(section.start)
            first = self._overlap_start(atoms, position, section_first)
            names = section.parents if position == section_first else section.path
            context = self._context(atoms.measured.text, atoms.edges[first], (title, *names))
            last = self._passage_end(atoms, first, position, group.last, context.n_tokens)
            yield first, last, context
            position = last

    def _overlap_start(self, atoms: Atoms, position: int, section_first: int) -> int:
        """The first of the one or two sentences before ``position`` that are repeated; headings never are."""
        first = position
        lowest = max(section_first, position - _OVERLAP_SENTENCES)
        while first > lowest and first - 1 not in atoms.headings and atoms.price(first - 1, position) <= self._overlap:
            first -= 1
        return first

    def _passage_end(self, atoms: Atoms, first: int, position: int, end: int, context_tokens: int) -> int:
        """Where the passage that repeats from ``first`` and goes on from ``position`` should end."""
        repeated = atoms.price(first, position)
        room = self._max_tokens - self._counter.n_specials - context_tokens - repeated
        target = min(room, max(1.0, self._target - repeated))
        rest = atoms.price(position, end)
        if rest <= min(room, 1.2 * target):
            return end
        # Even shares of what is left, so that the last passage is no scrap.
        goal = atoms.sums[position] + rest / math.ceil(rest / target)
        last = bisect_left(atoms.sums, goal, position + 1, end)
        if last - 1 > position and goal - atoms.sums[last - 1] < atoms.sums[last] - goal:
            last -= 1
        while last - 1 > position and (atoms.price(position, last) > room or last - 1 in atoms.headings):
            last -= 1
        if last - 1 == position and position in atoms.headings and atoms.price(position, last + 1) <= room:
            last += 1  # a heading stays with its first sentence
        return last

    def _context(self, text: str, start: int, names: tuple[str, ...]) -> _Context:
        """Title and headings, without those that the passage's own first line says again."""
        line_end = text.find("\n", start, start + 400)
        line = " ".join(text[start : line_end if line_end >= 0 else start + 400].split()).casefold()
        while names and (not names[-1] or names[-1].casefold() == line):
            names = names[:-1]
        context = self._contexts.get(names)
        if context is None:
            context = self._contexts[names] = self._fitted_context(names)
        return context

    def _fitted_context(self, names: tuple[str, ...]) -> _Context:
        """The names joined; where they are too long, the outer headings go first, then the end of what is left."""
        text = join_names(names)
        if not text:
            return _Context("", 0)
        while (n_tokens := self._n_tokens(text)) > self._context_limit and len(names) > 2:
            names = (names[0], *names[2:])
            text = join_names(names)
        if n_tokens > self._context_limit:
            text = text[: self._counter.spans(text)[self._context_limit - 1][1]].rstrip()
            n_tokens = self._n_tokens(text)
        return _Context(text, n_tokens) if n_tokens <= self._context_limit else _Context("", 0)

    def _n_tokens(self, text: str) -> int:
        return self._counter.count(text) - self._counter.n_specials

    def _fitted(self, atoms: Atoms, start: int, end: int, context: _Context) -> Iterator[tuple[int, int, str, int]]:
        """The stretch without the white space around it, with context and exact number of tokens.

        Cut where no blank stands, a stretch may have more tokens than the whole text suggested; then it is halved.
        """
        stretch = atoms.measured.text[start:end]
        start += len(stretch) - len(stretch.lstrip())
        stretch = stretch.strip()
        if not stretch:
            return
        end = start + len(stretch)
        own = atoms.measured.exact_count(start, end)
        if own is not None:
            n_tokens = own + context.n_tokens + self._counter.n_specials
        else:
            n_tokens = self._counter.count(f"{context.text}\n{stretch}" if context.text else stretch)
        if n_tokens <= self._max_tokens:
            yield start, end, context.text, n_tokens
        elif len(stretch) == 1:
            yield start, end, "", self._counter.count(stretch)
        else:
            middle = start + len(stretch) // 2
            blank = stretch.rfind(" ", len(stretch) // 4, len(stretch) // 2)
            middle = start + blank if blank > 0 else middle
            yield from self._fitted(atoms, start, middle, context)
            yield from self._fitted(atoms, middle, end, context)
