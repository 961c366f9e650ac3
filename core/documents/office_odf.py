"""Walks the text of OpenDocument files: paragraphs, headings, lists, tables, frames, notes and annotations."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.office_zip import Kind, damage_named, parse, parsed
from rankscope.core.documents.text import one_line, shown

_SCHEMA = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TEXT, TABLE, DRAW, OFFICE = _SCHEMA % "text", _SCHEMA % "table", _SCHEMA % "drawing", _SCHEMA % "office"
STYLE, PRESENTATION, SVG = _SCHEMA % "style", _SCHEMA % "presentation", _SCHEMA % "svg-compatible"
_DC = "{http://purl.org/dc/elements/1.1/}"
_LINK = "{http://www.w3.org/1999/xlink}href"

_SPACES = re.compile(r"[ \t\r\n]+")
_MAX_SPACES = 100  # in a row: a file may claim any number of them
# Deleted text, the words that describe pictures, form controls, and what programs write around notes.
_LEFT_OUT = frozenset(
    (
        f"{TEXT}tracked-changes",
        f"{TEXT}note-citation",
        f"{TEXT}ruby-text",
        f"{OFFICE}forms",
        f"{OFFICE}event-listeners",
        f"{PRESENTATION}notes",
        f"{TABLE}covered-table-cell",
        f"{SVG}title",
        f"{SVG}desc",
        f"{_DC}creator",
        f"{_DC}date",
    )
)

Objects = Callable[[str], Any]


def content_of(path: Path, archive: zipfile.ZipFile, kind: Kind) -> Any:
    """The root of the document's content.

    Raises:
        Unreadable: ("encrypted", "damaged").
    """
    refuse_encrypted(path, archive)
    with damage_named(path, kind):
        return parse(archive.read("content.xml"))


def refuse_encrypted(path: Path, archive: zipfile.ZipFile) -> None:
    """Raises Unreadable ("encrypted") for a document that is protected with a password."""
    manifest = parsed(archive, "META-INF/manifest.xml")
    if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
        raise unreadable(
            "encrypted",
            f"{shown(path)} is protected with a password, in LibreOffice's own way, which cannot be undone here.",
            "Open it in LibreOffice and save a copy without a password.",
        )


def objects_in(archive: zipfile.ZipFile) -> Objects:
    """The roots of the objects (charts, tables) that are embedded in a document, by their reference; each only once."""
    given: set[str] = set()

    def root(reference: str) -> Any:
        name = f"{reference.removeprefix('./').rstrip('/')}/content.xml"
        if name in given:
            return None
        given.add(name)
        return parsed(archive, name)

    return root


def no_objects(_: str) -> None:
    """For parts in which nothing is embedded."""


class OdfWriter:
    """Walks one part after the other without recursion. Notes and annotations are kept for later.

    Args:
        titles: the names of the styles that make a paragraph the document's title.
    """

    def __init__(self, objects: Objects = no_objects, titles: frozenset[str] = frozenset()) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self._objects = objects
        self._titles = titles
        self._lists = 0
        self._notes: dict[str, list[Any]] = {"footnote": [], "endnote": []}
        self._annotations: list[Any] = []

    def container(self, element: Any) -> None:
        """Writes an element and what stands below it."""
        stack: list[tuple[Any, bool]] = [(element, False)]
        while stack:
            element, leaving = stack.pop()
            tag = element.tag
            if leaving:
                self._leave(tag)
                continue
            if tag in _LEFT_OUT or self._keeps(element):
                continue
            children = iter(element)
            if tag in (f"{TEXT}p", f"{TEXT}h"):
                children = iter(self._paragraph(element))
            elif tag == f"{DRAW}object":
                embedded = self._objects(element.get(_LINK, ""))
                children = iter(()) if embedded is None else iter((embedded,))
            self._enter(tag)
            stack.append((element, True))
            stack.extend((child, False) for child in reversed([*children]))

    def notes(self) -> None:
        """Writes the footnotes and endnotes that were met, each kind under a heading that names it."""
        for name, bodies in (("Footnotes", self._notes["footnote"]), ("Endnotes", self._notes["endnote"])):
            if bodies:
                self.builder.heading(name, 1)
            for body in bodies:
                self.container(body)
                self.builder.block()

    def comments(self, heading: str = "") -> None:
        """Writes the annotations that were met, with their authors, and forgets them."""
        annotations, self._annotations = self._annotations, []
        if annotations:
            self.builder.heading(heading, 1)
        for annotation in annotations:
            author = one_line(annotation.findtext(f"{_DC}creator") or "")
            self.builder.block()
            self.builder.prefix(f"{author}: " if author else "")
            for child in annotation:
                self.container(child)
            self.builder.prefix("")
            self.builder.block()

    def line_of(self, element: Any) -> str:
        """All paragraphs below an element on one line."""
        return " ".join(" ".join(self._texts(paragraph, [])) for paragraph in element.iter(f"{TEXT}p", f"{TEXT}h"))

    def _keeps(self, element: Any) -> bool:
        """Takes a note or an annotation out of the text, to be written later."""
        if element.tag == f"{TEXT}note":
            body = element.find(f"{TEXT}note-body")
            if body is not None:
                self._notes["endnote" if element.get(f"{TEXT}note-class") == "endnote" else "footnote"].append(body)
        elif element.tag == f"{OFFICE}annotation":
            self._annotations.append(element)
        else:
            return False
        return True

    def _enter(self, tag: Any) -> None:
        if tag in _BLOCKS:
            self.builder.block()
        elif tag == f"{TABLE}table-row":
            self.builder.start_row()
        elif tag == f"{TABLE}table-cell":
            self.builder.cell()
        elif tag == f"{TEXT}list":
            if not self._lists:
                self.builder.block()
            self._lists += 1

    def _leave(self, tag: Any) -> None:
        if tag in _BLOCKS:
            self.builder.block()
        elif tag == f"{TABLE}table-row":
            self.builder.end_row()
        elif tag == f"{TEXT}list":
            self._lists -= 1
            if not self._lists:
                self.builder.block()

    def _paragraph(self, paragraph: Any) -> list[Any]:
        """Writes a paragraph. Returns the frames and shapes that hang on it."""
        hanging: list[Any] = []
        text = "".join(self._texts(paragraph, hanging)).strip()
        if paragraph.tag == f"{TEXT}h":
            level = paragraph.get(f"{TEXT}outline-level", "1")
            if text:
                self.builder.heading(text, min(int(level), 9) if level.isdecimal() else 1)
            return hanging
        if self._lists or paragraph.getparent().tag in _NARROW:
            self.builder.line()
        else:
            self.builder.block()
        if text and not self.title and paragraph.get(f"{TEXT}style-name") in self._titles:
            self.title = one_line(text)
        self.builder.verbatim(text)
        return hanging

    def _texts(self, paragraph: Any, hanging: list[Any]) -> Iterator[str]:
        """The texts of a paragraph in order; white space counts as one blank unless an element says otherwise."""
        stack: list[Any] = [paragraph]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                yield _SPACES.sub(" ", item)
                continue
            tag = item.tag
            if tag in _BREAKS:
                yield _BREAKS[tag]
            elif tag == f"{TEXT}s":
                count = item.get(f"{TEXT}c", "1")
                yield " " * (min(int(count), _MAX_SPACES) if count.isdecimal() else 1)
            elif not isinstance(tag, str) or tag in _LEFT_OUT or self._keeps(item):
                continue
            elif tag.startswith(DRAW) and tag != f"{DRAW}a":
                hanging.append(item)
            else:
                for child in reversed(item):
                    stack.extend(part for part in (child.tail, child) if part is not None)
                if item.text:
                    stack.append(item.text)


_BLOCKS = (f"{TABLE}table", f"{DRAW}text-box")
_NARROW = (f"{TABLE}table-cell", f"{DRAW}text-box")
_BREAKS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
