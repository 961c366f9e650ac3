"""A chapter as a Word file (.docx) with real heading, list and table styles."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time
from typing import Any

from rankscope.resources.handbook.blocks import Block, Chapter, Code, Heading, Items, Line, Paragraph, Table, typeset

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def render(chapter: Chapter) -> bytes:
    """The chapter as the bytes of a .docx file: the same bytes for the same chapter, whenever it is made."""
    import docx

    if sum(isinstance(block, Items) and block.ordered for block in chapter.blocks) > 1:
        raise ValueError(f"{chapter.name}: Word would number the second list onward from the first")
    document = docx.Document()
    properties = document.core_properties
    properties.title = chapter.title
    properties.author = properties.last_modified_by = chapter.author
    properties.comments = ""
    properties.subject = "How retrieval works"
    properties.created = properties.modified = datetime.combine(chapter.day, time(9))
    properties.revision = 1
    document.add_heading(chapter.title, 0)
    for block in chapter.blocks:
        _block(document, block)
    stream = io.BytesIO()
    document.save(stream)
    return _with_fixed_dates(stream.getvalue())


def _with_fixed_dates(data: bytes) -> bytes:
    """The same archive with one date for every member, so that equal content gives equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            member = zipfile.ZipInfo(name, _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.create_system = 3
            new.writestr(member, old.read(name))
    return out.getvalue()


def _fill(paragraph: Any, line: Line) -> None:
    for span in typeset(line):
        run = paragraph.add_run(span.text)
        run.bold = True if span.style == "bold" else None
        run.italic = True if span.style == "italic" else None
        if span.style == "code":
            run.font.name = "Courier New"


def _block(document: Any, block: Block) -> None:
    from docx.shared import Pt

    match block:
        case Heading(level, line):
            _fill(document.add_heading(level=level - 1), line)
        case Paragraph(line):
            _fill(document.add_paragraph(), line)
        case Items(ordered, lines):
            for line in lines:
                _fill(document.add_paragraph(style="List Number" if ordered else "List Bullet"), line)
        case Code(text):
            run = document.add_paragraph().add_run(text)
            run.font.name = "Courier New"
            run.font.size = Pt(9.5)
        case Table(header, rows):
            table = document.add_table(rows=0, cols=len(header), style="Light List Accent 1")
            for row in (header, *rows):
                for cell, line in zip(table.add_row().cells, row, strict=True):
                    _fill(cell.paragraphs[0], line)
            document.add_paragraph()
        case _:
            raise ValueError(f"{type(block).__name__} has no Word form")
