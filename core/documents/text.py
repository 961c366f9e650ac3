"""Small, exact operations on text that every reader shares."""

from __future__ import annotations

import re

_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_VISIBLE = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060\ufeff\ufffd]")

_FILE_NAME = re.compile(r"\.(?:docx?|pdf|indd|tex|dvi|pptx?|xlsx?|rtf|qxd|pub|html?|txt)$", re.IGNORECASE)
_PROGRAM = re.compile(r"^Microsoft (?:Word|PowerPoint|Excel) - ", re.IGNORECASE)
_NO_TITLES = frozenset(("untitled", "untitled document", "unknown", "title", "document", "no title", "word document"))

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def safe(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD, one character for one.

    SQLite's full-text index stops at NUL and no encoder of UTF-8 takes a lone surrogate. Offsets stay what they were.
    """
    if "\x00" in text:
        text = text.replace("\x00", REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")  # much faster than a regular expression on text that is fine already
    except UnicodeEncodeError:
        text = _UNSAFE.sub(REPLACEMENT, text)
    return text


def clean(text: str) -> str:
    """The text with every kind of line break written as ``\\n`` and made :func:`safe`."""
    if text.isprintable():  # most short texts: neither a control character nor a surrogate
        return text
    # A search for one character is faster than for a class, and than a loop over the characters.
    odd = "\r" in text or "\x0b" in text or "\x0c" in text
    if odd or (not text.isascii() and ("\x85" in text or "\u2028" in text or "\u2029" in text)):
        text = _LINE_BREAKS.sub("\n", text)
    return safe(text)


def has_content(text: str) -> bool:
    """Whether there is anything to read in the text: more than white space, control and replacement characters."""
    return _VISIBLE.search(text) is not None


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, white space collapsed, at most ``limit`` characters: for titles and authors."""
    line = " ".join(safe(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def chosen_title(title: str) -> str:
    """The title from a document's properties, unless it is only what a program put there by itself."""
    line = one_line(_PROGRAM.sub("", title.strip()))
    return "" if line.lower() in _NO_TITLES or _FILE_NAME.search(line) else line


def shown(path: object) -> str:
    """The last part of a path as a person may read it; bytes that are no UTF-8 become U+FFFD."""
    name = str(path).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or str(path)
    return one_line(name, limit=120)
