"""Searching MUVERA's encodings: the dense index over them instead of over pooled vectors (see :mod:`.fde`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rankscope.core.indexes.dense import DenseHits, DenseIndex
from rankscope.core.indexes.fde import FdeSettings
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.storage.layout import stored_codec
from rankscope.core.storage.vectors import Vectors

_CELLS = 4_194_304  # numbers of encodings worked on at once: 16 MiB of float32


@dataclass(frozen=True)
class FdeVectors(Vectors):
    """Encodings in the place of pooled vectors, for indexes that search those: float [n, dims], in the order of ids."""

    encodings: np.ndarray

    @classmethod
    def of(cls, ids: np.ndarray, encodings: np.ndarray, generation: tuple[int, int] = (0, 0)) -> FdeVectors:
        """``ids`` int64 [n], rising. Raises ValueError when they do not rise, or are not as many as the encodings."""
        if encodings.ndim != 2 or len(ids) != len(encodings) or (np.diff(ids) <= 0).any():
            raise ValueError(f"{len(ids)} ids and encodings {encodings.shape} do not fit, or the ids do not rise")
        codec = stored_codec(Path(), "float32", encodings.shape[1])  # part of the contract; the encodings are plain
        return cls(ids, np.zeros(len(ids), np.int64), np.arange(len(ids)), {}, {}, generation, codec, encodings)

    def pooled(self, ids: np.ndarray) -> np.ndarray:
        """The encodings of these passages: float32 [len(ids), dims]."""
        return self.encodings[self.positions(ids)].astype(np.float32)

    def pooled_scores(self, query: np.ndarray) -> np.ndarray:
        """The inner product with every passage: float32 [n], in the order of ids."""
        scores = np.empty(len(self.ids), np.float32)
        for rows in self._parts(len(scores)):
            scores[rows] = self.encodings[rows].astype(np.float32) @ query
        return scores

    def exact_scores(self, ids: np.ndarray, query: np.ndarray) -> np.ndarray:
        """The inner products with these passages: float32 [len(ids)], the same in any company."""
        scores, wide = np.empty(len(ids), np.float32), query.astype(np.float64)
        for rows in self._parts(len(scores)):
            scores[rows] = self.pooled(ids[rows]).astype(np.float64) @ wide
        return scores

    def largest_norm(self) -> float:
        """The length of the longest encoding."""
        parts = (self.encodings[rows].astype(np.float32) for rows in self._parts(len(self.ids)))
        return max((float(np.linalg.norm(part, axis=1).max()) for part in parts), default=0.0)

    def _parts(self, n: int) -> Iterator[slice]:
        size = max(_CELLS // max(self._dim, 1), 1)
        return (slice(start, start + size) for start in range(0, n, size))

    @property
    def _dim(self) -> int:
        return int(self.encodings.shape[1])


class FdeIndex:
    """Passages by the inner product of encodings: exact where that is as fast, by an HNSW graph elsewhere. Thread-safe.

    Everything about the graph (when it is used, its file, damage, removals) is the dense index's.

    Args:
        folder: a folder of the encodings' own; the graph's files go into its ``indexes``.
        encoder_sha256: of the encoder that made the token vectors.
        settings: of the encodings; a graph of others is not loaded.
    """

    def __init__(self, folder: Path, encoder_sha256: str, settings: FdeSettings, vectors: FdeVectors) -> None:
        self._dense = DenseIndex(folder, f"{encoder_sha256} {settings}", settings.dims)
        self.follow(vectors)

    def follow(self, vectors: FdeVectors) -> None:
        """Search these from now on; what the graph lacks is searched exactly until :meth:`sync`."""
        self._state = (vectors, vectors.largest_norm() or 1.0)

    def sync(
        self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never, *, tidy: bool = False
    ) -> None:
        """Bring the graph up to date and save it. Raises as :meth:`DenseIndex.sync` does."""
        self._dense.sync(self._state[0], progress, cancelled, tidy=tidy)

    def search(self, query_fde: np.ndarray, k: int, allowed: np.ndarray | None = None) -> DenseHits:
        """The ``k`` passages of the highest products; may be fewer. Ties by rising id.

        Args:
            query_fde: float32 [dims].
            allowed: passage ids to choose from (int64), or None for all; limited searches are exact.
        """
        vectors, largest = self._state
        # The dense index knows how exact a product is as long as it is at most 1.
        length = float(np.linalg.norm(query_fde)) * largest or 1.0
        hits = self._dense.search((query_fde / length).astype(np.float32), vectors, k, allowed)
        return DenseHits(hits.ids, hits.scores * np.float32(length), hits.exact)
