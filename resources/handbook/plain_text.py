"""A chapter as a plain text file, wrapped as people wrap them."""

from __future__ import annotations

import textwrap

from rankscope.resources.handbook.blocks import Block, Chapter, Code, Heading, Items, Paragraph, Table, plain

WIDTH = 78


def render(chapter: Chapter) -> bytes:
    """The chapter as UTF-8 text: underlined headings, lines of at most 78 characters, tables in columns."""
    parts = [f"{chapter.title}\n{'=' * len(chapter.title)}"]
    parts += [_block(block) for block in chapter.blocks]
    return ("\n\n".join(parts) + "\n").encode()


def _wrap(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def _block(block: Block) -> str:
    match block:
        case Heading(_, line):
            words = plain(line)
            return f"\n{words}\n{'-' * len(words)}"
        case Paragraph(line):
            return _wrap(plain(line))
        case Items(ordered, lines):
            marks = [f"{n}. " if ordered else "- " for n in range(1, len(lines) + 1)]
            return "\n".join(_wrap(plain(line), mark, " " * len(mark)) for mark, line in zip(marks, lines, strict=True))
        case Code(text):
            return textwrap.indent(text, "    ")
        case Table():
            return _table(block)
        case _:
            raise ValueError(f"{type(block).__name__} has no plain text form")


def _table(table: Table) -> str:
    rows = [[plain(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
