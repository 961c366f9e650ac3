"""One mail as Outlook stores it: properties by number, each a stream of a file that is built like a disk."""

from __future__ import annotations

import struct
from datetime import datetime
from functools import cached_property
from pathlib import Path

from olefile import OleFileIO
from oxmsg.domain import constants as c
from oxmsg.domain.encodings import encoding_from_codepage
from oxmsg.properties import Properties
from oxmsg.storage import Storage

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.mail import in_text
from rankscope.core.documents.text import shown

_FILE_HEADER, _EMBEDDED_HEADER, _SMALL_HEADER = 32, 24, 8  # bytes before the properties, by the kind of item
_EMBEDDED_MAIL = "__substg1.0_3701000D"
# What olefile and oxmsg raise on damaged files
_DAMAGES = (KeyError, ValueError, IndexError, TypeError, LookupError, OverflowError, struct.error)


class _Numbers(Properties):  # type: ignore[misc]
    """Numbers and times. Of a mail whose texts are in an encoding that it does not know, oxmsg gives none."""

    body_encoding = _str_prop_encoding = "ascii"  # texts are not read through it


class Item:
    """A mail, a recipient or an attachment. A property that is missing or damaged is empty.

    Args:
        header: how many bytes come before the properties in its stream of them.
    """

    def __init__(self, storage: Storage, header: int) -> None:
        self._storage = storage
        self._properties = _Numbers(storage, properties_header_offset=header)

    def text(self, number: int) -> str:
        """A property of text."""
        wide = self._stream(number, c.PTYP_STRING)
        if wide is not None:
            return str(wide.decode("utf-16-le", errors="replace")).rstrip("\0")
        narrow = self._stream(number, c.PTYP_STRING8)
        return in_text(narrow, self._encoding).text.rstrip("\0") if narrow else ""

    def data(self, number: int) -> bytes:
        """A property of bytes."""
        return self._stream(number, c.PTYP_BINARY) or b""

    def page(self) -> str:
        """The mail as a web page, where it has one."""
        return in_text(self.data(c.PID_HTML), self._encoding).text or self.text(c.PID_HTML)

    def number(self, number: int) -> int | None:
        """A property that is a number."""
        try:
            value = self._properties.int_prop_value(number)
        except _DAMAGES:
            return None
        return value if isinstance(value, int) else None

    def moment(self, number: int) -> str:
        """A property that is a time, in ISO 8601; UTC."""
        try:
            value = self._properties.date_prop_value(number)
            return value.isoformat() if isinstance(value, datetime) else ""
        except _DAMAGES:
            return ""

    def recipients(self) -> list[Item]:
        """Those to whom the mail went."""
        return [Item(storage, _SMALL_HEADER) for storage in self._storage.iter_recipient_storages()]

    def attachments(self) -> list[Item]:
        """What is attached to the mail."""
        return [Item(storage, _SMALL_HEADER) for storage in self._storage.iter_attachment_storages()]

    def embedded_mail(self) -> Item | None:
        """The mail that this attachment is, if it is one."""
        for storage in self._storage.storages:
            if storage.name == _EMBEDDED_MAIL and any(s.name == "__properties_version1.0" for s in storage.streams):
                return Item(storage, _EMBEDDED_HEADER)
        return None

    def _stream(self, number: int, kind: int) -> bytes | None:
        try:
            data: bytes = self._storage.property_stream_bytes(number, kind)
        except KeyError:
            return None
        return data

    @cached_property
    def _encoding(self) -> str | None:
        for number in (c.PID_INTERNET_CODEPAGE, c.PID_MESSAGE_CODEPAGE):
            try:
                if codepage := self.number(number):
                    return str(encoding_from_codepage(codepage)) or None
            except Exception:  # one that oxmsg or Python does not know
                continue
        return None


def open_mail(path: Path) -> Item:
    """The mail in a file. Raises Unreadable ("damaged"), OSError."""
    try:
        with path.open("rb") as stream, OleFileIO(stream) as file:
            return Item(Storage.from_ole(file), _FILE_HEADER)
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's trouble; olefile's own errors have no number
    except (*_DAMAGES, RecursionError):
        pass
    raise unreadable(
        "damaged",
        f"{shown(path)} is a damaged Outlook mail: its content cannot be found.",
        "Save the mail from Outlook again.",
    )
