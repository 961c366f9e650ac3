"""What calamine does not tell of an Excel workbook: how far a sheet reaches, its comments, and what is drawn on it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import Any

from rankscope.core.documents.office_drawing import CHART, RELATION, chart_texts, paragraphs
from rankscope.core.documents.office_sheets import column_number
from rankscope.core.documents.office_zip import Relation, parsed, relations
from rankscope.core.documents.text import one_line

MAX_CELLS = 100_000_000  # of the rectangle around all cells of a sheet: calamine keeps all of it, 32 bytes a cell
_COUNT = re.compile(rb'<(?:\w+:)?sst[^>]*? uniqueCount="(\d{1,20})"')
_SMALL = 1_000_000  # bytes of a sheet's XML up to which its cells are looked at, whatever it says of its size
_BLOCK = 1 << 20
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="(?:[A-Z]{1,3}\d{1,7}:)?([A-Z]{1,3})(\d{1,7})"')
# A cell that holds something; one that is only coloured ends at once.
_CELL = re.compile(rb'<(?:\w+:)?c (?:[^>]* )?r="([A-Z]{1,7})(\d{1,12})"[^>]*[^/>]>')
# Where no cell is called so, all lie in 702 columns (to ZZ) and 99,999 rows, which is less than MAX_CELLS.
_FAR_CELL = re.compile(rb' r="(?:[A-Z]{3}|[A-Z]{1,2}\d{6})')


class Workbook:
    """The sheets of a workbook's archive by their names. Damaged or binary parts tell nothing."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        main = next((r.target for r in relations(archive, "").values() if r.type == "officeDocument"), "")
        root = parsed(archive, main) if main.endswith(".xml") else None
        related = relations(archive, main)
        self._strings = next((r.target for r in related.values() if r.type == "sharedStrings"), "")
        self._parts: dict[str, str] = {}
        self._related: dict[str, list[Relation]] = {}  # to each sheet
        for sheet in () if root is None else root.iter("{*}sheet"):
            identifier = next((value for name, value in sheet.items() if name.endswith("}id")), "")
            if identifier in related:
                self._parts[sheet.get("name", "")] = related[identifier].target

    def claims_impossible(self) -> bool:
        """Whether it claims to hold more strings than fit into its bytes: calamine keeps room for as many."""
        entry = self._archive.NameToInfo.get(self._strings)
        if entry is None:
            return False
        try:
            with self._archive.open(entry) as stream:
                match = _COUNT.search(stream.read(4096))
        except Exception:  # damaged members make zipfile raise anything; calamine then names the damage
            return False
        return match is not None and int(match.group(1)) > max(entry.file_size, 1_000_000)

    def is_too_wide(self, sheet: str) -> bool:
        """Whether the rectangle around all its cells is more than memory can take.

        What a sheet says of its size is believed, unless it is a large size (some programs count cells without
        content) or a small sheet (which is quickly looked through).
        """
        part = self._parts.get(sheet, "")
        entry = self._archive.NameToInfo.get(part)
        if entry is None:
            return False
        try:
            if entry.file_size <= _SMALL:
                data = self._archive.read(entry)
                return _FAR_CELL.search(data) is not None and _extent(iter((data,))) > MAX_CELLS
            with self._archive.open(part) as stream:
                match = _DIMENSION.search(stream.read(4096))
                claimed = _cells(match.group(1), int(match.group(2))) if match else MAX_CELLS + 1
                if claimed <= MAX_CELLS:
                    return False
                stream.seek(0)
                return _extent(iter(lambda: stream.read(_BLOCK), b"")) > MAX_CELLS
        except Exception:  # damaged members make zipfile raise anything; calamine then names the damage
            return False

    def comments(self, sheet: str) -> Iterator[tuple[str, str]]:
        """The comments on a sheet, each with its cell."""
        related = self._relations(sheet)
        threads = [relation.target for relation in related if relation.type == "threadedComment"]
        if threads:  # the older kind then only says that there are threads
            for part in threads:
                root = parsed(self._archive, part)
                for comment in () if root is None else root.iter("{*}threadedComment"):
                    yield comment.get("ref", ""), one_line(comment.findtext("{*}text", ""), limit=100_000)
            return
        for part in (relation.target for relation in related if relation.type == "comments"):
            yield from _old_comments(parsed(self._archive, part))

    def drawn(self, sheet: str) -> Iterator[str]:
        """The texts of text boxes, shapes and charts on a sheet."""
        for relation in self._relations(sheet):
            root = parsed(self._archive, relation.target) if relation.type == "drawing" else None
            if root is None:
                continue
            yield from paragraphs(root)
            references = list(root.iter(f"{CHART}chart"))
            charts = relations(self._archive, relation.target) if references else {}
            for reference in references:
                chart = charts.get(reference.get(f"{RELATION}id", ""))
                chart_root = parsed(self._archive, chart.target) if chart else None
                yield from () if chart_root is None else chart_texts(chart_root)

    def _relations(self, sheet: str) -> list[Relation]:
        if sheet not in self._related:
            self._related[sheet] = list(relations(self._archive, self._parts.get(sheet, "")).values())
        return self._related[sheet]


def _old_comments(root: Any | None) -> Iterator[tuple[str, str]]:
    if root is None:
        return
    authors = [one_line(author.text or "") for author in root.iter("{*}author")]
    for comment in root.iter("{*}comment"):
        text = one_line("".join(piece.text or "" for piece in comment.iter("{*}t")), limit=100_000)
        number = comment.get("authorId", "")
        author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        # Excel itself puts the author's name in front of the text.
        yield comment.get("ref", ""), text if not author or text.startswith(author) else f"{author}: {text}"


def _cells(column: bytes, row: int) -> int:
    return (column_number(column.decode()) + 1) * row


def _extent(blocks: Iterator[bytes]) -> int:
    """The number of cells in the rectangle from A1 around all cells with content."""
    last_row = last_column = 0
    rest = b""
    for block in blocks:
        data = rest + block
        for column, row in _CELL.findall(data):
            last_row = max(last_row, int(row))
            last_column = max(last_column, column_number(column.decode()) + 1)
        rest = data[data.rfind(b"<") :][-200:] if b"<" in data else b""
    return last_row * last_column
