"""Codecs that store each number by itself: float32, float16 and float8.

float8 is E4M3 as in Huerga-Pérez et al., "Optimization of embeddings storage for RAG systems using quantization and
dimensionality reduction techniques" (arXiv 2505.00105): 4 exponent and 3 mantissa bits, largest value 448, smallest
normal 2^-6. Coordinates of unit vectors are about 1/√D, so they are multiplied by the power of two nearest to √D:
small ones stay clear of the subnormals, and taking the factor out again is exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np

from rankscope.core.storage.codecs.base import LARGEST_FLOAT16, Coder, FitOptions

_LARGEST_FLOAT8 = 448.0


class _Plain(Coder):
    """A fixed number of bytes per dimension and nothing to learn."""

    learns = False
    bytes_each: ClassVar[int]

    def __init__(self, dim: int) -> None:
        super().__init__(dim, dim * self.bytes_each)

    @classmethod
    def bytes_for(cls, dim: int, number: int | None) -> int:
        return dim * cls.bytes_each

    @classmethod
    def fit(cls, sample: np.ndarray, number: int | None, options: FitOptions) -> Self:
        return cls(sample.shape[1])

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dim: int, number: int | None) -> Self:
        return cls(dim)

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {}


class Float32Coder(_Plain):
    """The vectors themselves."""

    bytes_each = 4

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        return vectors.astype("<f4").view(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(codes).view("<f4").astype(np.float32)


class Float16Coder(_Plain):
    """Half precision: a relative error of at most 2^-11 from 6e-5 upwards. Larger values become the largest.

    torch converts a block ten times as fast as numpy does, both ways.
    """

    bytes_each = 2

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        import torch

        halves: np.ndarray = torch.from_numpy(vectors.clip(-LARGEST_FLOAT16, LARGEST_FLOAT16)).half().numpy()
        return halves.astype("<f2", copy=False).view(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        import torch

        halves = codes.copy(order="C").view("<f2").astype(np.float16, copy=False)  # torch wants a block it may write
        vectors: np.ndarray = torch.from_numpy(halves).float().numpy()
        return vectors


class Float8Coder(_Plain):
    """E4M3, scaled: a relative error of at most 1/16 in the normal range. Larger values become the largest."""

    bytes_each = 1

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self._scale = 2.0 ** round(math.log2(math.sqrt(dim)))
        self._values = _float8_values() / np.float32(self._scale)

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        import torch

        scaled = (vectors * np.float32(self._scale)).clip(-_LARGEST_FLOAT8, _LARGEST_FLOAT8)
        rounded: np.ndarray = torch.from_numpy(scaled).to(torch.float8_e4m3fn).view(torch.uint8).numpy()
        return rounded

    def decode(self, codes: np.ndarray) -> np.ndarray:
        return self._values.take(codes, mode="clip")


@lru_cache(maxsize=1)
def _float8_values() -> np.ndarray:
    """What each byte means: float32 [256]."""
    import torch

    values: np.ndarray = torch.arange(256, dtype=torch.uint8).view(torch.float8_e4m3fn).float().numpy()
    return values
