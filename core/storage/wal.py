"""Is the write-ahead log of metadata.sqlite whole?

SQLite takes a damaged log for one that ends before the damage: it drops what was committed after it without a word.
So the log is looked at before SQLite opens it. Its format is described at https://www.sqlite.org/fileformat2.html
(section 4): a header, then one frame per changed page, each with a checksum that goes on from the frame before.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_HEADER = struct.Struct(">8I")  # magic, version, page size, checkpoint, two salts, two checksums
_FRAME = struct.Struct(">6I")  # page, pages after a commit or 0, two salts, two checksums
_MAGIC = 0x377F0682  # the last bit says that the checksums read big-endian words
_FRAMES_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class _Log:
    """What the header says, and the checksum up to it."""

    page_size: int
    salts: tuple[int, int]
    words: np.dtype[np.uint32]
    checksum: tuple[int, int]


def lost_commits(path: Path) -> int:
    """How many commits SQLite will pass over because the log is damaged before them. 0 when it is whole or missing.

    Somebody may be writing: what looks damaged is looked at again. Commits that a kill or a power cut left half
    written at the end count for nothing.
    """
    lost = 0
    for pause in (0.0, 0.05, 0.2):
        time.sleep(pause)
        try:
            lost = _lost_commits(path)
        except OSError:
            return 0
        if not lost:
            return 0
    return lost


def _lost_commits(path: Path) -> int:
    if path.stat().st_size <= _HEADER.size:
        return 0
    with path.open("rb") as stream:
        log = _read_header(stream.read(_HEADER.size))
        if log is None:
            return 1
        size = _FRAME.size + log.page_size
        whole, lost, state = True, 0, log.checksum
        while block := stream.read(size * _FRAMES_AT_ONCE):
            n = len(block) // size
            sums = _advance(np.frombuffer(block, np.uint8, n * size).reshape(n, size), log.words)
            for i in range(n):
                _, pages, salt_1, salt_2, *noted = _FRAME.unpack_from(block, i * size)
                if (salt_1, salt_2) != log.salts:
                    # The rest is left from before the log was begun anew, unless commits of this log follow.
                    whole = False
                    continue
                state = sums.after(state, i)
                whole = whole and tuple(noted) == state
                lost += bool(pages) and not whole
        return lost


def _read_header(header: bytes) -> _Log | None:
    """None when it is damaged: then SQLite passes over the whole log."""
    magic, _, page_size, _, salt_1, salt_2, *noted = _HEADER.unpack(header)
    if magic & ~1 != _MAGIC or not 512 <= page_size <= 65536 or page_size & (page_size - 1):
        return None
    words = np.dtype(">u4" if magic & 1 else "<u4")
    start = np.frombuffer(header, np.uint8, 24).reshape(1, 24)
    checksum = _Sums(start[:, :0], start, words).after((0, 0), 0)
    return _Log(page_size, (salt_1, salt_2), words, checksum) if tuple(noted) == checksum else None


def _advance(frames: np.ndarray, words: np.dtype[np.uint32]) -> _Sums:
    """The checksums of frames, uint8 [n, frame size]: over the first 8 bytes of the header and the page."""
    return _Sums(frames[:, :8], frames[:, _FRAME.size :], words)


class _Sums:
    """SQLite's checksum of many equally long stretches at once.

    For every pair of words (a, b) it computes ``s += a + t; t += b + s`` modulo 2**32. That is a linear map of the
    state plus one of the words, so all words of a stretch can be weighed and summed without a loop.
    """

    def __init__(self, first: np.ndarray, rest: np.ndarray, words: np.dtype[np.uint32]) -> None:
        data = np.concatenate([first, rest], axis=1)
        pairs = data.view(words).astype(np.uint32).reshape(len(data), -1, 2)
        self._power, weights = _powers(pairs.shape[1])
        a, b = pairs[:, :, 0], pairs[:, :, 0] + pairs[:, :, 1]
        self._s = (a * weights[:, 0, 0] + b * weights[:, 0, 1]).sum(axis=1, dtype=np.uint32)
        self._t = (a * weights[:, 1, 0] + b * weights[:, 1, 1]).sum(axis=1, dtype=np.uint32)

    def after(self, state: tuple[int, int], i: int) -> tuple[int, int]:
        """The state after stretch ``i``, when it was ``state`` before."""
        (p, q), (r, v) = self._power
        s, t = state
        return (p * s + q * t + int(self._s[i])) % 2**32, (r * s + v * t + int(self._t[i])) % 2**32


def _powers(n: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], np.ndarray]:
    """The n-th power of the map of one pair, and the weights uint32 [n, 2, 2] of the pairs before the end."""
    power = ((1, 0), (0, 1))
    weights = np.empty((n, 2, 2), np.uint32)
    for k in range(n - 1, -1, -1):
        weights[k] = power
        (p, q), (r, v) = power
        power = ((p + q) % 2**32, (p + 2 * q) % 2**32), ((r + v) % 2**32, (r + 2 * v) % 2**32)
    return power, weights
