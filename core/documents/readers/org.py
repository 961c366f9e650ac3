"""Org mode, read lightly: the lines stay as they are, only their marks are taken away."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import one_line
from rankscope.core.documents.text_lines import numbered

_STARS = re.compile(r"(\*+)[ \t]+(?=\S)")
_SETTING = re.compile(r"[ \t]*#\+(?P<key>[\w-]+)(?:\[[^\]]*\])?:[ \t]*(?P<value>.*?)[ \t]*\Z")
_BEGIN = re.compile(r"[ \t]*#\+begin_(?P<kind>\w+)", re.IGNORECASE)
_END = re.compile(r"[ \t]*#\+end_\w+", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:(?P<name>[\w-]+):[ \t]*\Z")
_DRAWERS = frozenset(("properties", "logbook", "clock"))  # notes of the program for itself
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|\Z)")
_LITERAL_LINE = re.compile(r"([ \t]*):[ \t]")
_TABLE_RULE = re.compile(r"[ \t]*\|[-+|]+\Z")
_PROGRAMS = frozenset(("src", "example", "export", "comment"))
_TEXT_SETTINGS = frozenset(("title", "subtitle", "caption", "description", "keywords"))
_MARKS = re.compile(
    r"""
      \[\[(?P<target>[^\[\]]{1,1000})\](?:\[(?P<shown>[^\[\]]{1,1000})\])?\]
    | (?<![^\s({'"\[-])(?P<mark>[=~])(?P<code>\S|\S[^\n]{0,300}?\S)(?P=mark)(?![^\s.,:;!?'")}\]-])
    | (?<![^\s({'"-])\*(?P<bold>\S|\S[^*\n]{0,300}\S)\*(?![^\s.,:;!?'")}-])
    """,
    re.VERBOSE,
)


def read(path: Path) -> Extraction:
    """Reads a text in Org mode; line n of its text is line n of the file.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    decoded = decode_file(path, path.read_bytes())
    reading = _Reading(numbered(decoded.text).split("\n"))
    starts = list(accumulate((len(line) + 1 for line in reading.lines), initial=0))
    text = "\n".join(reading.lines)
    headings = tuple(Heading(starts[n], starts[n] + len(reading.lines[n]), level) for n, level in reading.headings)
    return Extraction(
        text,
        "org",
        title=one_line(reading.settings.get("title", "")) or title_from(text, headings),
        author=one_line(reading.settings.get("author", "")),
        created=iso_date(reading.settings.get("date", "").strip("<>[]")),
        headings=headings,
        numbered_lines=True,
        warnings=decoded.warnings,
    )


class _Reading:
    """The lines without marks. Comments, drawers and settings become empty lines."""

    def __init__(self, source: list[str]) -> None:
        self.lines: list[str] = []
        self.headings: list[tuple[int, int]] = []  # line from 0, level
        self.settings: dict[str, str] = {}
        self._program = ""  # the kind of block of literal text that is open
        self._drawer = False
        for number, line in enumerate(source):
            stars = None if self._program else _STARS.match(line)
            if stars:
                self._drawer = False
                self.headings.append((number, len(stars[1])))
                self.lines.append(_without_marks(line[stars.end() :]).rstrip())
            else:
                self.lines.append(self._line(line))

    def _line(self, line: str) -> str:
        if self._program:
            if _END.match(line):
                self._program = ""
                return ""
            return "" if self._program == "comment" else line
        if "#" in line or ":" in line:
            plain = self._marked_line(line)
            if plain is not None:
                return plain
        if self._drawer:
            return ""
        if line.lstrip().startswith("|"):
            if _TABLE_RULE.match(line):
                return ""
            return _without_marks("\t".join(cell.strip() for cell in line.strip().strip("|").split("|")))
        return _without_marks(line)

    def _marked_line(self, line: str) -> str | None:
        """A line that begins with a sign for the program; None for all others."""
        begin = _BEGIN.match(line)
        if begin:
            kind = begin["kind"].lower()
            self._program = kind if kind in _PROGRAMS else ""
            return ""
        if _END.match(line) or _COMMENT.match(line):
            return ""
        setting = _SETTING.match(line)
        if setting:
            key = setting["key"].lower()
            self.settings.setdefault(key, setting["value"])
            return setting["value"] if key in _TEXT_SETTINGS else ""
        drawer = _DRAWER.match(line)
        if drawer:
            name = drawer["name"].lower()
            if name in _DRAWERS or name == "end":
                self._drawer = name != "end"
                return ""
        if self._drawer:
            return ""
        literal = _LITERAL_LINE.match(line)
        return literal[1] + line[literal.end() :] if literal else None


def _without_marks(line: str) -> str:
    return _MARKS.sub(_shown, line) if any(sign in line for sign in "[=~*") else line


def _shown(match: re.Match[str]) -> str:
    if match["target"] is not None:
        return match["shown"] or match["target"].removeprefix("file:")
    return match["code"] if match["code"] is not None else match["bold"]
