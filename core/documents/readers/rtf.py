"""Rich Text documents (RTF)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rankscope.core.documents.builder import TextBuilder, title_from
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.office_properties import usable_title
from rankscope.core.documents.office_rtf import MAX_BODY, RichText, level_of, take_apart
from rankscope.core.documents.text import one_line, shown

_MOMENT = re.compile(rb"\\yr(\d{4})\\mo(\d{1,2})\\dy(\d{1,2})(?:\\hr(\d{1,2})\\min(\d{1,2}))?")
_EDGES = tuple(f"{edge}{kind}" for edge in ("header", "footer") for kind in ("", "l", "r", "f"))


def read(path: Path) -> Extraction:
    """Reads a Rich Text document: paragraphs, tables, headings, title, author and dates.

    Text boxes, notes, comments, headers and footers follow at the end, each kind under a heading that names it.

    Raises:
        Unreadable: ("damaged") it breaks the rules of RTF.
    """
    rich = take_apart(path.read_bytes())
    builder = TextBuilder()
    try:
        for line in rich.text().split("\n"):
            _line(builder, line)
        body_title = title_from(*builder.result())
        _hanging(builder, rich)
        title, author = (_said(rich, *names) for names in (("title",), ("author", "operator")))
    except (ValueError, TypeError, OverflowError):
        raise _damaged(path) from None
    text, headings = builder.result()
    if not text and not rich.whole:
        raise _damaged(path)
    return Extraction(
        text,
        "rtf",
        title=usable_title(title) or one_line(body_title),
        author=author,
        created=_moment(rich, "creatim"),
        modified=_moment(rich, "revtim"),
        headings=headings,
        warnings=tuple(_warnings(rich)),
    )


def _warnings(rich: RichText) -> Iterator[str]:
    if not rich.whole:
        yield "The end of the file is missing."
    if len(rich.body) > MAX_BODY:
        yield f"Only the first {MAX_BODY // 1_000_000} MB of its text are read: it is too large."


def _damaged(path: Path) -> Exception:
    return unreadable(
        "damaged",
        f"{shown(path)} is a Rich Text document that is damaged.",
        "Restore it from a backup, or open it in Word or LibreOffice and save it anew.",
    )


def _line(builder: TextBuilder, line: str) -> None:
    """One paragraph, or one row of a table, which ends with a cell."""
    level, line = level_of(line)
    text = line.strip()
    if level and text:
        builder.heading(text, level)
    elif text:
        builder.line() if "\t" in line else builder.block()
        builder.verbatim(text)
    if "\t" not in line:
        builder.block()


def _hanging(builder: TextBuilder, rich: RichText) -> None:
    """What was set aside, each kind under a heading that names it."""
    notes = [(b"\\ftnalt" in note[:40], rich.text(note)) for note in rich.all("footnote")]
    _section(builder, "Text boxes", map(rich.text, rich.all("shptxt")))
    _section(builder, "Footnotes", (text for at_end, text in notes if not at_end))
    _section(builder, "Endnotes", (text for at_end, text in notes if at_end))
    edges = map(rich.text, rich.all(*_EDGES))
    _section(builder, "Headers and footers", (text for text in edges if any(map(str.isalpha, text))))
    _section(builder, "Comments", _comments(rich))


def _comments(rich: RichText) -> Iterator[str]:
    author = ""
    for name, piece in rich.aside:
        if name == "atnauthor":
            author = one_line(rich.text(piece))
        elif name == "annotation":
            text = rich.text(piece)
            yield f"{author}: {text}" if author else text


def _section(builder: TextBuilder, name: str, pieces: Iterable[str]) -> None:
    """Texts under a heading, each of them once: a box is often written twice, for new and old programs."""
    texts = dict.fromkeys(level_of(piece)[1].strip() for piece in pieces)
    texts.pop("", None)
    if texts:
        builder.heading(name, 1)
    for text in texts:
        builder.block()
        builder.verbatim(text)


def _said(rich: RichText, *names: str) -> str:
    """What the file says of itself under the first of these names that it has."""
    return next((line for name in names for piece in rich.all(name) if (line := one_line(rich.text(piece)))), "")


def _moment(rich: RichText, name: str) -> str | None:
    match = next((match for piece in rich.all(name) if (match := _MOMENT.search(piece))), None)
    if match is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    return iso_date(f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:00")
