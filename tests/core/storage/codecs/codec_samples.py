"""Vectors for the tests of codecs: unit rows like an encoder's, in clusters and with one heavy dimension."""

from __future__ import annotations

import numpy as np

from rankscope.core.storage.codecs import FittedCodec, fit, parse

EVERY = ["float32", "float16", "float8", "int8", "binary", "residual1", "residual2", "residual4", "pq4", "pq8"]
EVERY += ["pca8+float32", "pca12+int8", "truncate12+float16", "truncate11+residual2", "pca13+binary", "pca12+pq4"]
DIM = 24


def unit(n: int, dim: int = DIM, seed: int = 0) -> np.ndarray:
    """Unit rows about a few directions, with uneven dimensions and one that is often large: float32 [n, dim]."""
    rng = np.random.default_rng(seed)
    spread = np.random.default_rng(99).uniform(0.3, 1.0, dim)
    centres = np.random.default_rng(98).normal(size=(6, dim))
    rows = centres[rng.integers(0, 6, n)] * 0.7 + rng.normal(size=(n, dim)) * spread
    rows[:, dim // 2] += rng.standard_t(3, n) + 1.0
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def fitted(text: str, n: int = 300, dim: int = DIM) -> FittedCodec:
    """A codec fitted to ``n`` such rows."""
    return fit(parse(text, dim), unit(n, dim))


def error(codec: FittedCodec, vectors: np.ndarray) -> float:
    """Mean squared distance between vectors (as far as a reduction leaves them) and what is decoded."""
    difference = codec.decode(codec.encode(vectors)) - codec.transform_query(vectors)
    return float((difference**2).sum(1).mean())
