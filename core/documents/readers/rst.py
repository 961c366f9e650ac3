"""reStructuredText, read lightly: the lines stay as they are, only their marks are taken away.

The library docutils is not used: it knows only the directives and roles that are installed with it, and what stands
in any other one (documentation is full of them) would be lost.
"""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import one_line
from rankscope.core.documents.text_lines import numbered
from rankscope.core.documents.text_rst import plain_lines

_HEAD_LINES = 60  # the fields of a document stand at its top
_HEADER = re.compile(r"(?P<key>[A-Z][\w-]*):[ \t]*(?P<value>.*(?:\n[ \t]+\S.*)*)")  # as in a mail, for Python's PEPs
_FIELD = re.compile(r"^:(?P<key>[A-Za-z][\w -]*):[ \t]+(?P<value>\S.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
_ADDRESS = re.compile(r"\s*<[^<>\s]+>")
_DAY = re.compile(r"(\d{1,2})-(\w{3})-(\d{4})")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def read(path: Path) -> Extraction:
    """Reads a text in reStructuredText; line n of its text is line n of the file.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    decoded = decode_file(path, path.read_bytes())
    source = numbered(decoded.text).split("\n")
    fields = _fields("\n".join(source[:_HEAD_LINES]))
    plain = plain_lines(source)
    text = "\n".join(plain.lines)
    starts = list(accumulate((len(line) + 1 for line in plain.lines), initial=0))
    headings = tuple(
        Heading(starts[n], starts[n] + len(plain.lines[n]), level) for n, level in plain.titles if plain.lines[n]
    )
    return Extraction(
        text,
        "rst",
        title=_title(fields) or title_from(text, headings),
        author=one_line(_ADDRESS.sub("", fields.get("author") or fields.get("authors", ""))),
        created=_date(fields.get("created") or fields.get("date")),
        modified=_date(fields.get("last-modified")),
        headings=headings,
        numbered_lines=True,
        warnings=decoded.warnings,
    )


def _fields(head: str) -> dict[str, str]:
    """The fields at the document's top, keys in lower case."""
    fields: dict[str, str] = {}
    if head.startswith("PEP:"):
        position = 0
        while match := _HEADER.match(head, position):
            fields.setdefault(match["key"].lower(), match["value"])
            position = match.end() + 1
    else:
        for match in _FIELD.finditer(head):
            fields.setdefault(match["key"].lower(), match["value"])
    return fields


def _title(fields: dict[str, str]) -> str:
    title = one_line(fields.get("title", ""))
    return f"PEP {fields['pep'].strip()} – {title}" if title and "pep" in fields else title


def _date(value: str | None) -> str | None:
    """As :func:`iso_date`; also "05-Jul-2001"."""
    day = _DAY.search(value or "")
    if day and day[2].lower() in _MONTHS:
        return iso_date(f"{day[3]}-{_MONTHS.index(day[2].lower()) + 1:02}-{int(day[1]):02}")
    return iso_date(value)
