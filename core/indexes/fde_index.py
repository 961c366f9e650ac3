"""Searching MUVERA's encodings: the dense index over them instead of over pooled vectors (see :mod:`.fde`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from rankscope.core.indexes.dense import DenseHits, DenseIndex
from rankscope.core.indexes.fde import FdeSettings
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent

# On one core, scanning 20,000 encodings of 2,560 dimensions takes 20 ms; linking each into the graph takes 8.
EXACT_BELOW = 20_000
_CELLS = 1_048_576  # numbers of encodings worked on at once: 4 MiB of float32 stay in cache, 16 took four times as long


@dataclass(frozen=True)
class FdeVectors:
    """One state of the encodings, as the dense index searches them (see :class:`.dense.Searched`).

    ``ids`` int64 [n], rising; ``encodings`` float [n, dims], in the order of ids; ``generation`` as that of the vectors
    that they were made from.
    """

    ids: np.ndarray
    encodings: np.ndarray
    generation: tuple[int, int]

    @classmethod
    def of(cls, ids: np.ndarray, encodings: np.ndarray, generation: tuple[int, int] = (0, 0)) -> FdeVectors:
        """Raises ValueError when the ids do not rise, or are not as many as the encodings."""
        if encodings.ndim != 2 or len(ids) != len(encodings) or (np.diff(ids) <= 0).any():
            raise ValueError(f"{len(ids)} ids and encodings {encodings.shape} do not fit, or the ids do not rise")
        return cls(ids, encodings, generation)

    def __len__(self) -> int:
        return len(self.ids)

    def pooled(self, ids: np.ndarray) -> np.ndarray:
        """The encodings of these passages: float32 [len(ids), dims]. Raises KeyError for an unknown one."""
        where = np.minimum(np.searchsorted(self.ids, ids), max(len(self.ids) - 1, 0))
        if len(ids) and (not len(self.ids) or (self.ids[where] != ids).any()):
            raise KeyError("a passage without an encoding")
        return self.encodings[where].astype(np.float32)

    def pooled_scores(self, query: np.ndarray) -> np.ndarray:
        """The inner product with every passage: float32 [n], in the order of ids."""
        import torch  # widens float16 ten times as fast as numpy does

        scores = np.empty(len(self.ids), np.float32)
        for rows in self._parts(len(scores)):
            scores[rows] = torch.from_numpy(self.encodings[rows]).float().numpy() @ query
        return scores

    def exact_scores(self, ids: np.ndarray, query: np.ndarray) -> np.ndarray:
        """The inner products with these passages: float32 [len(ids)], the same in any company."""
        scores, wide = np.empty(len(ids), np.float32), query.astype(np.float64)
        for rows in self._parts(len(scores)):
            scores[rows] = self.pooled(ids[rows]).astype(np.float64) @ wide
        return scores

    @cached_property
    def largest_norm(self) -> float:
        """The length of the longest encoding."""
        parts = (self.encodings[rows].astype(np.float32) for rows in self._parts(len(self.ids)))
        return max((float(np.linalg.norm(part, axis=1).max()) for part in parts), default=0.0)

    def _parts(self, n: int) -> Iterator[slice]:
        size = max(_CELLS // max(int(self.encodings.shape[1]), 1), 1)
        return (slice(start, start + size) for start in range(0, n, size))


class FdeIndex:
    """Passages by the inner product of encodings: exact where that is as fast, by an HNSW graph elsewhere. Thread-safe.

    Everything about the graph (when it is used, its file, damage, removals) is the dense index's.

    Args:
        folder: the workspace's, whose ``indexes`` hold the graph's files; None for no graph.
        made_from: which encoder and vectors the encodings were made from.
        settings: of the encodings; a graph of others is not loaded.
        exact_below: fewer passages get no graph; None for :data:`EXACT_BELOW`.
    """

    def __init__(
        self,
        folder: Path | None,
        made_from: str,
        settings: FdeSettings,
        vectors: FdeVectors,
        exact_below: int | None = None,
    ) -> None:
        self.made_from = made_from
        self.vectors = vectors
        self._settings = settings
        self._dense = DenseIndex(folder, f"{made_from} {settings}", settings.dims, "fde", exact_below or EXACT_BELOW)

    def at(self, vectors: FdeVectors) -> FdeIndex:
        """The same graph over other encodings; what it lacks is searched exactly until :meth:`sync`."""
        other = FdeIndex.__new__(FdeIndex)
        other.made_from, other.vectors, other._settings, other._dense = (
            self.made_from,
            vectors,
            self._settings,
            self._dense,
        )
        return other

    def sync(
        self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never, *, tidy: bool = False
    ) -> None:
        """Bring the graph up to date and save it. Raises as :meth:`DenseIndex.sync` does."""
        self._dense.sync(self.vectors, progress, cancelled, tidy=tidy)

    def search(self, query_fde: np.ndarray, k: int, allowed: np.ndarray | None = None) -> DenseHits:
        """The ``k`` passages of the highest products; may be fewer. Ties by rising id.

        Args:
            query_fde: float32 [dims].
            allowed: passage ids to choose from (int64), or None for all; limited searches are exact.
        """
        unit, length = self._scaled(query_fde)
        hits = self._dense.search(unit, self.vectors, k, allowed)
        return DenseHits(hits.ids, hits.scores * length, hits.exact)

    def exact(self, query_fde: np.ndarray, k: int, allowed: np.ndarray | None = None) -> DenseHits:
        """As :meth:`search`, over every encoding."""
        unit, length = self._scaled(query_fde)
        hits = self._dense.exact(unit, self.vectors, k, allowed)
        return DenseHits(hits.ids, hits.scores * length, hits.exact)

    def _scaled(self, query_fde: np.ndarray) -> tuple[np.ndarray, np.float32]:
        """The dense index knows how exact a product is as long as it is at most 1."""
        length = float(np.linalg.norm(query_fde)) * (self.vectors.largest_norm or 1.0) or 1.0
        return (query_fde / length).astype(np.float32), np.float32(length)
