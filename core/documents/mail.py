"""Mails as their bytes say them: parsed without recursion that could overflow, headers and contents decoded.

Shared by the readers of mails, mailboxes and saved web pages. The standard library's older header rules (compat32) are
used: unlike the newer ones they take any damaged header in linear time.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.feedparser import BytesFeedParser
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import Compat32
from email.utils import getaddresses
from itertools import count
from typing import Any, cast

from rankscope.core.documents.decoding import Decoded, NotText, decode
from rankscope.core.documents.text import one_line, safe

DELIVERY_STATUS = "application/x-delivery-status"
MAX_DEPTH = 30
MAX_PARTS = 10_000
_MAX_HEADER, _MAX_PARAMETERS = 64 * 1024, 8 * 1024
_MAX_HEADERS = 1000
_MAX_ADDRESSES = 100
_CHUNK = 1 << 20
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_WIDE_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_BLANK_START = re.compile(rb"(?:[ \t]*\r?\n)+")
_FOLD = re.compile(r"\s*[\r\n]+\s*")
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
# Names of encodings that mails use and Python does not know.
_ENCODINGS = {
    "ansi_x3.110-1983": "latin-1",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-gbk": "gbk",
    "x-sjis": "shift_jis",
}


class TooManyParts(Exception):
    """A mail of more than :data:`MAX_PARTS` parts; no program writes such."""


class Part(Message):
    """A mail or a part of one. A mail inside a mail stays as its bytes: it is a document of its own."""

    depth = 0
    _taken = 0

    def set_raw(self, name: str, value: Any) -> None:
        """Keeps a header; every look at one goes through all of them, so there must not be too many."""
        self._taken += 1
        if self._taken <= _MAX_HEADERS:
            super().set_raw(name, value)

    def parts(self) -> list[Part] | None:
        """The parts that the parser found in this one; None where it is one piece."""
        held = self.get_payload()
        return cast("list[Part]", held) if isinstance(held, list) else None

    def attach(self, payload: Any) -> None:
        payload.depth = self.depth + 1
        super().attach(payload)

    def get_content_maintype(self) -> str:
        """As the parser is to take it: what is not opened, or nested too deep, counts as one piece."""
        kind: str = super().get_content_maintype()
        if kind == "message" or (kind == "multipart" and self.depth >= MAX_DEPTH):
            return "application"
        return kind

    def get_content_type(self) -> str:
        """The parser would open these too, one in another without end."""
        kind: str = super().get_content_type()
        return DELIVERY_STATUS if kind == "message/delivery-status" else kind


class _Rules(Compat32):
    """Long headers are cut, so that no later step takes long over them; bytes beyond ASCII are decoded."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _MAX_PARAMETERS if name[:8].lower() == "content-" else _MAX_HEADER]

    def header_fetch_parse(self, name: str, value: str) -> Any:
        return value if value.isascii() else in_text(value.encode("ascii", "surrogateescape")).text


_RULES = _Rules()


def parse(data: bytes, depth: int = 0) -> Part:
    """The mail in ``data``, in linear time whatever it holds.

    Args:
        depth: how deep it lies in another one.

    Raises:
        TooManyParts: it consists of more parts than any program writes.
    """
    numbers = count()

    def make(policy: Any = _RULES) -> Part:
        if next(numbers) > MAX_PARTS:
            raise TooManyParts
        part = Part(policy)
        part.depth = depth
        return part

    parser: BytesFeedParser[Any] = BytesFeedParser(make, policy=_RULES)
    data = _as_bytes_of_mail(data)
    for start in range(0, len(data), _CHUNK):
        parser.feed(data[start : start + _CHUNK])
    mail: Part = parser.close()
    return mail


def parse_headers(data: bytes) -> Message:
    """Only the headers of the mail that begins with ``data``."""
    return BytesHeaderParser(policy=_RULES).parsebytes(_as_bytes_of_mail(data))


def payload(part: Message) -> bytes:
    """The part's content without its transfer encoding; from a damaged one, what can be had."""
    if part.is_multipart():
        return b""
    announced = str(part.get("content-transfer-encoding", "")).lower()
    encoding = announced.partition(";")[0].strip()
    if encoding == "base64":
        return _from_base64(str(part.get_payload() or "").encode("ascii", "ignore"))
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    return quopri.decodestring(data) if encoding == "quoted-printable" != announced else data


def in_text(data: bytes, declared: str | None = None) -> Decoded:
    """``data`` as text; bytes that are none become U+FFFD, with a warning. ``declared`` as the mail names it."""
    name = (declared or "").partition("*")[0].strip().strip("'\"").lower()
    try:
        return decode(data, _ENCODINGS.get(name, name) or None)
    except NotText:
        text = data.decode("ascii", errors="replace")
        return Decoded(text, "ascii", ("A part of it is no text, and shows as replacement characters.",))


def header(mail: Message, name: str) -> str:
    """A header on one line, decoded; empty where the mail has none."""
    return words(str(mail.get(name, "")))


def words(value: str) -> str:
    """The text of a header's value on one line, its encoded words decoded."""
    value = _FOLD.sub(" ", value)
    if "=?" in value:
        try:
            chunks = decode_header(value)
        except (HeaderParseError, ValueError):
            chunks = [(value, None)]
        value = "".join(map(_chunk_text, chunks))
    return " ".join(safe(value).split())


def addresses(mail: Message, name: str) -> tuple[str, ...]:
    """The addresses of a header as people read them: ``Name <address>``."""
    values = [str(value) for value in mail.get_all(name, ())]
    return tuple(shown for person, address in _people(values) if (shown := shown_address(person, address)))


def first_name(mail: Message, name: str) -> str:
    """The name of the first person in a header; the address where there is no name."""
    people = _people([str(value) for value in mail.get_all(name, ())])
    return next((person or address for person, address in people if person or address), "")


def people_line(people: Iterable[str]) -> str:
    """Addresses on one line; of very many the first ones and the number of the others."""
    listed = list(people)
    if len(listed) > _MAX_ADDRESSES:
        listed[_MAX_ADDRESSES:] = [f"and {len(listed) - _MAX_ADDRESSES:,} others"]
    return ", ".join(listed)


def file_stem(subject: str) -> str:
    """A subject as the name of a file, without its ending; empty where nothing is left of it."""
    return one_line(_NO_FILE_NAME.sub(" ", subject), limit=80).strip(". ")


def _as_bytes_of_mail(data: bytes) -> bytes:
    """Without the blank lines that some programs put before the headers; UTF-16 as UTF-8."""
    if data.startswith(_WIDE_MARKS) or b"\x00" in data[:64]:
        try:
            data = decode(data).text.encode("utf-8", "replace")
        except NotText:
            return data
    blank = _BLANK_START.match(data)
    return data[blank.end() :] if blank and _has_header(data, blank.end()) else data


def _has_header(data: bytes, start: int) -> bool:
    return re.compile(rb"[!-9;-~]+:").match(data, start) is not None


def _from_base64(raw: bytes) -> bytes:
    """Characters that do not belong there are passed over, a cut end costs no more than itself."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        kept = raw.translate(None, _NOT_BASE64)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"==="[: -len(kept) % 4])


def _chunk_text(chunk: tuple[str | bytes, str | None]) -> str:
    value, charset = chunk
    if isinstance(value, str):
        return value
    if charset is not None:
        return in_text(value, charset).text
    # decode_header gives what stands between encoded words as bytes of this encoding
    try:
        return value.decode("raw-unicode-escape" if rb"\u" in value else "latin-1")
    except ValueError:
        return value.decode("latin-1")


def _people(values: list[str]) -> list[tuple[str, str]]:
    try:
        found = getaddresses([_FOLD.sub(" ", value) for value in values])
    except (ValueError, IndexError, RecursionError):
        found = []
    people = [(words(person), words(address)) for person, address in found]
    if values and not any(person or address for person, address in people):
        return [(words(value), "") for value in values]
    return people


def shown_address(person: str, address: str) -> str:
    """``Name <address>``, or the one of both that there is."""
    if len(person) > 2 and person[0] == person[-1] == "'":  # Outlook's quotes
        person = person[1:-1]
    if not person or person == address:
        return address
    return f"{person} <{address}>" if address else person
