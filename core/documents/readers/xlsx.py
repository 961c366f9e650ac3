"""Spreadsheets: Excel's new, binary and old workbooks (xlsx, xlsb, xls) and OpenDocument's (ods)."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.office_crypt import decrypted
from rankscope.core.documents.office_odf import refuse_encrypted
from rankscope.core.documents.office_parts import Parts
from rankscope.core.documents.office_properties import Properties, core_properties, odf_properties, ole_properties
from rankscope.core.documents.office_sheets import Rows, column_name, rows_of, without_iso_durations
from rankscope.core.documents.office_workbook import Workbook
from rankscope.core.documents.office_zip import EXCEL, opened
from rankscope.core.documents.text import one_line, safe, shown

MAX_CHARACTERS = 20_000_000
# Sheets are unpacked as a stream, and they repeat themselves more than texts do.
_MAX_UNPACKED, _RATIO = 1_500_000_000, 500


def read(path: Path) -> Extraction:
    """Reads a workbook sheet by sheet: rows as lines, tabs between cells, values instead of formulas.

    Comments, and what is written in shapes and charts, follow the rows of their sheet (xlsx only).

    Raises:
        Unreadable: ("damaged", "too large", "encrypted") it cannot be opened.
    """
    if not zipfile.is_zipfile(path):
        return _old_workbook(path)
    with opened(path, EXCEL, _MAX_UNPACKED, _RATIO) as archive:
        if "META-INF/manifest.xml" in archive.NameToInfo:
            refuse_encrypted(path, archive)
            return _Reading(path, "ods").result(path, odf_properties(archive))
        workbook = Workbook(archive)
        if workbook.claims_impossible():
            raise EXCEL.damaged(path)
        return _Reading(path, "xlsx", workbook).result(path, core_properties(archive))


def _old_workbook(path: Path) -> Extraction:
    """An OLE workbook. Its protection is one of the stream inside, so that it is met only here."""
    reading, properties = _Reading(path, "xls"), ole_properties(path)
    try:
        return reading.result(path, properties)
    except PasswordError:
        with tempfile.TemporaryDirectory(prefix="rankscope-") as folder:
            return reading.result(decrypted(path, Path(folder)), properties)


class _Damaged(Exception):
    """calamine cannot read the file or a sheet of it."""


@contextmanager
def _damage() -> Iterator[None]:
    """One exception for all that calamine raises, its Rust code's panics among them, which are no Exceptions."""
    try:
        yield
    except PasswordError:
        raise
    except (CalamineError, ValueError):
        raise _Damaged from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _Damaged from None


class _Reading:
    """One workbook while it is read."""

    def __init__(self, path: Path, name: str, extras: Workbook | None = None) -> None:
        self._path = path
        self._format = name
        self._extras = extras
        self._parts = Parts()
        self._room = MAX_CHARACTERS
        self._damaged = self._too_wide = False
        self._warnings: list[str] = []

    def result(self, source: Path, properties: Properties) -> Extraction:
        """The workbook's text; ``source`` is the file without its protection."""
        try:
            with _damage():
                workbook = load_workbook(source)
        except _Damaged:
            raise EXCEL.damaged(self._path) from None
        with workbook:
            for sheet in workbook.sheets_metadata:
                self._sheet(workbook, sheet)
        if self._damaged and not self._parts.marks:
            raise EXCEL.damaged(self._path)
        if self._too_wide and not self._parts.marks:
            raise unreadable(
                "too large",
                f"The cells of {shown(self._path)} lie too far apart to be kept in memory.",
                "Delete the cells that lie far from the others, or save its sheets as CSV.",
            )
        return Extraction(
            safe(self._parts.text()),
            self._format,
            title=properties.title,
            author=properties.author,
            created=properties.created,
            modified=properties.modified,
            headings=tuple(self._parts.headings),
            marks=tuple(self._parts.marks),
            warnings=tuple(self._warnings),
        )

    def _sheet(self, workbook: CalamineWorkbook, sheet: SheetMetadata) -> None:
        """Reads one sheet under its name. What keeps it from being read becomes a warning."""
        name = one_line(sheet.name)
        if self._room <= 0:
            self._warnings.append(f"The sheet “{name}” is left out: the workbook is too large.")
            return
        if self._extras is not None and self._extras.is_too_wide(sheet.name):
            self._too_wide = True
            self._warnings.append(f"The sheet “{name}” is left out: its cells lie too far apart to be kept in memory.")
            return
        try:
            rows = self._rows(workbook, sheet, name)
        except _Damaged:
            self._damaged = True
            self._warnings.append(f"The sheet “{name}” is damaged, and left out.")
            return
        last = rows.places[-1] if rows.places else ""
        self._hanging(sheet.name, rows)
        if not rows.lines:
            return
        if rows.cut:
            self._warnings.append(f"The sheet “{name}” is read only as far as {last}: the workbook is too large.")
        if sheet.visible != SheetVisibleEnum.Visible:
            self._warnings.append(f"The sheet “{name}” is hidden, and read all the same.")
        starts = accumulate((len(line) + 1 for line in rows.lines), initial=len(name) + 1)
        places = list(zip(starts, rows.places, strict=False))
        places[0] = (0, rows.places[0])  # the name stands with the first row
        self._parts.add("\n".join((name, *rows.lines)), [Heading(0, len(name), 1)], places)

    def _rows(self, workbook: CalamineWorkbook, sheet: SheetMetadata, name: str) -> Rows:
        """The rows of a sheet. Raises _Damaged."""
        if sheet.typ not in (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet, SheetTypeEnum.DialogSheet):
            return Rows()
        with _damage():
            table = workbook.get_sheet_by_name(sheet.name)
            first = table.start
            if first is None:
                return Rows()
            columns = [column_name(first[1] + column) for column in range(table.width)]
            rows = rows_of(table.iter_rows(), columns, name, self._room)
        self._room -= sum(map(len, rows.lines))
        if self._format == "ods":
            rows.lines = list(map(without_iso_durations, rows.lines))
        return rows

    def _hanging(self, sheet: str, rows: Rows) -> None:
        """What hangs on a sheet: comments at their cells, then shapes and charts."""
        if self._extras is None:
            return
        name = one_line(sheet)
        for cell, text in self._extras.comments(sheet):
            rows.places.append(f"{name}!{cell}" if cell else name)
            rows.lines.append(f"Comment: {text}")
        for text in self._extras.drawn(sheet):
            rows.places.append(name)
            rows.lines.append(" ".join(text.split()))
