"""Markdown (CommonMark with tables), read as a person sees it: without its marks, code kept as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction, Heading
from rankscope.core.documents.readers.plain import as_plain_text, decode_file
from rankscope.core.documents.text import one_line
from rankscope.core.documents.text_collector import without_collector
from rankscope.core.documents.text_lines import numbered
from rankscope.core.documents.text_marks import MarkedBuilder

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(\w+)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S[^\n]*)", re.MULTILINE)
_FOOTNOTE = re.compile(r"^( {0,3})(\[\^[^\]\n]+\]:)", re.MULTILINE)
_MAX_PARSED = 5_000_000  # characters
_TAG = re.compile(r"<[^<>]*>")


def read(path: Path) -> Extraction:
    """Reads a Markdown file: its words without marks, headings, and the title, author and date of its front matter.

    A file of more than five million characters is read as plain text with headings: parsing it would take minutes.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    decoded = decode_file(path, path.read_bytes())
    source = numbered(decoded.text)
    if len(source) > _MAX_PARSED:
        plain = as_plain_text(source, (*decoded.warnings, "It is very long: its marks were not taken away."), "md")
        headings = tuple(
            Heading(match.start(2), match.end(2), len(match[1])) for match in _HEADING.finditer(plain.text)
        )
        return replace(plain, headings=headings)
    entries, body = _front_matter(source)
    builder = MarkedBuilder()
    first_line = source.count("\n", 0, len(source) - len(body)) + 1
    body = _FOOTNOTE.sub(r"\1\\\2", body)  # to the parser they look like addresses, which are not shown
    with without_collector():
        _Writer(builder, first_line).blocks(_parser().parse(body))
    text, headings = builder.result()
    return Extraction(
        text,
        "md",
        title=one_line(entries.get("title", "")) or title_from(text, headings),
        author=one_line(entries.get("author", "")),
        created=iso_date(entries.get("date")),
        modified=iso_date(entries.get("updated") or entries.get("modified")),
        headings=headings,
        marks=builder.marks(),
        warnings=decoded.warnings,
    )


@cache
def _parser() -> MarkdownIt:
    # Deeper than this the parser drops text; it allows 20 by itself, which ten lists in each other reach.
    return MarkdownIt("commonmark", {"maxNesting": 150}).enable(["table", "strikethrough"])


def _front_matter(source: str) -> tuple[dict[str, str], str]:
    """The simple entries of a YAML head, and the source after it."""
    match = _FRONT_MATTER.match(source)
    if match is None:
        return {}, source
    entries = {key.lower(): value.strip("\"'") for key, value in _ENTRY.findall(match.group(1))}
    return entries, source[match.end() :]


class _Writer:
    """Writes a stream of Markdown tokens into a builder."""

    def __init__(self, builder: MarkedBuilder, first_line: int) -> None:
        self._builder = builder
        self._first_line = first_line
        self._lists: list[int | None] = []  # the next number of each open list; None where it has dots

    def blocks(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            kind = token.type
            if token.map is not None:
                self._builder.place(f"line {token.map[0] + self._first_line}")
            if kind == "inline":
                self._inline(token.children or ())
            elif kind == "heading_open":
                self._builder.start_heading(int(token.tag[1]))
            elif kind == "heading_close":
                self._builder.end_heading()
            elif kind in ("fence", "code_block"):
                self._builder.block()
                self._builder.verbatim(token.content.rstrip("\n"))
                self._builder.block()
            elif kind == "html_block":
                self._html(token.content)
            elif kind in ("paragraph_open", "paragraph_close") and not token.hidden:
                self._builder.block()
            else:  # a hidden paragraph is the text of an item in a tight list
                self._structure(kind, token)

    def _structure(self, kind: str, token: Token) -> None:
        builder = self._builder
        if kind == "bullet_list_open":
            self._lists.append(None)
            self._list_edge()
        elif kind == "ordered_list_open":
            self._lists.append(int(token.attrGet("start") or 1))
            self._list_edge()
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._list_edge()
            self._lists.pop()
        elif kind == "list_item_open":
            self._item()
        elif kind == "list_item_close":
            builder.line()
            builder.prefix("")
        elif kind == "tr_open":
            builder.start_row()
        elif kind == "tr_close":
            builder.end_row()
        elif kind in ("td_open", "th_open"):
            builder.cell()
        elif kind in ("table_open", "table_close", "blockquote_open", "blockquote_close", "hr"):
            builder.block()

    def _list_edge(self) -> None:
        """A list inside a list only starts a new line."""
        if len(self._lists) > 1:
            self._builder.line()
        else:
            self._builder.block()

    def _item(self) -> None:
        self._builder.line()
        number = self._lists[-1] if self._lists else None
        indent = "  " * (len(self._lists) - 1)
        if number is None:
            self._builder.prefix(f"{indent}- ")
        else:
            self._builder.prefix(f"{indent}{number}. ")
            self._lists[-1] = number + 1

    def _inline(self, tokens: Sequence[Token]) -> None:
        builder = self._builder
        for token in tokens:
            if token.type == "text":
                builder.flow(token.content)
            elif token.type == "code_inline":
                builder.verbatim(token.content)
            elif token.type == "softbreak":
                builder.flow(" ")
            elif token.type == "hardbreak":
                builder.line()
            elif token.type == "image":
                builder.flow(token.content)
            elif token.type == "html_inline" and token.content.lower().startswith("<br"):
                builder.line()

    def _html(self, source: str) -> None:
        """A block of HTML: read as a page of its own when it holds words, which costs an import only then."""
        if not _TAG.sub("", source).strip():
            return
        from rankscope.core.documents.readers import html

        text, _ = html.parse(source).builder.result()
        self._builder.block()
        self._builder.verbatim(text)
        self._builder.block()
