"""The records of a table in a text file, each as one line with tabs between its cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from rankscope.core.documents.table_dialect import Dialect

_BLOCK = 1 << 18  # characters taken at once: a whole file of cells would need many times its size


class Rows:
    """Gives the table as text, block by block; afterwards ``unclosed`` is the first row (from 1) whose quote was not
    closed, None if there is none."""

    def __init__(self, source: str, dialect: Dialect) -> None:
        self._source = source
        self._dialect = dialect
        self.unclosed: int | None = None

    def __iter__(self) -> Iterator[str]:
        start, rows = 0, 0
        while start < len(self._source):
            end = self._block_end(start)
            block = self._source[start:end]
            try:
                text = self._rewritten(block)
            except csv.Error:
                text = "".join(self._one_by_one(block, rows))
            rows += text.count("\n")
            yield text
            start = end

    def _block_end(self, start: int) -> int:
        """Behind a line end that, as the number of quotes before it says, no quote encloses."""
        end = self._source.find("\n", start + _BLOCK) + 1 or len(self._source)
        quotes = self._source.count(self._dialect.quote, start, end)
        while quotes % 2 and end < len(self._source):
            begin, end = end, self._source.find("\n", end) + 1 or len(self._source)
            quotes += self._source.count(self._dialect.quote, begin, end)
        return end

    def _rewritten(self, block: str) -> str:
        """The block with tabs between its cells. Raises csv.Error where a quote is not closed as it should be."""
        separator = self._dialect.separator
        if self._dialect.quote not in block:  # nothing for a parser
            return block.replace(separator + " ", separator).replace(separator, "\t")
        lines = block.splitlines(keepends=True)
        if "\t" in block and separator != "\t":
            rows = [_joined(cells) for cells in self._dialect.reader(lines)]
        else:
            rows = ["\t".join(cells) for cells in self._dialect.reader(lines)]
        if len(rows) < len(lines):  # some cells have several lines
            rows = [row.replace("\n", " ") for row in rows]
        rows.append("")
        return "\n".join(rows)

    def _one_by_one(self, block: str, rows: int) -> Iterator[str]:
        """The block record by record; where a quote is not closed, each of the lines it runs over is a record."""
        taken: list[str] = []

        def feed() -> Iterator[str]:
            for line in block.splitlines(keepends=True):
                taken.append(line)
                yield line

        records = self._dialect.reader(feed())
        while True:
            taken.clear()
            try:
                cells = next(records, None)
            except csv.Error:
                if len(taken) > 1:
                    self.unclosed = self.unclosed or rows + 1
                for line in taken:
                    yield _joined(next(self._dialect.reader((line,), strict=False))) + "\n"
                rows += len(taken)
                continue
            if cells is None:
                return
            rows += 1
            yield _joined(cells) + "\n"


def _joined(cells: list[str]) -> str:
    """One record on one line: tabs and line ends inside its cells become blanks."""
    line = "\t".join(cells)
    if "\n" in line or line.count("\t") >= len(cells) > 0:
        line = "\t".join([cell.rstrip("\n").replace("\n", " ").replace("\t", " ") for cell in cells])
    return line
