"""What a reader makes of a file, and what the chunker makes of that. Plain data, picklable, no libraries."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """One page that can be drawn: ``text[start:end]`` stands on page ``number`` (from 1).

    ``width`` and ``height`` are in PDF points (1/72 inch) of the page as it is shown (after rotation); a picture is
    one page, measured in its pixels.
    """

    number: int
    start: int
    end: int
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: ``text[start:end]`` is its line; ``level`` from 1 (outermost)."""

    start: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Mark:
    """From ``text[start]`` up to the next mark, the text stands at this ``place`` of the file, in words by which a
    person finds it again: "slide 4", "Costs!B7" (sheet and cell), "line 12", "chapter 3", "row 17"."""

    start: int
    place: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """The text of one document with what is known of its layout; ``format`` is the short name of what it really is.

    ``text`` holds no NUL and no lone surrogate, so that SQLite and JSON take it unchanged. Offsets are code points.
    ``modified`` and ``created`` are the document's own dates (ISO 8601), not the file's; None where it has none.
    ``marks`` (rising) tell where text stands in formats without pages; ``numbered_lines`` says instead that line n of
    the text is line n of the file. ``warnings`` are sentences for people about what was left out.
    """

    text: str
    format: str
    title: str = ""
    author: str = ""
    created: str | None = None
    modified: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[Page, ...] = ()
    marks: tuple[Mark, ...] = ()
    numbered_lines: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """One passage: ``extraction.text[start:end]``.

    ``context`` is the title and the heading path that are encoded in front of it (never part of the offsets).
    ``page`` is the page its first character stands on, or None; ``place`` says in words where that is ("page 3",
    "slide 4"), empty where the format has no places. ``n_tokens`` counts context and passage together with the
    encoder's tokenizer, special tokens included.
    """

    start: int
    end: int
    context: str
    page: int | None
    n_tokens: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file gave no passages, in words for people, and what to do about it.

    ``reason`` is one of: "unreadable", "empty", "encrypted", "damaged", "wrong type", "no text", "needs OCR",
    "unsupported", "too large", "too deep", "changing", "vanished", "timed out", "crashed".
    """

    reason: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file (an attachment, a file in an archive), unpacked so that it can be read as one.

    ``name`` is its path inside the container with "/" between folders, unique there; ``path`` where its bytes lie
    now, empty when ``problem`` says why they could not be taken out. ``size`` in bytes.
    """

    name: str
    path: str = ""
    size: int = 0
    problem: Failure | None = None


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The answer of the reading process for one file: either ``extraction`` with ``passages``, or ``failure``.

    ``content_hash`` is the SHA-256 of the file's bytes as they were read (hex; empty when they could not be).
    ``members`` are the files that were found inside it; an archive has members and no text of its own.
    """

    content_hash: str
    extraction: Extraction | None = None
    passages: tuple[PassageSpan, ...] = ()
    failure: Failure | None = None
    members: tuple[Member, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PageView:
    """One rendered page with the box of every character of its text.

    ``pixels`` are ``height * width * 3`` bytes, RGB rows from the top. ``boxes`` has one ``(left, top, right, bottom)``
    per character of ``text[page.start:page.end]``, in pixels of this picture; all zeros where a character has no box
    (line ends).
    """

    page: int
    width: int
    height: int
    pixels: bytes
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
