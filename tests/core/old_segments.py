"""Segments as earlier versions of Rankscope wrote them."""

from __future__ import annotations

import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np


def write_first_segment(path: Path, pooled: np.ndarray, tokens: np.ndarray, offsets: np.ndarray) -> tuple[int, str]:
    """The first version, float16 tokens behind a header of 64 bytes: write float32 [n, dim], float16 [n_vectors, dim]
    and int64 [n + 1]; returns the file's size and checksum."""
    fields = struct.pack("<8sII16sQQ", b"RKSCPVEC", 1, pooled.shape[1], b"float16", len(pooled), len(tokens))
    header = (fields + struct.pack("<I", zlib.crc32(fields))).ljust(64, b"\0")
    payload = tokens.astype("<f2").tobytes() + pooled.astype("<f4").tobytes() + offsets.astype("<i8").tobytes()
    path.write_bytes(header + payload)
    return len(header + payload), hashlib.sha256(payload + header).hexdigest()


def as_second_version(path: Path) -> str:
    """Make a segment with pooled vectors in float32 one of the second version, which knew no others: its header ends
    before their width. Returns the file's checksum."""
    data = path.read_bytes()
    fields = data[:8] + struct.pack("<I", 2) + data[12:108]
    header = (fields + struct.pack("<I", zlib.crc32(fields))).ljust(128, b"\0")
    path.write_bytes(header + data[128:])
    return hashlib.sha256(data[128:] + header).hexdigest()
