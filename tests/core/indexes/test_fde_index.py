"""Searching encodings: against plain products, through the dense index's graph, files and limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rankscope.core.indexes import fde_index
from rankscope.core.indexes.fde import FdeEncoder, FdeSettings
from rankscope.core.indexes.fde_index import FdeIndex, FdeVectors

DIM, N = 8, 400
SETTINGS = FdeSettings(4, 2, 4)
IDS = np.arange(3, 3 + 2 * N, 2)


@pytest.fixture(scope="module")
def encodings() -> np.ndarray:
    rng = np.random.default_rng(0)
    counts = rng.integers(2, 8, N)
    vectors = rng.normal(size=(counts.sum(), DIM)).astype(np.float16)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return FdeEncoder(SETTINGS, DIM).encode_passages(vectors, offsets, np.float16)


@pytest.fixture
def query() -> np.ndarray:
    return FdeEncoder(SETTINGS, DIM).encode_query(np.random.default_rng(5).normal(size=(4, DIM)).astype(np.float32))


def products(encodings: np.ndarray, query: np.ndarray) -> np.ndarray:
    return encodings.astype(np.float64) @ query.astype(np.float64)


def test_few_passages_are_searched_exactly(tmp_path: Path, encodings: np.ndarray, query: np.ndarray) -> None:
    index = FdeIndex(tmp_path, "sha", SETTINGS, FdeVectors.of(IDS, encodings))
    hits = index.search(query, 20)
    scores = products(encodings, query)
    order = np.argsort(-scores, kind="stable")[:20]
    assert hits.exact and hits.ids.tolist() == IDS[order].tolist()
    assert hits.scores == pytest.approx(scores[order], rel=1e-5)
    index.sync()
    assert not list(tmp_path.rglob("*.hnsw"))


def test_limits_ties_and_more_than_there_is(tmp_path: Path, encodings: np.ndarray, query: np.ndarray) -> None:
    twins = np.concatenate([encodings[:5], encodings[:5]])
    index = FdeIndex(tmp_path, "sha", SETTINGS, FdeVectors.of(IDS[:10], twins))
    hits = index.search(query, 100)
    assert len(hits.ids) == 10
    assert (hits.ids[1::2] - hits.ids[::2] == IDS[5] - IDS[0]).all() and (hits.scores[1::2] == hits.scores[::2]).all()
    assert index.search(query, 1).ids[0] == hits.ids[0]
    assert sorted(index.search(query, 100, IDS[2:4]).ids.tolist()) == IDS[2:4].tolist()
    assert not len(index.search(query, 5, np.empty(0, np.int64)).ids)
    assert not index.search(np.zeros_like(query), 5).scores.any()


def test_the_graph_finds_what_the_exact_search_finds(
    tmp_path: Path, encodings: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fde_index, "EXACT_BELOW", 100)
    vectors = FdeVectors.of(IDS, encodings)
    FdeIndex(tmp_path, "sha", SETTINGS, vectors).sync()
    index = FdeIndex(tmp_path, "sha", SETTINGS, vectors)  # from the file
    rng, found = np.random.default_rng(1), []
    for _ in range(20):
        query = FdeEncoder(SETTINGS, DIM).encode_query(rng.normal(size=(4, DIM)).astype(np.float32))
        near, exact = index.search(query, 20), index.search(query, 20, IDS)
        assert exact.exact and not near.exact
        found.append(np.isin(exact.ids, near.ids).mean())
    assert np.mean(found) > 0.9


def test_a_graph_of_other_settings_or_a_damaged_one_is_not_loaded(
    tmp_path: Path, encodings: np.ndarray, query: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fde_index, "EXACT_BELOW", 100)
    vectors = FdeVectors.of(IDS, encodings)
    FdeIndex(tmp_path, "sha", SETTINGS, vectors).sync()
    assert not FdeIndex(tmp_path, "sha", SETTINGS, vectors).search(query, 5).exact
    assert FdeIndex(tmp_path, "sha", FdeSettings(4, 2, 4, None, 1), vectors).search(query, 5).exact
    assert FdeIndex(tmp_path, "another", SETTINGS, vectors).search(query, 5).exact
    (graph,) = tmp_path.rglob("*.hnsw")
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    damaged = FdeIndex(tmp_path, "sha", SETTINGS, vectors)
    assert damaged.search(query, 5).exact
    damaged.sync()
    assert not damaged.search(query, 5).exact


def test_what_is_removed_or_new_counts_at_once(
    tmp_path: Path, encodings: np.ndarray, query: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fde_index, "EXACT_BELOW", 100)
    index = FdeIndex(tmp_path, "sha", SETTINGS, FdeVectors.of(IDS[:300], encodings[:300], (1, 0)))
    index.sync()
    best = int(np.argmax(products(encodings[300:], query))) + 300
    first = index.search(query, 1).ids[0]
    kept = first != IDS
    hits = index.at(FdeVectors.of(IDS[kept], encodings[kept], (2, 1))).search(query, N)
    assert not hits.exact and first not in hits.ids and IDS[best] in hits.ids


def test_ids_that_do_not_fit(encodings: np.ndarray) -> None:
    for ids in (IDS[:-1], IDS[::-1], np.zeros(N, np.int64)):
        with pytest.raises(ValueError, match="fit"):
            FdeVectors.of(ids, encodings)
