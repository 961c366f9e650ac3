"""int8: each dimension on its own evenly spaced grid of 256 levels.

The calibrated recipe that Huerga-Pérez et al. compare (arXiv 2505.00105): least and greatest value per dimension, an
affine map onto -128 to 127, clipping beyond. Affine rather than symmetric about zero, because dimensions of real
embeddings are not centred: on 20,000 token vectors of a MiniLM encoder, calibrated on 20,000 others, the mean squared
error was 8.2e-5 against 9.2e-5. The grid covers at least the mean ± 4 standard deviations, since a small sample has
not seen the extremes: calibrated on 300 vectors, that brought the error from 1.2e-3 to 9.3e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np

from rankscope.core.storage.codecs.base import Coder, FitOptions, Scorer, blocks, expect

_DEVIATIONS = 4.0
_PRIOR_ROWS = 8  # a dimension's spread counts as if so many rows of the average spread had been seen too


class Int8Coder(Coder):
    """One signed byte per dimension: value = level · step + middle.

    Args:
        steps, middles: float32 [dim], steps above zero.
    """

    def __init__(self, steps: np.ndarray, middles: np.ndarray) -> None:
        super().__init__(len(steps), len(steps))
        self._steps = steps
        self._middles = middles

    @staticmethod
    def bytes_for(dim: int, number: int | None) -> int:
        return dim

    @classmethod
    def fit(cls, sample: np.ndarray, number: int | None, options: FitOptions) -> Self:
        means, spreads = _moments(sample)
        low = np.minimum(sample.min(0), means - _DEVIATIONS * spreads)
        high = np.maximum(sample.max(0), means + _DEVIATIONS * spreads)
        steps = (high - low) / 255
        return cls(steps.astype(np.float32), (low + 128 * steps).astype(np.float32))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dim: int, number: int | None) -> Self:
        return cls(expect(arrays["steps"], np.float32, dim), expect(arrays["middles"], np.float32, dim))

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"steps": self._steps, "middles": self._middles}

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        levels = np.rint((vectors - self._middles) / self._steps).clip(-128, 127)
        return levels.astype(np.int8).view(np.uint8)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        vectors: np.ndarray = _levels(codes) * self._steps + self._middles
        return vectors

    def scorer(self, query: np.ndarray) -> Scorer:
        scaled = (query * self._steps).T
        constant = query @ self._middles
        return lambda codes: _levels(codes) @ scaled + constant


def _levels(codes: np.ndarray) -> np.ndarray:
    return codes.view(np.int8).astype(np.float32)


def _moments(sample: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each dimension, the latter never zero: float64 [dim] each."""
    n, dim = sample.shape
    means = sample.mean(0, dtype=np.float64)
    squares = np.zeros(dim)
    for rows in blocks(n):
        squares += ((sample[rows] - means) ** 2).sum(0)
    average = float((squares.sum() + n * (means**2).sum()) / (n * dim)) or 1 / dim
    return means, np.sqrt((squares + _PRIOR_ROWS * average) / (n + _PRIOR_ROWS))
