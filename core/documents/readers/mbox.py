"""Mailboxes (mbox): many mails in one file, each read as a document of its own."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from rankscope.core.documents.detect import HEAD_BYTES, kind_of, wrong_type
from rankscope.core.documents.mail import file_stem, header, parse_headers
from rankscope.core.documents.model import Extraction, Failure
from rankscope.core.documents.text import shown
from rankscope.core.documents.time_limit import check_time
from rankscope.core.documents.unpacking import MAX_MEMBER_BYTES, Packed

# The line before each mail: who sent it and when. Others that begin with "From " are text.
_SENT = re.compile(rb"From .*\d\d?:\d\d")
_QUOTED = re.compile(rb">+From ")
_HEADER = re.compile(rb"\s*[!-9;-~]+:")
_LINE = 1 << 16
_HEADERS = 1 << 16
_THUNDERBIRD_DELETED = 0x8


def read(path: Path) -> Extraction:
    """Nothing but that it is a mailbox. Raises Unreadable ("wrong type") where it is none."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head.lstrip().startswith(b"From ") and _HEADER.match(head) is None:
        raise wrong_type(path, "mbox", kind_of(head) or "a file of another kind")
    return Extraction("", "mbox")


def members(path: Path) -> Iterator[Packed]:
    """The mails, one after another, under their number and subject; those deleted in Thunderbird are passed over."""
    with path.open("rb") as stream:
        for number, mail in enumerate(_mails(stream), start=1):
            if mail is None:
                yield Packed(f"{number:05}.eml", io.BytesIO, _too_large(path, number))
                continue
            headers = parse_headers(mail[:_HEADERS])
            if not _is_deleted(header(headers, "x-mozilla-status")):
                name = f"{number:05} {file_stem(header(headers, 'subject'))}".rstrip()
                yield Packed(f"{name}.eml", partial(io.BytesIO, mail))


def _mails(stream: BinaryIO) -> Iterator[bytes | None]:
    """The bytes of each mail without the line before it; None for one that is too large to be read."""
    lines: list[bytes] = []
    size, blank, whole = 0, True, True
    while line := stream.readline(_LINE):
        if whole and blank and line.startswith(b"From ") and _SENT.match(line):
            if any(map(bytes.strip, lines)) or size > MAX_MEMBER_BYTES:
                yield b"".join(lines) if size <= MAX_MEMBER_BYTES else None
            lines, size = [], 0
        else:
            size += len(line)
            if size > MAX_MEMBER_BYTES:
                check_time()
                lines.clear()
            elif whole and line.startswith(b">") and _QUOTED.match(line):
                lines.append(line[1:])
            else:
                lines.append(line)
        blank, whole = whole and not line.strip(), line.endswith(b"\n")
    if any(map(bytes.strip, lines)) or size > MAX_MEMBER_BYTES:
        yield b"".join(lines) if size <= MAX_MEMBER_BYTES else None


def _is_deleted(status: str) -> bool:
    try:
        return bool(int(status, 16) & _THUNDERBIRD_DELETED)
    except ValueError:
        return False


def _too_large(path: Path, number: int) -> Failure:
    return Failure(
        "too large",
        f"Mail {number:,} in {shown(path)} has more than {MAX_MEMBER_BYTES // 1_000_000:,} MB.",
        "Save its attachments from your mail program.",
    )
