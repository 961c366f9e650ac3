"""Sign bits: one bit per dimension, and the vector's norm.

Decoded as ‖x‖·sign(x)/√D, so a vector keeps its norm exactly to float16 (a mean of unit vectors stays as short as it
is), and only its direction is rough. Queries stay in floating point (asymmetric products, as in the binary recipe of
arXiv 2505.00105: Hamming distance first, then the float query against the ±1 document).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from rankscope.core.storage.codecs.base import LARGEST_FLOAT16, Coder, FitOptions, Scorer
from rankscope.core.storage.codecs.lookups import MAX_QUERIES, LookupTable, tables_of_bytes

_SIGNS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32) * 2 - 1


class BinaryCoder(Coder):
    """⌈D/8⌉ bytes of sign bits (1: not negative), then the norm as a little-endian float16."""

    learns = False

    def __init__(self, dim: int) -> None:
        super().__init__(dim, self.bytes_for(dim, None))
        self._packed = self.bytes_per_vector - 2

    @staticmethod
    def bytes_for(dim: int, number: int | None) -> int:
        return -(-dim // 8) + 2

    @classmethod
    def fit(cls, sample: np.ndarray, number: int | None, options: FitOptions) -> Self:
        return cls(sample.shape[1])

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dim: int, number: int | None) -> Self:
        return cls(dim)

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {}

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        norms = np.linalg.norm(vectors, axis=1, keepdims=True).clip(max=LARGEST_FLOAT16)
        return np.hstack([self._bits(vectors), norms.astype("<f2").view(np.uint8)])

    def decode(self, codes: np.ndarray) -> np.ndarray:
        signs = _SIGNS.take(codes[:, : self._packed], axis=0, mode="clip").reshape(len(codes), self._packed * 8)[
            :, : self.dim
        ]
        return signs * self._scales(codes)

    def scorer(self, query: np.ndarray) -> Scorer:
        if len(query) > MAX_QUERIES:
            return super().scorer(query)
        table = LookupTable(tables_of_bytes(_SIGNS, query))
        return lambda codes: table.sums(codes[:, : self._packed]) * self._scales(codes)

    def hamming(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """In how many signs float32 [q, dim] and a block of codes differ: uint16 [n, q]."""
        word = np.uint64 if self._packed % 8 == 0 else np.uint8
        stored = np.ascontiguousarray(codes[:, : self._packed]).view(word)
        counts = [np.bitwise_count(stored ^ own).sum(1, np.uint16) for own in self._bits(query).view(word)]
        return np.stack(counts, axis=1)

    def _bits(self, vectors: np.ndarray) -> np.ndarray:
        return np.packbits(vectors >= 0, axis=1)

    def _scales(self, codes: np.ndarray) -> np.ndarray:
        norms = np.ascontiguousarray(codes[:, self._packed :]).view("<f2").astype(np.float32)
        return norms / np.float32(np.sqrt(self.dim))
