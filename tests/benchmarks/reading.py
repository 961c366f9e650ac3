"""Reading against the same library called bare: what our layout, places and checks cost.

Both sides read the same real files in the same process, in turns. Ours is the reader alone (the chunker's work belongs
to indexing); the peer does the least that gives the text. Where a library gives values instead (tables, JSON) or runs
words together (HTML), a second figure without a goal says how ours compares with that alone.
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rankscope.core.documents.registry import FORMATS, reader
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_least, info, say, skipped

GOAL = 0.85
_ROUNDS = 5
_SNIFFED = 64 * 1024  # characters


def run(settings: Settings) -> list[Figure]:
    """One figure per format: files per second of ours over those of the bare library, best of several rounds."""
    docs = SHARED_DATA / "docs"
    if not docs.is_dir():
        return [skipped("reading speed", f"{docs} is not here")]
    figures = []
    for name, (pattern, most, bare) in _PEERS.items():
        files = [path for path in sorted(docs.glob(pattern)) if path.suffix in FORMATS[name].suffixes]
        files = _readable(name, files[:: max(1, len(files) // most)][: settings.choose(3, most)], bare)
        if not files:
            figures.append(skipped(f"reading speed: {name}", "no files of this kind"))
            continue
        parse = _PARSERS.get(name)
        ours, theirs, parsing = float("inf"), float("inf"), float("inf")
        read = reader(name)
        for _ in range(_ROUNDS):
            theirs = min(theirs, _seconds(bare, files))
            ours = min(ours, _seconds(read, files))
            parsing = min(parsing, _seconds(parse, files)) if parse else parsing
        say(f"{name}: {len(files)} files, {len(files) / ours:,.0f} files/s, bare {len(files) / theirs:,.0f}")
        how = f"{len(files)} files, best of {_ROUNDS} in turns; {len(files) / ours:,.0f} files/s"
        figures.append(at_least(f"reading speed against the bare library: {name}", theirs / ours, GOAL, "x", how))
        if parse:
            figures.append(
                info(f"reading speed against its parser, which gives no text: {name}", parsing / ours, "x", how)
            )
    figures.append(_large_workbook(settings))
    return figures


def _large_workbook(settings: Settings) -> Figure:
    """The real workbooks are small, and most of the time goes into opening them. Here the cells count."""
    import xlsxwriter

    file = settings.work / "large.xlsx"
    n_rows = settings.choose(1_000, 20_000)
    with xlsxwriter.Workbook(str(file)) as book:
        sheet = book.add_worksheet()
        for row in range(n_rows):
            sheet.write_row(row, 0, [f"Name {row}", "Berlin", row, row / 7, "a few words on it"])
    ours, theirs, parsing = float("inf"), float("inf"), float("inf")
    for _ in range(_ROUNDS):
        theirs = min(theirs, _seconds(_xlsx, [file]))
        ours = min(ours, _seconds(reader("xlsx"), [file]))
        parsing = min(parsing, _seconds(_xlsx_values, [file]))
    how = f"{n_rows:,} rows of 5 cells, made for this; against values without text {parsing / ours:.2f}"
    return info("reading speed against the bare library: a large workbook", theirs / ours, "x", how)


def _seconds(function: Callable[[Path], Any], files: list[Path]) -> float:
    start = time.perf_counter()
    for file in files:
        function(file)
    return time.perf_counter() - start


def _readable(name: str, files: list[Path], bare: Callable[[Path], Any]) -> list[Path]:
    """Those that both sides can read."""
    kept = []
    for file in files:
        try:
            reader(name)(file)
            bare(file)
        except Exception:
            continue
        kept.append(file)
    return kept


def _pdf(file: Path) -> list[str]:
    import pypdfium2

    with pypdfium2.PdfDocument(file) as document:
        return [page.get_textpage().get_text_range() for page in document]


def _docx(file: Path) -> list[str]:
    import docx

    document = docx.Document(str(file))
    tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + tables


def _pptx(file: Path) -> list[str]:
    import pptx

    deck = pptx.Presentation(str(file))
    return [shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]


def _xlsx_values(file: Path) -> list[list[list[Any]]]:
    import python_calamine

    book = python_calamine.CalamineWorkbook.from_path(str(file))
    return [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]


def _xlsx(file: Path) -> str:
    """The cells' values as text: numbers and dates are none before that."""
    return "\n".join("\t".join(map(str, row)) for sheet in _xlsx_values(file) for row in sheet)


def _eml(file: Path) -> str:
    with file.open("rb") as stream:
        message = email.message_from_binary_file(stream, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def _html_content(file: Path) -> str:
    from lxml import html

    return str(html.fromstring(file.read_bytes()).text_content())


def _html(file: Path) -> str:
    """The page's texts one by one, without programs and styles.

    ``text_content`` gives these, too, and runs the last word of a cell together with the first of the next.
    """
    from lxml import etree, html

    page = html.fromstring(file.read_bytes())
    etree.strip_elements(page, "script", "style", with_tail=False)
    return " ".join(page.itertext(tag=etree.Element))


def _md(file: Path) -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").parse(file.read_text("utf-8"))


def _csv_known(file: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.read_text("utf-8", errors="replace"))))


def _csv(file: Path) -> str:
    """The rows as text, with encoding and dialect found out as the libraries do.

    The files do not say them: taken for UTF-8 with commas, one in UTF-16 is noise and those with ";" or "|" no tables.
    """
    source = _text(file)
    try:
        dialect: Any = csv.Sniffer().sniff(source[:_SNIFFED])
    except csv.Error:  # a single column
        dialect = csv.excel
    return "\n".join(map("\t".join, csv.reader(io.StringIO(source, newline=""), dialect)))


def _json_values(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def _json(file: Path) -> str:
    """Names and values as indented lines. The library finds out the encoding of bytes by itself."""
    return json.dumps(json.loads(file.read_bytes()), ensure_ascii=False, indent=1)


def _text(file: Path) -> str:
    import charset_normalizer

    return str(charset_normalizer.from_path(file).best())


_PEERS: dict[str, tuple[str, int, Callable[[Path], Any]]] = {
    "pdf": ("[fga]*/*.pdf", 20, _pdf),
    "docx": ("office-zoo-unstructured/**/*.docx", 20, _docx),
    "pptx": ("office-zoo-unstructured/**/*.pptx", 20, _pptx),
    "xlsx": ("office-zoo-unstructured/**/*.xlsx", 20, _xlsx),
    "eml": ("enron-eml/**/*.eml", 300, _eml),
    "html": ("office-zoo-unstructured/**/*.html", 20, _html),
    "md": ("tldr-pages/**/*.md", 300, _md),
    "csv": ("office-zoo-unstructured/**/*.csv", 20, _csv),
    "json": ("office-zoo-unstructured/**/*.json", 20, _json),
    "txt": ("wiki-articles/**/*.txt", 100, _text),
}
# What the goal is not measured by: the same libraries, short of a text in which words could be found.
_PARSERS: dict[str, Callable[[Path], Any]] = {
    "xlsx": _xlsx_values,
    "html": _html_content,
    "csv": _csv_known,
    "json": _json_values,
}
