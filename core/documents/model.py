"""What a reader makes of a file, and what the chunker makes of that. Plain data, picklable, no libraries."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a paginated document: ``text[start:end]`` stands on page ``number`` (from 1).

    ``width`` and ``height`` are in PDF points (1/72 inch) of the page as it is shown (after rotation).
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
class Extraction:
    """The text of one document with what is known of its layout; ``format`` is the short name of what it really is.

    ``text`` holds no NUL and no lone surrogate, so that SQLite and JSON take it unchanged. Offsets are code points.
    ``modified`` and ``created`` are the document's own dates (ISO 8601), not the file's; None where it has none.
    """

    text: str
    format: str
    title: str = ""
    author: str = ""
    created: str | None = None
    modified: str | None = None
    headings: tuple[Heading, ...] = ()
    pages: tuple[Page, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageSpan:
    """One passage: ``extraction.text[start:end]``.

    ``context`` is the title and the heading path that are encoded in front of it (never part of the offsets).
    ``page`` is the page its first character stands on, or None. ``n_tokens`` counts context and passage together
    with the encoder's tokenizer, special tokens included.
    """

    start: int
    end: int
    context: str
    page: int | None
    n_tokens: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file gave no passages, in words for people, and what to do about it.

    ``reason`` is one of: "unreadable", "empty", "encrypted", "damaged", "wrong type", "no text", "unsupported",
    "too large", "vanished", "timed out", "crashed".
    """

    reason: str
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The answer of the reading process for one file: either ``extraction`` with ``passages``, or ``failure``.

    ``content_hash`` is the SHA-256 of the file's bytes as they were read (hex; empty when they could not be).
    """

    content_hash: str
    extraction: Extraction | None = None
    passages: tuple[PassageSpan, ...] = ()
    failure: Failure | None = None
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
