"""Tables in text files (CSV, TSV): one line of text for each record, its cells set apart by tabs.

The names of the columns are a heading, so every passage is read together with them. A record in several lines of the
file becomes one line, so that line n of the text is the row that a spreadsheet numbers n.
"""

from __future__ import annotations

from pathlib import Path

from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.table_dialect import dialect_of, names_of
from rankscope.core.documents.table_rows import Rows
from rankscope.core.documents.text import one_line
from rankscope.core.documents.text_lines import numbered


def read(path: Path) -> Extraction:
    """Reads a table with any of the usual separators, quoted or not, with records of any length.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    decoded = decode_file(path, path.read_bytes())
    source = numbered(decoded.text)
    dialect = dialect_of(source, path.suffix.lower())
    names = names_of(source, dialect)
    rows = Rows(source, dialect)
    text = "".join(rows).removesuffix("\n")
    warnings = decoded.warnings
    if rows.unclosed:
        warnings += (
            f"A quote is opened in row {rows.unclosed} and not closed: up to the next one, each line is a row.",
        )
    return Extraction(
        text,
        "csv",
        title=one_line(names.title),
        headings=_heading(text, names.header),
        numbered_lines=True,
        warnings=warnings,
    )


def _heading(text: str, record: int | None) -> tuple[Heading, ...]:
    if record is None:
        return ()
    start = 0
    for _ in range(record):
        start = text.index("\n", start) + 1
    end = text.find("\n", start)
    line = text[start : end if end >= 0 else len(text)]
    return (Heading(start, start + len(line.rstrip()), 1),)
