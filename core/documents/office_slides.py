"""The text of one PowerPoint slide (PresentationML): its shapes in reading order, tables, charts and diagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.office_drawing import CHART, DIAGRAM, FALLBACK, RELATION, A, paragraphs
from rankscope.core.documents.office_parts import Placed, in_reading_order

P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"

_ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_SHAPES = frozenset((f"{P}sp", f"{P}graphicFrame", f"{P}grpSp", f"{P}cxnSp"))
_TITLES = ("title", "ctrTitle")
_EDGES = ("dt", "ftr", "hdr", "sldNum", "sldImg")
_SIDE_BY_SIDE = 457_200  # half an inch, in the unit of shapes (EMU)

Related = Callable[[str], list[str]]


class SlideWriter:
    """Writes slides into one builder each.

    ``footers`` collects what stands at the edge of slides, so that a text repeated on every slide is written on the
    first only.
    """

    def __init__(self, footers: set[str]) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self._footers = footers

    def slide(self, root: Any, related: Related) -> None:
        """Writes a slide: its title as a heading, the other placeholders, then all other shapes.

        Args:
            related: the texts of the chart or diagram that this relation of the slide names.
        """
        shapes = [shape for tree in root.iterfind(f"{P}cSld/{P}spTree") for shape in _ordered(tree)]
        title = next((shape for shape in shapes if _placeholder(shape) in _TITLES), None)
        if title is not None:
            self.title = " ".join(paragraphs(title))
            self.builder.heading(self.title, 1)
        for shape in shapes:
            if shape is not title:
                self._shape(shape, related)

    def notes(self, root: Any) -> None:
        """Writes the speaker's notes, marked as such."""
        self.builder.block()
        self.builder.prefix("Notes: ")
        for shape in root.iter(f"{P}sp"):
            if _placeholder(shape) == "body":
                self._paragraphs(shape)
        self.builder.prefix("")

    def comments(self, root: Any, authors: dict[str, str]) -> None:
        """Writes the comments of one part, marked with their author's name where it is known by its id."""
        for comment in root.iter("{*}cm", "{*}reply"):
            author = authors.get(comment.get("authorId", ""), "")
            texts = [text.strip() for element in comment.iterchildren("{*}text") if (text := element.text or "")]
            bodies = [text for body in comment.iterchildren("{*}txBody") for text in paragraphs(body)]
            for text in filter(None, texts + bodies):
                self.builder.block()
                self.builder.verbatim(f"{author}: {text}" if author else text)

    def _shape(self, shape: Any, related: Related) -> None:
        if _placeholder(shape) in _EDGES:
            self._edge(shape)
            return
        self.builder.block()
        content = next(shape.iter(f"{A}tbl", f"{CHART}chart", f"{DIAGRAM}relIds"), None)
        if content is None:
            self._paragraphs(shape)
        elif content.tag == f"{A}tbl":
            self._table(content)
        else:
            self._lines(related(content.get(f"{RELATION}id") or content.get(f"{RELATION}dm") or ""))

    def _edge(self, shape: Any) -> None:
        text = " ".join(paragraphs(shape))
        if _placeholder(shape) in ("ftr", "hdr", "dt") and text not in self._footers:
            self._footers.add(text)
            self.builder.block()
            self.builder.verbatim(text)

    def _paragraphs(self, element: Any) -> None:
        self._lines(paragraphs(element))

    def _lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.builder.line()
            self.builder.verbatim(text)

    def _table(self, table: Any) -> None:
        for row in table.iterchildren(f"{A}tr"):
            self.builder.start_row()
            for cell in row.iterchildren(f"{A}tc"):
                self.builder.cell()
                self._paragraphs(cell)
            self.builder.end_row()


def _ordered(tree: Any) -> list[Any]:
    """The shapes of a tree: placeholders in PowerPoint's own order, then the others in reading order, edges last.

    A group stands where it begins and is read as one.
    """
    placeholders: list[Any] = []
    edges: list[Any] = []
    others: list[Placed[list[Any]]] = []
    for shape in _children(tree):
        kind = _placeholder(shape)
        if kind in _EDGES:
            edges.append(shape)
        elif kind:
            placeholders.append(shape)
        else:
            inside = _ordered(shape) if shape.tag == f"{P}grpSp" else [shape]
            others.append(Placed(inside, *_box(shape)))
    ordered = in_reading_order(others, _SIDE_BY_SIDE)
    return [*placeholders, *(shape for inside in ordered for shape in inside), *edges]


def _children(tree: Any) -> Iterator[Any]:
    """The shapes in a tree; of alternatives for new and old programs the first that can be read."""
    for child in tree:
        if child.tag in _SHAPES:
            yield child
        elif child.tag == _ALTERNATIVES:
            for alternative in child:
                shapes = list(_children(alternative))
                if shapes or alternative.tag == FALLBACK:
                    yield from shapes
                    break


def _placeholder(shape: Any) -> str:
    """The kind of a placeholder ("obj" where it has none of its own); empty for all other shapes."""
    for properties in shape.iterchildren(f"{P}nvSpPr", f"{P}nvGraphicFramePr"):
        element = properties.find(f"{P}nvPr/{P}ph")
        if element is not None:
            return element.get("type") or "obj"
    return ""


def _box(shape: Any) -> tuple[float, float, float]:
    """Top, left and height in EMU."""
    for properties in shape.iterchildren(f"{P}spPr", f"{P}grpSpPr", f"{P}xfrm"):
        transform = properties if properties.tag == f"{P}xfrm" else properties.find(f"{A}xfrm")
        if transform is None:
            continue
        offset, extent = transform.find(f"{A}off"), transform.find(f"{A}ext")
        return _number(offset, "y"), _number(offset, "x"), _number(extent, "cy")
    return 0, 0, 0


def _number(element: Any, name: str) -> float:
    value = "" if element is None else element.get(name) or ""
    return float(value) if value.lstrip("-").isdecimal() else 0
