"""A chapter as a PDF: A4, one or two columns, headings in the outline, figures drawn as vectors.

Only the fonts that every PDF reader has (Helvetica, Times, Courier), so a chapter keeps to the characters they have.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from xml.sax.saxutils import escape

from rankscope.resources.handbook import figures
from rankscope.resources.handbook.blocks import (
    Block,
    Chapter,
    Code,
    Figure,
    Heading,
    Items,
    Line,
    Paragraph,
    Table,
    plain,
    typeset,
)

_TEXT, _DIM, _ACCENT, _LINE, _PANEL = "#1B2430", "#657080", "#2F6FDE", "#CBD2DA", "#EFF2F6"
_MARGIN = 68.0
_GUTTER = 22.0
_TITLE_HEIGHT = 78.0
_FOOT = 62.0
_CELL_PADDING = 6.0


def render(chapter: Chapter) -> bytes:
    """The chapter as the bytes of a PDF: the same bytes for the same chapter, whenever it is made.

    Raises ValueError when the chapter holds a character that the standard fonts lack.
    """
    try:
        chapter.body.encode("cp1252")
    except UnicodeEncodeError as error:
        character = chapter.body[error.start]
        raise ValueError(f"{chapter.name}: the standard PDF fonts have no {character!r}") from error
    from reportlab.platypus import Paragraph as Flow

    columns = 2 if chapter.layout == "two columns" else 1
    width = (_page_size()[0] - 2 * _MARGIN - _GUTTER * (columns - 1)) / columns
    styles = _styles(columns)
    story = _title(chapter, styles)
    for block in chapter.blocks:
        if isinstance(block, Table | Code | Items) and isinstance(story[-1], Flow):
            story[-1].keepWithNext = 1  # its lead-in
        story += _block(block, styles, width)
    stream = io.BytesIO()
    _template(stream, chapter, columns, width).build(story, canvasmaker=_canvas_maker(chapter))
    return stream.getvalue()


def _page_size() -> tuple[float, float]:
    from reportlab.lib.pagesizes import A4

    return float(A4[0]), float(A4[1])


def _canvas_maker(chapter: Chapter) -> Callable[..., Any]:
    """A canvas whose document dates are the chapter's day, not the clock's and not the environment's."""
    from reportlab.pdfgen.canvas import Canvas

    moment = datetime.combine(chapter.day, time(9), UTC)

    def make(*args: Any, **kwargs: Any) -> Any:
        canvas = Canvas(*args, **(kwargs | {"invariant": 1}))
        stamp = canvas._doc._timeStamp
        stamp.t = moment.timestamp()
        stamp.lt = moment.timetuple()
        stamp.YMDhms = tuple(stamp.lt)[:6]
        stamp.dhh = stamp.dmm = 0
        # The file identifier is a digest that started from the clock or the environment: start it from the title.
        canvas._doc.signature = hashlib.md5(chapter.title.encode(), usedforsecurity=False)
        return canvas

    return make


def _template(stream: io.BytesIO, chapter: Chapter, columns: int, width: float) -> Any:
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate
    from reportlab.platypus import Paragraph as Flow

    page_width, page_height = _page_size()
    top = page_height - _MARGIN
    none = {"leftPadding": 0, "rightPadding": 0, "topPadding": 0, "bottomPadding": 0}

    def column(number: int, upper: float) -> Any:
        return Frame(_MARGIN + number * (width + _GUTTER), _FOOT, width, upper - _FOOT, **none)

    def foot(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.setFillColor(_DIM)
        canvas.drawRightString(page_width - _MARGIN, 38, str(document.page))

    class Document(BaseDocTemplate):
        headings = 0

        def afterFlowable(self, flowable: Any) -> None:
            if isinstance(flowable, Flow) and flowable.style.name in ("h2", "h3"):
                self.headings += 1
                key = f"heading-{self.headings}"
                self.canv.bookmarkPage(key)
                self.canv.addOutlineEntry(flowable.getPlainText(), key, int(flowable.style.name[1]) - 2)

    document = Document(
        stream,
        pagesize=(page_width, page_height),
        title=chapter.title,
        author=chapter.author,
        subject="How retrieval works",
        creator="Rankscope handbook",
        lang="en",
    )
    later = [column(number, top) for number in range(columns)]
    first = later
    if columns > 1:
        head = Frame(_MARGIN, top - _TITLE_HEIGHT, page_width - 2 * _MARGIN, _TITLE_HEIGHT, **none)
        first = [head, *(column(number, top - _TITLE_HEIGHT) for number in range(columns))]
    document.addPageTemplates(
        [
            PageTemplate("first", first, onPageEnd=foot, autoNextPageTemplate="later"),
            PageTemplate("later", later, onPageEnd=foot),
        ]
    )
    return document


def _styles(columns: int) -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    small = columns > 1
    size = 9.6 if small else 10.6
    body = ParagraphStyle(
        "body",
        fontName="Times-Roman",
        fontSize=size,
        leading=size * 1.38,
        spaceAfter=size * 0.65,
        textColor=_TEXT,
        allowWidows=0,
        allowOrphans=0,
    )

    def style(name: str, **settings: Any) -> Any:
        return ParagraphStyle(name, parent=body, **settings)

    def heading(name: str, points: float) -> Any:
        return style(
            name,
            fontName="Helvetica-Bold",
            fontSize=points,
            leading=points * 1.25,
            spaceBefore=points * 0.8,
            spaceAfter=points * 0.4,
            keepWithNext=1,
        )

    return {
        "body": body,
        "title": style("title", fontName="Helvetica-Bold", fontSize=23, leading=28, spaceAfter=5),
        "by": style("by", fontName="Helvetica", fontSize=9, leading=12, textColor=_DIM, spaceAfter=9),
        "h2": heading("h2", 11.5 if small else 14),
        "h3": heading("h3", 10 if small else 11.5),
        "item": style("item", leftIndent=16, bulletIndent=3, spaceAfter=size * 0.3, bulletFontName="Times-Roman"),
        "last item": style("last item", leftIndent=16, bulletIndent=3, bulletFontName="Times-Roman"),
        "cell": style("cell", fontSize=size - 0.8, leading=(size - 0.8) * 1.25, spaceAfter=0),
        "cell number": style(
            "cell number", fontSize=size - 0.8, leading=(size - 0.8) * 1.25, spaceAfter=0, alignment=2
        ),
        "head": style("head", fontName="Helvetica-Bold", fontSize=size - 2, leading=size + 1, spaceAfter=0),
        "head number": style(
            "head number", fontName="Helvetica-Bold", fontSize=size - 2, leading=size + 1, spaceAfter=0, alignment=2
        ),
        "code": style(
            "code",
            fontName="Courier",
            fontSize=7.4 if small else 9,
            leading=10 if small else 12.4,
            backColor=_PANEL,
            borderPadding=(6, 8, 6, 8),
            leftIndent=8,
            rightIndent=8,
            spaceBefore=13,
            spaceAfter=17,
        ),
        "caption": style(
            "caption", fontName="Helvetica", fontSize=8.2, leading=11, textColor=_DIM, spaceBefore=3, spaceAfter=13
        ),
    }


def _inline(line: Line) -> str:
    marks = {"": "{}", "bold": "<b>{}</b>", "italic": "<i>{}</i>", "code": '<font face="Courier" size="-1">{}</font>'}
    return "".join(marks[span.style].format(escape(span.text)) for span in typeset(line))


def _title(chapter: Chapter, styles: dict[str, Any]) -> list[Any]:
    from reportlab.platypus import FrameBreak, HRFlowable
    from reportlab.platypus import Paragraph as Flow

    day = f"{chapter.day.day} {chapter.day:%B} {chapter.day.year}"
    parts = [
        Flow(escape(chapter.title), styles["title"]),
        Flow(escape(f"{chapter.author} · {day}"), styles["by"]),
        HRFlowable(width="100%", thickness=1.4, color=_ACCENT, spaceAfter=16),
    ]
    return [*parts, FrameBreak()] if chapter.layout == "two columns" else parts


def _block(block: Block, styles: dict[str, Any], width: float) -> list[Any]:
    from reportlab.platypus import KeepTogether, XPreformatted
    from reportlab.platypus import Paragraph as Flow

    match block:
        case Heading(level, line):
            return [Flow(_inline(line), styles[f"h{level}"])]
        case Paragraph(line):
            return [Flow(_inline(line), styles["body"])]
        case Items(ordered, lines):
            marks = [f"{n}." if ordered else "\u2022" for n in range(1, len(lines) + 1)]
            kinds = [*["item"] * (len(lines) - 1), "last item"]
            return [
                Flow(_inline(line), styles[kind], bulletText=mark)
                for kind, mark, line in zip(kinds, marks, lines, strict=True)
            ]
        case Code(text):
            return [XPreformatted(escape(text), styles["code"])]
        case Table():
            return [_table(block, styles, width)]
        case Figure(name, caption):
            drawing = figures.DRAWINGS[name](width)
            return [KeepTogether([drawing, Flow(_inline(caption), styles["caption"])])]


def _is_number(line: Line) -> bool:
    return plain(line).strip("%–-+").replace(",", "").replace(".", "").replace(" ", "").isdigit()


def _table(table: Table, styles: dict[str, Any], width: float) -> Any:
    """The table as wide as its words ask, at most the whole width; columns of numbers stand to the right."""
    from reportlab.platypus import Paragraph as Flow
    from reportlab.platypus import Table as Grid

    numeric = [all(_is_number(cell) for cell in column if cell) for column in zip(*table.rows, strict=True)]
    cells = [
        [
            Flow(_inline(cell), styles[f"{kind} number" if right else kind])
            for cell, right in zip(row, numeric, strict=True)
        ]
        for kind, row in [("head", table.header), *(("cell", row) for row in table.rows)]
    ]
    widths = _column_widths(list(zip(*cells, strict=True)), width)
    grid = Grid(cells, colWidths=widths, repeatRows=1, hAlign="LEFT")
    grid.setStyle(
        [
            ("NOSPLIT", (0, 0), (-1, -1)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
            ("RIGHTPADDING", (0, 0), (-1, -1), _CELL_PADDING),
            ("TOPPADDING", (0, 0), (-1, -1), 3.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4.5),
            ("LINEBELOW", (0, 0), (-1, 0), 1, _TEXT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, _LINE),
        ]
    )
    grid.spaceBefore, grid.spaceAfter = 4, 14
    return grid


def _column_widths(columns: list[tuple[Any, ...]], width: float) -> list[float]:
    """Each column as wide as its longest cell where that fits; otherwise the wide columns share what is left."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    asked = [
        max(stringWidth(cell.getPlainText(), cell.style.fontName, cell.style.fontSize) for cell in column)
        + 2 * _CELL_PADDING
        + 3
        for column in columns
    ]
    widths = [0.0] * len(asked)
    left = width
    for place, wish in sorted(enumerate(asked), key=lambda pair: pair[1]):
        share = left / sum(w == 0 for w in widths)
        widths[place] = min(wish, share)
        left -= widths[place]
    return widths
