"""Word documents (Office Open XML), also templates and documents with macros."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx.opc.part import PartFactory
from docx.package import Package
from docx.parts.document import DocumentPart

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.decoding import NotText, decode
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.office_drawing import chart_texts, diagram_texts
from rankscope.core.documents.office_mend import mended
from rankscope.core.documents.office_properties import core_properties
from rankscope.core.documents.office_word import Related, Styles, W, WordWriter, styles_of
from rankscope.core.documents.office_zip import WORD, damage_named, opened, parse
from rankscope.core.documents.readers.html import parse as parse_page
from rankscope.core.documents.text import one_line

# python-docx knows the plain document only; templates and documents with macros are built alike.
_MAIN_TYPES = (
    "application/vnd.ms-word.document.macroEnabled.main+xml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
)
PartFactory.part_type_for.update(dict.fromkeys(_MAIN_TYPES, DocumentPart))
_DRAWN = {"chart": chart_texts, "diagramData": diagram_texts}


def read(path: Path) -> Extraction:
    """Reads a Word document: paragraphs, tables and text boxes in order, heading styles, title, author and dates.

    Footnotes, endnotes, headers, footers and comments follow at the end, each kind under a heading that names it.

    Raises:
        Unreadable: ("damaged", "too large") it cannot be opened.
    """
    with opened(path, WORD) as archive:
        properties = core_properties(archive)
    main, warnings = _open(path)
    with damage_named(path, WORD):
        reading = _Reading(main, list(warnings))
        reading.run()
    text, headings = reading.writer.builder.result()
    return Extraction(
        text,
        "docx",
        title=one_line(reading.writer.title) or properties.title or reading.body_title,
        author=properties.author,
        created=properties.created,
        modified=properties.modified,
        headings=headings,
        warnings=tuple(reading.warnings),
    )


def _open(path: Path) -> tuple[Any, tuple[str, ...]]:
    """The main part, and what was lost on the way to it."""
    try:
        return _main_part(str(path)), ()
    except Exception:  # what the second try then raises is named
        with damage_named(path, WORD):
            copy, warnings = mended(path, WORD)
            return _main_part(copy), warnings


def _main_part(source: Any) -> Any:
    part = Package.open(source).main_document_part
    if not isinstance(part, DocumentPart):
        raise ValueError("no document")
    return part


class _Reading:
    """One document while it is read: the body first, then what hangs on it."""

    def __init__(self, main: Any, warnings: list[str]) -> None:
        self._main = main
        self._styles = next((styles_of(root) for _, root in self._parts("styles")), Styles({}, frozenset()))
        self.writer = WordWriter(self._styles)
        self.warnings = warnings
        self.body_title = ""

    def run(self) -> None:
        self.writer.container(self._main.element.body, self._related(self._main))
        self.body_title = title_from(*self.writer.builder.result())
        self._notes("Footnotes", "footnotes", f"{W}footnote")
        self._notes("Endnotes", "endnotes", f"{W}endnote")
        self._edges()
        self._comments()

    def _notes(self, name: str, kind: str, tag: str) -> None:
        for part, root in self._parts(kind):
            notes = [note for note in root.iterchildren(tag) if note.get(f"{W}type", "normal") == "normal"]
            self._heading(name, notes)
            for note in notes:
                self.writer.container(note, self._related(part))
                self.writer.builder.block()

    def _edges(self) -> None:
        """Headers and footers, each text once however many sections and kinds of pages repeat it."""
        texts: dict[str, None] = {}
        for kind in ("header", "footer"):
            for part, root in self._parts(kind):
                alone = WordWriter(self._styles)
                alone.container(root, self._related(part))
                text, _ = alone.builder.result()
                if any(map(str.isalpha, text)):  # more than the page's number
                    texts[text] = None
        self._heading("Headers and footers", texts)
        for text in texts:
            self.writer.builder.block()
            self.writer.builder.verbatim(text)

    def _comments(self) -> None:
        for part, root in self._parts("comments"):
            comments = list(root.iterchildren(f"{W}comment"))
            self._heading("Comments", comments)
            for comment in comments:
                author = one_line(comment.get(f"{W}author") or "")
                self.writer.builder.prefix(f"{author}: " if author else "")
                self.writer.container(comment, self._related(part))
                self.writer.builder.prefix("")
                self.writer.builder.block()

    def _heading(self, name: str, content: Any) -> None:
        if content:
            self.writer.builder.heading(name, 1)

    def _parts(self, kind: str) -> Iterator[tuple[Any, Any]]:
        """The parts of this kind that the main part refers to, with their roots."""
        for relation in self._main.rels.values():
            if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
                yield relation.target_part, _root(relation.target_part)

    def _related(self, part: Any) -> Related:
        """The texts of what this part refers to by the relation's id: drawings, and pages that were put in whole."""

        def texts(identifier: str) -> list[str]:
            relation = part.rels.get(identifier)
            if relation is None or relation.is_external:
                return []
            kind = relation.reltype.rpartition("/")[2]
            if kind in _DRAWN:
                return _DRAWN[kind](_root(relation.target_part))
            return self._imported(relation.target_part) if kind == "aFChunk" else []

        return texts

    def _imported(self, part: Any) -> list[str]:
        """The text of a file that was put into the document whole and that Word unpacks when it opens it."""
        try:
            decoded = decode(part.blob).text
        except NotText:
            decoded = ""
        if part.content_type in ("text/html", "application/xhtml+xml"):
            return [parse_page(decoded).builder.result()[0]]
        if part.content_type == "text/plain":
            return [decoded]
        self.warnings.append("A file of another format that was put into the document is not read.")
        return []


def _root(part: Any) -> Any:
    return part.element if hasattr(part, "element") else parse(part.blob)
