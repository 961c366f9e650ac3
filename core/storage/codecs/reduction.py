"""Fewer dimensions before a codec: principal components, or the first ones.

Both are linear maps with orthonormal columns, applied to stored vectors and to queries alike and without
renormalising, so that an inner product in the reduced space is that of the two projections, and a mean of unit
vectors keeps a norm below 1.

``pca`` (compared with other reducers in arXiv 2505.00105) takes the leading eigenvectors of the second moments
XᵀX, not of the covariance: what is to survive is the inner product about the origin, and centring would change it by
terms of the mean. So the projection error is the smallest that a subspace of that width allows, and at full width
it is a rotation. ``truncate`` keeps the leading coordinates, as Matryoshka encoders are trained for (Kusupati et al.,
arXiv 2205.13147); for other encoders ``pca`` loses less.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rankscope.core.storage.codecs.base import CodecSpec, blocks, expect


class Reduction:
    """Maps float32 [n, dim] to float32 [n, width].

    Args:
        dim, width: dimensions before and after.
        basis: float32 [dim, width] with orthonormal columns; None keeps the first ``width`` dimensions.
    """

    def __init__(self, dim: int, width: int, basis: np.ndarray | None) -> None:
        self.dim = dim
        self.width = width
        self._basis = basis

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Float32 [n, dim] to float32 [n, width]."""
        if self._basis is None:
            return np.ascontiguousarray(vectors[:, : self.width])
        # In float64: the float32 product of a row may change with the rows beside it, and a code with the product.
        return (vectors.astype(np.float64) @ self._basis).astype(np.float32)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """What was learned."""
        return {} if self._basis is None else {"basis": self._basis}


def fit_reduction(spec: CodecSpec, sample: np.ndarray) -> Reduction | None:
    """The reduction of a specification, learned from float32 [n, dim]; None where it has none."""
    if spec.width is None:
        return None
    dim = sample.shape[1]
    return Reduction(dim, spec.width, _principal(sample, spec.width) if spec.reduction == "pca" else None)


def stored_reduction(spec: CodecSpec, arrays: Mapping[str, np.ndarray], dim: int) -> Reduction | None:
    """The reduction that gave these arrays. Raises KeyError or ValueError where they are not such."""
    if spec.width is None:
        return None
    basis = expect(arrays["basis"], np.float32, dim, spec.width) if spec.reduction == "pca" else None
    return Reduction(dim, spec.width, basis)


def _principal(sample: np.ndarray, width: int) -> np.ndarray:
    """The leading eigenvectors of the second moments: float32 [dim, width], by falling eigenvalue."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    dim = sample.shape[1]
    moments = np.zeros((dim, dim))
    with threadpool_limits(1, user_api="blas"):  # the last bits depend on the number of threads
        for rows in blocks(len(sample)):
            block = sample[rows].astype(np.float64)
            moments += block.T @ block
        basis = np.linalg.eigh(moments)[1][:, ::-1][:, :width]
    # An eigenvector's sign is arbitrary: the largest coordinate is made positive, the same on every machine.
    largest = np.take_along_axis(basis, np.abs(basis).argmax(0)[None], 0)
    return np.ascontiguousarray(basis * np.where(largest < 0, -1.0, 1.0), np.float32)
