"""Anchored levels: any prefix of a text's list is the text as so many of Ward's clusters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cut_tree, linkage
from threadpoolctl import threadpool_info

from rankscope.core.storage.levels import FOLD, coarser, fold, query_clusters, unfold

SEEDS = st.integers(0, 10_000)


def unit(n: int, dim: int = 16, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def offsets_of(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def prefix(values: np.ndarray, r: int) -> np.ndarray:
    """One text's first r rows as means: float32 [≤ r, dim]."""
    folded = fold(values, offsets_of([len(values)]))
    rows = folded.rows[:r].copy()
    return unfold(rows, folded.fold[:r], offsets_of([len(rows)]))


def ward(tokens: np.ndarray, r: int) -> np.ndarray:
    """Each token's cluster among r, as SciPy cuts its own tree of the vectors themselves."""
    if len(tokens) == 1:
        return np.zeros(1, np.int64)
    return cut_tree(linkage(tokens.astype(np.float64), "ward"), n_clusters=r)[:, 0]


def unit_means(tokens: np.ndarray, labels: np.ndarray) -> np.ndarray:
    means = np.stack([tokens[labels == label].mean(axis=0) for label in np.unique(labels)])
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def assert_same_rows(found: np.ndarray, expected: np.ndarray, within: float) -> None:
    """The same vectors in any order."""
    assert found.shape == expected.shape
    order = (expected @ found.T).argmax(axis=1)
    assert len(set(order.tolist())) == len(found) and found[order] == pytest.approx(expected, abs=within)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 100), st.integers(1, 63), SEEDS)
def test_a_prefix_holds_the_unit_means_of_wards_clusters(n: int, r: int, seed: int) -> None:
    tokens = unit(n, seed=seed)
    r = min(n, r)
    assert_same_rows(prefix(tokens, r), unit_means(tokens, ward(tokens, r)), 4e-3)


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 100), st.integers(1, 63), SEEDS)
def test_coarser_labels_name_the_cluster_in_that_row(n: int, r: int, seed: int) -> None:
    tokens = unit(n, seed=seed)
    r = min(n, r)
    folded = fold(tokens, offsets_of([n]))
    labels = coarser(folded.labels, folded.fold, r)
    assert labels.dtype == np.int64 and partition(labels) == partition(ward(tokens, r))
    # Row j of the unfolded prefix is the mean of the tokens with label j.
    assert labels.min() == 0 and labels.max() == r - 1
    assert prefix(tokens, r) == pytest.approx(unit_means(tokens, labels), abs=4e-3)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 90), st.integers(2, 64), SEEDS)
def test_a_prefix_of_a_large_budget_is_the_fold_at_the_small_one(n: int, most: int, seed: int) -> None:
    tokens = unit(n, seed=seed)
    large, small = (fold(tokens, offsets_of([n]), m) for m in (64, most))
    assert len(large.rows) == min(n, 63) and len(small.rows) == min(n, most - 1)
    cut = slice(0, len(small.rows))
    assert large.rows[cut] == pytest.approx(small.rows, abs=2e-5)
    for name in ("parent", "share", "length", "new", "rest"):
        assert large.fold[name][cut].astype(float) == pytest.approx(small.fold[name].astype(float), abs=2e-3), name
    assert coarser(large.labels, large.fold, len(small.rows)).tolist() == small.labels.tolist()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 80), min_size=1, max_size=6), st.integers(1, 63), st.integers(1, 5), SEEDS)
def test_a_batch_is_its_texts_and_unfolding_is_linear(lengths: list[int], r: int, queries: int, seed: int) -> None:
    tokens, offsets = unit(sum(lengths), seed=seed), offsets_of(lengths)
    query = unit(queries, seed=seed + 1)
    whole = fold(tokens, offsets)
    assert whole.offsets.tolist() == offsets_of([min(n, 63) for n in lengths]).tolist()
    assert len(whole.labels) == len(tokens) and whole.fold.dtype == FOLD
    rows, folds, alone = [], [], []
    for (a, b), (c, d) in zip(pairwise(offsets.tolist()), pairwise(whole.offsets.tolist()), strict=True):
        one = fold(tokens[a:b], offsets_of([b - a]))
        assert (one.rows == whole.rows[c:d]).all() and (one.fold == whole.fold[c:d]).all()
        assert (one.labels == whole.labels[a:b]).all()
        rows.append(one.rows[:r])
        folds.append(one.fold[:r])
        alone.append(unfold(one.rows[:r].copy(), one.fold[:r], offsets_of([len(one.rows[:r])])))
    ragged = offsets_of([len(part) for part in rows])
    stored, joined = np.concatenate(rows), np.concatenate(folds)
    together = unfold(stored.copy(), joined, ragged)
    assert together == pytest.approx(np.concatenate(alone), abs=1e-6)
    # Products first and unfolding then, or the other way round.
    assert unfold(stored @ query.T, joined, ragged) == pytest.approx(together @ query.T, abs=1e-4)


def test_rows_have_length_1_and_float16_tokens_will_do() -> None:
    tokens = unit(70, 384)
    folded = fold(tokens.astype(np.float16), offsets_of([70]))
    assert folded.rows.dtype == np.float32
    assert np.linalg.norm(folded.rows, axis=1) == pytest.approx(1.0, abs=1e-3)
    assert folded.rows[0] == pytest.approx(tokens.mean(axis=0) / np.linalg.norm(tokens.mean(axis=0)), abs=2e-3)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_short_texts_have_a_row_for_each_token(n: int) -> None:
    tokens = unit(n)
    assert_same_rows(prefix(tokens, 63), tokens, 4e-3)


def test_equal_tokens_do_not_make_numbers_that_are_none() -> None:
    same = np.repeat(unit(1), 40, axis=0)
    means = prefix(same, 63)
    assert np.isfinite(means).all() and means == pytest.approx(same, abs=4e-3)
    twice = np.concatenate([unit(20), unit(20)])
    folded = fold(twice, offsets_of([40]))
    labels = coarser(folded.labels, folded.fold, 20)
    assert (labels[:20] == labels[20:]).all()  # equal tokens share a cluster
    assert prefix(twice, 20) == pytest.approx(unit_means(twice, labels), abs=4e-3)
    assert np.isfinite(prefix(twice, 40)).all()
    opposite = np.concatenate([unit(1), -unit(1)])  # their mean has no direction
    assert np.isfinite(prefix(opposite, 1)).all() and np.isfinite(prefix(opposite, 2)).all()


def test_no_texts_have_no_rows() -> None:
    folded = fold(np.empty((0, 16), np.float16), np.zeros(1, np.int64))
    assert folded.rows.shape == (0, 16) and folded.offsets.tolist() == [0] and not len(folded.labels)
    assert unfold(folded.rows, folded.fold, folded.offsets).shape == (0, 16)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 40), st.integers(1, 20), SEEDS)
def test_a_querys_clusters_are_unit_means(n: int, most: int, seed: int) -> None:
    tokens = unit(n, seed=seed)
    weights = query_clusters(tokens, most)
    assert weights.shape == (min(n, most), n) and weights.dtype == np.float32
    assert ((weights > 0).sum(axis=0) == 1).all()  # each token in one of them
    vectors = weights @ tokens
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert_same_rows(vectors, unit_means(tokens, ward(tokens, len(weights))), 1e-5)


def test_folding_leaves_the_number_of_threads_as_it_was() -> None:
    before = [library["num_threads"] for library in threadpool_info()]
    fold(unit(50), offsets_of([20, 30]))
    assert [library["num_threads"] for library in threadpool_info()][: len(before)] == before
