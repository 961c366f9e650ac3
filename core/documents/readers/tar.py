"""TAR archives, packed (gzip, bzip2, xz) or not, and single packed files. What is in them is read file by file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.member_names import decoded_name
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.text import shown
from rankscope.core.documents.time_limit import check_time
from rankscope.core.documents.unpacking import Packed

_BLOCK = 512
_AT_ONCE = 1 << 18
_LONGEST_HEADERS = 16_000_000  # bytes before one file: long names, dates, attributes
_PACKED_TARS = (".tgz", ".tbz2", ".txz", ".tar")
_Stream = io.BufferedReader | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile
_DAMAGES = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, IndexError, OverflowError)


def read(path: Path) -> Extraction:
    """Nothing but that it is an archive."""
    return Extraction("", "tar")


def members(path: Path) -> Iterator[Packed]:
    """The files in the archive, without links and devices; a packed file that is no archive holds one.

    Raises:
        Unreadable: ("damaged") after the files that stand before the damage.
    """
    try:
        with path.open("rb") as raw, _unpacked(raw) as stream:
            meter = _Meter(stream)
            if _begins_archive(meter.head(), path):
                yield from _files(meter)
            elif stream is raw:
                raise _damaged(path)
            else:
                yield Packed(_name_inside(path), partial(cast, BinaryIO, meter))
    except _DAMAGES:
        raise _damaged(path) from None
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's trouble; gzip's own errors have no number
        raise _damaged(path) from None


def _files(meter: _Meter) -> Iterator[Packed]:
    meter.allow(_LONGEST_HEADERS)
    archive = _Archive.open(
        fileobj=cast(IO[bytes], meter),
        mode="r|",
        bufsize=_AT_ONCE,
        tarinfo=_Header,
        encoding="utf-8",
        errors="surrogateescape",
    )
    with archive:
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # it would remember all of them
            meter.allow(info.size + _LONGEST_HEADERS)
            if info.isfile():
                yield Packed(_readable(info.name), partial(_opened, archive, info))
        if archive.damaged:
            raise tarfile.ReadError("a header that cannot be understood")


class _Archive(tarfile.TarFile):
    """Remembers that it ended at a damaged header: tarfile takes that for the end."""

    damaged = False


class _Header(tarfile.TarInfo):
    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> _Header:  # type: ignore[override]
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            if isinstance(archive, _Archive):
                archive.damaged = type(error).__name__ in ("InvalidHeaderError", "TruncatedHeaderError")
            raise


class _Meter:
    """What tarfile reads from. Notices when the time is up, and stops headers that pretend to be endless."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._head = b""
        self._left = 0
        self._limited = False

    def head(self) -> bytes:
        """The first bytes, which stay to be read."""
        while len(self._head) < _BLOCK and (block := self._stream.read1(_BLOCK - len(self._head))):
            self._head += block
        return self._head

    def allow(self, n_bytes: int) -> None:
        """So many bytes may be read from here on."""
        self._left = n_bytes + 2 * _AT_ONCE
        self._limited = True

    def read(self, size: int = -1) -> bytes:
        """Some of the bytes, at most ``size``: all that come before a damage, and only then its error."""
        check_time()
        if self._head:
            block, self._head = self._head[:size], self._head[size:]
        else:
            block = self._stream.read1(size)
        self._left -= len(block)
        if self._limited and self._left < 0:
            raise tarfile.ReadError("more than was announced")
        return block

    def close(self) -> None:
        """The stream is closed by whoever opened it."""

    def __enter__(self) -> _Meter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _unpacked(raw: io.BufferedReader) -> _Stream:
    start = raw.read(6)
    raw.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)
    if start.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if start.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(raw)
    return raw


def _begins_archive(head: bytes, path: Path) -> bool:
    if not head.strip(b"\0"):  # an archive without files, or a file of zeros
        return path.suffix.lower() in _PACKED_TARS or Path(path.stem).suffix.lower() == ".tar"
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def _opened(archive: _Archive, info: tarfile.TarInfo) -> BinaryIO:
    return cast(BinaryIO, archive.extractfile(info))


def _readable(name: str) -> str:
    return name if name.isprintable() else decoded_name(name.encode("utf-8", "surrogateescape"))


def _name_inside(path: Path) -> str:
    return path.stem if path.suffix.lower() in (".gz", ".bz2", ".xz", *_PACKED_TARS) else path.name


def _damaged(path: Path) -> Unreadable:
    return unreadable(
        "damaged",
        f"{shown(path)} is damaged; what lies behind the damage cannot be taken out.",
        "Download or copy it again, or restore it from a backup.",
    )
