"""Vector segments: one append-only, memory-mapped file per committed batch of passages.

Layout (little endian)::

    header    64 bytes: magic, version, dim, codec, n_passages, n_vectors, CRC-32 of these
    tokens    float16 [n_vectors, dim]     every token's vector, passage after passage
    pooled    float32 [n_passages, dim]    one vector per passage
    offsets   int64   [n_passages + 1]     passage i owns tokens[offsets[i]:offsets[i + 1]]

The header is written last, so a file without a valid header is an unfinished one. The SHA-256 of the whole file
stands in the database row that makes the segment part of the workspace.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.files import sync_folder

MAGIC = b"RKSCPVEC"
VERSION = 1
CODEC = "float16"
_FIELDS = struct.Struct("<8sII16sQQ")  # magic, version, dim, codec, n_passages, n_vectors
_HEADER_BYTES = 64


@dataclass(frozen=True, slots=True)
class WrittenSegment:
    """What the database records of a finished segment file."""

    path: Path
    n_passages: int
    n_vectors: int
    n_bytes: int
    sha256: str


class SegmentWriter:
    """Writes one segment as a stream, so that a document of any length needs the memory of one batch."""

    def __init__(self, path: Path, dim: int) -> None:
        self._path = path
        self._dim = dim
        self._pooled: list[np.ndarray] = []
        self._counts: list[np.ndarray] = []
        self._sum = hashlib.sha256()
        self._stream: BinaryIO = path.open("xb")
        self._stream.write(bytes(_HEADER_BYTES))

    def append(self, pooled: np.ndarray, tokens: np.ndarray, offsets: np.ndarray) -> None:
        """Add passages: float32 [n, dim], float16 [n_vectors, dim], int64 [n + 1]. Raises OSError."""
        self._write(np.ascontiguousarray(tokens, np.float16))
        self._pooled.append(np.asarray(pooled, np.float32))
        self._counts.append(np.diff(offsets))

    def finish(self) -> WrittenSegment:
        """Write the rest, the header last, and sync: from here on the file is whole. Raises OSError."""
        counts = np.concatenate(self._counts)
        self._write(np.concatenate(self._pooled))
        self._write(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
        header = _header(self._dim, len(counts), int(counts.sum()))
        n_bytes = self._stream.tell()
        self._stream.seek(0)
        self._stream.write(header)
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        sync_folder(self._path.parent)
        self._sum.update(header)
        return WrittenSegment(self._path, len(counts), int(counts.sum()), n_bytes, self._sum.hexdigest())

    def abandon(self) -> None:
        """Close and remove the unfinished file."""
        self._stream.close()
        self._path.unlink(missing_ok=True)

    def _write(self, array: np.ndarray) -> None:
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
        self._sum.update(data)
        self._stream.write(data)


class Segment:
    """A finished segment, memory-mapped read-only.

    Attributes:
        tokens: float16 [n_vectors, dim]; pooled: float32 [n_passages, dim]; offsets: int64 [n_passages + 1].

    Args:
        expected: the numbers of passages, vectors and bytes that the workspace recorded, where they are known.

    Raises:
        WorkspaceError: the file is missing, unfinished, of another version or size, or not the expected one.
    """

    def __init__(self, path: Path, expected: tuple[int, int, int] | None = None) -> None:
        self.path = path
        dim, n_passages, n_vectors = _read_header(path)
        size = _size(dim, n_passages, n_vectors)
        if expected not in (None, (n_passages, n_vectors, size)):
            raise _damaged(path, "it is not the one that was written")
        actual = path.stat().st_size
        if actual != size:
            raise _damaged(path, f"it has {actual} bytes instead of {size}")
        try:
            data = np.memmap(path, np.uint8, "r")
        except OSError as error:  # too many open files, or no memory to map
            raise WorkspaceError(f"The vector segment {path.name} cannot be opened ({error.strerror}).") from error
        pooled_at = _HEADER_BYTES + n_vectors * dim * 2
        offsets_at = pooled_at + n_passages * dim * 4
        self.tokens = data[_HEADER_BYTES:pooled_at].view(np.float16).reshape(n_vectors, dim)
        self.pooled = data[pooled_at:offsets_at].view(np.float32).reshape(n_passages, dim)
        self.offsets = np.array(data[offsets_at:].view(np.int64))
        if self.offsets[0] != 0 or self.offsets[-1] != n_vectors or (np.diff(self.offsets) < 0).any():
            raise _damaged(path, "its offsets make no sense")

    def __len__(self) -> int:
        return len(self.pooled)

    def of_passage(self, row: int) -> np.ndarray:
        """The multi-vector of one passage: float16 [n, dim], a view on the file."""
        return self.tokens[self.offsets[row] : self.offsets[row + 1]]

    def of_passages(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Copies of these passages' vectors, as :meth:`SegmentWriter.append` takes them."""
        parts = [self.of_passage(int(row)) for row in rows]
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
        return self.pooled[rows], np.concatenate(parts), offsets


def sha256_of(path: Path) -> str:
    """The checksum that the database records: the payload's bytes, then the header's. Raises OSError."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES)
        while block := stream.read(1 << 20):
            total.update(block)
    total.update(header)
    return total.hexdigest()


def _header(dim: int, n_passages: int, n_vectors: int) -> bytes:
    fields = _FIELDS.pack(MAGIC, VERSION, dim, CODEC.encode().ljust(16, b"\0"), n_passages, n_vectors)
    return (fields + struct.pack("<I", zlib.crc32(fields))).ljust(_HEADER_BYTES, b"\0")


def _read_header(path: Path) -> tuple[int, int, int]:
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER_BYTES)
    except FileNotFoundError as error:
        raise _damaged(path, "it is missing") from error
    except OSError as error:
        raise _damaged(path, f"it cannot be read ({error.strerror})") from error
    fields = header[: _FIELDS.size]
    if len(header) < _HEADER_BYTES or header[_FIELDS.size : _FIELDS.size + 4] != struct.pack("<I", zlib.crc32(fields)):
        raise _damaged(path, "its header is damaged")
    magic, version, dim, codec, n_passages, n_vectors = _FIELDS.unpack(fields)
    if magic != MAGIC or version != VERSION or codec.rstrip(b"\0").decode() != CODEC:
        raise _damaged(path, "it is of another kind")
    return dim, n_passages, n_vectors


def _size(dim: int, n_passages: int, n_vectors: int) -> int:
    return _HEADER_BYTES + n_vectors * dim * 2 + n_passages * dim * 4 + (n_passages + 1) * 8


def _damaged(path: Path, how: str) -> WorkspaceError:
    return WorkspaceError(
        f"The vector segment {path.name} is damaged: {how}.",
        "Run “rankscope verify --repair”: its documents are read and encoded again.",
    )
