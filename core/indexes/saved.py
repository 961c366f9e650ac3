"""Arrays of a derived index in one file, with what they were made from and a checksum over all of it.

Several processes may write such a file at the same time, without a lock: each writes beside it and renames, so
whoever reads finds one whole file or none. The arrays come first, each at a multiple of 64 bytes; then a note in JSON,
its length, and the SHA-256 of everything before.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rankscope.core.storage.files import BESIDE, sync_folder

_ALIGNED = 64
_LENGTH = struct.Struct("<Q")
_DIGEST = 32


def save_arrays(path: Path, key: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace the file. ``key`` says what the arrays belong to. Raises OSError."""
    beside = path.with_name(f"{path.name}.{os.getpid()}{BESIDE}")
    path.parent.mkdir(exist_ok=True)
    digest, places = hashlib.sha256(), {}
    try:
        with beside.open("wb") as stream:

            def write(data: bytes | memoryview) -> None:
                stream.write(data)
                digest.update(data)

            at = 0
            for name, array in arrays.items():
                places[name] = (at, array.dtype.str, array.shape)
                write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
                write(bytes(-array.nbytes % _ALIGNED))
                at += array.nbytes + -array.nbytes % _ALIGNED
            note = json.dumps({"key": key, "arrays": places}).encode()
            write(note + _LENGTH.pack(len(note)))
            stream.write(digest.digest())
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def load_arrays(path: Path) -> tuple[str, dict[str, np.ndarray]] | None:
    """The key and the arrays; None when there is no such file, or it is damaged."""
    try:
        data = np.fromfile(path, np.uint8)
    except OSError:
        return None
    end = len(data) - _DIGEST - _LENGTH.size
    if end < 0 or hashlib.sha256(data[:-_DIGEST].data).digest() != data[-_DIGEST:].tobytes():
        return None
    (length,) = _LENGTH.unpack(data[end : end + _LENGTH.size].tobytes())
    note = json.loads(data[end - length : end].tobytes())
    arrays = {}
    for name, (at, dtype, shape) in note["arrays"].items():
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        arrays[name] = data[at : at + size].view(dtype).reshape(shape)
    return note["key"], arrays
