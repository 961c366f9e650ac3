"""The text of XML elements of any vocabulary, as lines that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate

from rankscope.core.documents.model import Heading, Mark
from rankscope.core.documents.text import clean
from rankscope.core.documents.text_values import is_encoded, without_markup

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_TITLES = frozenset(("title", "head", "heading"))
_LONGEST_TITLE = 200
# Elements of prose: their names say nothing about what stands in them.
_UNNAMED = frozenset(
    "p para simpara simplepara li listitem item td th entry span b i em strong a u text t s seg note line l string "
    "value body div section quote caption label name key content source target".split()
)
_LONGEST_NAMED = 120  # characters: longer texts are prose and need no name
_TEXT_ATTRIBUTES = ("title", "label", "text", "caption", "summary", "alt", "description")
_NAME_ATTRIBUTES = ("name", "key")
_READ_ATTRIBUTES = frozenset((*_TEXT_ATTRIBUTES, *_NAME_ATTRIBUTES))
_NO_ATTRIBUTES: dict[str, str] = {}
_VERBATIM = frozenset("programlisting screen literallayout pre verbatim".split())
_SKIPPED = frozenset(("script", "style"))


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    """The tag without its prefix or namespace."""
    return tag.rpartition(":")[2].rpartition("}")[2]


class _Element:
    """An open element that has begun; ``mixed`` if it holds text of its own beside elements."""

    __slots__ = ("attributes", "inline", "line", "mixed", "tag", "titled")

    def __init__(self, tag: str, attributes: Mapping[str, str], line: int, inline: bool) -> None:
        self.tag = tag
        self.attributes = attributes
        self.line = line
        self.inline = inline
        self.mixed = inline
        self.titled = False

    def name(self) -> str:
        """What the file calls this element in particular."""
        return next((self.attributes[key] for key in _NAME_ATTRIBUTES if self.attributes.get(key)), "")


class ElementText:
    """Takes the events of an XML parser and writes lines.

    An element that holds only text is a line, "name: text" where the text is short; inside running text it adds to
    it. An element that holds elements is a block. A title heads the element that it stands in.
    """

    def __init__(self) -> None:
        self.line = 0  # of the event that comes next; 0 where the parser does not know it
        self.n_encoded = 0
        self._lines: list[str] = []
        self._numbers: list[int] = []  # the line of the file for each of them
        self._flowing = False  # the last line may go on
        self._headings: list[tuple[int, int]] = []  # index of the line, level
        self._open = [_Element("", {}, 0, False)]
        self._leaf: _Element | None = None  # the innermost open element, as long as it holds no element
        self._text: list[str] = []  # behind the last tag
        self._held: tuple[_Element, str] | None = None  # the last element, before it is known what follows it
        self._n_titled = 0
        self._skipped = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins. Tags may have a prefix."""
        tag = _local(tag)
        if self._skipped or tag in _SKIPPED:
            self._skipped += 1
            return
        leaf = self._leaf
        if leaf is not None:
            self._open.append(leaf)
            if not leaf.mixed and leaf.attributes:
                self._write_attributes(leaf)
        if self._text or self._held is not None:
            self._flush(self._open[-1])
        if not attributes or _READ_ATTRIBUTES.isdisjoint(attributes):
            attributes = _NO_ATTRIBUTES
        self._leaf = _Element(tag, attributes, self.line, self._open[-1].mixed)

    def data(self, text: str) -> None:
        """Text inside the innermost open element."""
        if not self._skipped:
            self._text.append(text)

    def end(self, tag: str) -> None:
        """The innermost open element ends."""
        if self._skipped:
            self._skipped -= 1
        elif self._leaf is not None:
            leaf, self._leaf = self._leaf, None
            self._end_leaf(leaf)
        elif len(self._open) > 1:
            self._flush(self._open[-1])
            element = self._open.pop()
            self._n_titled -= element.titled
            if not element.inline:
                self._block()

    def comment(self, text: str) -> None:
        """Comments are not read."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Nor are instructions to programs."""

    def close(self) -> None:
        """The end of the file. What is still open was never closed."""
        self._skipped = 0
        while self._leaf is not None or len(self._open) > 1:
            self.end("")
        self._flush(self._open[0])

    def result(self) -> tuple[str, tuple[Heading, ...], tuple[Mark, ...]]:
        """The text, its headings and its marks."""
        lines = self._lines
        while lines and not lines[-1]:
            lines.pop()
        text = "\n".join(lines)
        cleaned = clean(text)
        if cleaned != text:  # references may stand for any character
            lines = [clean(line) for line in lines]
        before = list(accumulate(map(len, lines), initial=0))
        headings = tuple(Heading(before[n] + n, before[n] + n + len(lines[n]), level) for n, level in self._headings)
        marks, last = [], 0
        for n, number in enumerate(self._numbers[: len(lines)]):
            if number != last:
                marks.append(Mark(before[n] + n, f"line {number}"))
                last = number
        return cleaned, headings, tuple(marks)

    def _end_leaf(self, leaf: _Element) -> None:
        text = "".join(self._text)
        self._text.clear()
        if leaf.inline:
            self._flow(text, leaf.line)
            return
        if not text or text.isspace():
            if leaf.attributes:
                self._write_attributes(leaf)
            return
        tag = leaf.tag.lower()
        if tag in _HEADINGS or (tag in _TITLES and len(text) <= _LONGEST_TITLE):
            self._write_heading(tag, text, leaf.line)
        elif tag in _VERBATIM:
            self._block()
            for line in text.strip("\n").split("\n"):
                self._write(line.rstrip(), leaf.line)
            self._block()
        else:
            self._held = leaf, text

    def _flush(self, element: _Element) -> None:
        """Writes what is not yet written of an element: the one that was held in it, and the text behind that.

        Only text right behind it tells that it stood in running text and was no line of its own.
        """
        text = "".join(self._text)
        self._text.clear()
        held, self._held = self._held, None
        if not text or text.isspace():
            if held is not None:
                self._write_value(*held)
            elif text and element.mixed:
                self._flow(" ", element.line)
            return
        if not element.mixed:
            element.mixed = True
            self._flowing = False
        if held is not None:
            self._flow(held[1], held[0].line)
        self._flow(text, element.line)

    def _flow(self, text: str, number: int) -> None:
        """Running text: it goes on on the same line."""
        words = " ".join(text.split())
        if not self._flowing:
            if words:
                self._write(words + " " * text[-1].isspace(), number)
                self._flowing = True
            return
        gap = " " if text[:1].isspace() and not self._lines[-1].endswith(" ") else ""
        self._lines[-1] += gap + words + (" " if words and text[-1].isspace() else "")

    def _write(self, line: str, number: int) -> None:
        self._lines.append(line)
        self._numbers.append(number)
        self._flowing = False

    def _block(self) -> None:
        """What follows is set off by an empty line."""
        if self._lines and self._lines[-1]:
            self._write("", self._numbers[-1])
        self._flowing = False

    def _write_heading(self, tag: str, text: str, number: int) -> None:
        above = self._open[-1]
        if self._held is not None:
            self._flush(above)
        if tag in _TITLES and not above.titled:
            above.titled = True
            self._n_titled += 1
        self._block()
        self._headings.append((len(self._lines), _HEADINGS.get(tag) or max(1, self._n_titled)))
        self._write(" ".join(text.split()), number)
        self._block()

    def _write_attributes(self, element: _Element) -> None:
        """The attributes that are text, and the name of an element that has no text."""
        name = element.name()
        if name:
            self._write(f"{element.tag}: {name}", element.line)
        said = {name}
        for key in _TEXT_ATTRIBUTES:
            value = " ".join(element.attributes.get(key, "").split())
            if value and value not in said:
                said.add(value)
                self._write(value, element.line)

    def _write_value(self, element: _Element, text: str) -> None:
        name = element.name() if element.attributes else ""
        if not name and element.tag.lower() not in _UNNAMED:
            name = element.tag
        if len(text) < _LONGEST_NAMED and "<" not in text:
            words = " ".join(text.split())
            self._write(f"{name}: {words}" if name else words, element.line)
            return
        if is_encoded(text):
            self.n_encoded += 1
            self._write(f"{name}: {text.strip()[:40]}…", element.line)
            return
        plain = without_markup(text)
        if plain is text:
            self._write(" ".join(text.split()), element.line)
        else:
            for line in plain.split("\n"):
                self._write(line, element.line)
