"""ZIP archives: opened only when their directory is of a size that memory can hold, names in readable letters."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.member_names import decoded_name
from rankscope.core.documents.text import shown

MAX_DIRECTORY_BYTES = 32_000_000  # of about half a million files
_END, _WIDE_END = b"PK\x05\x06", b"PK\x06\x06"
_LONGEST_END = 66_000  # bytes: the end record with the longest comment and what ZIP64 adds
_UTF8_NAME, _UNICODE_PATH = 0x800, 0x7075


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive.

    Raises:
        Unreadable: ("too large") it lists more files than can be held in memory.
        zipfile.BadZipFile: it has no directory, or a damaged one. OSError.
    """
    if _directory_bytes(path) > MAX_DIRECTORY_BYTES:
        raise unreadable(
            "too large",
            f"{shown(path)} holds more files than can be listed.",
            "Unpack it into a folder and index that.",
        )
    return zipfile.ZipFile(path)


def member_name(info: zipfile.ZipInfo) -> str:
    """The file's path inside the archive. Where it is not said to be Unicode, its encoding is guessed."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        raw = info.filename.encode("cp437")  # as zipfile decoded it
    except UnicodeEncodeError:
        return info.filename
    return _unicode_path(info.extra) or decoded_name(raw)


def _directory_bytes(path: Path) -> int:
    """The size of the archive's directory as its end says, at most that of the file."""
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _LONGEST_END))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 16:
        return 0
    n_bytes = int(struct.unpack_from("<I", tail, at + 12)[0])
    wide = tail.rfind(_WIDE_END, 0, at)
    if n_bytes == 0xFFFFFFFF and wide >= 0 and len(tail) >= wide + 48:
        n_bytes = int(struct.unpack_from("<Q", tail, wide + 40)[0])
    return min(n_bytes, size)


def _unicode_path(extra: bytes) -> str:
    """The name in Unicode that Info-ZIP and WinZip write beside the old one."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        field = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH and field[:1] == b"\x01":
            return field[5:].decode("utf-8", errors="replace")
        at += 4 + length
    return ""
