"""The centroids of PLAID: how many, learning them in steps, and which one each vector is taken for."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np

from rankscope.core.storage.codecs import MAX_CENTROIDS
from rankscope.core.storage.codecs.base import blocks
from rankscope.core.storage.codecs.clusters import nearest

_ITERATIONS = 4
SAMPLE_PER_CENTROID = 16  # on Cranfield, 50 took three times as long to build; recall at each stage moved by < 0.01


def centroids_for(n_vectors: int, most: int = MAX_CENTROIDS) -> int:
    """How many centroids ColBERT takes for so many vectors, at most ``most`` and as many as vectors."""
    return min(2 ** math.floor(math.log2(16 * math.sqrt(max(n_vectors, 1)))), most, n_vectors)


def learn_centroids(sample: np.ndarray, count: int, seed: int = 0) -> Generator[float, None, np.ndarray]:
    """Lloyd's algorithm from randomly chosen rows, in steps of a fraction of a second: k-means that can be stopped.

    Args:
        sample: float32 [n, dim]; n is at least ``count``.

    Yields:
        The share that is done.

    Returns:
        float32 [count, dim], the same for the same sample and seed. One that no row is nearest to stays as it was.
    """
    chosen = np.random.default_rng(seed).choice(len(sample), count, replace=False)
    centroids: np.ndarray = sample[np.sort(chosen)].copy()
    steps = [rows for _ in range(_ITERATIONS) for rows in blocks(len(sample))]
    sums, counts = np.zeros_like(centroids, np.float64), np.zeros(count, np.int64)
    for n, rows in enumerate(steps):
        yield n / len(steps)
        found = (sample[rows] @ centroids.T - (centroids**2).sum(1) / 2).argmax(1)
        order = np.argsort(found, kind="stable")
        own, firsts = np.unique(found[order], return_index=True)
        sums[own] += np.add.reduceat(sample[rows][order].astype(np.float64), firsts, axis=0)
        counts += np.bincount(found, minlength=count)
        if rows.stop >= len(sample):
            centroids[counts > 0] = sums[counts > 0] / counts[counts > 0, None]
            sums[:], counts[:] = 0, 0
    return centroids


def assigned(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The number of each vector's nearest centroid: int32 [n], of float [n, dim]."""
    half_squares = (centroids**2).sum(1) / 2
    codes = np.empty(len(vectors), np.int32)
    for rows in blocks(len(vectors)):
        codes[rows] = nearest(vectors[rows].astype(np.float32), centroids, half_squares)
    return codes
