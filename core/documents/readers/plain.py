"""Plain text."""

from __future__ import annotations

import re
from pathlib import Path

from rankscope.core.documents.decoding import Decoded, NotText, decode
from rankscope.core.documents.detect import HEAD_BYTES, kind_of
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.text import clean, one_line, shown

# A first line that stands alone, is short and ends no sentence: what people give a text as its title.
_TITLE = re.compile(r"\s*^[ \t]*(\S[^\n]{1,79}?)[ \t]*\n(?:[ \t]*[=\-~*#]{3,}[ \t]*\n)?[ \t]*\n", re.MULTILINE)


def read(path: Path) -> Extraction:
    """Reads a text file in any common encoding. Raises Unreadable ("wrong type") for binary data."""
    decoded = decode_file(path, path.read_bytes())
    text = clean(decoded.text)
    return Extraction(text, "txt", title=_title(text), warnings=decoded.warnings)


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
