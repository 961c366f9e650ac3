"""MaxSim against a plain double-precision oracle, and its invariances."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.ranking.maxsim import maxsim, similarities


def unit(rng: np.random.Generator, n: int, dim: int) -> np.ndarray:
    vectors = rng.normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def oracle(query: np.ndarray, tokens: np.ndarray, offsets: np.ndarray) -> list[float]:
    products = tokens.astype(np.float64) @ query.astype(np.float64).T
    return [products[a:b].max(axis=0).sum() for a, b in pairwise(offsets)]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_equals_the_oracle_for_passages_of_any_length(lengths: list[int], n_query: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    query, tokens = unit(rng, n_query, 24), unit(rng, int(offsets[-1]), 24)
    assert maxsim(query, tokens, offsets) == pytest.approx(oracle(query, tokens, offsets), rel=1e-5, abs=1e-5)
    half = tokens.astype(np.float16)
    assert maxsim(query, half, offsets) == pytest.approx(oracle(query, half, offsets), rel=1e-5, abs=1e-5)


def test_a_score_does_not_depend_on_the_other_passages() -> None:
    rng = np.random.default_rng(1)
    lengths = rng.integers(5, 240, 300)  # several chunks
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    query, tokens = unit(rng, 9, 384), unit(rng, int(offsets[-1]), 384).astype(np.float16)
    together = maxsim(query, tokens, offsets)
    alone = [maxsim(query, tokens[a:b], np.array([0, b - a]))[0] for a, b in pairwise(offsets)]
    assert together == pytest.approx(alone, rel=1e-6)


def test_negative_similarities_win_over_nothing() -> None:
    """A passage that points away has a negative score: no padding of zeros competes with it."""
    query = np.array([[1.0, 0.0]], np.float32)
    tokens = np.array([[-1.0, 0.0], [-0.6, 0.8], [1.0, 0.0]], np.float32)
    assert maxsim(query, tokens, np.array([0, 2, 3])) == pytest.approx([-0.6, 1.0])


def test_similarities_sum_to_the_score() -> None:
    rng = np.random.default_rng(2)
    query, tokens = unit(rng, 7, 384), unit(rng, 50, 384).astype(np.float16)
    assert similarities(query, tokens).max(axis=1).sum() == pytest.approx(
        float(maxsim(query, tokens, np.array([0, 50]))[0]), abs=1e-5
    )


def test_nothing_in_nothing_out_and_wrong_shapes_are_refused() -> None:
    query = np.ones((2, 4), np.float32)
    assert len(maxsim(query, np.empty((0, 4), np.float16), np.array([0]))) == 0
    with pytest.raises(ValueError, match="do not fit"):
        maxsim(query, np.ones((3, 5), np.float32), np.array([0, 3]))
    with pytest.raises(ValueError, match="without vectors"):
        maxsim(query, np.ones((3, 4), np.float32), np.array([0, 3, 3]))
