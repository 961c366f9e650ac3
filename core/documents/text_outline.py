"""Data of nested objects and lists, written as an indented outline that a person can read."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from rankscope.core.documents.model import Heading, Mark
from rankscope.core.documents.text import clean
from rankscope.core.documents.text_values import is_encoded, without_markup

_INDENTS = ["  " * level for level in range(9)]  # deeper levels are not indented any further
_HEADING_LEVELS = 2
_LONG = 300  # characters: a string that may be encoded data
_MANY_NUMBERS = 100
_KEPT = 20  # of what is left out: so many numbers, twice as many characters
_ONE_LINE = 200  # characters of a list that stands on one line


class Fraction(str):
    """A number with a decimal point, as the file writes it."""

    __slots__ = ()


class Outline:
    """Collects lines. Values are what the library ``json`` makes, numbers as strings and :class:`Fraction`.

    Objects in the outermost list, and in lists that the outermost object names, are set off by empty lines. Nothing
    is written for what is null or empty.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._headings: list[tuple[int, int, int, int]] = []  # number of the line, start and end in it, level
        self._marks: list[tuple[int, str]] = []  # number of the line, place
        self._n_encoded = 0
        self._n_number_lists = 0

    def result(self) -> tuple[str, tuple[Heading, ...], tuple[Mark, ...]]:
        """The text, its headings and its marks."""
        text = "\n".join(self._lines)
        cleaned = clean(text)
        if cleaned != text:  # escape sequences may stand for anything
            self._lines = [clean(line) for line in self._lines]
        if not self._headings and not self._marks:
            return cleaned, (), ()
        before = list(accumulate(map(len, self._lines), initial=0))  # characters in front of a line, line ends aside
        return (
            cleaned,
            tuple(
                Heading(before[n] + n + first, before[n] + n + end, level) for n, first, end, level in self._headings
            ),
            tuple(Mark(before[n] + n, place) for n, place in self._marks),
        )

    def warnings(self) -> tuple[str, ...]:
        """What was left out, in sentences."""
        left_out = []
        if self._n_number_lists:
            left_out.append(f"Long lists of numbers of which only the start was read: {self._n_number_lists:,}.")
        if self._n_encoded:
            left_out.append(f"Pieces of encoded data of which only the start was read: {self._n_encoded:,}.")
        return tuple(left_out)

    def whole(self, value: Any) -> None:
        """A document that is one value; of a list, each object is a block with its number as its place."""
        if type(value) is dict:
            self._object(value, 0, "", 1)
        elif type(value) is list and dict in map(type, value):
            for number, element in enumerate(value, 1):
                self.record(element, f"item {number}")
        else:
            self._element(value, 0, "")

    def record(self, value: Any, place: str) -> None:
        """One of many values, as a block with its place."""
        if self._lines:
            self._lines.append("")
        self._marks.append((len(self._lines), place))
        self._element(value, 0, "")

    def text(self, line: str, place: str) -> None:
        """A line that is no value."""
        self._marks.append((len(self._lines), place))
        self._lines.append(line)

    def _object(self, value: dict[str, Any], level: int, lead: str, heading: int = 0) -> None:
        """``lead`` begins the first line; ``heading`` is the level of the headings in it, 0 where there are none."""
        indent = _INDENTS[level] if level < 8 else _INDENTS[8]
        append = self._lines.append
        for key, inner in value.items():
            kind = type(inner)
            if kind is str or kind is Fraction:
                if not inner:
                    continue
                append(f"{lead}{key}: {inner}" if len(inner) < _LONG else f"{lead}{key}: {self._shortened(inner)}")
            elif kind is bool:
                append(f"{lead}{key}: {'true' if inner else 'false'}")
            elif kind is dict and inner:
                self._name(key, lead, heading)
                self._object(inner, level + 1, _INDENTS[min(level + 1, 8)], _below(heading))
            elif kind is list and inner:
                self._list(key, inner, level, lead, heading)
            else:
                continue
            lead = indent

    def _name(self, key: str, lead: str, heading: int) -> None:
        """The line of a key whose value follows on lines of its own."""
        if heading and key.isprintable() and key.strip():
            self._headings.append((len(self._lines), len(lead), len(lead) + len(key), heading))
        self._lines.append(f"{lead}{key}:")

    def _list(self, key: str, values: list[Any], level: int, lead: str, heading: int) -> None:
        kinds = set(map(type, values))
        if kinds == {str} and "" not in values and len(line := ", ".join(values)) < _ONE_LINE:  # most lists
            self._lines.append(f"{lead}{key}: {line}")
            return
        if not kinds & {dict, list}:
            self._scalars(f"{lead}{key}: ", values, level + 1)
            return
        if dict not in kinds:
            numbers = _numbers(values)
            if numbers is not None:
                self._scalars(f"{lead}{key}: ", numbers, level + 1)
                return
        self._name(key, lead, heading if dict in kinds else 0)
        inner_lead = _INDENTS[min(level + 1, 8)] + "- "
        for number, element in enumerate(values):
            if number and level == 0 and type(element) is dict:
                self._lines.append("")
            self._element(element, level + 2, inner_lead)

    def _element(self, value: Any, level: int, lead: str) -> None:
        """A value without a key."""
        if type(value) is dict:
            self._object(value, level, lead)
        elif type(value) is list and value:
            if set(map(type, value)) & {dict, list}:
                for element in value:
                    self._element(element, level + 1, lead)
            else:
                self._scalars(lead, value, level)
        elif value is not None and value != []:
            self._scalars(lead, [value], level)

    def _scalars(self, lead: str, values: list[Any], level: int) -> None:
        """Values side by side on one line, or each on its own where they are long."""
        words = [value if isinstance(value, str) else str(value).lower() for value in values if value is not None]
        words = [word if len(word) < _LONG else self._shortened(word) for word in words if word]
        if len(words) > _MANY_NUMBERS and sum(type(word) is Fraction for word in words) > len(words) // 2:
            self._n_number_lists += 1
            words = [*words[:_KEPT], "…"]
        if sum(map(len, words)) <= _ONE_LINE or all(len(word) < 10 for word in words):
            if words:
                self._lines.append(lead + ", ".join(words))
            return
        if lead.strip(" -"):
            self._lines.append(lead.rstrip())
            lead = _INDENTS[min(level, 8)] + "- "
        self._lines.extend([lead + word for word in words])

    def _shortened(self, text: str) -> str:
        """A long string: of encoded data only the start, of a web page only its text."""
        if is_encoded(text):
            self._n_encoded += 1
            return text[: 2 * _KEPT] + "…"
        return without_markup(text)


def _below(heading: int) -> int:
    return heading + 1 if 0 < heading < _HEADING_LEVELS else 0


def _numbers(values: list[Any]) -> list[Any] | None:
    """The numbers of nested lists (of coordinates, say) in a row; None where something else is among them."""
    flat: list[Any] = values
    for _ in range(5):
        if list not in set(map(type, flat)):
            break
        flat = [inner for value in flat for inner in (value if type(value) is list else (value,))]
    return flat if flat and all(type(value) is Fraction for value in flat[:_KEPT]) else None
