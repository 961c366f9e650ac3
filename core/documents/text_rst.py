"""The lines of reStructuredText as a person reads them: as many as before, so that line numbers stay true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rankscope.core.documents.text_rst_inline import Inline

_RULE = re.compile(r"""([!-/:-@[-`{-~])\1{2,}[ \t]*\Z""")
_EXPLICIT = re.compile(r"([ \t]*)\.\.(?:[ \t]+|\Z)")
_DIRECTIVE = re.compile(r"(?:\|(?P<name>[^|\n]+)\|[ \t]+)?(?P<kind>[\w+.:-]*\w)[ \t]?::(?:[ \t]+(?P<rest>.*))?\Z")
_TARGET = re.compile(r"_(?P<name>`[^`]+`|(?:\\.|[^:\\]|:(?!\s|\Z))*):(?:[ \t]+(?P<address>\S.*))?\Z")
_NOTE = re.compile(r"\[[^\]\s]+\](?:[ \t]|\Z)")
_OPTION = re.compile(r"[ \t]+:(?P<key>[\w-]+):(?:[ \t]+(?P<value>.*))?\Z")
_FIELD = re.compile(r"([ \t]*):((?:[^:\n`\\]|\\.|:(?! |`|\Z)){1,80}):(?=[ \t]|\Z)")
_GRID_RULE = re.compile(r"[ \t]*\+(?:[-=]+\+)+[ \t]*\Z")
_TABLE_RULE = re.compile(r"[ \t]*=+(?:[ \t]+=+)+[ \t]*\Z")
_COLUMN_RULE = re.compile(r"[ \t]*-+(?:[ \t]+-+)+[ \t]*\Z")
_ITEM = re.compile(r"[ \t]*(?:(?:[-*+•]|\(?(?:\d+|[A-Za-z]|#|[ivxIVX]+)[.)])[ \t]+)+")
_GAP = re.compile(r"[ \t]{2,}")
_TEXT_OPTIONS = frozenset(("alt", "caption", "title", "subtitle", "header", "synopsis"))
# The content of these is no running text.
_LITERAL = frozenset(
    "code code-block sourcecode raw literalinclude productionlist doctest testcode testsetup testoutput "
    "graphviz digraph graph mermaid uml plantuml ipython prompt console math".split()
)
_ARGUMENT_IS_TEXT = frozenset(
    "table list-table csv-table topic rubric sidebar admonition math contents parsed-literal".split()
)
_ARGUMENT_IS_NONE = frozenset(
    "image figure include literalinclude highlight default-role role toctree container class".split()
)
_NOTHING_TO_NAME = frozenset("epigraph pull-quote highlights compound line-block".split())


@dataclass(slots=True)
class Plain:
    """The lines without marks; ``titles`` are (line from 0, level) of the section titles."""

    lines: list[str]
    titles: list[tuple[int, int]] = field(default_factory=list)


def plain_lines(source: list[str]) -> Plain:
    """Reads the lines of a document. Comments become empty lines; nothing else is lost."""
    return _Reading(source).run()


class _Reading:
    """One pass over the lines; each is looked at together with what the lines before it began."""

    def __init__(self, source: list[str]) -> None:
        self._source = source
        self._out = list(source)
        self._styles: list[
            tuple[str, bool]
        ] = []  # of titles, in order of appearance: sign and whether it is above, too
        self._titles: list[tuple[int, int]] = []
        self._texts: list[int] = []  # lines whose marks are to be taken away
        self._alone: set[int] = set()  # those of them that do not go on in the next line
        self._targets: set[str] = set()
        self._substitutions: dict[str, str] = {}
        self._literal: int | None = None  # lines indented deeper than this are literal
        self._comment: int | None = None  # ... or a comment
        self._session = False  # lines up to the next empty one are an interpreter's
        self._table = False

    def run(self) -> Plain:
        """All lines."""
        number = 0
        while number < len(self._source):
            number += self._line(number)
        inline = Inline(self._targets, self._substitutions)
        for paragraph in self._paragraphs():
            plain = inline.plain("\n".join(self._out[n] for n in paragraph)).split("\n")
            for n, line in zip(paragraph, plain, strict=True):
                self._out[n] = line
        return Plain(self._out, self._titles)

    def _line(self, n: int) -> int:
        """Reads line ``n`` and perhaps some that belong to it; returns how many."""
        line = self._source[n]
        if not line.strip():
            self._session = False
            return 1
        indent = _indent(line)
        if self._comment is not None and indent > self._comment:
            self._out[n] = ""
            return 1
        self._comment = None
        if self._session or (self._literal is not None and indent > self._literal):
            return 1
        self._literal = None
        explicit = _EXPLICIT.match(line)
        if explicit:
            return self._explicit(n, indent, line[explicit.end() :])
        if indent == 0 and (count := self._title(n)):
            return count
        if self._table_line(n, line) or self._rule(n):
            return 1
        self._text_line(n, line, indent)
        return 1

    def _title(self, n: int) -> int:
        """The lines that a section title takes, its rules included; 0 where there is none."""
        line = self._source[n].rstrip()
        if n and self._source[n - 1].strip() and self._out[n - 1].strip():
            return 0
        below = self._at(n + 1).rstrip()
        if _RULE.match(line):
            if below.strip() and not _RULE.match(below) and self._at(n + 2).rstrip() == line:
                self._add_title(n + 1, (line[0], True))
                self._out[n] = self._out[n + 2] = ""
                return 3
            return 0
        if _RULE.match(below) and (len(below) >= 4 or len(below) >= len(line)):
            self._add_title(n, (below[0], False))
            self._out[n + 1] = ""
            return 2
        return 0

    def _add_title(self, n: int, style: tuple[str, bool]) -> None:
        if style not in self._styles:
            self._styles.append(style)
        self._titles.append((n, self._styles.index(style) + 1))
        self._out[n] = self._source[n].strip()
        self._texts.append(n)
        self._alone.add(n)

    def _rule(self, n: int) -> bool:
        """A line across the page."""
        if _RULE.match(self._source[n]) is None or self._at(n - 1).strip() or self._at(n + 1).strip():
            return False
        self._out[n] = ""
        return True

    def _table_line(self, n: int, line: str) -> bool:
        """A line of a table: its borders vanish, its cells are set apart by tabs."""
        bare = line.strip()
        if _TABLE_RULE.match(line):
            self._table = bool(self._at(n + 1).strip())
            self._out[n] = ""
            return True
        if _GRID_RULE.match(line) or (self._table and _COLUMN_RULE.match(line)):
            self._out[n] = ""
            return True
        if bare[0] == "|" and len(bare) > 1 and bare[-1] in "|+":
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            self._out[n] = "\t".join("" if _GRID_RULE.match(f"+{cell.strip('+')}+") else cell for cell in cells).strip()
        elif self._table:
            self._out[n] = _GAP.sub("\t", bare)
        else:
            return False
        self._texts.append(n)
        self._alone.add(n)
        return True

    def _text_line(self, n: int, line: str, indent: int) -> None:
        bare = line.strip()
        if bare.startswith(">>> "):
            self._session = True
            return
        self._texts.append(n)
        if bare.startswith("| ") or bare == "|":  # a line of verse
            self._out[n] = line.replace("|", " ", 1).rstrip()
        elif bare.startswith("__ "):
            self._out[n] = bare[3:]
        elif name := _FIELD.match(line):
            self._out[n] = f"{name[1]}{name[2]}:{line[name.end() :]}"
        if bare.endswith("::"):
            item = _ITEM.match(line)
            self._literal = item.end() if item else indent
            cut = self._out[n].rstrip()
            self._out[n] = cut[:-2].rstrip() if bare == "::" or cut[-3:-2].isspace() else cut[:-1]

    def _explicit(self, n: int, indent: int, rest: str) -> int:
        """What two dots begin."""
        lead = self._source[n][:indent]
        if target := _TARGET.match(rest):
            name, address = target["name"].strip("`"), target["address"] or ""
            self._targets.add(" ".join(name.replace("\\", "").lower().split()))
            self._out[n] = lead + (f"{name}: {address}" if address and name != "_" else address)
        elif _NOTE.match(rest):
            self._out[n] = lead + rest
            self._texts.append(n)
        elif directive := _DIRECTIVE.match(rest):
            return self._directive(n, indent, directive)
        else:
            self._out[n] = ""
            if rest or _indent(self._at(n + 1)) > indent:
                self._comment = indent
        return 1

    def _directive(self, n: int, indent: int, directive: re.Match[str]) -> int:
        kind = directive["kind"].lower()
        base, rest = kind.rpartition(":")[2], directive["rest"] or ""
        last = self._options(n, indent)
        if directive["name"]:
            return self._substitution(n, indent, directive["name"], base, rest)
        if base in _ARGUMENT_IS_NONE:
            text = ""
        elif base in _ARGUMENT_IS_TEXT or base in _NOTHING_TO_NAME:
            text = rest
        elif base in _LITERAL:
            text = ""  # the language of a program
        else:
            name = kind.replace("-", " ").capitalize()
            text = f"{name}: {rest}" if rest else name
        self._out[n] = self._source[n][:indent] + text if text else ""
        self._texts.append(n)
        if base in _LITERAL:
            self._literal = indent
        return last - n + 1

    def _options(self, n: int, indent: int) -> int:
        """The last line of a directive's options; of these only what is text for people stays."""
        while (option := _OPTION.match(self._at(n + 1))) and _indent(self._at(n + 1)) > indent:
            n += 1
            self._out[n] = option["value"] or "" if option["key"] in _TEXT_OPTIONS else ""
        return n

    def _substitution(self, n: int, indent: int, name: str, kind: str, rest: str) -> int:
        """A text under a name: it is put where the name stands, so it need not stand here."""
        if kind == "replace" and _indent(self._at(n + 1)) <= indent:
            self._substitutions[name.lower()] = rest
            self._out[n] = ""
        elif kind == "image":
            self._out[n] = ""
        else:
            self._out[n] = rest
        return 1

    def _paragraphs(self) -> Iterator[list[int]]:
        """The lines with marks, those together that a mark may span."""
        paragraph: list[int] = []
        for n in self._texts:
            if paragraph and (n != paragraph[-1] + 1 or n in self._alone or paragraph[-1] in self._alone):
                yield paragraph
                paragraph = []
            paragraph.append(n)
        if paragraph:
            yield paragraph

    def _at(self, n: int) -> str:
        return self._source[n] if 0 <= n < len(self._source) else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
