"""XML of any kind (feeds, outlines, schemas, exports), read as one stream of events: no tree, so it may be deep.

Nothing is fetched, and no entity that the file defines is replaced by its text.
"""

from __future__ import annotations

import re
from html.entities import html5
from pathlib import Path
from xml.parsers import expat

from lxml import etree

from rankscope.core.documents.builder import title_from
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import as_plain_text, decode_file
from rankscope.core.documents.text import has_content, shown
from rankscope.core.documents.text_elements import ElementText
from rankscope.core.documents.text_lines import numbered

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,200}\?>")
_DOCUMENT_TYPE = re.compile(r"<!DOCTYPE[^\[>]{0,1000}(?:\[[^\]]{0,10000}\]\s*)?>")
_BARE_AMPERSAND = re.compile(r"&(?![\w#][\w.-]{0,40};)")
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\ufffe\uffff]")  # in XML, even as references
_REFERENCE = re.compile(r"&(\w[\w.-]*);")
_CHUNK = 1 << 20
_LARGEST_ENTITY = 100_000  # characters that an entity may stand for


def read(path: Path) -> Extraction:
    """Reads an XML file: its text in order, a line for each element, its titles as headings.

    Damaged XML is read as far as it can be understood, what is no XML at all as plain text; both with a warning.

    Raises:
        Unreadable: ("wrong type") it holds binary data; ("damaged") its entities unfold without end.
    """
    data = path.read_bytes()
    match = _DECLARED.match(data[:1024])
    decoded = decode_file(path, data, match.group(1).decode("ascii") if match else None)
    source = _FORBIDDEN.sub(" ", numbered(decoded.text))
    warnings = decoded.warnings
    reading = _Reading(path)
    problem = reading.parse(source)
    if problem:
        reading.target = _recovered(source, reading.target)
        warnings += (f"It is damaged XML (line {problem}): some of its text may be missing or out of place.",)
    text, headings, marks = reading.target.result()
    if problem and not has_content(text):
        return as_plain_text(source, (*decoded.warnings, "It is no valid XML; it was read as plain text."), "xml")
    return Extraction(
        text,
        "xml",
        title=title_from(text, headings),
        headings=headings,
        marks=marks,
        warnings=warnings + reading.warnings(),
    )


class _Reading:
    """One run of the parser over a file."""

    def __init__(self, path: Path) -> None:
        self.target = ElementText()
        self._path = path
        self._sizes: dict[str, int] = {}  # of the entities that the file defines, unfolded
        self._references = 0
        self._first_line = 1

    def parse(self, source: str) -> int:
        """Returns the number of the line at which the parser gave up, 0 if it came to the end."""
        start = len(source) - len(source.lstrip())  # allowed nowhere, met everywhere
        self._first_line = source.count("\n", 0, start)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.UseForeignDTD(True)  # so that an unknown entity is reported instead of being an error
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self.target.end
        parser.CharacterDataHandler = self.target.data
        parser.SkippedEntityHandler = self._reference
        parser.DefaultHandler = self._other
        parser.EntityDeclHandler = self._entity
        self._parser = parser
        try:
            for offset in range(start, len(source), _CHUNK):
                parser.Parse(source[offset : offset + _CHUNK], False)
            parser.Parse("", True)
            self.target.close()
        except expat.ExpatError as error:
            if "amplification" in str(error):
                raise self._trap("more text than is left to be read") from None
            return error.lineno + self._first_line
        return 0

    def warnings(self) -> tuple[str, ...]:
        """What was left out."""
        left_out = []
        if self._references:
            left_out.append(f"References to text that is defined elsewhere, left as they are: {self._references:,}.")
        if self.target.n_encoded:
            left_out.append(f"Pieces of encoded data of which only the start was read: {self.target.n_encoded:,}.")
        return tuple(left_out)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.target.line = self._parser.CurrentLineNumber + self._first_line
        self.target.start(tag, attributes)

    def _other(self, text: str) -> None:
        if text.startswith("&"):
            self._reference(text[1:-1], False)

    def _reference(self, name: str, is_parameter: bool) -> None:
        character = None if name in self._sizes else html5.get(name + ";")
        if character is None and not is_parameter:
            self._references += 1
            character = f"&{name};"
        self.target.data(character or "")

    def _entity(self, name: str, _is_parameter: bool, value: str | None, *_: str | None) -> None:
        """Adds up what an entity stands for: some files define a few that unfold to gigabytes."""
        size = len(value or "")
        for inner in _REFERENCE.findall(value or ""):
            size += self._sizes.get(inner, 0)
        self._sizes[name] = size
        if size > _LARGEST_ENTITY:
            raise self._trap(f"at least {size:,} characters")

    def _trap(self, amount: str) -> Unreadable:
        return unreadable(
            "damaged",
            f"{shown(self._path)} defines a text that unfolds to {amount}: it is a trap for programs that read XML.",
            "If you trust where it comes from, open it in its own program and save it anew.",
        )


def _recovered(source: str, understood: ElementText) -> ElementText:
    """What a parser that forgives mistakes makes of it, if that is more than was ``understood`` before."""
    target = ElementText()
    parser = etree.XMLParser(
        target=target, recover=True, huge_tree=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    # Without the encoding that it declares, since it is decoded already; in an element of its own, because there may
    # be several roots, as in a log; and with every single ampersand as a character.
    bare = _BARE_AMPERSAND.sub("&amp;", _DOCUMENT_TYPE.sub("", _DECLARATION.sub("", source)))
    data = f"<text>{bare}</text>".encode()
    try:
        for offset in range(0, len(data), _CHUNK):
            parser.feed(data[offset : offset + _CHUNK])
        parser.close()
    except (etree.XMLSyntaxError, Unreadable):
        pass  # what was understood so far stands
    target.close()
    understood.close()
    lengths = [len(one.result()[0]) for one in (target, understood)]
    return target if lengths[0] > lengths[1] else understood
