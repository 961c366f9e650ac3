"""Narrowed graphs: made of large indexes only, as good after a reload, and never read with another's basis."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rankscope.core.indexes import dense, narrowing
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.indexes.narrowing import Narrowing
from rankscope.core.storage.layout import plain_layout
from rankscope.core.storage.segments import Segment, SegmentWriter
from rankscope.core.storage.vectors import Vectors

DIM, N = 48, 1_500


@pytest.fixture(autouse=True)
def _large_from_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT_BELOW", 100)
    monkeypatch.setattr(narrowing, "FROM", 1_000)
    monkeypatch.setattr(narrowing, "WIDTH", 16)


@pytest.fixture(params=["float16", "float8"])
def vectors(tmp_path: Path, request: pytest.FixtureRequest) -> Vectors:
    """Passages whose vectors lie mostly in 12 directions; pooled vectors in float32 or float16."""
    rng = np.random.default_rng(0)
    pooled = rng.normal(size=(N, 12)) @ rng.normal(size=(12, DIM)) + 0.3 * rng.normal(size=(N, DIM))
    pooled = (pooled / np.linalg.norm(pooled, axis=1, keepdims=True)).astype(np.float32)
    layout = plain_layout("tokens", request.param, DIM)
    writer = SegmentWriter(tmp_path / "000001.vec", layout.kind, layout.codec_name, DIM, layout.row_bytes)
    writer.append(layout.pack(pooled, np.zeros((N, DIM), np.float16), np.arange(N + 1)))
    segment = Segment(writer.finish().path)
    ids = np.arange(10, 10 + N)
    return Vectors(ids, np.ones(N, np.int64), np.arange(N), {1: segment}, {}, (1, 0), layout.codec)


def first(vectors: Vectors, n: int) -> Vectors:
    return replace(vectors, ids=vectors.ids[:n], segment_ids=vectors.segment_ids[:n], rows=vectors.rows[:n])


def recall(index: DenseIndex, vectors: Vectors, depth: int = 40) -> float:
    shares = []
    for query in vectors.pooled(vectors.ids[::97]):
        near, exact = index.search(query, vectors, depth), index.exact(query, vectors, depth)
        assert not near.exact and len(near.ids) == depth
        known = np.isin(near.ids, exact.ids)
        assert (near.scores[known] == exact.scores[np.isin(exact.ids, near.ids)]).all()  # of the whole vectors
        shares.append(known.mean())
    return float(np.mean(shares))


def note(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / "indexes" / "dense.json").read_text())
    return found


def test_a_large_graph_is_narrow_and_finds_the_same_after_a_reload(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    assert (tmp_path / "indexes" / "dense.hnsw").stat().st_size < N * (4 * DIM + 140)  # what a whole one takes
    assert recall(index, vectors) > 0.97
    again = DenseIndex(tmp_path, "sha", DIM)
    for query in vectors.pooled(vectors.ids[:3]):
        assert again.search(query, vectors, 20).ids.tolist() == index.search(query, vectors, 20).ids.tolist()
    index.sync(vectors)  # nothing to do
    assert again.problem_on_disk() == ""


def test_a_graph_that_grew_large_is_made_anew(tmp_path: Path, vectors: Vectors) -> None:
    few = first(vectors, 900)
    DenseIndex(tmp_path, "sha", DIM).sync(few)
    whole = note(tmp_path)
    assert whole["basis"] == ""
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    # The old graph cannot be read with the new basis, so the note is no longer good for it.
    assert note(tmp_path)["basis"] != "" and note(tmp_path)["before"] == ""
    assert recall(index, vectors) > 0.97 and recall(DenseIndex(tmp_path, "sha", DIM), vectors) > 0.97


def test_what_comes_later_is_added_with_the_same_basis(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(first(vectors, 1_200))
    before = note(tmp_path)
    DenseIndex(tmp_path, "sha", DIM).sync(vectors)
    assert (note(tmp_path)["basis"], note(tmp_path)["before"]) == (before["basis"], before["sha256"])
    assert recall(DenseIndex(tmp_path, "sha", DIM), vectors) > 0.97


@pytest.mark.parametrize("basis", ["AAAA", "no base64!", 7])
def test_a_damaged_basis_is_not_used(tmp_path: Path, vectors: Vectors, basis: object) -> None:
    DenseIndex(tmp_path, "sha", DIM).sync(vectors)
    (tmp_path / "indexes" / "dense.json").write_text(json.dumps({**note(tmp_path), "basis": basis}))
    index = DenseIndex(tmp_path, "sha", DIM)
    assert index.problem_on_disk() and index.search(vectors.pooled(vectors.ids[:1])[0], vectors, 5).exact
    index.sync(vectors)
    assert not index.problem_on_disk() and recall(index, vectors) > 0.97


def test_products_with_a_basis_survive_its_text(vectors: Vectors) -> None:
    fitted = Narrowing.fitted(DIM, vectors)
    assert (fitted.width, fitted.is_exact) == (16, False)
    rows = vectors.pooled(vectors.ids[:50])
    assert (Narrowing.from_text(DIM, fitted.to_text()).apply(rows) == fitted.apply(rows)).all()
    assert fitted.apply(rows) @ fitted.apply(rows).T == pytest.approx(rows @ rows.T, abs=0.1)
    few = Narrowing.fitted(DIM, first(vectors, 999))
    assert few.is_exact and few.to_text() == "" and few.apply(rows) is rows
