"""A chapter as one self-contained HTML file."""

from __future__ import annotations

from html import escape

from rankscope.resources.handbook.blocks import Block, Chapter, Code, Heading, Items, Line, Paragraph, Table, typeset

_TAGS = {"": "", "bold": "strong", "italic": "em", "code": "code"}
_STYLE = """\
  body { max-width: 42rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.55 Georgia, serif; color: #1b2430 }
  h1, h2, h3, th { font-family: Helvetica, Arial, sans-serif; line-height: 1.2 }
  table { border-collapse: collapse; margin: 1.5rem 0 }
  th, td { padding: .35rem .9rem .35rem 0; text-align: left; border-bottom: 1px solid #e1e5ea }
  pre { background: #f6f7f9; padding: .8rem 1rem; overflow-x: auto }"""


def render(chapter: Chapter) -> bytes:
    """The chapter as a UTF-8 page with title, author and date in its head."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f"<title>{escape(chapter.title)}</title>",
        f'<meta name="author" content="{escape(chapter.author)}">',
        f'<meta name="date" content="{chapter.day.isoformat()}">',
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        f"<h1>{escape(chapter.title)}</h1>",
        *(_block(block) for block in chapter.blocks),
        "</body>",
        "</html>",
    ]
    return ("\n".join(parts) + "\n").encode()


def _inline(line: Line) -> str:
    words = ((escape(span.text, quote=False), _TAGS[span.style]) for span in typeset(line))
    return "".join(f"<{tag}>{text}</{tag}>" if tag else text for text, tag in words)


def _block(block: Block) -> str:
    match block:
        case Heading(level, line):
            return f"<h{level}>{_inline(line)}</h{level}>"
        case Paragraph(line):
            return f"<p>{_inline(line)}</p>"
        case Items(ordered, lines):
            tag = "ol" if ordered else "ul"
            return "\n".join([f"<{tag}>", *(f"<li>{_inline(line)}</li>" for line in lines), f"</{tag}>"])
        case Code(text):
            return f"<pre>{escape(text, quote=False)}</pre>"
        case Table(header, rows):
            head = "".join(f"<th>{_inline(cell)}</th>" for cell in header)
            body = ["".join(f"<td>{_inline(cell)}</td>" for cell in row) for row in rows]
            return "\n".join(["<table>", f"<tr>{head}</tr>", *(f"<tr>{cells}</tr>" for cells in body), "</table>"])
        case _:
            raise ValueError(f"{type(block).__name__} has no HTML form")
