"""Programs: their text as it stands, cut at the definitions of functions, classes and the like where a grammar of the
language is installed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from rankscope.core.documents.code_definitions import Section, sections_of_code
from rankscope.core.documents.code_grammars import grammar_of
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text_lines import numbered

# In the first two lines, as Python, Ruby and editors understand it.
_DECLARED = re.compile(rb"\A(?:[^\n]*\n)?[^\n]{0,200}?coding[:=][ \t]*([\w.-]+)")


def read(path: Path) -> Extraction:
    """Reads a program; line n of its text is line n of the file.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    data = path.read_bytes()
    match = _DECLARED.match(data[:1000])
    decoded = decode_file(path, data, match.group(1).decode("ascii", "replace") if match else None)
    text = numbered(decoded.text)
    warnings = decoded.warnings
    headings: tuple[Heading, ...] = ()
    grammar = grammar_of(path.suffix.lower())
    if grammar is not None:
        source = text.encode("utf-8")
        sections = sections_of_code(source, grammar)
        if sections is None:
            warnings += ("Its functions and classes were not found: it is too large or too unusual a program.",)
        else:
            headings = _headings(source, sections, is_ascii=len(source) == len(text))
    return Extraction(text, "code", headings=headings, numbered_lines=True, warnings=warnings)


def _headings(source: bytes, sections: list[Section], is_ascii: bool) -> tuple[Heading, ...]:
    """The sections with offsets in characters instead of bytes."""
    if is_ascii:
        return tuple(Heading(section.start, section.end, section.level) for section in sections)
    offsets = sorted({offset for section in sections for offset in (section.start, section.end)})
    characters = {0: 0}
    for before, offset in pairwise((0, *offsets)):
        characters[offset] = characters[before] + len(source[before:offset].decode("utf-8", "replace"))
    return tuple(Heading(characters[section.start], characters[section.end], section.level) for section in sections)
