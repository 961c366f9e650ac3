"""Walks the text of Word documents (WordprocessingML): paragraphs and tables in order, headings by their style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.office_drawing import CHART, DIAGRAM, FALLBACK, MATH_TEXT, RELATION

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING = re.compile(r"heading\s*([1-9])$", re.IGNORECASE)
_BREAKS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
}
# Deleted text (tracked changes) stands in w:delText and is thereby left out; what was moved away is not.
_LEFT_OUT = frozenset((FALLBACK, f"{W}moveFrom", f"{W}del"))
_BOX = f"{W}txbxContent"
_HANGING = (_BOX, f"{CHART}chart", f"{DIAGRAM}relIds")

Related = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Styles:
    """Heading levels by style id, and the ids of title styles."""

    levels: dict[str, int]
    titles: frozenset[str]


def styles_of(root: Any) -> Styles:
    """What the styles part says of headings; a style inherits from the style that it is based on."""
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    outline: dict[str, int] = {}
    for style in root.iterfind(f"{W}style"):
        identifier = style.get(f"{W}styleId", "")
        names[identifier] = _value(style.find(f"{W}name"))
        parents[identifier] = _value(style.find(f"{W}basedOn"))
        level = _value(style.find(f"{W}pPr/{W}outlineLvl"))
        if level.isdecimal() and int(level) < 9:
            outline[identifier] = int(level) + 1
    levels: dict[str, int] = {}
    titles: set[str] = set()
    for identifier in names:
        for ancestor in _ancestry(identifier, parents):
            match = _HEADING.match(names.get(ancestor, ""))
            if match or ancestor in outline:
                levels[identifier] = int(match.group(1)) if match else outline[ancestor]
                break
            if names.get(ancestor, "").lower() == "title":
                titles.add(identifier)
                break
    return Styles(levels, frozenset(titles))


def _ancestry(identifier: str, parents: dict[str, str]) -> Iterator[str]:
    """A style and what it is based on, each once: damaged files have circles."""
    seen: set[str] = set()
    while identifier and identifier not in seen:
        yield identifier
        seen.add(identifier)
        identifier = parents.get(identifier, "")


def _value(element: Any) -> str:
    return "" if element is None else element.get(f"{W}val") or ""


class WordWriter:
    """Walks one part after the other without recursion: tables may be nested as deep as they like."""

    def __init__(self, styles: Styles) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self._styles = styles
        self._related: Related = lambda _: []

    def container(self, element: Any, related: Related) -> None:
        """Writes what stands below an element of a part.

        Args:
            related: the texts of a part that this one refers to (a chart, a diagram, an imported page), by the
                relation's id.
        """
        self._related = related
        stack: list[tuple[Any, bool]] = [(element, False)]
        while stack:
            element, leaving = stack.pop()
            tag = element.tag
            if leaving:
                self._leave(tag)
                continue
            if tag == f"{W}p":
                self._paragraph(element)
            elif tag in _LEFT_OUT:
                continue
            elif tag in (f"{CHART}chart", f"{W}altChunk"):
                self._lines(element.get(f"{RELATION}id", ""))
            elif tag == f"{DIAGRAM}relIds":
                self._lines(element.get(f"{RELATION}dm", ""))
            else:
                self._enter(tag)
            stack.append((element, True))
            # Below a paragraph only boxes and drawings hold further text; its own is written already.
            if tag == f"{W}p":
                hanging = [child for child in element.iterdescendants(*_HANGING) if _belongs(child, element)]
                stack.extend((child, False) for child in reversed(hanging))
            else:
                stack.extend((child, False) for child in reversed(element))

    def _enter(self, tag: Any) -> None:
        if tag == f"{W}tbl":
            self.builder.block()
        elif tag == f"{W}tr":
            self.builder.start_row()
        elif tag == f"{W}tc":
            self.builder.cell()

    def _leave(self, tag: Any) -> None:
        if tag == f"{W}tbl":
            self.builder.block()
        elif tag == f"{W}tr":
            self.builder.end_row()

    def _lines(self, relation: str) -> None:
        self.builder.block()
        for text in self._related(relation):
            self.builder.line()
            self.builder.verbatim(text)
        self.builder.block()

    def _paragraph(self, paragraph: Any) -> None:
        text = "".join(_runs(paragraph)).strip()
        builder = self.builder
        style = _value(paragraph.find(f"{W}pPr/{W}pStyle"))
        level = self._styles.levels.get(style)
        if level is None and (paragraph.getparent().tag == f"{W}tc" or paragraph.find(f"{W}pPr/{W}numPr") is not None):
            builder.line()
        else:
            builder.block()
        if not text:
            return
        if level is not None:
            builder.heading(text, level)
            return
        if style in self._styles.titles and not self.title:
            self.title = text
        builder.verbatim(text)


def _belongs(child: Any, paragraph: Any) -> bool:
    """Whether a box hangs on this paragraph itself, and is not Word's copy of it for old programs."""
    for ancestor in child.iterancestors():
        if ancestor is paragraph:
            return True
        if ancestor.tag in (f"{W}p", FALLBACK):
            return False
    return True


def _runs(paragraph: Any) -> Iterator[str]:
    """The texts of a paragraph in order, without those of the text boxes that hang on it."""
    stack = [*reversed(paragraph)]
    while stack:
        element = stack.pop()
        tag = element.tag
        if tag == f"{W}t" or tag == MATH_TEXT:
            yield element.text or ""
        elif tag in _BREAKS:
            yield _BREAKS[tag]
        elif tag != _BOX and tag != f"{W}pPr" and tag not in _LEFT_OUT:
            stack.extend(reversed(element))
