"""OpenDocument presentations (LibreOffice Impress) and their templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rankscope.core.documents.model import Extraction
from rankscope.core.documents.office_odf import (
    DRAW,
    OFFICE,
    PRESENTATION,
    STYLE,
    SVG,
    OdfWriter,
    content_of,
    objects_in,
)
from rankscope.core.documents.office_parts import Parts, Placed, hidden_slides, in_reading_order
from rankscope.core.documents.office_properties import odf_properties
from rankscope.core.documents.office_zip import ODF_SLIDES, opened
from rankscope.core.documents.text import one_line

_CLASS = f"{PRESENTATION}class"
_EDGES = ("page-number", "page", "date-time", "header", "footer")
_LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{0,6})?)(cm|mm|in|pt)$")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72}
_SIDE_BY_SIDE = 1.27  # centimetres


def read(path: Path) -> Extraction:
    """Reads a presentation slide by slide: title, frames and shapes, tables, notes and comments.

    Raises:
        Unreadable: ("damaged", "too large", "encrypted") it cannot be opened.
    """
    parts = Parts()
    hidden: list[int] = []
    title = ""
    with opened(path, ODF_SLIDES) as archive:
        properties = odf_properties(archive)
        content = content_of(path, archive, ODF_SLIDES)
        objects, invisible = objects_in(archive), _hidden_styles(content)
        footers = {footer.get(f"{PRESENTATION}name"): footer for footer in content.iter(f"{PRESENTATION}footer-decl")}
        for number, page in enumerate(content.iterfind(f"{OFFICE}body/{OFFICE}presentation/{DRAW}page"), 1):
            if page.get(f"{DRAW}style-name") in invisible:
                hidden.append(number)
            writer = OdfWriter(objects)
            name = _slide(writer, page)
            title = name if number == 1 else title
            footer = footers.pop(page.get(f"{PRESENTATION}use-footer-name"), None)
            if footer is not None:
                writer.builder.block()
                writer.builder.flow(footer.text or "")
            parts.add(*writer.builder.result(), [(0, f"slide {number}")])
    return Extraction(
        parts.text(),
        "odp",
        title=properties.title or one_line(title),
        author=properties.author,
        created=properties.created,
        modified=properties.modified,
        headings=tuple(parts.headings),
        marks=tuple(parts.marks),
        warnings=hidden_slides(hidden),
    )


def _slide(writer: OdfWriter, page: Any) -> str:
    """Writes one slide. Returns its title."""
    shapes = _ordered(page)
    heading = next((shape for shape in shapes if shape.get(_CLASS) == "title"), None)
    title = "" if heading is None else writer.line_of(heading)
    writer.builder.heading(title, 1)
    for shape in shapes:
        if shape is not heading:
            writer.builder.block()
            writer.container(shape)
    for notes in page.iterchildren(f"{PRESENTATION}notes"):
        writer.builder.block()
        writer.builder.prefix("Notes: ")
        for frame in notes.iterchildren(f"{DRAW}frame"):
            if frame.get(_CLASS) == "notes":
                writer.container(frame)
        writer.builder.prefix("")
    for annotation in page.iterchildren(f"{OFFICE}annotation"):
        writer.container(annotation)
    writer.comments()
    return title


def _ordered(page: Any) -> list[Any]:
    """The shapes of a slide: those of its layout in their own order, then the others in reading order."""
    planned: list[Any] = []
    others: list[Placed[Any]] = []
    for shape in _shapes(page):
        kind = shape.get(_CLASS)
        if kind in _EDGES:
            continue
        if kind:
            planned.append(shape)
        else:
            others.append(Placed(shape, *(_centimetres(shape.get(SVG + name)) for name in ("y", "x", "height"))))
    return [*planned, *in_reading_order(others, _SIDE_BY_SIDE)]


def _shapes(page: Any) -> Iterator[Any]:
    """The shapes of a slide, those in groups one by one."""
    stack = [*reversed(page)]
    while stack:
        shape = stack.pop()
        if shape.tag == f"{DRAW}g":
            stack.extend(reversed(shape))
        elif isinstance(shape.tag, str) and shape.tag.startswith(DRAW):
            yield shape


def _centimetres(length: str | None) -> float:
    match = _LENGTH.match(length or "")
    return float(match.group(1)) * _CENTIMETRES[match.group(2)] if match else 0


def _hidden_styles(content: Any) -> frozenset[str]:
    """The names of the page styles that keep a slide out of the show."""
    return frozenset(
        style.get(f"{STYLE}name", "")
        for style in content.iterfind(f"{OFFICE}automatic-styles/{STYLE}style")
        for properties in style.iterchildren(f"{STYLE}drawing-page-properties")
        if properties.get(f"{PRESENTATION}visibility") == "hidden"
    )
