"""PowerPoint presentations (Office Open XML), also slide shows, templates and presentations with macros."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pptx.opc.package import PartFactory
from pptx.package import Package
from pptx.parts.presentation import PresentationPart

from rankscope.core.documents.model import Extraction
from rankscope.core.documents.office_drawing import RELATION, chart_texts, diagram_texts
from rankscope.core.documents.office_mend import mended
from rankscope.core.documents.office_parts import Parts, hidden_slides, numbered
from rankscope.core.documents.office_properties import core_properties
from rankscope.core.documents.office_slides import P, Related, SlideWriter
from rankscope.core.documents.office_zip import POWERPOINT, damage_named, opened, parse
from rankscope.core.documents.text import one_line

# python-pptx knows the others; these two are built alike.
_MAIN_TYPES = (
    "application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml",
    "application/vnd.ms-powerpoint.template.macroEnabled.main+xml",
)
PartFactory.part_type_for.update(dict.fromkeys(_MAIN_TYPES, PresentationPart))
_DRAWN = {"chart": chart_texts, "diagramData": diagram_texts}


def read(path: Path) -> Extraction:
    """Reads a presentation slide by slide: title, shapes, tables, charts' and diagrams' words, notes and comments.

    Raises:
        Unreadable: ("damaged", "too large") it cannot be opened.
    """
    with opened(path, POWERPOINT) as archive:
        properties = core_properties(archive)
    main, warnings = _open(path)
    reading = _Reading(main)
    with damage_named(path, POWERPOINT):
        reading.run()
    return Extraction(
        reading.parts.text(),
        "pptx",
        title=properties.title or one_line(reading.title),
        author=properties.author,
        created=properties.created,
        modified=properties.modified,
        headings=tuple(reading.parts.headings),
        marks=tuple(reading.parts.marks),
        warnings=(*warnings, *reading.warnings()),
    )


def _open(path: Path) -> tuple[Any, tuple[str, ...]]:
    """The main part, and what was lost on the way to it."""
    try:
        return _main_part(str(path)), ()
    except Exception:  # what the second try then raises is named
        with damage_named(path, POWERPOINT):
            copy, warnings = mended(path, POWERPOINT)
            return _main_part(copy), warnings


def _main_part(source: Any) -> Any:
    part = Package.open(source).main_document_part
    if not isinstance(part, PresentationPart):
        raise ValueError("no presentation")
    return part


class _Reading:
    """One presentation while it is read."""

    def __init__(self, main: Any) -> None:
        self._main = main
        self._hidden: list[int] = []
        self._missing: list[int] = []
        self.parts = Parts()
        self.title = ""  # what the title slide says

    def run(self) -> None:
        authors = self._authors()
        footers: set[str] = set()
        for number, part in self._slides():
            if part is None:
                self._missing.append(number)
                continue
            root = _root(part)
            if root.get("show") in ("0", "false"):
                self._hidden.append(number)
            writer = SlideWriter(footers)
            writer.slide(root, _related(part))
            for kind, related in _relations(part):
                if kind == "notesSlide":
                    writer.notes(_root(related))
                elif kind == "comments":
                    writer.comments(_root(related), authors)
            if number == 1:
                self.title = writer.title
            self.parts.add(*writer.builder.result(), [(0, f"slide {number}")])

    def warnings(self) -> tuple[str, ...]:
        """What a person should know about the slides."""
        said = []
        if self._missing:
            said.append(f"Missing in the file, and not read: {numbered('slide', self._missing)}.")
        return (*said, *hidden_slides(self._hidden))

    def _slides(self) -> Iterator[tuple[int, Any | None]]:
        """The parts of the slides in their order, with their numbers; None where the file lacks one."""
        for number, entry in enumerate(self._main._element.iterfind(f"{P}sldIdLst/{P}sldId"), 1):
            try:
                yield number, self._main.related_part(entry.get(f"{RELATION}id"))
            except KeyError:
                yield number, None

    def _authors(self) -> dict[str, str]:
        """The names of those who commented, by their ids."""
        return {
            author.get("id", ""): one_line(author.get("name", ""))
            for kind, part in _relations(self._main)
            if kind in ("commentAuthors", "authors")
            for author in _root(part).iter("{*}cmAuthor", "{*}author")
        }


def _relations(part: Any) -> Iterator[tuple[str, Any]]:
    """The kinds and targets of a part's relations to other parts."""
    for relation in part.rels.values():
        if not relation.is_external:
            yield relation.reltype.rpartition("/")[2], relation.target_part


def _related(part: Any) -> Related:
    def texts(identifier: str) -> list[str]:
        relation = part.rels.get(identifier)
        kind = "" if relation is None or relation.is_external else relation.reltype.rpartition("/")[2]
        return _DRAWN[kind](_root(relation.target_part)) if kind in _DRAWN else []

    return texts


def _root(part: Any) -> Any:
    """The root of a part's XML; python-pptx has parsed the kinds that it knows."""
    return part._element if hasattr(part, "_element") else parse(part.blob)
