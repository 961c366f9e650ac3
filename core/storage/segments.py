"""Vector segments: one append-only, memory-mapped file per committed batch of passages.

Layout (little endian)::

    header    128 bytes: magic, version, dim, kind, codec, sizes, CRC-32 of these
    rows      uint8   [n_vectors, row_bytes]   vectors in the codec, passage after passage
    fold      FOLD    [n_vectors]              how the nested lists unfold; only of kind "levels"
    labels    uint8   [n_tokens]               each token's cluster; only of kind "levels"
    pooled    float32 or float16 [n_passages, dim]    one vector per passage
    offsets   int64   [2, n_passages + 1]      passage i owns rows[offsets[0][i]:offsets[0][i + 1]], labels likewise

Each part begins at a multiple of 64 bytes. The header is written last, so a file without a valid header is an
unfinished one. The SHA-256 of the whole file stands in the database row that makes the segment part of the workspace.
Earlier versions are read: 2 held pooled vectors in float32 only; 1 also float16 tokens only, behind a header of 64
bytes, without fold and labels.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.files import sync_folder
from rankscope.core.storage.layout import Packed
from rankscope.core.storage.levels import FOLD

MAGIC = b"RKSCPVEC"
VERSION = 3
_V1 = struct.Struct("<8sII16sQQ")  # magic, version, dim, codec, n_passages, n_vectors
_V1_BYTES = 64
_V2 = struct.Struct("<8sII16s48sIQQQ")  # magic, version, dim, kind, codec, row bytes, n_passages, n_vectors, n_tokens
_V3 = struct.Struct(_V2.format + "I")  # and the bytes of one number of a pooled vector
_HEADER_BYTES = 128


@dataclass(frozen=True, slots=True)
class WrittenSegment:
    """What the database records of a finished segment file."""

    path: Path
    n_passages: int
    n_vectors: int
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What a segment says of itself; ``codec`` is :attr:`rankscope.core.storage.layout.Layout.codec_name`."""

    version: int
    dim: int
    kind: str
    codec: str
    row_bytes: int
    n_passages: int
    n_vectors: int
    n_tokens: int
    pooled_bytes: int  # of one number: 4 for float32, 2 for float16


class SegmentWriter:
    """Writes one segment as a stream, so that a document of any length needs the memory of one batch.

    Pooled vectors are stored as they come: in float16 where all that is appended has them so.

    Args:
        kind, codec, dim, row_bytes: see :class:`SegmentHeader`.
    """

    def __init__(self, path: Path, kind: str, codec: str, dim: int, row_bytes: int) -> None:
        self._path = path
        self._shape = (dim, kind, codec, row_bytes)
        self._parts: list[Packed] = []
        self._sum = hashlib.sha256()
        self._stream: BinaryIO = path.open("xb")
        self._stream.write(bytes(_HEADER_BYTES))

    def append(self, packed: Packed) -> None:
        """Add passages. Raises OSError."""
        self._write(packed.rows)
        self._parts.append(replace(packed, rows=np.empty(0, np.uint8)))

    def finish(self) -> WrittenSegment:
        """Write the rest, the header last, and sync: from here on the file is whole. Raises OSError."""
        parts = self._parts
        offsets = _joined([part.offsets for part in parts])
        labels = _joined([part.label_offsets for part in parts])
        self._pad()
        whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("fold", "labels", "pooled")}
        for array in whole.values():
            self._write(array)
            self._pad()
        self._write(np.stack([offsets, labels]))
        dim, kind, codec, row_bytes = self._shape
        sizes = (row_bytes, len(offsets) - 1, int(offsets[-1]), int(labels[-1]), whole["pooled"].itemsize)
        head = SegmentHeader(VERSION, dim, kind, codec, *sizes)
        header = _header(head)
        n_bytes = self._stream.tell()
        self._stream.seek(0)
        self._stream.write(header)
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        sync_folder(self._path.parent)
        self._sum.update(header)
        return WrittenSegment(self._path, head.n_passages, head.n_vectors, n_bytes, self._sum.hexdigest())

    def abandon(self) -> None:
        """Close and remove the unfinished file."""
        self._stream.close()
        self._path.unlink(missing_ok=True)

    def _pad(self) -> None:
        self._write(np.zeros(-self._stream.tell() % 64, np.uint8))

    def _write(self, array: np.ndarray) -> None:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        self._sum.update(data)
        self._stream.write(data)


class Segment:
    """A finished segment, memory-mapped read-only.

    Attributes:
        head: what it holds. n_bytes: of the file. rows: uint8 [n_vectors, row_bytes]. fold, labels: see
        :class:`Packed`, empty for tokens.
        pooled: float32 or float16 [n_passages, dim]. offsets, label_offsets: int64 [n_passages + 1].

    Args:
        expected: the numbers of passages, vectors and bytes that the workspace recorded, where they are known.

    Raises:
        WorkspaceError: the file is missing, unfinished, of another version or size, or not the expected one.
    """

    def __init__(self, path: Path, expected: tuple[int, int, int] | None = None) -> None:
        self.path = path
        head = self.head = _read_header(path)
        n, parts, size = head.n_passages, *_places(head)
        if expected not in (None, (n, head.n_vectors, size)):
            raise _damaged(path, "it is not the one that was written")
        self.n_bytes = size
        actual = path.stat().st_size
        if actual != size:
            raise _damaged(path, f"it has {actual} bytes instead of {size}")
        try:
            with path.open("rb") as stream:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:  # too many open files, or no memory to map
            raise WorkspaceError(f"The vector segment {path.name} cannot be opened ({error.strerror}).") from error
        data = np.frombuffer(self._map, np.uint8)
        rows, fold, labels, pooled, offsets = (data[start:end] for start, end in parts)
        self.rows = rows.reshape(head.n_vectors, head.row_bytes)
        self.fold = fold.view(FOLD)
        self.labels = labels
        self.pooled = pooled.view(np.float16 if head.pooled_bytes == 2 else np.float32).reshape(n, head.dim)
        both = np.array(offsets.view(np.int64)).reshape(-1, n + 1)
        self.offsets = both[0]
        self.label_offsets = both[1] if len(both) > 1 else np.zeros(n + 1, np.int64)
        for one, end in ((self.offsets, head.n_vectors), (self.label_offsets, head.n_tokens)):
            if one[0] != 0 or one[-1] != end or (np.diff(one) < 0).any():
                raise _damaged(path, "its offsets make no sense")

    def __len__(self) -> int:
        return len(self.pooled)

    def release(self) -> None:
        """Give the pages that were read back to the system; they are read again when needed. Where it can be asked."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def of_passages(self, rows: np.ndarray) -> Packed:
        """Copies of these passages' vectors, as :meth:`SegmentWriter.append` takes them."""
        which, offsets = _taken(self.offsets, rows)
        labels, label_offsets = _taken(self.label_offsets, rows)
        fold = self.fold[which] if len(self.fold) else np.empty(0, FOLD)
        return Packed(self.pooled[rows], self.rows[which], offsets, fold, self.labels[labels], label_offsets)


def sha256_of(path: Path) -> str:
    """The checksum that the database records: the payload's bytes, then the header's. Raises OSError."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
        if header[8:12] == struct.pack("<I", 1):
            total.update(header[_V1_BYTES:])
            header = header[:_V1_BYTES]
        while block := stream.read(1 << 20):
            total.update(block)
    total.update(header)
    return total.hexdigest()


def _taken(offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which vectors these passages own, one after another (int64), and their new offsets [n + 1]."""
    starts, counts = offsets[rows], offsets[rows + 1] - offsets[rows]
    new = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return np.arange(new[-1]) + np.repeat(starts - new[:-1], counts), new


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Offsets of parts that lie one after another: int64 [n + 1]."""
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part) for part in parts]))]).astype(np.int64)


def _header(head: SegmentHeader) -> bytes:
    fields = _V3.pack(
        MAGIC,
        VERSION,
        head.dim,
        head.kind.encode(),
        head.codec.encode(),
        head.row_bytes,
        head.n_passages,
        head.n_vectors,
        head.n_tokens,
        head.pooled_bytes,
    )
    return (fields + struct.pack("<I", zlib.crc32(fields))).ljust(_HEADER_BYTES, b"\0")


def _read_header(path: Path) -> SegmentHeader:
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
    except FileNotFoundError as error:
        raise _damaged(path, "it is missing") from error
    except OSError as error:
        raise _damaged(path, f"it cannot be read ({error.strerror})") from error
    version = int.from_bytes(header[8:12], "little")
    shape = {1: _V1, 2: _V2}.get(version, _V3)
    fields = header[: shape.size]
    if len(fields) < shape.size or header[shape.size : shape.size + 4] != struct.pack("<I", zlib.crc32(fields)):
        raise _damaged(path, "its header is damaged")
    if version == 1:
        magic, _, dim, codec, n_passages, n_vectors = _V1.unpack(fields)
        head = SegmentHeader(1, dim, "tokens", _text(codec), 2 * dim, n_passages, n_vectors, 0, 4)
    else:
        magic, _, dim, kind, codec, *sizes = shape.unpack(fields)
        head = SegmentHeader(version, dim, _text(kind), _text(codec), *sizes, *([4] if version == 2 else []))
    if magic != MAGIC or version not in (1, 2, VERSION) or head.pooled_bytes not in (2, 4):
        raise _damaged(path, "it is of another kind")
    return head


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode("utf-8", "replace")


def _places(head: SegmentHeader) -> tuple[list[tuple[int, int]], int]:
    """Where rows, fold, labels, pooled and offsets begin and end, and the size of the file."""
    n = head.n_passages
    folds = head.n_vectors * FOLD.itemsize if head.kind == "levels" else 0
    lists = 1 if head.version == 1 else 2
    sizes = (
        head.n_vectors * head.row_bytes,
        folds,
        head.n_tokens,
        n * head.dim * head.pooled_bytes,
        lists * (n + 1) * 8,
    )
    at = _V1_BYTES if head.version == 1 else _HEADER_BYTES
    places = []
    for size in sizes:
        places.append((at, at + size))
        at += size if head.version == 1 else size + -size % 64
    return places, places[-1][1]


def _damaged(path: Path, how: str) -> WorkspaceError:
    return WorkspaceError(
        f"The vector segment {path.name} is damaged: {how}.",
        "Run “rankscope verify --repair”: its documents are read and encoded again.",
    )
