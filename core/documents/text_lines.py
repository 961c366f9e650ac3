"""The lines of a text file as an editor numbers them."""

from __future__ import annotations

import re

from rankscope.core.documents.text import safe

# Python, Qt or Unicode see line ends here, editors do not: form feeds, separators of records, "next line".
_NO_LINE_ENDS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_NO_LINE_END = re.compile(f"[{_NO_LINE_ENDS}]")


def numbered(text: str) -> str:
    """The text with its line ends (``\\r\\n``, ``\\r``, ``\\n``) written as ``\\n``, and made :func:`safe`.

    What only looks like a line end to some programs becomes a blank: so line n is the line that an editor calls n.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in _NO_LINE_ENDS[:5] if text.isascii() else _NO_LINE_ENDS:
        if character in text:  # a search for one character is faster than for a class
            text = _NO_LINE_END.sub(" ", text)
            break
    return safe(text)
