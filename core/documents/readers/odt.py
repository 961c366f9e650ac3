"""OpenDocument texts (LibreOffice Writer) and their templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.office_odf import OFFICE, STYLE, OdfWriter, content_of, objects_in
from rankscope.core.documents.office_properties import odf_properties
from rankscope.core.documents.office_zip import ODF_TEXT, opened, parsed
from rankscope.core.documents.text import one_line

_EDGES = tuple(f"{STYLE}{edge}{kind}" for edge in ("header", "footer") for kind in ("", "-first", "-left"))


def read(path: Path) -> Extraction:
    """Reads a text: paragraphs, headings, lists, tables and frames in order, title, author and dates.

    Footnotes, endnotes, headers, footers and comments follow at the end, each kind under a heading that names it.

    Raises:
        Unreadable: ("damaged", "too large", "encrypted") it cannot be opened.
    """
    with opened(path, ODF_TEXT) as archive:
        properties = odf_properties(archive)
        content = content_of(path, archive, ODF_TEXT)
        styles = parsed(archive, "styles.xml")
        writer = OdfWriter(objects_in(archive), _title_styles(content))
        for body in content.iterfind(f"{OFFICE}body"):
            writer.container(body)
        body_title = title_from(*writer.builder.result())
        writer.notes()
        _edges(writer, styles)
        writer.comments("Comments")
    text, headings = writer.builder.result()
    return Extraction(
        text,
        "odt",
        title=writer.title or properties.title or one_line(body_title),
        author=properties.author,
        created=properties.created,
        modified=properties.modified,
        headings=headings,
    )


def _title_styles(content: Any) -> frozenset[str]:
    """The style "Title", and what this document makes of it for single paragraphs."""
    derived = (
        style.get(f"{STYLE}name", "")
        for style in content.iterfind(f"{OFFICE}automatic-styles/{STYLE}style")
        if style.get(f"{STYLE}parent-style-name") == "Title"
    )
    return frozenset(("Title", *derived))


def _edges(writer: OdfWriter, styles: Any | None) -> None:
    """Headers and footers, each text once however many kinds of pages repeat it."""
    texts: dict[str, None] = {}
    for edge in () if styles is None else styles.iter(*_EDGES):
        alone = OdfWriter()
        alone.container(edge)
        text = alone.builder.result()[0]
        if any(map(str.isalpha, text)):  # more than the page's number
            texts[text] = None
    if texts:
        writer.builder.heading("Headers and footers", 1)
    for text in texts:
        writer.builder.block()
        writer.builder.verbatim(text)
