"""Web pages, read as one stream of tags: no tree, so nesting may be as deep as it likes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from rankscope.core.documents.builder import TextBuilder
from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import chosen_title, one_line

_CHUNK = 1 << 16
_DECLARED = re.compile(
    rb"""<\?xml[^>]*encoding=["']([\w.-]+)|<meta[^>]*charset\s*=\s*["']?\s*([\w.-]+)""", re.IGNORECASE
)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_LISTS = frozenset(("ul", "ol", "dl", "menu", "dir"))
_BLOCKS = frozenset(
    "p table pre blockquote section article header footer main aside figure figcaption form fieldset hr "
    "address details center search hgroup".split()
)
_LINES = frozenset("div li dt dd br summary legend caption option".split())
# A dialog is shown when it has the attribute "open", which has no meaning for the others.
_SKIPPED = frozenset(
    "script style nav template noscript svg math iframe object canvas select textarea button audio video dialog".split()
)
_STRUCTURE = _HEADINGS.keys() | _LISTS | _BLOCKS | _LINES | {"tr", "td", "th"}
# What most tags of most pages do, without a way through all the others.
_STARTS: dict[str, Callable[[TextBuilder], None]] = {
    **dict.fromkeys(_BLOCKS - {"pre"}, TextBuilder.block),
    **dict.fromkeys(_LINES - {"li"}, TextBuilder.line),
    "tr": TextBuilder.start_row,
    "td": TextBuilder.cell,
    "th": TextBuilder.cell,
}
_ENDS: dict[str, Callable[[TextBuilder], None]] = {
    **dict.fromkeys(_BLOCKS - {"pre"}, TextBuilder.block),
    **dict.fromkeys(_LINES - {"li"}, TextBuilder.line),
    "tr": TextBuilder.end_row,
    **dict.fromkeys(("td", "th"), lambda builder: None),
}
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\xa0]\s*|\xa0\s+")
_LEAST_WORDS = 3  # of the description of a picture: "logo" and "Company logo" tell nothing
_AUTHORS = frozenset(("author", "article:author", "dc.creator", "dcterms.creator"))
_CREATED = frozenset(("date", "article:published_time", "dc.date", "dcterms.created", "dcterms.date", "datepublished"))
_MODIFIED = frozenset(("last-modified", "article:modified_time", "dcterms.modified", "datemodified"))


def read(path: Path) -> Extraction:
    """Reads a web page: its text block by block, tables row by row, headings, title, author and dates.

    Raises:
        Unreadable: ("wrong type") it holds binary data.
    """
    data = path.read_bytes()
    match = _DECLARED.search(data[:4096])
    declared = (match.group(1) or match.group(2)).decode("ascii") if match else None
    decoded = decode_file(path, data, declared)
    page = parse(decoded.text)
    text, headings = page.builder.result()
    return Extraction(
        text,
        "html",
        title=chosen_title(page.title) or one_line(page.meta.get("og:title", "")),
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
    if "[CDATA[" in text:  # text in XHTML; a parser of HTML takes it for a comment. Found sooner than with its "<!"
        text = _CDATA.sub(_as_text, text)
    data = text.encode("utf-8", errors="replace")
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start : start + _CHUNK])
        parser.close()
    except etree.XMLSyntaxError:
        pass  # nothing that could be called a page; what was understood so far stands
    target.close()
    return target


def _as_text(section: re.Match[str]) -> str:
    return section[1].replace("&", "&amp;").replace("<", "&lt;")


def _collapsed(text: str) -> str:
    """White space as a page shows it. A blank that does not break binds two words; several of them are a margin."""
    if "\xa0" in text:
        return _BLANKS.sub(" ", text).strip("\xa0 ")
    return " ".join(text.split())


class PageTarget:
    """Receives the parser's events in document order."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.title = ""
        self.meta: dict[str, str] = {}
        self._pieces: list[str] = []  # text since the last tag that means something
        self.data = self._pieces.append  # the parser's most frequent call
        self._skipping = ""  # the tag whose end ends the skipping
        self._skip_depth = 0
        self._kept = 0  # pieces from before the skipping
        self._titles = 0
        self._preformatted = 0
        self._lists = 0
        self._styles: dict[str, bool] = {}  # whether elements of a style are hidden

    def first_of(self, names: frozenset[str]) -> str:
        """The first of these meta entries that the page has, in the page's order."""
        return next((value for name, value in self.meta.items() if name in names and value), "")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipping:
            self._skip_depth += tag == self._skipping
        elif attributes and self._is_hidden(tag, attributes):
            self._skipping, self._skip_depth, self._kept = tag, 1, len(self._pieces)
        elif (write := _STARTS.get(tag)) is not None:
            if pieces := self._pieces:
                if len(pieces) == 1 and pieces[0].isspace() and not (self._preformatted or self._titles):
                    pieces.clear()  # between two tags, as nearly everywhere
                else:
                    self._flush()
            write(self.builder)
        elif tag in _SKIPPED and "open" not in attributes:
            self._skipping, self._skip_depth, self._kept = tag, 1, len(self._pieces)
        elif tag in _STRUCTURE:
            if self._pieces:
                self._flush()
            self._start_block(tag)
        elif tag == "img":
            self._describe(attributes.get("alt", ""))
        elif tag == "title":
            self._flush()
            self._titles += 1
        elif tag == "meta":
            self._remember(attributes)

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skip_depth -= tag == self._skipping
            if not self._skip_depth:
                self._skipping = ""
                del self._pieces[self._kept :]
        elif (write := _ENDS.get(tag)) is not None:
            if pieces := self._pieces:
                if len(pieces) == 1 and pieces[0].isspace() and not (self._preformatted or self._titles):
                    pieces.clear()  # between two tags, as nearly everywhere
                else:
                    self._flush()
            write(self.builder)
        elif tag in _STRUCTURE:
            if self._pieces:
                self._flush()
            self._end_block(tag)
        elif tag == "title":
            self._flush()
            self._titles -= 1

    def comment(self, text: str) -> None:
        """Comments are not read."""

    def close(self) -> None:
        """The end of the page."""
        if self._skipping:
            del self._pieces[self._kept :]
        self._flush()

    def _flush(self) -> None:
        """Writes the text since the last tag with a meaning. White space at its edges is none: a break is there."""
        pieces = self._pieces
        text = pieces[0] if len(pieces) == 1 else "".join(pieces)
        pieces.clear()
        if self._titles:
            self.title += text
        elif self._preformatted:
            self.builder.verbatim(text)
        elif text and not text.isspace():
            self.builder.verbatim(_collapsed(text))

    def _start_block(self, tag: str) -> None:
        builder = self.builder
        if tag == "li":
            builder.line()
            builder.prefix("  " * (self._lists - 1) + "- ")
        elif tag in _HEADINGS:
            builder.end_heading()  # one that was never closed
            builder.start_heading(_HEADINGS[tag])
        elif tag == "pre":
            builder.block()
            self._preformatted += 1
        else:
            self._list_edge()
            self._lists += 1

    def _end_block(self, tag: str) -> None:
        builder = self.builder
        if tag == "li":
            builder.line()
            builder.prefix("")
        elif tag in _HEADINGS:
            builder.end_heading()
        elif tag == "pre":
            builder.block()
            self._preformatted -= 1
        elif tag in _LISTS:
            self._lists -= 1
            self._list_edge()

    def _list_edge(self) -> None:
        """A list inside a list only starts a new line."""
        if self._lists:
            self.builder.line()
        else:
            self.builder.block()

    def _is_hidden(self, tag: str, attributes: dict[str, str]) -> bool:
        style = attributes.get("style")
        hidden = "hidden" in attributes
        if style and not hidden:
            known = self._styles.get(style)
            hidden = self._hides(style) if known is None else known
        return hidden and tag not in ("html", "body")  # pages that a script makes visible once it has run

    def _hides(self, style: str) -> bool:
        lowered = style.lower()
        may = "none" in lowered or "hidden" in lowered  # found much sooner than the pattern
        hidden = self._styles[style] = may and _HIDDEN.search(style) is not None
        return hidden

    def _describe(self, description: str) -> None:
        """What stands in place of a picture, if it says anything."""
        if len(description.split()) >= _LEAST_WORDS:
            self._pieces.append(f" {description} ")

    def _remember(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv") or ""
        self.meta.setdefault(name.lower(), attributes.get("content", ""))
