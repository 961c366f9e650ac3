"""Fewer dimensions for the graph of a large index: their principal components.

hnswlib keeps the vectors of a graph in memory in float32, 1.5 GB for a million of 384 dimensions, and again in its
file. A graph only proposes, though: what it finds is ranked by the whole vectors. So it does with fewer dimensions
where it is asked for more than is wanted. Small graphs stay as they are: they would gain little.

Of the exact first 100 and 1,000 among 14,269 passages (Cranfield, CISI and NPL, 160 queries, all-MiniLM-L6-v2, M 16):

    dimensions  second moments kept   found of 100, ef 200 / 400   of 1,000, ef 2,000
    384         1                     .995 / .999                  1.000
    192         .931                  .995 / .999                  1.000
    128         .846                  .988 / .998                  .999
    96          .782                  .973 / .995                  .997
    64          .693                  .924 / .981                  .989
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Self

import numpy as np

from rankscope.core.storage.codecs.base import CodecSpec, expect
from rankscope.core.storage.codecs.reduction import Reduction, fit_reduction

if TYPE_CHECKING:
    from rankscope.core.indexes.dense import Searched

FROM = 100_000  # passages; below, a graph of 384 dimensions takes at most 170 MB
WIDTH = 128
_WIDEST = 1_024  # a decomposition of more would take minutes
_SAMPLE = 20_000
_EF = 200


class Narrowing:
    """What a graph holds of each vector: float32 [n, dim] to float32 [n, ``width``], or the vectors themselves."""

    def __init__(self, dim: int, reduction: Reduction | None = None) -> None:
        self._dim = dim
        self._reduction = reduction

    @classmethod
    def fitted(cls, dim: int, vectors: Searched) -> Self:
        """That for a graph of these vectors. The same every time."""
        if not is_wanted(dim, len(vectors)):
            return cls(dim)
        step = -(-len(vectors) // _SAMPLE)
        return cls(dim, fit_reduction(CodecSpec("float32", None, "pca", WIDTH), vectors.pooled(vectors.ids[::step])))

    @classmethod
    def from_text(cls, dim: int, text: str) -> Self:
        """The one that :meth:`to_text` gave. Raises ValueError where it is none."""
        if not text:
            return cls(dim)
        numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
        basis = expect(numbers.reshape(dim, -1), np.float32, dim, WIDTH)
        return cls(dim, Reduction(dim, WIDTH, basis))

    def to_text(self) -> str:
        """Everything that was learned; empty where that is nothing."""
        arrays = self._reduction.to_arrays() if self._reduction else {}
        return base64.b64encode(arrays["basis"].astype("<f4").tobytes()).decode() if arrays else ""

    @property
    def width(self) -> int:
        return self._reduction.width if self._reduction else self._dim

    @property
    def least_ef(self) -> int:
        """How many to look at, at least."""
        return _EF if self.is_exact else 2 * _EF

    @property
    def is_exact(self) -> bool:
        """Whether the graph orders as the vectors themselves do."""
        return self._reduction is None

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Float32 [n, dim] to float32 [n, ``width``]."""
        return self._reduction.apply(vectors) if self._reduction else vectors


def is_wanted(dim: int, n: int) -> bool:
    """Whether a graph of n vectors should hold them narrowed."""
    return n >= FROM and WIDTH < dim <= _WIDEST
