"""Candidate pruning and early exit against the definition, one candidate at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.ranking.pruning import PrunedRanking, n_kept, rerank

# Few different values, so that ties are common.
LEVELS = st.integers(-4, 8).map(lambda level: level / 4)
CANDIDATES = st.lists(st.tuples(LEVELS, LEVELS), max_size=60)
K, BLOCK = st.integers(1, 12), st.integers(1, 20)
ALPHA = st.one_of(st.none(), st.floats(0, 3))
BETA = st.one_of(st.none(), st.integers(1, 12))


class Candidates:
    """Candidates in first-stage order, with ids that tell nothing of it; keeps what was asked for."""

    def __init__(self, pairs: list[tuple[float, float]]) -> None:
        # Equal first-stage scores stand by id, as every stage's ranking has them.
        numbers = np.random.default_rng(len(pairs)).permutation(len(pairs)) + 100
        rows = sorted(zip(pairs, numbers.tolist(), strict=True), key=lambda row: (-row[0][0], row[1]))
        self.first = np.array([first for (first, _), _ in rows], np.float32)
        self.second = [second for (_, second), _ in rows]
        self.ids = np.array([number for _, number in rows], np.int64)
        self.asked: list[int] = []

    def score(self, ids: np.ndarray) -> np.ndarray:
        self.asked += ids.tolist()
        by_id = dict(zip(self.ids.tolist(), self.second, strict=True))
        return np.array([by_id[number] for number in ids.tolist()], np.float32)

    def rerank(self, k: int, alpha: float | None, beta: int | None, block: int = 64) -> PrunedRanking:
        return rerank(self.ids, self.first, k, self.score, alpha, beta, block)


def one_by_one(candidates: Candidates, kept: int, k: int, beta: int | None) -> tuple[list[int], int | None]:
    """Places in first-stage order, best first, and where the scan stopped."""
    best: list[float] = []
    failures, reached, exited = 0, 0, None
    for score in candidates.second[:kept]:
        reached += 1
        if len(best) < k or score > min(best):
            best = sorted([*best, score], reverse=True)[:k]
            failures = 0
        else:
            failures += 1
        if failures == beta:
            exited = reached
            break
    return sorted(range(reached), key=lambda place: (-candidates.second[place], place)), exited


def kept_by_definition(first: np.ndarray, k: int, alpha: float | None) -> int:
    if alpha is None or alpha >= 1 or len(first) <= k:
        return len(first)
    above = first.astype(np.float64) - min(float(first.min()), 0.0)
    return max(k, sum(score >= (1 - alpha) * above[k - 1] for score in above))


@given(CANDIDATES, K, ALPHA, BETA, BLOCK)
def test_equals_scanning_one_by_one_whatever_the_block(
    pairs: list[tuple[float, float]], k: int, alpha: float | None, beta: int | None, block: int
) -> None:
    candidates = Candidates(pairs)
    found = candidates.rerank(k, alpha, beta, block)
    kept = kept_by_definition(candidates.first, k, alpha)
    order, exited = one_by_one(candidates, kept, k, beta)
    assert found.ids.tolist() == candidates.ids[order].tolist()
    assert found.scores.tolist() == [candidates.second[place] for place in order]
    assert (found.exited_at, found.n_pruned) == (exited, len(pairs) - kept)
    assert candidates.asked == candidates.ids[: found.n_scored].tolist(), "in first-stage order, none twice"


@given(CANDIDATES, K, ALPHA, BETA, BLOCK)
def test_scores_at_least_k_and_wastes_less_than_a_block(
    pairs: list[tuple[float, float]], k: int, alpha: float | None, beta: int | None, block: int
) -> None:
    found = Candidates(pairs).rerank(k, alpha, beta, block)
    assert min(k, len(pairs)) <= found.n_scored <= len(pairs) - found.n_pruned
    assert len(found.ids) >= min(k, len(pairs))
    assert found.n_scored - len(found.ids) < block


@given(CANDIDATES, K, st.floats(1, 1e9), BLOCK)
def test_a_large_alpha_without_early_exit_is_the_full_rerank(
    pairs: list[tuple[float, float]], k: int, alpha: float, block: int
) -> None:
    candidates = Candidates(pairs)
    found = candidates.rerank(k, alpha, None, block)
    order = sorted(range(len(pairs)), key=lambda place: (-candidates.second[place], place))
    assert found.ids.tolist() == candidates.ids[order].tolist()
    assert (found.n_scored, found.n_pruned, found.exited_at) == (len(pairs), 0, None)


@given(CANDIDATES, K, st.floats(0, 2), st.floats(0, 2), BETA, BLOCK)
def test_a_smaller_alpha_never_scores_more(
    pairs: list[tuple[float, float]], k: int, one: float, other: float, beta: int | None, block: int
) -> None:
    smaller = Candidates(pairs).rerank(k, min(one, other), beta, block)
    larger = Candidates(pairs).rerank(k, max(one, other), beta, block)
    assert smaller.n_scored <= larger.n_scored
    assert smaller.n_pruned >= larger.n_pruned


def test_what_lies_behind_the_exit_does_not_enter_though_it_was_scored() -> None:
    ids = np.arange(6)
    second = np.array([5, 4, 1, 1, 9, 9], np.float32)
    found = rerank(ids, np.arange(6, 0, -1), 2, lambda part: second[part], beta=2, block=4)
    assert found.ids.tolist() == [0, 1, 2, 3]
    assert (found.n_scored, found.exited_at) == (6, 4)


def test_an_entry_starts_the_count_again() -> None:
    second = np.array([5, 1, 6, 1, 7, 1, 1, 9], np.float32)
    found = rerank(np.arange(8), np.zeros(8), 1, lambda part: second[part], beta=2, block=1)
    assert (found.exited_at, found.n_scored, found.ids[0]) == (7, 7, 4)


def test_equal_scores_stand_by_first_stage_rank_then_by_id() -> None:
    found = rerank(np.array([7, 9, 3, 1]), np.array([2.0, 1.0, 1.0, 0.5]), 1, lambda part: np.ones(len(part)))
    assert found.ids.tolist() == [7, 3, 9, 1]


def test_pruning_keeps_ties_with_rank_k_and_counts_negative_scores_from_the_least() -> None:
    assert n_kept(np.array([1.0, 0.5, 0.5, 0.4, 0.1]), 2, 0.0) == 3
    assert n_kept(np.array([1.0, 0.5, 0.5, 0.4, 0.1]), 2, 0.2) == 4
    # From the least, -0.5: 1.5, 1.0, 0.8, 0.4, 0.0, and half of 1.0 is the limit.
    assert n_kept(np.array([1.0, 0.5, 0.3, -0.1, -0.5]), 2, 0.5) == 3
    assert n_kept(np.array([-1.0, -2.0, -3.0]), 1, 0.4) == 1


@pytest.mark.parametrize("wrong", [{"k": 0}, {"beta": 0}, {"block": 0}, {"alpha": -0.1}, {"alpha": float("nan")}])
def test_parameters_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        rerank(np.arange(3), np.zeros(3), **{"k": 1, "score_block": np.zeros_like, **wrong})  # type: ignore[arg-type]


def test_scores_that_cannot_be_ranked_are_refused() -> None:
    ids, falling = np.arange(3), np.array([3.0, 2.0, 1.0])
    with pytest.raises(ValueError, match="NaN"):
        rerank(ids, falling, 1, lambda part: np.where(part == 2, np.nan, 1.0), block=1)
    with pytest.raises(ValueError, match="never rise"):
        rerank(ids, np.array([3.0, np.nan, 1.0]), 1, np.zeros_like)
    with pytest.raises(ValueError, match="never rise"):
        rerank(ids, falling[::-1], 1, np.zeros_like)
    with pytest.raises(ValueError, match="shape"):
        rerank(ids, falling, 2, lambda part: np.zeros(1))
    with pytest.raises(ValueError, match="3 ids and 2 scores"):
        rerank(ids, falling[:2], 1, np.zeros_like)
