"""Web pages, read as one stream of tags: no tree, so nesting may be as deep as it likes."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import one_line

_CHUNK = 1 << 16
_DECLARED = re.compile(
    rb"""<\?xml[^>]*encoding=["']([\w.-]+)|<meta[^>]*charset\s*=\s*["']?\s*([\w.-]+)""", re.IGNORECASE
)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_LISTS = frozenset(("ul", "ol", "dl"))
_BLOCKS = frozenset(
    "p table pre blockquote section article header footer main aside figure figcaption form fieldset hr "
    "address details".split()
)
_LINES = frozenset("div li dt dd br summary legend caption option".split())
_SKIPPED = frozenset("script style nav template noscript svg math iframe object canvas select textarea button".split())
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_AUTHORS = frozenset(("author", "article:author", "dc.creator", "dcterms.creator"))
_CREATED = frozenset(("date", "article:published_time", "dc.date", "dcterms.created", "dcterms.date", "datepublished"))
_MODIFIED = frozenset(("last-modified", "article:modified_time", "dcterms.modified", "datemodified"))


def read(path: Path) -> Extraction:
    """Reads a web page: its text block by block, tables row by row, headings, title, author and dates."""
    data = path.read_bytes()
    match = _DECLARED.search(data[:4096])
    declared = (match.group(1) or match.group(2)).decode("ascii") if match else None
    decoded = decode_file(path, data, declared)
    page = parse(decoded.text)
    text, headings = page.builder.result()
    return Extraction(
        text,
        "html",
        title=one_line(page.title or page.meta.get("og:title", "")),
        author=one_line(page.first_of(_AUTHORS)),
        created=iso_date(page.first_of(_CREATED)),
        modified=iso_date(page.first_of(_MODIFIED)),
        headings=headings,
        warnings=decoded.warnings,
    )


def parse(text: str) -> PageTarget:
    """The page as its tags told it. Never raises on bad markup: libxml2 repairs as browsers do."""
    target = PageTarget()
    # Fed as UTF-8 so that an encoding declared in the page, already obeyed in decoding, is not applied again.
    parser = etree.HTMLParser(target=target, huge_tree=True, encoding="utf-8")
    data = text.encode("utf-8", errors="replace")
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
        parser.close()
    except etree.XMLSyntaxError:
        pass  # nothing that could be called a page; what was understood so far stands
    return target


class PageTarget:
    """Receives the parser's events in document order."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self.meta: dict[str, str] = {}
        self._skipping = ""  # the tag whose end ends the skipping
        self._skip_depth = 0
        self._title_depth = 0
        self._preformatted = 0
        self._lists = 0

    def first_of(self, names: frozenset[str]) -> str:
        """The first of these meta entries that the page has, in the page's order."""
        return next((value for name, value in self.meta.items() if name in names and value), "")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipping:
            self._skip_depth += tag == self._skipping
            return
        if tag in _SKIPPED or "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")):
            if tag not in ("html", "body"):  # pages that a script makes visible once it has run
                self._skipping, self._skip_depth = tag, 1
        elif tag == "title":
            self._title_depth += 1
        elif tag == "meta":
            self._remember(attributes)
        else:
            self._start_block(tag)

    def _start_block(self, tag: str) -> None:
        if tag in _HEADINGS:
            self.builder.start_heading(_HEADINGS[tag])
        elif tag in _BLOCKS:
            self.builder.block()
            self._preformatted += tag == "pre"
        elif tag in _LISTS:
            self._list_edge()
            self._lists += 1
        elif tag in _LINES:
            self.builder.line()
            if tag == "li":
                self.builder.prefix("  " * (self._lists - 1) + "- ")
        elif tag == "tr":
            self.builder.start_row()
        elif tag in ("td", "th"):
            self.builder.cell()

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skip_depth -= tag == self._skipping
            if not self._skip_depth:
                self._skipping = ""
        elif tag in _HEADINGS:
            self.builder.end_heading()
        elif tag in _BLOCKS:
            self.builder.block()
            self._preformatted -= tag == "pre"
        elif tag in _LISTS:
            self._lists -= 1
            self._list_edge()
        elif tag in _LINES:
            self.builder.line()
            if tag == "li":
                self.builder.prefix("")
        elif tag == "tr":
            self.builder.end_row()
        elif tag == "title":
            self._title_depth -= 1

    def data(self, text: str) -> None:
        if self._skipping:
            return
        if self._title_depth:
            self.title += text
        elif self._preformatted:
            self.builder.verbatim(text)
        else:
            self.builder.flow(text)

    def comment(self, text: str) -> None:
        """Comments are not read."""

    def close(self) -> None:
        """The end of the page."""

    def _list_edge(self) -> None:
        """A list inside a list only starts a new line."""
        if self._lists:
            self.builder.line()
        else:
            self.builder.block()

    def _remember(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv") or ""
        self.meta.setdefault(name.lower(), attributes.get("content", ""))
