"""PLAID's stages against brute force over the same centroids."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.errors import UsageError
from rankscope.core.indexes import plaid
from rankscope.core.indexes.plaid import FULL, PROBING, PRUNED, SEARCHED, PlaidCandidates, PlaidIndex, PlaidSettings

DIM = 6


class Made:
    """A random index with everything that it was made from; ids are not positions."""

    def __init__(self, counts: list[int], n_centroids: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self.ids = np.sort(rng.choice(1_000, len(counts), replace=False))
        self.centroids = unit(rng, n_centroids)
        self.codes = rng.integers(0, n_centroids, self.offsets[-1])
        self.query = unit(rng, int(rng.integers(1, 5)))
        self.index = PlaidIndex(self.ids, self.offsets, self.centroids, self.codes)

    def bags(self) -> list[np.ndarray]:
        return [self.codes[a:b] for a, b in pairwise(self.offsets)]

    def maxsim(self, threshold: float = -2.0) -> np.ndarray:
        """MaxSim over the centroids that reach the threshold for any query vector: -inf without any."""
        scores = self.centroids @ self.query.T
        near = scores.max(axis=1) >= threshold
        found = [scores[bag[near[bag]]] for bag in self.bags()]
        return np.array([part.max(axis=0).sum() if len(part) else -np.inf for part in found], np.float32)


def unit(rng: np.random.Generator, n: int) -> np.ndarray:
    drawn = rng.normal(size=(n, DIM))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def ranked(ids: np.ndarray, scores: np.ndarray) -> list[int]:
    return [int(ids[i]) for i in np.lexsort((ids, -scores))]


made = st.builds(Made, st.lists(st.integers(1, 7), min_size=1, max_size=25), st.integers(1, 12), st.integers(0, 10_000))
chosen = st.builds(PlaidSettings, st.integers(1, 13), st.sampled_from([-1.0, 0.0, 0.3, 0.6, 2.0]), st.integers(1, 30))


@given(made, st.sampled_from([1, 7, 1_000]))
def test_letting_everything_through_ranks_by_maxsim_over_centroids(made: Made, at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plaid, "_PRODUCTS", at_once)
        found = made.index.search(made.query, PlaidSettings(len(made.centroids), -1.0, 4 * len(made.ids)))
    expected = made.maxsim()
    assert sorted(found.ids.tolist()) == made.ids.tolist()
    assert found.scores == pytest.approx(np.sort(expected)[::-1], abs=1e-5)
    assert found.ids.tolist() == ranked(found.ids, found.scores)
    assert found.scores == pytest.approx(expected[np.searchsorted(made.ids, found.ids)], abs=1e-5)


@given(made, chosen)
@settings(max_examples=100)
def test_each_stage_keeps_a_part_of_the_one_before(made: Made, chosen: PlaidSettings) -> None:
    found = made.index.search(made.query, chosen)
    assert [stage.name for stage in found.stages] == [SEARCHED, PROBING, PRUNED, FULL]
    kept = [set(stage.ids.tolist()) for stage in found.stages]
    assert kept[0] >= kept[1] >= kept[2] >= kept[3] == set(found.ids.tolist())
    assert [stage.count for stage in found.stages] == [len(ids) for ids in kept]
    assert len(kept[2]) == min(len(kept[1]), chosen.ndocs)
    assert len(kept[3]) == min(len(kept[2]), max(chosen.ndocs // 4, 1))
    assert all(stage.ms >= 0 for stage in found.stages)


@given(made, chosen)
@settings(max_examples=100)
def test_stages_keep_what_brute_force_keeps(made: Made, chosen: PlaidSettings) -> None:
    found = made.index.search(made.query, chosen)
    scores = made.centroids @ made.query.T
    probed = {int(c) for column in scores.T for c in np.argsort(-column)[: chosen.ncells]}
    reached = [int(i) for i, bag in zip(made.ids, made.bags(), strict=True) if probed & set(bag.tolist())]
    assert found.stages[1].ids.tolist() == reached
    pruned = dict(zip(made.ids.tolist(), made.maxsim(chosen.t_cs), strict=True))
    kept = found.stages[2].ids.tolist()
    lost = [pruned[i] for i in reached if i not in kept]
    assert not lost or min(pruned[i] for i in kept) >= max(lost) - 1e-5
    full = dict(zip(made.ids.tolist(), made.maxsim(), strict=True))
    assert found.scores == pytest.approx([full[i] for i in found.ids.tolist()], abs=1e-5)
    assert found.scores == pytest.approx(sorted((full[i] for i in kept), reverse=True)[: len(found.ids)], abs=1e-5)


@given(made, chosen, st.data())
def test_only_what_is_allowed_is_searched(made: Made, chosen: PlaidSettings, data: st.DataObject) -> None:
    allowed = np.array(data.draw(st.lists(st.sampled_from(made.ids.tolist()), unique=True)), np.int64)
    found = made.index.search(made.query, chosen, allowed)
    assert found.stages[0].ids.tolist() == sorted(allowed.tolist())
    everything = made.index.search(made.query, chosen).stages[1].ids
    assert found.stages[1].ids.tolist() == everything[np.isin(everything, allowed)].tolist()


@given(made, chosen)
def test_a_lost_passage_names_its_stage(made: Made, chosen: PlaidSettings) -> None:
    found = made.index.search(made.query, chosen)
    for passage in made.ids.tolist():
        stage = next((s.name for s in found.stages if passage not in s.ids), None)
        assert found.why_lost(passage) == stage
    assert sum(found.why_lost(i) is None for i in made.ids.tolist()) == len(found.ids)
    with pytest.raises(KeyError):
        found.why_lost(1_001)


def test_why_each_of_four_was_lost() -> None:
    centroids = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    # 5 has the best centroid, 6 a far one beside it, 7 too, but with less to the second vector; 8 none that is probed.
    bags = [[0, 1], [0, 3], [0], [3]]
    index = PlaidIndex(
        np.arange(5, 9), np.concatenate([[0], np.cumsum([len(bag) for bag in bags])]), centroids, np.concatenate(bags)
    )
    query = np.array([[1, 0], [0.96, 0.28]], np.float32)
    found: PlaidCandidates = index.search(query, PlaidSettings(1, 0.5, 2))
    assert found.why_lost(5) is None
    assert (found.why_lost(6), found.why_lost(7), found.why_lost(8)) == (FULL, PRUNED, PROBING)
    limited = index.search(query, PlaidSettings(1, 0.5, 2), np.array([7, 8]))
    assert limited.why_lost(7) is None
    with pytest.raises(KeyError):
        limited.why_lost(5)


def test_settings_by_depth() -> None:
    assert PlaidSettings.for_depth(1) == PlaidSettings.for_depth(10) == PlaidSettings(1, 0.5, 256)
    assert PlaidSettings.for_depth(11) == PlaidSettings.for_depth(100) == PlaidSettings(2, 0.45, 1024)
    assert PlaidSettings.for_depth(101) == PlaidSettings(4, 0.4, 4096)
    assert PlaidSettings.for_depth(2_000) == PlaidSettings(4, 0.4, 8_000)


def test_a_centroid_for_every_vector_gives_maxsim_itself() -> None:
    rng = np.random.default_rng(3)
    vectors, query = unit(rng, 64), unit(rng, 4)
    offsets = np.arange(0, 65, 4)
    index = PlaidIndex.build(np.arange(16), vectors.astype(np.float16), offsets)
    assert len(index.centroids) == 64 and len(index) == 16
    found = index.search(query, PlaidSettings(64, -1.0, 64))
    exact = (vectors @ query.T).reshape(16, 4, 4).max(axis=1).sum(axis=1)
    assert found.ids.tolist() == np.argsort(-exact).tolist()
    assert found.scores == pytest.approx(np.sort(exact)[::-1], abs=5e-3)


def test_building_takes_as_many_centroids_as_colbert_and_repeats_itself() -> None:
    rng = np.random.default_rng(4)
    vectors, query = unit(rng, 1_200), unit(rng, 3)
    offsets = np.arange(0, 1_201, 12)
    first, again = (PlaidIndex.build(np.arange(100), vectors, offsets, seed=1) for _ in range(2))
    assert len(first.centroids) == 512  # 16·√1200 is 554
    assert first.centroids.tolist() == again.centroids.tolist() and first.n_bytes == again.n_bytes
    settings = PlaidSettings(2, 0.5, 40)
    assert first.search(query, settings).ids.tolist() == again.search(query, settings).ids.tolist()
    assert len(PlaidIndex.build(np.arange(100), vectors, offsets, max_centroids=7).centroids) == 7


def test_what_does_not_fit() -> None:
    ids, offsets, codes = np.arange(2), np.array([0, 1, 3]), np.array([0, 1, 1])
    centroids = np.eye(2, dtype=np.float32)
    PlaidIndex(ids, offsets, centroids, codes)
    for wrong in (
        (ids[::-1], offsets, centroids, codes),
        (ids, offsets[:2], centroids, codes),
        (ids, np.array([0, 3, 3]), centroids, codes),
        (ids, offsets, centroids, codes[:2]),
        (ids, offsets, centroids[:1], codes),
        (ids, offsets, centroids, codes - 1),
    ):
        with pytest.raises(ValueError, match="fit"):
            PlaidIndex(*wrong)
    with pytest.raises(ValueError, match="fit"):
        PlaidIndex(ids, offsets, centroids, codes).search(np.zeros((1, 3), np.float32), PlaidSettings(1, 0, 1))
    with pytest.raises(ValueError, match="no vectors"):
        PlaidIndex.build(np.empty(0, np.int64), np.empty((0, DIM), np.float16), np.zeros(1, np.int64))
    for wrong_settings in ((0, 0.5, 1), (1, 0.5, 0), (1, float("nan"), 1)):
        with pytest.raises(UsageError):
            PlaidSettings(*wrong_settings)


def test_nothing_to_search_and_nothing_asked() -> None:
    empty = np.empty(0, np.int64)
    index = PlaidIndex(empty, np.zeros(1, np.int64), np.eye(3, dtype=np.float32), empty)
    assert not len(index.search(np.eye(3, dtype=np.float32), PlaidSettings(1, 0.5, 10)).ids)
    made = Made([2, 3], 4, 0)
    assert not len(made.index.search(np.empty((0, DIM), np.float32), PlaidSettings(1, 0.5, 10)).ids)
