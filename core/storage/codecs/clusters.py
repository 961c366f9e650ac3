"""k-means, by scikit-learn, and which centroid is nearest: the same answer for a row whatever stands beside it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from rankscope.core.storage.codecs.base import Step

_AT_ONCE = 2  # iterations; each such part looks at all rows once more at its end
_TIE = 2e-6  # relative; a float32 matrix product rounds by less, and differently for another number of rows


def centroids_of(rows: np.ndarray, count: int, iterations: int, seed: int, step: Step | None = None) -> np.ndarray:
    """Lloyd's algorithm from randomly chosen rows.

    Args:
        rows: float32 [n, dim], n > 0.
        count: centroids wanted; with fewer rows there are as many as rows.
        iterations: at most so many.
        step: called before each few iterations, with their number and how many there are; what it raises ends it all.

    Returns:
        float32 [min(count, n), dim]; rows that repeat may give centroids that repeat.
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    count = min(count, len(rows))
    at_once = iterations if step is None else _AT_ONCE
    centroids: Any = "random"
    # Several threads would add the rows up in the order in which they finish, and round differently each time.
    with threadpool_limits(1, user_api="openmp"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # rows that repeat
        for start in range(0, iterations, at_once):
            if step is not None:
                step(start, iterations)
            most = min(at_once, iterations - start)
            means = KMeans(
                count, init=centroids, n_init=1, max_iter=most, tol=0.0, random_state=seed, algorithm="lloyd"
            ).fit(rows)
            centroids = means.cluster_centers_
            if means.n_iter_ < most:  # they move no longer
                break
    return np.ascontiguousarray(centroids, np.float32)


def nearest(vectors: np.ndarray, centroids: np.ndarray, half_squares: np.ndarray) -> np.ndarray:
    """The number of each vector's nearest centroid, of equally near ones the lowest.

    Args:
        vectors: float32 [n, dim], one block.
        centroids: float32 [C, dim]; half_squares: float32 [C], half their squared norms.

    Returns:
        int64 [n], row by row the same in any block.
    """
    closeness = vectors @ centroids.T
    closeness -= half_squares
    found: np.ndarray = closeness.argmax(1)
    every = np.arange(len(vectors))
    best = closeness[every, found]
    closeness[every, found] = -np.inf
    largest = float(np.sqrt(2 * half_squares.max()))
    slack = _TIE * largest * (np.linalg.norm(vectors, axis=1) + largest)
    for row in np.flatnonzero(closeness.max(1) >= best - slack):
        near = np.append(found[row], np.flatnonzero(closeness[row] >= best[row] - 2 * slack[row]))
        near.sort()
        distances = ((centroids[near].astype(np.float64) - vectors[row]) ** 2).sum(1)
        found[row] = near[distances.argmin()]
    return found
