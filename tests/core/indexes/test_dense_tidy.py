"""The graph of the dense index is replaced or added to: what a search noted of the one before no longer counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from rankscope.core.indexes import dense
from rankscope.core.indexes.dense import DenseIndex

DIM = 16
rng = np.random.default_rng(0)
ROWS = rng.standard_normal((400, DIM)).astype(np.float32)
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)


class State:
    """Some of the rows, as one state of a workspace's vectors."""

    def __init__(self, ids: Sequence[int], generation: tuple[int, int]) -> None:
        self.ids = np.array(ids, np.int64)
        self.generation = generation

    def __len__(self) -> int:
        return len(self.ids)

    def pooled(self, ids: np.ndarray) -> np.ndarray:
        return ROWS[ids]

    def pooled_scores(self, query: np.ndarray) -> np.ndarray:
        return ROWS[self.ids] @ query

    def exact_scores(self, ids: np.ndarray, query: np.ndarray) -> np.ndarray:
        return ROWS[ids] @ query


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DenseIndex:
    monkeypatch.setattr(dense, "EXACT_BELOW", 50)
    (tmp_path / "indexes").mkdir()
    return DenseIndex(tmp_path, "encoder", DIM)


def test_a_graph_that_was_tidied_gives_no_passage_twice(index: DenseIndex) -> None:
    index.sync(State(range(200), (1, 0)))
    # Five went and five came, and a search saw that before anything was linked.
    now = State([*range(5, 205)], (2, 1))
    assert not index.search(ROWS[0], now, 20).exact
    index.sync(now, tidy=True)
    for query in ROWS[195:205]:
        hits = index.search(query, now, 20)
        assert not hits.exact and len(set(hits.ids.tolist())) == len(hits.ids) == 20
        assert set(hits.ids.tolist()) <= set(now.ids.tolist())


def test_a_small_workspace_that_grows_again_gives_no_passage_twice(index: DenseIndex) -> None:
    large = State(range(200), (1, 0))
    index.sync(large)
    assert not index.search(ROWS[0], large, 20).exact
    index.sync(State(range(10), (1, 1)))  # below what a graph is worth
    again = State(range(200), (2, 1))
    index.sync(again)
    hits = index.search(ROWS[3], again, 20)
    assert not hits.exact and len(set(hits.ids.tolist())) == 20 and hits.ids[0] == 3
