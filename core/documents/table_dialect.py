"""How a table in a text file is written: what separates its cells, how they are quoted, which row names its columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SAMPLE = 64 * 1024
_ROWS = 200  # looked at
_SEPARATORS = ",;\t|"
_TITLE_ROWS = 5  # lines above the header that name the whole table
_LONGEST_NAME = 60  # characters of a column's name
# What a column is hardly ever called: a number, a date, an amount, an address.
_VALUE = re.compile(r"[-+(]?[\d.,:/ %$€£)-]*\d[\d.,:/ %$€£)-]*|\S+@\S+|https?://\S+", re.IGNORECASE)

csv.field_size_limit(2**31 - 1)  # a cell may be as long as the file; the library stops at 128 KB by itself


@dataclass(frozen=True, slots=True)
class Dialect:
    """``escape`` is the character in front of a quote that ends no cell, where it is not doubled instead."""

    separator: str
    quote: str = '"'
    escape: str | None = None

    def reader(self, lines: Iterable[str], strict: bool = True) -> Iterator[list[str]]:
        """The standard library's reader of this dialect; ``lines`` have their ends. Raises csv.Error if it is strict
        where a quote is followed by anything but a separator, or never closed."""
        return csv.reader(
            lines,
            delimiter=self.separator,
            quotechar=self.quote,
            escapechar=self.escape,
            skipinitialspace=True,
            strict=strict,
        )

    def rows(self, sample: str, lines: list[str]) -> list[list[str]]:
        """The records of some lines, which together are ``sample``; quotes that are not closed are forgiven."""
        if self.quote in sample:
            return list(self.reader(lines, strict=False))
        # Without a quote there is nothing for a parser.
        rows = [bare.split(self.separator) if (bare := line.rstrip("\n")) else [] for line in lines]
        return [[cell.lstrip(" ") for cell in row] for row in rows] if " " in sample else rows

    def widths(self, sample: str, lines: list[str]) -> list[int]:
        """The number of cells of each of the records that :meth:`rows` gives, those without any left out."""
        if self.quote in sample:
            return [len(row) for row in self.reader(lines, strict=False) if row]
        return [line.count(self.separator) + 1 for line in lines if line != "\n"]


@dataclass(frozen=True, slots=True)
class Names:
    """What the first records say of the table: its title, and the number of its header's record (from 0) if any."""

    title: str = ""
    header: int | None = None


def dialect_of(source: str, suffix: str) -> Dialect:
    """The dialect in which the first lines make the most regular table."""
    lines = _first_lines(source)
    sample = "".join(lines)
    escape = "\\" if sample.count('\\"') > sample.count('""') else None
    quote = "'" if "'" in sample and '"' not in sample and _quoted_with_apostrophes(sample) else '"'
    if lines and lines[0].startswith("sep=") and len(lines[0].rstrip("\n")) == 5:
        return Dialect(lines[0][4], quote, escape)  # the line with which Excel is told
    if suffix in (".tsv", ".tab") and "\t" in sample:
        return Dialect("\t", quote, escape)
    best, best_score = "\t", (0.0, 0)  # a list of single values is a table of one column
    for separator in _SEPARATORS:
        if separator not in sample:
            continue
        score = _regularity(Dialect(separator, quote, escape).widths(sample, lines))
        if score > best_score:
            best, best_score = separator, score
    return Dialect(best, quote, escape)


def names_of(source: str, dialect: Dialect) -> Names:
    """Finds the header among the first records.

    The rows above it that fill a single cell name the table. A row is no header if it has a cell that looks like a
    value, that is long, or that stands again further down in its column.
    """
    lines = _first_lines(source)
    rows = dialect.rows("".join(lines), lines)
    widths = Counter([len(row) for row in rows if row])
    if widths.total() < 2:
        return Names()
    width = _commonest(widths)
    title = ""
    for number, row in enumerate(rows[:_TITLE_ROWS]):
        filled = [cell.strip() for cell in row if cell.strip()]
        if number == 0 and filled and filled[0].startswith("sep="):
            continue  # the line that tells Excel the separator
        if len(filled) == 1 and width > 1:
            title = title or filled[0]
        elif filled:
            is_header = _names_columns(row, rows[number + 1 :], width)
            return Names(title, number if is_header else None)
    return Names(title)


def _first_lines(source: str) -> list[str]:
    """The first lines with their ends; the last may be cut where the first line alone fills the sample."""
    sample = source[:_SAMPLE]
    if len(source) > _SAMPLE and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    return sample.splitlines(keepends=True)[:_ROWS]


def _quoted_with_apostrophes(sample: str) -> bool:
    return len(re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n])", sample)) > sample.count("\n")


def _regularity(widths: list[int]) -> tuple[float, int]:
    """How many of the rows have the commonest number of cells, and that number; nothing where it is one cell."""
    if not widths:
        return 0.0, 0
    width = widths[0]
    count = widths.count(width)
    if count < len(widths):
        counted = Counter(widths)
        width = _commonest(counted)
        count = counted[width]
    return (count / len(widths), width) if width > 1 else (0.0, 0)


def _commonest(widths: Counter[int]) -> int:
    """Of several that are equally common, the one that came first."""
    return max(widths, key=widths.__getitem__)


def _names_columns(row: list[str], below: list[list[str]], width: int) -> bool:
    names = [cell.strip() for cell in row]
    while names and not names[-1]:
        names.pop()  # a separator at the end of each line
    filled = [name for name in names if name]
    if not filled or len(filled) < 0.6 * width or len(set(filled)) < len(filled):
        return False
    if any(len(name) > _LONGEST_NAME or _VALUE.fullmatch(name) for name in filled):
        return False
    columns = list(zip(*(other for other in below if len(other) == width), strict=True))
    if width == 1:  # a list of words has no header that could be told from them
        return bool(columns) and all(_VALUE.fullmatch(cell.strip()) for cell in columns[0] if cell.strip())
    return not any(name and name in column for name, column in zip(names, columns, strict=False))
