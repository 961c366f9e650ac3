"""Values in data files that are no plain words: pieces of web pages, and files written as letters and digits."""

from __future__ import annotations

import re

_TAGS = re.compile(
    r"</(?:p|div|a|b|i|em|strong|span|li|ul|ol|td|tr|table|h[1-6]|blockquote|pre|code)>|<br ?/?>", re.IGNORECASE
)
_ENCODED = re.compile(r"(?:data:[\w/+.;=-]{0,100},)?[A-Za-z0-9+/=_\s-]{300,}")
_BLANK = re.compile(r"\s")
_LONGEST_WORDS = 60  # characters between blanks; lines of encoded data have 64 or more


def without_markup(text: str) -> str:
    """The text of a piece of a web page; what holds no tags comes back as it is."""
    if "<" not in text or _TAGS.search(text) is None:
        return text
    from rankscope.core.documents.readers import html  # imported only where it is needed

    return html.parse(text).builder.result()[0]


def is_encoded(text: str) -> bool:
    """Whether this is data written as letters and digits (Base64), which nobody reads: at least 300 of them."""
    if len(text) < 300 or _ENCODED.fullmatch(text) is None:
        return False
    start = text[:300].strip()
    return max(map(len, _BLANK.split(start))) >= _LONGEST_WORDS
