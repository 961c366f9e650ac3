"""The text of a mail, however its file stores it: subject, who wrote to whom and when, and what was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.mail import people_line
from rankscope.core.documents.model import Extraction, Heading, Mark
from rankscope.core.documents.text import clean, one_line, safe

_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Body:
    """One piece of what was written, clean, with the headings in it."""

    text: str
    headings: tuple[Heading, ...] = ()


@dataclass(slots=True)
class Letter:
    """A mail's parts as its reader found them. ``date`` as the mail writes it or in ISO 8601."""

    subject: str = ""
    author: str = ""
    sender: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    date: str = ""
    bodies: list[Body] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def plain_body(text: str) -> Body:
    """What was written as plain text, its own line breaks kept."""
    return Body(clean(text).strip("\n").rstrip())


def extraction_of(letter: Letter, name: str) -> Extraction:
    """The whole mail as one text; ``name`` is its format. Where there are several bodies, marks tell them apart."""
    subject = one_line(letter.subject, limit=1000)
    created = iso_date(letter.date)
    lines = (
        ("From", people_line(letter.sender)),
        ("To", people_line(letter.to)),
        ("Cc", people_line(letter.cc)),
        ("Date", _readable_date(created) or one_line(letter.date)),
    )
    text = _Text()
    headings = [Heading(0, len(subject), 1)] if subject else []
    text.add(subject)
    text.add(safe("\n".join(f"{label}: {value}" for label, value in lines if value)))
    marks = []
    bodies = [body for body in letter.bodies if body.text]
    for number, body in enumerate(bodies, start=1):
        start = text.add(body.text)
        headings += [Heading(start + h.start, start + h.end, h.level + bool(subject)) for h in body.headings]
        if len(bodies) > 1:
            marks.append(Mark(start, f"message part {number}"))
    return Extraction(
        text.joined(),
        name,
        title=one_line(subject),
        author=one_line(letter.author),
        created=created,
        headings=tuple(headings),
        marks=tuple(marks),
        warnings=tuple(dict.fromkeys(letter.warnings)),
    )


class _Text:
    """Blocks set off by empty lines."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._length = 0

    def add(self, block: str) -> int:
        """Appends a block; returns where it starts."""
        if not block:
            return self._length
        start = self._length + 2 if self._blocks else 0
        self._blocks.append(block)
        self._length = start + len(block)
        return start

    def joined(self) -> str:
        return "\n\n".join(self._blocks)


def _readable_date(created: str | None) -> str:
    if created is None:
        return ""
    moment = datetime.fromisoformat(created)
    day = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return f"{day}, {moment:%H:%M}" if "T" in created else day
