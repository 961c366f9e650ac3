"""Zipped office files for tests: written from their members, or changed member by member."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rankscope.core.documents.failures import Unreadable

# Ten billion letters, if anybody expands it.
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + depth, b"&%c;" % (97 + depth) * 10) for depth in range(9))
    + b"]>"
)


def write_zip(path: Path, members: dict[str, str | bytes]) -> Path:
    """A new archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def changed(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The archive with every member as ``change`` makes it; without those for which it gives None."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        members = {name: change(name, archive.read(name)) for name in archive.namelist()}
    return write_zip(path, {name: content for name, content in members.items() if content is not None})


def with_entity(part: str, before: bytes, doctype: bytes) -> Callable[[str, bytes], bytes]:
    """A change that declares entities in one part and refers to ``&j;`` behind ``before``."""

    def change(name: str, content: bytes) -> bytes:
        if name != part:
            return content
        assert before in content
        start = content.index(b"?>") + 2
        return content[:start] + doctype + content[start:].replace(before, before + b"&j;", 1)

    return change


def flip_middle(path: Path, member: str) -> Path:
    """The archive with one byte of the member's packed content changed."""
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(member)
    data = bytearray(path.read_bytes())
    at = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    data[at : at + 4] = bytes(byte ^ 255 for byte in data[at : at + 4])
    path.write_bytes(data)
    return path


def reason(read: Callable[[Path], object], path: Path) -> str:
    """Why the reader refuses the file; the words for people must be whole sentences."""
    with pytest.raises(Unreadable) as caught:
        read(path)
    failure = caught.value.failure
    assert failure.message.endswith(".") and failure.remedy.endswith(".") and path.name in failure.message
    return failure.reason


def headings(extraction) -> list[tuple[str, int]]:
    return [(extraction.text[heading.start : heading.end], heading.level) for heading in extraction.headings]


def places(extraction) -> dict[str, str]:
    """The line at which each place begins, by the place."""
    return {mark.place: extraction.text[mark.start :].split("\n")[0] for mark in extraction.marks}
