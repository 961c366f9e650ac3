"""The text in drawings of Office Open XML: paragraphs of shapes, charts and diagrams (SmartArt)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"

_PIECES = (f"{A}t", f"{A}br", MATH_TEXT, FALLBACK)
_LABELLED = (f"{CHART}title", f"{CHART}tx", f"{CHART}cat")


def paragraphs(element: Any) -> Iterator[str]:
    """The texts of the paragraphs below an element, in order, without empty ones."""
    for paragraph in element.iter(f"{A}p"):
        text = "".join(_pieces(paragraph)).strip()
        if text:
            yield text


def chart_texts(root: Any) -> list[str]:
    """What is written in a chart: its titles, the names of its series and of its categories, each once."""
    texts: dict[str, None] = {}
    for element in root.iter(*_LABELLED):
        if element.tag == f"{CHART}tx" and element.getparent().tag == f"{CHART}title":
            continue  # read with its title
        for text in paragraphs(element):
            texts[text] = None
        for value in element.iter(f"{CHART}v"):
            if value.text and value.text.strip() and not _is_formatted_number(value):
                texts[value.text.strip()] = None
    return list(texts)


def diagram_texts(root: Any) -> list[str]:
    """The texts of a diagram's data part, in the order in which it keeps its points."""
    return [text for point in root.iter(f"{DIAGRAM}pt") for text in paragraphs(point)]


def _pieces(paragraph: Any) -> Iterator[str]:
    for piece in paragraph.iter(*_PIECES):
        if piece.tag == FALLBACK:
            continue
        if any(ancestor.tag == FALLBACK for ancestor in _between(piece, paragraph)):
            continue  # a picture's or old program's copy of what was read already
        yield "\n" if piece.tag == f"{A}br" else piece.text or ""


def _between(element: Any, paragraph: Any) -> Iterator[Any]:
    """The elements around one inside a paragraph."""
    for ancestor in element.iterancestors():
        if ancestor is paragraph:
            return
        yield ancestor


def _is_formatted_number(value: Any) -> bool:
    """Whether a category is kept as a number that people see as something else: a date, say."""
    cache = value.getparent().getparent()
    return cache.tag == f"{CHART}numCache" and cache.findtext(f"{CHART}formatCode", "General") != "General"
