"""Books in the EPUB format."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.decoding import NotText, decode
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.office_parts import Parts
from rankscope.core.documents.office_properties import usable_title
from rankscope.core.documents.office_zip import EPUB, damage_named, member_name, opened, parse, parsed
from rankscope.core.documents.readers.html import parse as parse_page
from rankscope.core.documents.text import one_line, shown

_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
# Fonts are scrambled in books that anybody may read; everything else that is encrypted is a protection.
_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_DECLARED = re.compile(rb"""<\?xml[^>]*encoding=["']([\w.-]+)""")
# Chapters that say which they are need no second number.
_NUMBERED = re.compile(r"(?:chapter|part|book|kapitel|teil|chapitre|partie|cap[ií]tulo|capitolo)\b|[\dIVXLC]+\b", re.I)


def read(path: Path) -> Extraction:
    """Reads a book chapter by chapter in the order of its spine, with the names from its table of contents.

    Raises:
        Unreadable: ("damaged", "too large") it cannot be opened; ("encrypted") it is protected against copying.
    """
    with opened(path, EPUB) as archive:
        with damage_named(path, EPUB):
            package = _package_name(archive)
            root = parse(archive.read(package))
        book = _Book(archive, posixpath.dirname(package), root)
        parts, warnings = _chapters(path, book)
    return Extraction(
        parts.text(),
        "epub",
        title=usable_title(book.about("title")),
        author=", ".join(filter(None, (one_line(author) for author in book.all_about("creator")[:5]))),
        created=iso_date(book.about("date")),
        modified=iso_date(book.modified()),
        headings=tuple(parts.headings),
        marks=tuple(parts.marks),
        warnings=warnings,
    )


def _package_name(archive: zipfile.ZipFile) -> str:
    """The member that describes the book. Raises KeyError or what lxml raises where it is not to be found."""
    container = parsed(archive, "META-INF/container.xml")
    for rootfile in () if container is None else container.iter("{*}rootfile"):
        if rootfile.get("full-path") in archive.NameToInfo:
            return str(rootfile.get("full-path"))
    return next(name for name in archive.namelist() if name.lower().endswith(".opf"))


@dataclass(frozen=True, slots=True)
class _Item:
    """One file of the book: the member's name, its kind, and its properties ("nav")."""

    name: str
    kind: str
    properties: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the table of contents; ``inside`` if it points to a place inside a file, not to its beginning."""

    name: str
    inside: bool


class _Book:
    """A book's files as its package describes them."""

    def __init__(self, archive: zipfile.ZipFile, folder: str, package: Any) -> None:
        self.archive = archive
        self._package = package
        self._items = {
            item.get("id", ""): _Item(
                member_name(folder, item.get("href", "")), item.get("media-type", ""), item.get("properties", "")
            )
            for item in package.iter("{*}item")
        }

    def spine(self) -> list[_Item]:
        """The files in reading order; what the manifest lacks is an item without a name."""
        missing = _Item("", "", "")
        return [self._items.get(reference.get("idref", ""), missing) for reference in self._package.iter("{*}itemref")]

    def about(self, name: str) -> str:
        """What the book says of itself under this name of Dublin Core; empty where it says nothing."""
        return next(iter(self.all_about(name)), "")

    def all_about(self, name: str) -> list[str]:
        """All that it says under this name."""
        values = (element.text for element in self._package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}"))
        return [value.strip() for value in values if value and value.strip()]

    def modified(self) -> str:
        """When it was last changed; empty where it does not say so."""
        for meta in self._package.iter("{*}meta"):
            if meta.get("property") == "dcterms:modified":
                return (meta.text or "").strip()
        return ""

    def encrypted(self) -> frozenset[str]:
        """The members that are encrypted, without scrambled fonts."""
        root = parsed(self.archive, "META-INF/encryption.xml")
        names: set[str] = set()
        for data in () if root is None else root.iter("{*}EncryptedData"):
            method = next(data.iterchildren("{*}EncryptionMethod"), None)
            if method is not None and method.get("Algorithm") in _FONT_SCRAMBLING:
                continue
            names.update(member_name("", reference.get("URI", "")) for reference in data.iter("{*}CipherReference"))
        return frozenset(names)

    def contents(self) -> dict[str, list[_Entry]]:
        """The table of contents: what it says of each file, in its order."""
        names: dict[str, list[_Entry]] = {}
        for item in self._items.values():
            if "nav" in item.properties.split():
                self._read_navigation(item.name, names)
        if not names:
            for item in self._items.values():
                if item.kind == "application/x-dtbncx+xml" or item.name.lower().endswith(".ncx"):
                    self._read_ncx(item.name, names)
        return names

    def _read_navigation(self, name: str, names: dict[str, list[_Entry]]) -> None:
        root = parsed(self.archive, name)
        for nav in () if root is None else root.iter("{*}nav"):
            if any(key.endswith("type") and "toc" in value.split() for key, value in nav.items()):
                for link in nav.iter("{*}a"):
                    _note(names, name, link.get("href", ""), link)

    def _read_ncx(self, name: str, names: dict[str, list[_Entry]]) -> None:
        root = parsed(self.archive, name)
        for point in () if root is None else root.iter("{*}navPoint"):
            content = next(point.iterchildren("{*}content"), None)
            label = next(point.iterchildren("{*}navLabel"), None)
            if content is not None and label is not None:
                _note(names, name, content.get("src", ""), label)


def _note(names: dict[str, list[_Entry]], source: str, reference: str, label: Any) -> None:
    """Notes one line of the table of contents that ``source`` holds."""
    name = usable_title("".join(label.itertext()))
    if name:
        target = member_name(posixpath.dirname(source), reference)
        names.setdefault(target, []).append(_Entry(name, "#" in reference))


def _chapters(path: Path, book: _Book) -> tuple[Parts, tuple[str, ...]]:
    """All that can be read of the spine, and what a person should know about the rest."""
    parts, encrypted, spine = Parts(), book.encrypted(), book.spine()
    chapters = _Chapters(book.contents())
    locked = lost = 0
    for item in spine:
        if item.name in encrypted:
            locked += 1
            continue
        page = _page(book, item)
        if page is None:
            lost += item.kind in ("", *_PAGES)
            continue
        parts.add(*page, chapters.places(item.name, *page))
    if locked and not parts.marks:
        raise unreadable(
            "encrypted",
            f"{shown(path)} is protected against copying (DRM).",
            "Its text can only be read in the program for which it was bought.",
        )
    warnings = []
    if locked:
        warnings.append(f"{locked:,} of its {len(spine):,} parts are protected against copying (DRM) and left out.")
    if lost:
        warnings.append(f"{lost:,} of its {len(spine):,} parts are missing or damaged.")
    return parts, tuple(warnings)


class _Chapters:
    """Names the places of a book while its files are read in order.

    Files count as chapters if the table of contents knows them; the others continue what came before. Without a table
    of contents every file is one.
    """

    def __init__(self, contents: dict[str, list[_Entry]]) -> None:
        self._contents = contents
        self._number = 0
        self._name = ""

    def places(self, file: str, text: str, headings: Sequence[Heading]) -> list[tuple[int, str]]:
        """Where chapters begin in the text of this file."""
        entries = self._contents.get(file, [])
        names = {entry.name.casefold(): entry.name for entry in entries}
        inner = [(heading.start, names.get(_heading_name(text, heading).casefold(), "")) for heading in headings]
        inner = [(start, name) for start, name in inner if name]
        if entries or not self._contents:
            self._number += bool(text)
        first = next((entry.name for entry in entries if not entry.inside), "")
        if not first and entries and not inner:
            first = entries[0].name
        self._name = first or self._name
        places = {0: self._place()}
        for start, name in inner:
            self._name = name
            places[start] = self._place()
        return list(places.items())

    def _place(self) -> str:
        if not self._number:
            return "the first pages"
        if not self._name:
            return f"chapter {self._number}"
        return self._name if _NUMBERED.match(self._name) else f"chapter {self._number}: {self._name}"


def _heading_name(text: str, heading: Heading) -> str:
    return one_line(text[heading.start : heading.end])


def _page(book: _Book, item: _Item) -> tuple[str, tuple[Heading, ...]] | None:
    """The text and headings of one file; None where it is no page, or missing or damaged."""
    if item.kind not in _PAGES:
        return None
    try:
        data = book.archive.read(item.name)
        match = _DECLARED.match(data.lstrip()[:200])
        decoded = decode(data, match.group(1).decode("ascii") if match else None)
    except NotText:
        return None
    except Exception:  # a damaged member makes zipfile, zlib and the decompressors raise anything
        return None
    return parse_page(decoded.text).builder.result()
