"""Plain text: notes, logs, settings, TeX, and files without an ending such as README."""

from __future__ import annotations

import re
from pathlib import Path

from rankscope.core.documents.decoding import Decoded, NotText, decode
from rankscope.core.documents.detect import HEAD_BYTES, kind_of
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.text import one_line, shown
from rankscope.core.documents.text_lines import numbered

# A first line that stands alone, is short and ends no sentence: what people give a text as its title.
_TITLE = re.compile(r"\s*^[ \t]*(\S[^\n]{1,79}?)[ \t]*\n(?:[ \t]*[=\-~*#]{3,}[ \t]*\n)?[ \t]*\n", re.MULTILINE)
# What terminals take as colours and movements; programs leave it in their logs.
_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[A-Za-z]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|[()][A-Z0-9])")


def read(path: Path) -> Extraction:
    """Reads a text file in any common encoding; line n of its text is line n of the file.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    decoded = decode_file(path, path.read_bytes())
    return as_plain_text(decoded.text, decoded.warnings)


def as_plain_text(source: str, warnings: tuple[str, ...] = (), format_name: str = "txt") -> Extraction:
    """A text as it stands, for other readers too whose file turns out to be nothing better."""
    text = numbered(source)
    if "\x1b" in text:
        text = _TERMINAL_CODE.sub("", text)
    return Extraction(text, format_name, title=_title(text), numbered_lines=True, warnings=warnings)


def decode_file(path: Path, data: bytes, declared: str | None = None) -> Decoded:
    """The text of a file's bytes; see :func:`decode`. Raises Unreadable instead of NotText."""
    try:
        return decode(data, declared)
    except NotText:
        kind = kind_of(data[:HEAD_BYTES]) or "binary data of an unknown kind"
        raise unreadable(
            "wrong type",
            f"{shown(path)} is not a text: it is {kind}.",
            "Give it its right ending, or save it anew as a text.",
        ) from None


def _title(text: str) -> str:
    match = _TITLE.match(text)
    if match is None or match.end() == len(text):
        return ""
    line = match.group(1)
    if line[-1] in ".,:;!?…" or not any(map(str.isalpha, line)) or ": " in line:
        return ""
    return one_line(line)
