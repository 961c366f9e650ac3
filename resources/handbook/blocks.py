"""Chapters in a small subset of Markdown, parsed into blocks that every output format can draw.

The subset: headings of levels 1 to 3, paragraphs, lists of one level, pipe tables, fenced code, and a figure on a line
of its own (``![caption](figure:name)``); inside a line ``**bold**``, ``*italic*`` and ``` `code` ```.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FORMATS = ("docx", "html", "md", "pdf", "txt")
_INLINE = re.compile(r"\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`]+)`|\*(?P<italic>[^*\s](?:[^*]*[^*\s])?)\*")
_ITEM = re.compile(r"(?:(?P<bullet>[-*])|(?P<number>\d+)\.) +(?P<text>.*)")
_FIGURE = re.compile(r"!\[(?P<caption>.+)\]\(figure:(?P<name>[a-z_]+)\)")
_OPENING = re.compile(r"(?<=[\s(\[–])[\"']")
_CURLY = {'"': "\u201c\u201d", "'": "\u2018\u2019"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line in one style: "" (plain), "bold", "italic" or "code"."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below the title; ``level`` is 2 or 3."""

    level: int
    line: Line


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    line: Line


@dataclass(frozen=True, slots=True)
class Items:
    """A list, numbered from 1 when ``ordered``."""

    ordered: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` have as many cells as ``header``."""

    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines kept as they stand: a formula, a file, a small calculation."""

    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing by the name of a function in ``figures``; only PDF chapters have any."""

    name: str
    caption: Line


Block = Heading | Paragraph | Items | Table | Code | Figure


@dataclass(frozen=True, slots=True)
class Chapter:
    """One sample document before it has a format. ``body`` is the Markdown below the front matter."""

    folder: str
    name: str
    format: str
    layout: str
    title: str
    author: str
    day: date
    body: str
    blocks: tuple[Block, ...]


def plain(line: Line) -> str:
    """The words of a line without their styles."""
    return "".join(span.text for span in line)


def typeset(line: Line) -> Line:
    """The same line with curly quotes and apostrophes, for the formats that people print; code stays as it is."""
    spans, before = [], " "
    for span in line:
        if span.style == "code":
            spans.append(span)
        else:
            text = _OPENING.sub(lambda mark: _CURLY[mark[0]][0], before + span.text)[1:]
            spans.append(Span(text.replace('"', _CURLY['"'][1]).replace("'", _CURLY["'"][1]), span.style))
        before = span.text[-1]
    return tuple(spans)


def parse_line(text: str) -> Line:
    """Split a line into styled spans."""
    spans: list[Span] = []
    position = 0
    for match in _INLINE.finditer(text):
        if match.start() > position:
            spans.append(Span(text[position : match.start()]))
        style = match.lastgroup or ""
        spans.append(Span(match[style], style))
        position = match.end()
    if position < len(text):
        spans.append(Span(text[position:]))
    return tuple(spans)


def parse_blocks(body: str) -> tuple[str, tuple[Block, ...]]:
    """The title (the one heading of level 1) and the blocks below it. Raises ValueError where the subset is left."""
    blocks: list[Block] = []
    title, lines, at = "", body.split("\n"), 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        if lines[at].startswith("```"):
            end = lines.index("```", at + 1)
            blocks.append(Code("\n".join(lines[at + 1 : end])))
            at = end + 1
            continue
        end = at
        while end < len(lines) and lines[end].strip() and not lines[end].startswith("```"):
            end += 1
        group = lines[at:end]
        if group[0].startswith("# "):
            if title or blocks:
                raise ValueError(f"a second title: {group[0]}")
            title = group[0][2:]
            group = group[1:]
        if group:
            blocks.append(_block(group))
        at = end
    if not title:
        raise ValueError("a chapter starts with its title, as a heading of level 1")
    return title, tuple(blocks)


def _block(group: list[str]) -> Block:
    first = group[0]
    if first.startswith("#"):
        marks, _, words = first.partition(" ")
        if len(group) > 1 or len(marks) not in (2, 3):
            raise ValueError(f"a heading has level 2 or 3 and a line of its own: {first}")
        return Heading(len(marks), parse_line(words))
    if figure := _FIGURE.fullmatch(first):
        return Figure(figure["name"], parse_line(figure["caption"]))
    if first.startswith("|"):
        return _table(group)
    if _ITEM.fullmatch(first):
        return _items(group)
    return Paragraph(parse_line(" ".join(line.strip() for line in group)))


def _table(group: list[str]) -> Table:
    rows = [tuple(parse_line(cell.strip()) for cell in line.strip().strip("|").split("|")) for line in group]
    if len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
        raise ValueError(f"a table has a header, a rule and rows of equal length: {group[0]}")
    return Table(rows[0], tuple(rows[2:]))


def _items(group: list[str]) -> Items:
    texts: list[str] = []
    ordered = False
    for line in group:
        if item := _ITEM.fullmatch(line):
            ordered = item["number"] is not None
            texts.append(item["text"])
        else:
            texts[-1] += " " + line.strip()
    return Items(ordered, tuple(parse_line(text) for text in texts))


def read_chapter(path: Path, folder: str = "") -> Chapter:
    """Read one chapter file; ``folder`` is where its document goes.

    Raises ValueError when its front matter or its Markdown is not as this module says.
    """
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    try:
        title, blocks = parse_blocks(body)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    chapter = Chapter(
        folder=folder,
        name=path.stem,
        format=fields.pop("format"),
        layout=fields.pop("layout", "one column"),
        title=title,
        author=fields.pop("author", "Rankscope contributors"),
        day=date.fromisoformat(fields.pop("date")),
        body=body.strip("\n") + "\n",
        blocks=blocks,
    )
    if fields or chapter.format not in FORMATS:
        raise ValueError(f"{path.name}: unknown front matter {fields or chapter.format}")
    if chapter.format != "pdf" and any(isinstance(block, Figure) for block in blocks):
        raise ValueError(f"{path.name}: only a PDF chapter can have a figure")
    return chapter


def read_chapters(folder: Path) -> list[Chapter]:
    """All chapters under ``folder``, by path."""
    paths = sorted(folder.rglob("*.md"), key=lambda path: path.relative_to(folder).as_posix())
    return [read_chapter(path, path.parent.relative_to(folder).as_posix().strip(".")) for path in paths]
