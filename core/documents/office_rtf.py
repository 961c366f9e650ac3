"""Takes a Rich Text file apart, so that striprtf only has to turn running text into text.

striprtf drops notes, text boxes, headers and comments, knows no headings, writes "|" between cells, and walks through
pictures digit by digit. Here, in one pass over the groups of the file, pictures go, what hangs on the text is set
aside, and headings are marked with characters that no text holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from striprtf.striprtf import rtf_to_text

from rankscope.core.documents.decoding import NotText, decode

# The start of a group with its first word, the end of one, binary data, words to replace, and escaped signs.
_TOKEN = re.compile(
    rb"(?P<open>\{)(?:\s*\\\*)?\s*(?:\\(?P<name>[a-z]+)-?\d*)?"
    rb"|(?P<close>\})"
    rb"|\\bin(?P<binary>\d{1,10}) ?"
    rb"|\\(?:(?P<cell>nestcell|cell)|outlinelevel(?P<level>\d)|s(?P<style>\d{1,5}))(?![a-z\d])"
    rb"|\\[^a-z]"
)
# Groups without text of the document: pictures, the addresses behind links, what programs keep for themselves.
_DROPPED = frozenset(
    b"pict objdata nonshppict shprslt themedata colorschememapping datastore latentstyles fontemb generator fldinst "
    b"listtable listoverridetable rsidtbl revtbl filetbl xmlnstbl mmathPr pgptbl atnref atnid".split()
)
_ASIDE = frozenset(
    b"title author operator creatim revtim fonttbl stylesheet footnote annotation atnauthor shptxt "
    b"header headerl headerr headerf footer footerl footerr footerf".split()
)
_FIRST_LEVEL = 0xFDD0  # the first of Unicode's characters that stand for none; one for each level of headings
_LEVEL = re.compile(f"[{chr(_FIRST_LEVEL)}-{chr(_FIRST_LEVEL + 9)}]")
_STYLE = re.compile(rb"\\s(\d{1,5})(?!\d)[^{}]*? heading (\d);", re.IGNORECASE)
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
_SYMBOL_BULLET = "\uf0b7"
MAX_BODY = 20_000_000  # bytes of running text; striprtf takes most of a second for each million
_MAX_FONTS = 1_000_000  # bytes; striprtf looks for fonts with an expression that backtracks

# Lead bytes of the encodings that take two bytes for a character.
_LEADS = {"cp932": ((0x81, 0x9F), (0xE0, 0xFC)), **dict.fromkeys(("cp936", "cp949", "cp950"), ((0x81, 0xFE),))}
_HEX_RUN = re.compile(rb"((?:\\'[0-9a-fA-F]{2})+)([ -\[\]-z|~])")


@dataclass(slots=True)
class RichText:
    """A file's running text as RTF, and what was set ``aside`` in its order, by the word that names the group.

    ``styles`` are the levels of those styles of paragraphs that make headings, by their numbers.
    """

    body: bytes = b""
    aside: list[tuple[str, bytes]] = field(default_factory=list)
    styles: dict[bytes, int] = field(default_factory=dict)
    whole: bool = True  # every group that begins also ends
    encoding: str = "cp1252"

    def all(self, *names: str) -> Iterator[bytes]:
        """What was set aside under one of these names."""
        return (piece for name, piece in self.aside if name in names)

    def text(self, piece: bytes | None = None) -> str:
        """The text of the body, or of a piece that was set aside; headings are marked, see :func:`level_of`.

        Raises:
            ValueError, TypeError, OverflowError: it breaks the rules of RTF.
        """
        if piece is not None:
            return _text(b"{\\rtf1\\ansi%s %s}" % (self._fonts(), piece), self.encoding).strip()
        start = self.body.find(b"\\rtf") + 5
        return _text(self.body[:start] + self._fonts() + self.body[start:MAX_BODY], self.encoding)

    def _fonts(self) -> bytes:
        """The table of fonts, which says how they are encoded."""
        fonts = next(self.all("fonttbl"), b"")
        return b"{\\fonttbl%s}" % fonts if len(fonts) <= _MAX_FONTS else b""


def take_apart(data: bytes) -> RichText:
    """The parts of a file's bytes, in one pass."""
    rich = RichText()
    kinds: list[str] = []  # of the open groups: the name of those set aside, "-" of those dropped, "" of all others
    written: list[list[bytes]] = [[]]  # by the body and each open group that is not written there
    at = 0
    while match := _TOKEN.search(data, at):
        written[-1].append(data[at : match.start()])
        at = match.end()
        if match["open"]:
            kinds.append(_kind(match["name"]))
            if kinds[-1]:
                written.append([])
            else:
                written[-1].append(match[0])
        elif match["close"]:
            _close(rich, kinds.pop() if kinds else "", written)
            if not kinds:
                break  # what follows the end of the document is none of it
        elif match["binary"]:
            at += int(match["binary"])
        else:
            written[-1].append(_replacement(rich, match))
    else:
        written[-1].append(data[at:])
    rich.whole = not kinds
    while kinds:
        _close(rich, kinds.pop(), written)
    rich.body = b"".join(written[0])
    rich.encoding = _encoding(rich.body)
    return rich


def level_of(line: str) -> tuple[int, str]:
    """The level of the heading that a line is (0 if it is none), and the line without its mark."""
    match = _LEVEL.search(line)
    return (ord(match[0]) - _FIRST_LEVEL + 1, _LEVEL.sub("", line)) if match else (0, line)


def _kind(name: bytes | None) -> str:
    if name in _ASIDE and name is not None:
        return name.decode()
    return "-" if name in _DROPPED else ""


def _close(rich: RichText, kind: str, written: list[list[bytes]]) -> None:
    """A group ends."""
    if not kind:
        written[-1].append(b"}")
        return
    piece = b"".join(written.pop())
    if kind == "stylesheet":
        rich.styles.update((number, int(level)) for number, level in _STYLE.findall(piece) if level != b"0")
    elif kind != "-":
        rich.aside.append((kind, piece))
    written[-1].append(b"{}")  # else a blank behind the group would end the word before it


def _replacement(rich: RichText, match: re.Match[bytes]) -> bytes:
    """What is written for a word that striprtf would not understand."""
    if match["cell"]:
        return b"\\tab"
    level = int(match["level"]) + 1 if match["level"] else rich.styles.get(match["style"], 0)
    return b"{\\uc1\\u%d?}" % (_FIRST_LEVEL + level - 1) if level else match[0]


def _encoding(body: bytes) -> str:
    """The encoding that the file declares for all fonts that declare none."""
    head = body[:4096]
    match = _CODE_PAGE.search(head)
    if match:
        return f"cp{int(match[1])}" if int(match[1]) else "cp1252"
    older = ((b"\\mac", "mac_roman"), (b"\\pca", "cp850"), (b"\\pc", "cp437"))
    return next((encoding for word, encoding in older if re.search(re.escape(word) + rb"(?![a-z])", head)), "cp1252")


def _text(data: bytes, encoding: str) -> str:
    if encoding in _LEADS:
        data = _HEX_RUN.sub(lambda match: _paired(match, encoding), data)
    try:
        rich = decode(data.replace(b"\0", b""), encoding).text
    except NotText:
        rich = data.decode("cp1252", "replace")
    try:
        text = str(rtf_to_text(rich, encoding, errors="replace"))
    except LookupError:  # a font in an encoding that Python lacks: that of the file is the best guess
        text = str(rtf_to_text(rich.replace("\\fcharset", "\\fprq"), encoding, errors="replace"))
    text = text.replace(_SYMBOL_BULLET, "•")
    # Characters beyond the first 65,536 are written as two halves.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _paired(match: re.Match[bytes], encoding: str) -> bytes:
    """A character's second byte in hex as its first: programs write it as the letter that it is elsewhere."""
    run, letter = match.groups()
    half = False
    for byte in bytes.fromhex(run.replace(b"\\'", b"").decode()):
        half = not half and any(first <= byte <= last for first, last in _LEADS[encoding])
    return run + b"\\'%02x" % letter[0] if half else match[0]
