"""Residual compression of ColBERTv2: the nearest centroid's number, and each dimension's distance to it in a few bits.

Santhanam et al., "ColBERTv2: Effective and Efficient Retrieval via Lightweight Late Interaction" (NAACL 2022), with
the settings of its code: 2^⌊log2(16·√n)⌋ centroids for n vectors, four k-means iterations, cut-offs and values at
quantiles of the residuals of vectors that the centroids were not learned from.

Two choices differ. A decoded vector is not renormalised unless ``renormalise`` asks for it, because stored means are
shorter than 1; for the same reason centroids get the sample's mean norm, which for unit vectors is the published 1.
And a centroid's number takes two bytes instead of four, since there are never more than 65,536.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np

from rankscope.core.storage.codecs.base import Coder, FitOptions, Scorer, blocks, expect
from rankscope.core.storage.codecs.clusters import centroids_of, nearest
from rankscope.core.storage.codecs.lookups import MAX_QUERIES, LookupTable, tables_of_bytes

ITERATIONS = 4
HELD_OUT = 0.05
HELD_OUT_AT_MOST = 50_000
_ID_BYTES = 2
_ID_LIMIT = 65_536


class ResidualCoder(Coder):
    """Two bytes of centroid number (little endian), then ``bits`` per dimension, the first dimension highest.

    Args:
        centroids: float32 [C, dim].
        cutoffs: float32 [2^bits - 1], rising: a residual above m of them has code m.
        weights: float32 [2^bits]: what each code stands for.
        renormalise: decode to norm 1, as the paper does; products follow.
    """

    def __init__(
        self, centroids: np.ndarray, cutoffs: np.ndarray, weights: np.ndarray, *, renormalise: bool = False
    ) -> None:
        self._bits = round(math.log2(len(weights)))
        super().__init__(centroids.shape[1], self.bytes_for(centroids.shape[1], self._bits))
        self._centroids = centroids
        self._half_squares = (centroids**2).sum(1) / 2
        self._cutoffs = cutoffs
        self._weights = weights
        self._renormalise = renormalise
        self._shifts = np.arange(8 - self._bits, -1, -self._bits, dtype=np.uint8)
        masked = np.arange(256)[:, None] >> self._shifts & (len(weights) - 1)
        self._of_byte = weights[masked]  # float32 [256, 8 / bits]

    @staticmethod
    def bytes_for(dim: int, number: int | None) -> int:
        return _ID_BYTES + -(-dim * (number or 0) // 8)

    @classmethod
    def fit(cls, sample: np.ndarray, number: int | None, options: FitOptions, *, renormalise: bool = False) -> Self:
        order = np.random.default_rng(options.seed).permutation(len(sample))
        held = min(HELD_OUT_AT_MOST, math.ceil(HELD_OUT * len(sample)))
        # A single row has to serve for both.
        learned, judged = (sample[order[held:]], sample[order[:held]]) if len(sample) > 1 else (sample, sample)
        wanted = 2 ** math.floor(math.log2(16 * math.sqrt(max(options.total, 1))))
        count = min(wanted, options.max_centroids, _ID_LIMIT)
        centroids = _with_norm(
            centroids_of(learned, count, ITERATIONS, options.seed, options.step),
            float(np.linalg.norm(sample, axis=1).mean()),
        )
        levels = 2 ** (number or 1)
        residuals = judged - centroids[_nearest_of_all(judged, centroids)]
        points = np.concatenate([np.arange(1, levels), np.arange(levels) + 0.5]) / levels
        values = np.quantile(residuals, points).astype(np.float32)
        return cls(centroids, values[: levels - 1], values[levels - 1 :], renormalise=renormalise)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dim: int, number: int | None) -> Self:
        levels = 2 ** (number or 1)
        centroids = expect(arrays["centroids"], np.float32, None, dim)
        if not 0 < len(centroids) <= _ID_LIMIT:
            raise ValueError(f"{len(centroids)} centroids")
        return cls(
            centroids,
            expect(arrays["cutoffs"], np.float32, levels - 1),
            expect(arrays["weights"], np.float32, levels),
            renormalise=bool(expect(arrays["renormalise"], np.uint8, 1)[0]),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {
            "centroids": self._centroids,
            "cutoffs": self._cutoffs,
            "weights": self._weights,
            "renormalise": np.array([self._renormalise], np.uint8),
        }

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        ids = nearest(vectors, self._centroids, self._half_squares)
        residuals = vectors - self._centroids[ids]
        levels = np.zeros(vectors.shape, np.uint8)
        for cutoff in self._cutoffs:
            levels += residuals > cutoff
        return np.hstack([ids.astype("<u2")[:, None].view(np.uint8), self._packed(levels)])

    def decode(self, codes: np.ndarray) -> np.ndarray:
        residuals = self._of_byte.take(codes[:, _ID_BYTES:], axis=0, mode="clip").reshape(len(codes), -1)[:, : self.dim]
        vectors: np.ndarray = self._centroids.take(self._ids(codes)[:, 0], axis=0, mode="clip") + residuals
        return _with_norm(vectors, 1.0) if self._renormalise else vectors

    def scorer(self, query: np.ndarray) -> Scorer:
        if self._renormalise or len(query) > MAX_QUERIES:
            return super().scorer(query)
        table = LookupTable([self._centroids @ query.T, *tables_of_bytes(self._of_byte, query)])
        return lambda codes: table.sums(self._ids(codes), codes[:, _ID_BYTES:])

    def _packed(self, levels: np.ndarray) -> np.ndarray:
        each = len(self._shifts)
        spare = -self.dim % each
        grouped = np.pad(levels, ((0, 0), (0, spare))).reshape(len(levels), -1, each)
        packed: np.ndarray = np.bitwise_or.reduce(grouped << self._shifts, axis=2)
        return packed

    def _ids(self, codes: np.ndarray) -> np.ndarray:
        """Centroid numbers of a block: [n, 1]."""
        return np.ascontiguousarray(codes[:, :_ID_BYTES]).view("<u2")


def _nearest_of_all(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    half_squares = (centroids**2).sum(1) / 2
    return np.concatenate([nearest(vectors[rows], centroids, half_squares) for rows in blocks(len(vectors))])


def _with_norm(vectors: np.ndarray, norm: float) -> np.ndarray:
    """Each row at this length; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors * np.divide(norm, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return scaled
