"""k-means, by scikit-learn, and which centroid is nearest: the same answer for a row whatever stands beside it."""

from __future__ import annotations

import warnings

import numpy as np

_TIE = 2e-6  # relative; a float32 matrix product rounds by less, and differently for another number of rows


def centroids_of(rows: np.ndarray, count: int, iterations: int, seed: int) -> np.ndarray:
    """Lloyd's algorithm from randomly chosen rows.

    Args:
        rows: float32 [n, dim], n > 0.
        count: centroids wanted; with fewer rows there are as many as rows.
        iterations: at most so many.

    Returns:
        float32 [min(count, n), dim]; rows that repeat may give centroids that repeat.
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    count = min(count, len(rows))
    means = KMeans(count, init="random", n_init=1, max_iter=iterations, tol=0.0, random_state=seed, algorithm="lloyd")
    # Several threads would add the rows up in the order in which they finish, and round differently each time.
    with threadpool_limits(1, user_api="openmp"), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # rows that repeat
        means.fit(rows)
    return np.ascontiguousarray(means.cluster_centers_, np.float32)


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
