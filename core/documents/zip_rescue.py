"""What can be had from a ZIP archive without its directory (an interrupted download): each file is said again where it
begins."""

from __future__ import annotations

import io
import mmap
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from rankscope.core.documents.member_names import decoded_name
from rankscope.core.documents.model import Failure
from rankscope.core.documents.time_limit import check_time
from rankscope.core.documents.unpacking import Packed

_START = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3I2H")
_ENCRYPTED, _SIZE_LATER = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file in the archive: its bytes stand at [start, end) as they are packed. ``checksum`` None where unknown."""

    method: int
    start: int
    end: int
    checksum: int | None


def rescued(path: Path, problem: Failure) -> Iterator[Packed]:
    """The files that can be found; ``problem`` is that of the encrypted ones among them. Raises OSError."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_START)
        while at >= 0 and at + _HEADER.size <= len(data):
            check_time()
            _, _, flags, method, _, _, checksum, packed, _, name_length, extra_length = _HEADER.unpack_from(data, at)
            start = at + _HEADER.size + name_length + extra_length
            later = bool(flags & _SIZE_LATER)
            end = len(data) if later else min(len(data), start + packed)
            name = decoded_name(data[at + _HEADER.size : at + _HEADER.size + name_length])
            entry = _Entry(method, start, end, None if later else checksum)
            if name and not name.endswith("/") and start <= len(data) and not (later and method == _STORED):
                yield Packed(name, partial(_opened, data, entry), problem if flags & _ENCRYPTED else None)
            at = data.find(_START, start if later else max(end, at + 4))


def _opened(data: mmap.mmap, entry: _Entry) -> BinaryIO:
    return cast(BinaryIO, _Reader(data, entry))


class _Reader(io.RawIOBase):
    """The bytes of one file. Raises EOFError or ValueError where it is cut off or damaged."""

    def __init__(self, data: mmap.mmap, entry: _Entry) -> None:
        if entry.method not in (_STORED, _DEFLATED):
            raise ValueError("a way of packing that is not rescued")
        self._data = data
        self._entry = entry
        self._at = entry.start
        self._inflater = zlib.decompressobj(-15) if entry.method == _DEFLATED else None
        self._sum = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self._next(len(buffer))
        buffer[: len(block)] = block
        self._sum = zlib.crc32(block, self._sum)
        if not block and self._entry.checksum is not None and self._sum != self._entry.checksum:
            raise ValueError("the checksum is another")
        return len(block)

    def _next(self, size: int) -> bytes:
        if self._inflater is None:
            block = self._data[self._at : min(self._at + size, self._entry.end)]
            self._at += len(block)
            return block
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail
            if not packed:
                packed = self._data[self._at : min(self._at + _CHUNK, self._entry.end)]
                self._at += len(packed)
                if not packed:
                    raise EOFError
            block = self._inflater.decompress(packed, size)
            if block:
                return block
        return b""
