"""What the derived indexes are made from: PLAID's bags of centroids and MUVERA's encodings, of stored multi-vectors.

On anchored levels PLAID takes the finest means of a passage and MUVERA the fifteen coarser ones. Measured on CISI and
NPL against the first 100 at the budget (16, 64): with 15 means instead of 63, PLAID's 256 candidates lose a tenth of
them, because a centroid stands for what a mean has already blurred; MUVERA's gain as much, because fewer vectors
share a bucket, in a quarter of the time. Queries are all their tokens: clusters of them found fewer of the first 10.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from functools import lru_cache
from typing import ClassVar

import numpy as np

from rankscope.core.indexes.centroids import SAMPLE_PER_CENTROID, assigned, centroids_for, learn_centroids
from rankscope.core.indexes.derived import Learned, Recipe, Rows
from rankscope.core.indexes.fde import FdeEncoder, FdeSettings
from rankscope.core.indexes.fde_index import FdeVectors
from rankscope.core.indexes.plaid import PlaidIndex
from rankscope.core.progress import Progress
from rankscope.core.storage.vectors import Vectors

# ColBERT would take 4,096 from 65,536 vectors on, which is a thousand passages. They take two to three times as long to
# make; PLAID's 256 candidates then hold .033 more of the first 100 on NPL, and .051 fewer on CISI.
MAX_CENTROIDS = 2_048
COARSE = 15  # rows of a nested list that make 15 means: the budget r_c = 16
_SEED = 0
_OUTGROWN = 2.0  # learn anew when there are so many times the centroids that ColBERT would take now


class PlaidRecipe(Recipe[PlaidIndex]):
    """Bags of centroids, which are learned from a sample of the passages."""

    stem: ClassVar[str] = "plaid"

    def settings(self) -> dict[str, object]:
        return {"centroids": MAX_CENTROIDS, "sample": SAMPLE_PER_CENTROID, "seed": _SEED}

    def learn(self, vectors: Vectors) -> Generator[Progress, None, Learned]:
        doing = "Learning centroids for PLAID"
        count = centroids_for(n_vectors(vectors), MAX_CENTROIDS)
        if not count:
            return {"centroids": np.empty((0, coded_dim(vectors)), np.float32)}
        # About as many passages as give the sample: those of one are alike, so take whole ones from everywhere.
        share = min(SAMPLE_PER_CENTROID * count / n_vectors(vectors), 1.0)
        size = max(round(share * len(vectors)), 1)
        chosen = np.sort(np.random.default_rng(_SEED).choice(vectors.ids, size, replace=False))
        yield Progress(0, 100, doing, "percent")
        sample, _ = decoded(vectors, chosen)
        learning = learn_centroids(sample, min(count, len(sample)), _SEED)
        while True:
            try:
                yield Progress(int(100 * next(learning)), 100, doing, "percent")
            except StopIteration as done:
                return {"centroids": done.value}

    def outgrown(self, learned: Learned, vectors: Vectors) -> bool:
        return centroids_for(n_vectors(vectors), MAX_CENTROIDS) >= _OUTGROWN * len(learned["centroids"])

    def rows(self, learned: Learned, vectors: Vectors, ids: np.ndarray) -> Rows:
        centroids = learned["centroids"]
        if not len(ids):
            return Rows(ids, np.zeros(1, np.int64), np.empty(0, np.uint16))
        block, offsets = decoded(vectors, ids)
        owners = np.repeat(np.arange(len(ids)), np.diff(offsets))
        # A centroid counts once in a passage.
        bags = np.unique(owners * len(centroids) + assigned(block, centroids))
        owners, bag = np.divmod(bags, len(centroids))
        ends = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(ids)))]).astype(np.int64)
        return Rows(ids, ends, bag.astype(np.uint16))

    def index(self, learned: Learned, rows: Rows, generation: tuple[int, int]) -> PlaidIndex:
        return PlaidIndex(rows.ids, rows.offsets, learned["centroids"], rows.values)


class FdeRecipe(Recipe[FdeVectors]):
    """Encodings, in float16. Nothing is learned: what is random comes from the seed."""

    stem: ClassVar[str] = "fde"

    def __init__(self, chosen: FdeSettings) -> None:
        self.chosen = chosen

    def settings(self) -> dict[str, object]:
        return {**asdict(self.chosen), "means": COARSE}

    def learn(self, vectors: Vectors) -> Generator[Progress, None, Learned]:
        self.chosen.check(coded_dim(vectors))
        yield from ()
        return {}

    def outgrown(self, learned: Learned, vectors: Vectors) -> bool:
        return False

    def rows(self, learned: Learned, vectors: Vectors, ids: np.ndarray) -> Rows:
        every = np.arange(len(ids) + 1)
        if not len(ids):
            return Rows(ids, every, np.empty((0, self.chosen.dims), np.float16))
        block, offsets = decoded(vectors, ids, COARSE)
        encoder = fde_encoder(self.chosen, coded_dim(vectors))
        return Rows(ids, every, encoder.encode_passages(block, offsets, np.float16))

    def index(self, learned: Learned, rows: Rows, generation: tuple[int, int]) -> FdeVectors:
        return FdeVectors.of(rows.ids, rows.values, generation)


@lru_cache(maxsize=4)
def fde_encoder(settings: FdeSettings, dim: int) -> FdeEncoder:
    """The encoder of these settings. Raises UsageError where they do not suit the vectors."""
    return FdeEncoder(settings, dim)


def coded_dim(vectors: Vectors) -> int:
    """Dimensions of the multi-vectors, after what their codec reduces them to."""
    return vectors.codec.spec.coded_dim(vectors.codec.dim)


def decoded(vectors: Vectors, ids: np.ndarray, means: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of these passages, float32 [n_vectors, coded_dim], and their offsets, int64 [len(ids) + 1].

    Args:
        means: of a nested list at most so many rows, unfolded; of token vectors always all. None for all.
    """
    held = vectors.multi(ids, means if vectors.kind == "levels" else None)
    return held.decoded().astype(np.float32), held.offsets


def n_vectors(vectors: Vectors) -> int:
    """How many multi-vectors there are; about, where passages are gone from segments that still hold theirs."""
    rows = sum(len(segment.rows) for segment in vectors.segments.values())
    passages = sum(len(segment) for segment in vectors.segments.values())
    return round(rows * len(vectors) / passages) if passages else 0
