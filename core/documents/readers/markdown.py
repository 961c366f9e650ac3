"""Markdown (CommonMark with tables), read as a person sees it: without its marks, code kept as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rankscope.core.documents.builder import TextBuilder, title_from
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import clean, one_line

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^(\w+)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_TAG = re.compile(r"<[^<>]*>")


def read(path: Path) -> Extraction:
    """Reads a Markdown file: its words without marks, headings, and the title, author and date of its front matter."""
    decoded = decode_file(path, path.read_bytes())
    source = clean(decoded.text)
    entries, source = _front_matter(source)
    builder = TextBuilder()
    _Writer(builder).blocks(_parser().parse(source))
    text, headings = builder.result()
    return Extraction(
        text,
        "md",
        title=one_line(entries.get("title", "")) or title_from(text, headings),
        author=one_line(entries.get("author", "")),
        created=iso_date(entries.get("date")),
        modified=iso_date(entries.get("updated") or entries.get("modified")),
        headings=headings,
        warnings=decoded.warnings,
    )


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _front_matter(source: str) -> tuple[dict[str, str], str]:
    """The simple entries of a YAML head, and the source after it."""
    match = _FRONT_MATTER.match(source)
    if match is None:
        return {}, source
    entries = {key.lower(): value.strip("\"'") for key, value in _ENTRY.findall(match.group(1))}
    return entries, source[match.end() :]


class _Writer:
    """Writes a stream of Markdown tokens into a builder."""

    def __init__(self, builder: TextBuilder) -> None:
        self._builder = builder
        self._lists: list[int | None] = []  # the next number of each open list; None where it has dots

    def blocks(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            kind = token.type
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
