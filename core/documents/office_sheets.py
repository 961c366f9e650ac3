"""Rows of a spreadsheet as lines of text, numbers and dates as people see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

_AT_ONCE = 5000  # cells
_ODD_BREAKS = "\r\x0b\x0c\x85\u2028\u2029"
_LINE_BREAKS = re.compile(f"[ \t]*[\n{_ODD_BREAKS}]\\s*")
_DURATION = re.compile(r"(?<![^\t])(-?)PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S(?![^\t])")


@dataclass(slots=True)
class Rows:
    """Rows that hold anything, as lines with tabs between cells; where each stands ("Costs!B7"); whether some are
    missing because the limit was reached."""

    places: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    cut: bool = False


def rows_of(rows: Iterable[list[Any]], columns: Sequence[str], sheet: str, limit: int) -> Rows:
    """The rows of a sheet up to ``limit`` characters. Each stands where its first cell with content does.

    Cells are turned into text column by column, because one column mostly holds one type: that is much faster than
    row by row.

    Args:
        rows: from the sheet's first row on, as calamine gives them.
        columns: the names of the rows' columns.
    """
    found = Rows()
    remaining = iter(rows)
    number = 0
    at_once = max(1, _AT_ONCE // max(1, len(columns)))
    while not found.cut and (block := list(islice(remaining, at_once))):
        for line in map("\t".join, zip(*map(_texts, zip(*block, strict=True)), strict=True)):
            number += 1
            cells = line.lstrip("\t")
            text = cells.rstrip()
            if text:
                found.places.append(f"{sheet}!{columns[len(line) - len(cells)]}{number}")
                found.lines.append(text)
                limit -= len(text)
        found.cut = limit <= 0
    found.lines = _one_line_each(found.lines)
    return found


def without_iso_durations(line: str) -> str:
    """Durations as people see them, 30:00:00: OpenDocument writes PT30H00M00S."""
    return _DURATION.sub(r"\1\2:\3:\4", line) if "PT" in line else line


def column_name(column: int) -> str:
    """The letters of a column that is counted from 0: A, B, ..., Z, AA."""
    name = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return name


def column_number(name: str) -> int:
    """The column that these letters name, counted from 0."""
    number = 0
    for letter in name:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _texts(column: Sequence[Any]) -> Sequence[str]:
    """The cells of one column as text."""
    kinds = set(map(type, column))
    if kinds == {str}:
        return column
    if len(kinds) == 1:
        return list(map(_AS_TEXT[kinds.pop()], column))
    return [_AS_TEXT[type(cell)](cell) for cell in column]


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    return f"{'-' if seconds < 0 else ''}{hours}:{rest // 60:02d}:{rest % 60:02d}"


# All types that calamine gives. Fifteen digits are what spreadsheets keep of a number: they turn 0.30000000000000004
# into 0.3, and 5.0 into 5.
_AS_TEXT: dict[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    float: "%.15g".__mod__,
    bool: {True: "TRUE", False: "FALSE"}.__getitem__,
    date: str,
    datetime: str,
    time: str,
    timedelta: _duration,
}


def _one_line_each(lines: list[str]) -> list[str]:
    """The lines without the line breaks that their cells hold."""
    whole = "\n".join(lines)
    if any(sign in whole for sign in _ODD_BREAKS):
        return [_LINE_BREAKS.sub(" ", line) for line in lines]
    if whole.count("\n") < len(lines):
        return lines
    return [_LINE_BREAKS.sub(" ", line) if "\n" in line else line for line in lines]
