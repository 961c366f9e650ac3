"""MUVERA: one vector per multi-vector, so that a plain inner product stands in for MaxSim when candidates are sought.

Dhulipala, Hadian, Jayaram, Lee and Mirrokni, "MUVERA: Multi-Vector Retrieval via Fixed Dimensional Encodings",
arXiv 2405.19504. Random hyperplanes cut space into buckets. A query's block for a bucket is the sum of its vectors
there, a passage's is their mean, so their inner product pairs each query vector with what the passage has nearby;
several independent cuts, one after another, even out the luck of one. The encodings' products rank; they are not
MaxSim's values.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rankscope.core.errors import UsageError

_MOST_DIRECTIONS = 10  # 1,024 buckets, more than a passage has vectors
_ROWS = 2_048  # vectors worked on at once
_CELLS = 4_194_304  # numbers of encodings worked on at once: 32 MiB


@dataclass(frozen=True, slots=True)
class FdeSettings:
    """How encodings are made; queries and passages need the same.

    Attributes:
        repetitions: independent cuts of space, concatenated.
        k_sim: hyperplanes of each cut, which make 2^k_sim buckets.
        d_proj: dimensions kept of each bucket; the vectors' own number of them means no projection.
        d_final: dimensions kept of the whole; None for all.
        seed: repetition r draws from ``seed + r``, the final projection from ``seed + repetitions``.
    """

    repetitions: int = 20
    k_sim: int = 4
    d_proj: int = 8
    d_final: int | None = None
    seed: int = 0

    @property
    def full_dims(self) -> int:
        """Dimensions before the final projection."""
        return self.repetitions * 2**self.k_sim * self.d_proj

    @property
    def dims(self) -> int:
        """Dimensions of an encoding."""
        return self.full_dims if self.d_final is None else self.d_final

    def check(self, dim: int) -> None:
        """Do these suit vectors of ``dim`` dimensions? Raises UsageError where they do not."""
        if self.repetitions < 1:
            raise UsageError(f"{self.repetitions} repetitions make no encoding.", "Choose 1 or more.")
        if not 0 <= self.k_sim <= _MOST_DIRECTIONS:
            raise UsageError(f"k_sim cannot be {self.k_sim}.", f"Choose 0 to {_MOST_DIRECTIONS}.")
        if not 1 <= self.d_proj <= dim:
            raise UsageError(
                f"d_proj cannot be {self.d_proj}.", f"The vectors have {dim} dimensions: choose 1 to {dim}."
            )
        if self.d_final is not None and not 1 <= self.d_final < self.full_dims:
            raise UsageError(
                f"d_final cannot be {self.d_final}.", f"The encodings have {self.full_dims} dimensions: choose fewer."
            )
        if self.seed < 0:
            raise UsageError(f"{self.seed} cannot be a seed.", "Choose 0 or more.")


class FdeEncoder:
    """Encodes multi-vectors of ``dim`` dimensions. Never changes, so threads may share it.

    Buckets and sums are computed in double precision: there sums of float16 vectors under ±1 lose nothing, so that
    without ``d_final`` a passage's encoding has the same bits in any batch and with its vectors in any order.

    Raises:
        UsageError: the settings do not suit the vectors.
    """

    def __init__(self, settings: FdeSettings, dim: int) -> None:
        settings.check(dim)
        self.settings = settings
        self.dim = dim
        k, d_proj, drawn = settings.k_sim, settings.d_proj, []
        for repetition in range(settings.repetitions):
            rng = np.random.default_rng(settings.seed + repetition)
            drawn.append((rng.standard_normal((dim, k)), None if d_proj == dim else _signs(rng, dim, d_proj)))
        self._directions = np.hstack([directions for directions, _ in drawn])  # float64 [dim, repetitions · k]
        projections = [projection for _, projection in drawn if projection is not None]
        self._projections = np.hstack(projections).astype(np.float64) if projections else None
        bits = np.arange(2**k) >> np.arange(k)[:, None] & 1
        self._corners = bits * 2.0 - 1  # [k, buckets]: on which side of each hyperplane a bucket lies
        self._powers = 2 ** np.arange(k)
        rng = np.random.default_rng(settings.seed + settings.repetitions)
        self._final = None if settings.d_final is None else _signs(rng, settings.full_dims, settings.d_final)

    def encode_query(self, vectors: np.ndarray) -> np.ndarray:
        """The encoding of one query: a sum over its vectors, and so linear in them.

        Args:
            vectors: float [n_q, dim].

        Returns:
            float32 [dims]; zeros for a query without vectors.

        Raises:
            ValueError: the shape does not fit.
        """
        rows = self._checked(vectors)
        leanings, contents = self._leanings(rows), self._contents(rows)
        blocks = [
            _sums(self._buckets(leanings, r), self._content(contents, r), 2**self.settings.k_sim)
            for r in range(self.settings.repetitions)
        ]
        return self._finished(np.stack(blocks)[None], np.float32)[0]

    def encode_passages(
        self, vectors: np.ndarray, offsets: np.ndarray, dtype: type[np.float32 | np.float16] = np.float32
    ) -> np.ndarray:
        """The encodings of passages: means, and for a bucket that holds none of a passage's vectors the nearest one.

        Args:
            vectors: float [n_vectors, dim], passage after passage.
            offsets: int64 [n + 1]; passage i owns ``vectors[offsets[i]:offsets[i + 1]]``, at least one.
            dtype: float32 or float16.

        Returns:
            [n, dims].

        Raises:
            ValueError: a passage without vectors, or shapes that do not fit.
        """
        n = max(len(offsets) - 1, 0)
        if len(offsets) and (np.diff(offsets) < 1).any():
            raise ValueError("a passage without vectors has no encoding")
        encodings = np.empty((n, self.settings.dims), dtype)
        for first, last in passage_blocks(offsets, _ROWS, max(_CELLS // self.settings.full_dims, 1)):
            rows = self._checked(vectors[offsets[first] : offsets[last]])
            encodings[first:last] = self._finished(self._passages(rows, offsets[first : last + 1]), dtype)
        return encodings

    def _passages(self, rows: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        """One block: float64 [n, repetitions, buckets, d_proj], not scaled."""
        starts, owners = offsets[:-1] - offsets[0], np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        n, n_buckets = len(starts), 2**self.settings.k_sim
        leanings, contents = self._leanings(rows), self._contents(rows)
        found = np.empty((n, self.settings.repetitions, n_buckets, self.settings.d_proj))
        for r in range(self.settings.repetitions):
            content = self._content(contents, r)
            cells = owners * n_buckets + self._buckets(leanings, r)
            counts = np.bincount(cells, minlength=n * n_buckets)
            means = _sums(cells, content, n * n_buckets)
            means /= np.maximum(counts, 1)[:, None]
            empty = counts == 0
            if empty.any():
                means[empty] = content[self._nearest(leanings, r, starts, owners).ravel()[empty]]
            found[:, r] = means.reshape(n, n_buckets, -1)
        return found

    def _nearest(self, leanings: np.ndarray, r: int, starts: np.ndarray, owners: np.ndarray) -> np.ndarray:
        """The row of each passage that is nearest to each bucket: int64 [n, buckets].

        The fewest hyperplanes between them decide, then which row leans furthest to the bucket's side of all of them:
        a tie broken by what the vectors are, not by their order.
        """
        own = self._own(leanings, r)
        sides = np.where(own > 0, 1.0, -1.0)
        # A hyperplane less between them counts 4k more, and leanings together differ by less than 2k.
        closeness = (2 * self.settings.k_sim * sides + own / (1 + np.abs(own))) @ self._corners
        best = np.maximum.reduceat(closeness, starts, axis=0)
        rows, buckets = np.nonzero(closeness == best[owners])
        found = np.empty(best.shape, np.int64)
        found[owners[rows], buckets] = rows
        return found

    def _checked(self, vectors: np.ndarray) -> np.ndarray:
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise ValueError(f"vectors {vectors.shape} do not have {self.dim} dimensions")
        return vectors.astype(np.float64)

    def _leanings(self, rows: np.ndarray) -> np.ndarray:
        leanings: np.ndarray = rows @ self._directions
        return leanings

    def _contents(self, rows: np.ndarray) -> np.ndarray:
        return rows if self._projections is None else rows @ self._projections

    def _own(self, leanings: np.ndarray, r: int) -> np.ndarray:
        return leanings[:, r * self.settings.k_sim : (r + 1) * self.settings.k_sim]

    def _content(self, contents: np.ndarray, r: int) -> np.ndarray:
        """What a repetition keeps of each vector: [n, d_proj]."""
        if self._projections is None:
            return contents
        return np.ascontiguousarray(contents[:, r * self.settings.d_proj : (r + 1) * self.settings.d_proj])

    def _buckets(self, leanings: np.ndarray, r: int) -> np.ndarray:
        buckets: np.ndarray = (self._own(leanings, r) > 0) @ self._powers
        return buckets.astype(np.int64)

    def _finished(self, blocks: np.ndarray, dtype: type[np.float32 | np.float16]) -> np.ndarray:
        """Scaled, flat, and projected once more if that is asked for."""
        flat = blocks.reshape(len(blocks), -1)
        if self._projections is not None:
            flat /= math.sqrt(self.settings.d_proj)
        if self._final is not None:
            flat = flat.astype(np.float32) @ self._final / math.sqrt(self._final.shape[1])
        return flat.astype(dtype)


def passage_blocks(offsets: np.ndarray, rows: int, passages: int) -> Iterator[tuple[int, int]]:
    """Ranges of passages with at most so many rows and passages together; each has at least one passage."""
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + rows, side="right")) - 1
        last = max(min(last, first + passages), first + 1)
        yield first, last
        first = last


def _signs(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Independent ±1: float32 [rows, columns]."""
    return rng.integers(0, 2, (rows, columns), np.int8).astype(np.float32) * 2 - 1


def _sums(cells: np.ndarray, rows: np.ndarray, n_cells: int) -> np.ndarray:
    """The sum of the rows of each cell: float64 [n_cells, columns]."""
    from scipy.sparse import csc_array  # type: ignore[import-untyped]

    every = np.arange(len(cells) + 1)
    sums: np.ndarray = csc_array((np.ones(len(cells)), cells, every), shape=(n_cells, len(cells))) @ rows
    return sums
