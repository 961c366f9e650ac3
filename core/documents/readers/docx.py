"""Word documents (Office Open XML)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from lxml.etree import LxmlError

from rankscope.core.documents.builder import TextBuilder, title_from
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.text import chosen_title, one_line, shown

MAX_UNPACKED = 200_000_000
# XML shrinks to a tenth or a fortieth; what shrinks a lot more than that was made to fill memories.
_SUSPICIOUS_SIZE, _SUSPICIOUS_RATIO = 20_000_000, 200

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"heading\s*([1-9])$", re.IGNORECASE)
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "\N{NON-BREAKING HYPHEN}"}
# Deleted text (tracked changes) stands in w:delText and is thereby left out; what was moved away is not.
_LEFT_OUT = frozenset((_FALLBACK, f"{_W}moveFrom", f"{_W}del"))


def read(path: Path) -> Extraction:
    """Reads a Word document: paragraphs and tables in order, heading styles, title, author and dates.

    Raises:
        Unreadable: ("damaged", "too large", "wrong type") it cannot be opened.
    """
    _check_size(path)
    document = _open(path)
    levels, title_styles = _styles(document)
    writer = _Writer(levels, title_styles)
    writer.container(document.element.body)
    text, headings = writer.builder.result()
    properties = document.core_properties
    return Extraction(
        text,
        "docx",
        title=one_line(writer.title) or chosen_title(properties.title or "") or title_from(text, headings),
        author=one_line(properties.author or ""),
        created=_iso(properties.created),
        modified=_iso(properties.modified),
        headings=headings,
    )


def _check_size(path: Path) -> None:
    """Refuses a bomb by the sizes it declares; zipfile never unpacks more of a member than it declares."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise _damaged(path) from None
    packed = max(1, path.stat().st_size)
    if unpacked > MAX_UNPACKED or (unpacked > _SUSPICIOUS_SIZE and unpacked > _SUSPICIOUS_RATIO * packed):
        raise unreadable(
            "too large",
            f"{shown(path)} unpacks to {unpacked // 1_000_000:,} MB, {unpacked // packed:,} times its size.",
            "If it is a real document, split it, or save it without its pictures.",
        )


def _open(path: Path) -> Any:
    try:
        return Document(str(path))
    except ValueError as error:
        if "content type" not in str(error):
            raise _damaged(path) from None
        raise unreadable(
            "wrong type",
            f"{shown(path)} is a Word template or a Word document with macros, not a plain .docx.",
            "Open it in Word and save it as a Word document (.docx).",
        ) from None
    except (PackageNotFoundError, LxmlError, KeyError, zipfile.BadZipFile, AttributeError, IndexError, OSError):
        raise _damaged(path) from None


def _damaged(path: Path) -> Unreadable:
    return unreadable(
        "damaged",
        f"{shown(path)} is a damaged Word document.",
        "Restore it from a backup, or open it in Word, let it repair the file and save it.",
    )


def _styles(document: Any) -> tuple[dict[str, int], frozenset[str]]:
    """Heading level by style id, inherited from the style that a style is based on; and the ids of title styles."""
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    outline: dict[str, int] = {}
    for style in document.styles.element.iterfind(f"{_W}style"):
        identifier = style.get(f"{_W}styleId", "")
        names[identifier] = _value(style.find(f"{_W}name"))
        parents[identifier] = _value(style.find(f"{_W}basedOn"))
        level = _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
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
    return levels, frozenset(titles)


def _ancestry(identifier: str, parents: dict[str, str]) -> Iterator[str]:
    """A style and what it is based on, each once: damaged files have circles."""
    seen: set[str] = set()
    while identifier and identifier not in seen:
        yield identifier
        seen.add(identifier)
        identifier = parents.get(identifier, "")


def _value(element: Any) -> str:
    return "" if element is None else element.get(f"{_W}val") or ""


def _iso(moment: datetime | None) -> str | None:
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") if isinstance(moment, datetime) else None


class _Writer:
    """Walks the body in document order without recursion: tables may be nested as deep as they like."""

    def __init__(self, levels: dict[str, int], title_styles: frozenset[str]) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self._levels = levels
        self._title_styles = title_styles

    def container(self, body: Any) -> None:
        stack: list[tuple[Any, bool]] = [(body, False)]
        while stack:
            element, leaving = stack.pop()
            tag = element.tag
            if leaving:
                self._leave(tag)
                continue
            if tag == f"{_W}p":
                self._paragraph(element)
            if tag in _LEFT_OUT:
                continue
            self._enter(tag)
            stack.append((element, True))
            # Below a paragraph only text boxes hold further paragraphs; its own text is written already.
            children = element.iterdescendants(f"{_W}txbxContent") if tag == f"{_W}p" else iter(element)
            stack.extend((child, False) for child in reversed([*children]) if _outermost_box(child, element))

    def _enter(self, tag: Any) -> None:
        if tag == f"{_W}tbl":
            self.builder.block()
        elif tag == f"{_W}tr":
            self.builder.start_row()
        elif tag == f"{_W}tc":
            self.builder.cell()

    def _leave(self, tag: Any) -> None:
        if tag == f"{_W}tbl":
            self.builder.block()
        elif tag == f"{_W}tr":
            self.builder.end_row()

    def _paragraph(self, paragraph: Any) -> None:
        text = "".join(_runs(paragraph))
        builder = self.builder
        style = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        listed = paragraph.find(f"{_W}pPr/{_W}numPr") is not None
        if style not in self._levels and (listed or paragraph.getparent().tag == f"{_W}tc"):
            builder.line()
        else:
            builder.block()
        if not text.strip():
            return
        if style in self._levels:
            builder.heading(text, self._levels[style])
            return
        if style in self._title_styles and not self.title:
            self.title = text
        builder.verbatim(text.strip())


def _outermost_box(child: Any, paragraph: Any) -> bool:
    """Whether a text box belongs to this paragraph itself, and is not Word's copy of it for old programs."""
    if child.tag != f"{_W}txbxContent":
        return True
    for ancestor in child.iterancestors():
        if ancestor is paragraph:
            return True
        if ancestor.tag in (f"{_W}p", _FALLBACK):
            return False
    return True


def _runs(paragraph: Any) -> Iterator[str]:
    """The texts of a paragraph in order, without those of the text boxes that hang on it."""
    stack = [*reversed(paragraph)]
    while stack:
        element = stack.pop()
        tag = element.tag
        if tag == f"{_W}t":
            yield element.text or ""
        elif tag in _BREAKS:
            yield _BREAKS[tag]
        elif tag != f"{_W}txbxContent" and tag != f"{_W}pPr" and tag not in _LEFT_OUT:
            stack.extend(reversed(element))
