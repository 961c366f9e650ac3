"""PLAID: candidates for MaxSim from centroids alone, before any stored vector is read.

Santhanam, Khattab, Potts and Zaharia, "PLAID: An Efficient Engine for Late Interaction Retrieval" (CIKM 2022,
arXiv 2205.09707), with the defaults of ColBERT's code. Every passage vector is taken for its nearest centroid. Three
stages each keep fewer passages: those in the lists of the centroids nearest to a query vector; the best by MaxSim
over centroids that come near to any query vector; the best by MaxSim over all their centroids.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from rankscope.core.errors import UsageError
from rankscope.core.indexes.centroids import SAMPLE_PER_CENTROID, assigned, centroids_for, learn_centroids
from rankscope.core.indexes.dense import top
from rankscope.core.indexes.fde import passage_blocks
from rankscope.core.progress import CancelledCheck, never, stop_if
from rankscope.core.storage.codecs import MAX_CENTROIDS

SEARCHED, PROBING, PRUNED, FULL = "searched", "probing", "pruned interaction", "full interaction"

_PRODUCTS = 2_097_152  # centroid scores gathered at once: 8 MiB


@dataclass(frozen=True, slots=True)
class PlaidSettings:
    """How many passages each stage lets through.

    Attributes:
        ncells: centroids probed for each query vector.
        t_cs: the pruned interaction leaves out centroids whose product with every query vector is lower.
        ndocs: passages kept by the pruned interaction; the full one keeps a quarter of them.
    """

    ncells: int
    t_cs: float
    ndocs: int

    def __post_init__(self) -> None:
        if self.ncells < 1:
            raise UsageError(f"{self.ncells} centroids cannot be probed.", "Choose 1 or more.")
        if self.ndocs < 1:
            raise UsageError(f"{self.ndocs} passages cannot be kept.", "Choose 1 or more.")
        if math.isnan(self.t_cs):
            raise UsageError("The threshold of centroids is not a number.", "Choose one from -1 to 1.")

    @classmethod
    def for_depth(cls, k: int) -> Self:
        """ColBERT's settings for ``k`` results."""
        if k <= 10:
            return cls(1, 0.5, 256)
        return cls(2, 0.45, 1024) if k <= 100 else cls(4, 0.4, max(4 * k, 4096))

    @classmethod
    def for_candidates(cls, n: int) -> Self:
        """The fastest of ColBERT's settings that hand on ``n`` candidates."""
        every = (cls.for_depth(k) for k in (10, 100, n))
        return next(settings for settings in every if settings.ndocs // 4 >= n)


@dataclass(frozen=True, slots=True)
class PlaidStage:
    """What one stage let through: passage ``ids`` (int64), and the milliseconds it took."""

    name: str
    ids: np.ndarray
    ms: float

    @property
    def count(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class PlaidCandidates:
    """What a search found, for an exact MaxSim to decide.

    ``ids`` int64 [n] by falling ``scores`` (float32 [n]), ties by rising id. The scores are MaxSim over centroids: an
    approximation, neither an upper nor a lower bound. ``stages`` are the passages searched and what each stage left;
    ``bytes_read`` of centroids, their lists and the passages' bags.
    """

    ids: np.ndarray
    scores: np.ndarray
    stages: tuple[PlaidStage, ...]
    bytes_read: int = 0

    def why_lost(self, passage: int) -> str | None:
        """The name of the stage that dropped this passage; None for a candidate. Raises KeyError if not searched."""
        if not (self.stages[0].ids == passage).any():
            raise KeyError(f"passage {passage} was not searched")
        return next((stage.name for stage in self.stages[1:] if not (stage.ids == passage).any()), None)


class PlaidIndex:
    """Passages as bags of centroids, and for each centroid the passages that have it. Never changes.

    Args:
        ids: int64 [n], rising passage ids.
        offsets: int64 [n + 1]; passage i owns ``codes[offsets[i]:offsets[i + 1]]``, at least one.
        centroids: float32 [C, dim].
        codes: integer [n_vectors]: the number of each vector's centroid, such as residual compression stores.

    Raises:
        ValueError: a passage without vectors, ids that do not rise, or arrays that do not fit each other.
    """

    def __init__(self, ids: np.ndarray, offsets: np.ndarray, centroids: np.ndarray, codes: np.ndarray) -> None:
        lengths = np.diff(offsets)
        if (
            len(offsets) != len(ids) + 1
            or (np.diff(ids) <= 0).any()
            or (lengths < 1).any()
            or offsets[-1] != len(codes)
        ):
            raise ValueError(f"{len(ids)} ids, {len(offsets)} offsets and {len(codes)} vectors do not fit")
        if centroids.ndim != 2 or (len(codes) and not 0 <= codes.min() <= codes.max() < len(centroids)):
            raise ValueError(f"centroids {centroids.shape} do not fit the numbers of them")
        self.ids = ids
        self.centroids = np.ascontiguousarray(centroids, np.float32)
        # A centroid counts once in a passage: the maximum over several vectors of it is the same.
        pairs = np.repeat(np.arange(len(ids)), lengths) * len(centroids) + codes.astype(np.int64)
        if (np.diff(pairs) <= 0).any():  # a saved index is in order, and sorting is most of loading it
            pairs = np.unique(pairs)
        owners, bag = np.divmod(pairs, max(len(centroids), 1))
        self._bag = bag.astype(np.int32)
        self._starts = _starts(owners, len(ids))
        # Numbers of two bytes are sorted by radix, in a fraction of the time.
        narrow = bag.astype(np.uint16) if len(centroids) <= 1 << 16 else bag
        self._lists = owners[np.argsort(narrow, kind="stable")].astype(np.int32)
        self._list_starts = _starts(bag, len(centroids))

    @classmethod
    def build(
        cls,
        ids: np.ndarray,
        vectors: np.ndarray,
        offsets: np.ndarray,
        seed: int = 0,
        *,
        max_centroids: int = MAX_CENTROIDS,
    ) -> PlaidIndex:
        """Learn 2^⌊log2(16·√n)⌋ centroids, at most ``max_centroids``, from a sample of the vectors, and assign all.

        Args:
            ids: int64 [n], rising passage ids.
            vectors: float [n_vectors, dim], passage after passage; offsets: int64 [n + 1].

        Raises:
            ValueError: there are no vectors, or the arrays do not fit.
        """
        if not len(vectors):
            raise ValueError("there are no vectors to learn centroids from")
        count = centroids_for(len(vectors), max_centroids)
        size = min(SAMPLE_PER_CENTROID * count, len(vectors))
        chosen = np.sort(np.random.default_rng(seed).choice(len(vectors), size, replace=False))
        learning = learn_centroids(vectors[chosen].astype(np.float32), count, seed)
        while True:
            try:
                next(learning)
            except StopIteration as done:
                centroids: np.ndarray = done.value
                break
        return cls(ids, offsets, centroids, assigned(vectors, centroids))

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_bytes(self) -> int:
        """Bytes of bags, lists and centroids."""
        arrays = (self.ids, self.centroids, self._bag, self._starts, self._lists, self._list_starts)
        return sum(array.nbytes for array in arrays)

    def everything(self) -> PlaidSettings:
        """The settings that prune nothing: a search then ranks every passage by MaxSim over centroids."""
        return PlaidSettings(max(len(self.centroids), 1), -math.inf, max(4 * len(self), 1))

    def search(
        self,
        query: np.ndarray,
        settings: PlaidSettings,
        allowed: np.ndarray | None = None,
        cancelled: CancelledCheck = never,
    ) -> PlaidCandidates:
        """Candidates for the MaxSim of one query.

        Args:
            query: float32 [n_q, dim].
            allowed: passage ids to choose from (int64), or None for all.

        Raises:
            ValueError: the query's shape does not fit. Cancelled.
        """
        if query.ndim != 2 or query.shape[1] != self.centroids.shape[1]:
            raise ValueError(f"query {query.shape} and centroids {self.centroids.shape} do not fit")
        at = [time.perf_counter()]
        permitted = np.ones(len(self), bool) if allowed is None else np.isin(self.ids, allowed)
        scores = self.centroids @ np.ascontiguousarray(query, np.float32).T  # [C, n_q]
        probed = self._probed(scores, settings.ncells, permitted)
        at.append(time.perf_counter())
        kept = probed
        if len(probed) > settings.ndocs:
            near = scores.max(1) >= settings.t_cs if scores.size else np.zeros(len(scores), bool)
            pruned = self._interaction(scores, probed, near, cancelled)
            kept = np.sort(probed[top(probed, pruned, settings.ndocs)])
        at.append(time.perf_counter())
        full = self._interaction(scores, kept, None, cancelled)
        order = top(kept, full, max(settings.ndocs // 4, 1))
        at.append(time.perf_counter())
        ids = (self.ids[permitted], self.ids[probed], self.ids[kept], self.ids[kept[order]])
        ms = (0.0, *(np.diff(at) * 1e3).tolist())
        stages = tuple(map(PlaidStage, (SEARCHED, PROBING, PRUNED, FULL), ids, ms))
        return PlaidCandidates(ids[-1], full[order], stages, self._bytes_read(probed, kept, settings))

    def _bytes_read(self, probed: np.ndarray, kept: np.ndarray, settings: PlaidSettings) -> int:
        twice = probed if len(probed) > settings.ndocs else probed[:0]
        bags = sum(int((self._starts[part + 1] - self._starts[part]).sum()) for part in (twice, kept))
        return self.centroids.nbytes + bags * self._bag.itemsize + len(probed) * self._lists.itemsize

    def _probed(self, scores: np.ndarray, ncells: int, permitted: np.ndarray) -> np.ndarray:
        """Positions of the passages in the lists of each query vector's best centroids, rising."""
        if not scores.size:
            return np.empty(0, np.int64)
        place = max(len(scores) - ncells, 0)
        # All that tie with the last one are probed: no order of centroids decides.
        cells = np.flatnonzero((scores >= np.partition(scores, place, axis=0)[place]).any(1))
        reached = np.zeros(len(self), bool)
        reached[self._lists[_ranges(self._list_starts[cells], self._list_starts[cells + 1])]] = True
        return np.flatnonzero(reached & permitted)

    def _interaction(
        self, scores: np.ndarray, passages: np.ndarray, near: np.ndarray | None, cancelled: CancelledCheck
    ) -> np.ndarray:
        """MaxSim over the centroids of these passages: float32 [n]; -inf for one that has none of the ``near`` ones."""
        found = np.full(len(passages), -np.inf, np.float32)
        starts, ends = self._starts[passages], self._starts[passages + 1]
        bounds = np.concatenate([[0], np.cumsum(ends - starts)])
        for first, last in passage_blocks(bounds, max(_PRODUCTS // max(scores.shape[1], 1), 1), len(passages)):
            stop_if(cancelled)
            bag = self._bag[_ranges(starts[first:last], ends[first:last])]
            owners = np.repeat(np.arange(first, last), ends[first:last] - starts[first:last])
            if near is not None:
                taken = near[bag]
                bag, owners = bag[taken], owners[taken]
            if len(bag):
                own, firsts = np.unique(owners, return_index=True)
                found[own] = np.maximum.reduceat(scores[bag], firsts, axis=0).sum(1)
        return found


def _starts(numbers: np.ndarray, n: int) -> np.ndarray:
    """Where each number's run begins once the numbers are sorted, and the end of the last: int64 [n + 1]."""
    return np.concatenate([[0], np.cumsum(np.bincount(numbers, minlength=n))]).astype(np.int64)


def _ranges(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Every position from each start up to its end, one range after another."""
    lengths = ends - starts
    shifts = starts - np.cumsum(lengths) + lengths
    return np.arange(lengths.sum()) + np.repeat(shifts, lengths)
