"""The dense index against the exact oracle; loading, damage, deletions, and the part that is not linked yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.indexes import dense
from rankscope.core.indexes.dense import DenseIndex, top
from rankscope.core.storage.layout import plain_layout
from rankscope.core.storage.segments import Segment, SegmentWriter
from rankscope.core.storage.vectors import Vectors

DIM, N = 16, 1_200


@pytest.fixture(autouse=True)
def _graph_from_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT_BELOW", 100)


@pytest.fixture
def vectors(tmp_path: Path) -> Vectors:
    (tmp_path / "indexes").mkdir()
    rng = np.random.default_rng(0)
    pooled = rng.normal(size=(N, DIM)).astype(np.float32)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    layout = plain_layout("tokens", "float16", DIM)
    writer = SegmentWriter(tmp_path / "000001.vec", layout.kind, layout.codec_name, DIM, layout.row_bytes)
    writer.append(layout.pack(pooled, np.zeros((N, DIM), np.float16), np.arange(N + 1)))
    segment = Segment(writer.finish().path)
    ids = np.arange(10, 10 + N)
    return Vectors(ids, np.ones(N, np.int64), np.arange(N), {1: segment}, {}, (1, 0), layout.codec)


def without(vectors: Vectors, gone: np.ndarray) -> Vectors:
    keep = ~np.isin(vectors.ids, gone)
    ids, segment_ids, rows = vectors.ids[keep], vectors.segment_ids[keep], vectors.rows[keep]
    return replace(vectors, ids=ids, segment_ids=segment_ids, rows=rows, generation=(1, 1))


def recall(index: DenseIndex, vectors: Vectors, depth: int = 50) -> float:
    found = []
    for query in vectors.pooled(vectors.ids[::97]):
        near, exact = index.search(query, vectors, depth), index.exact(query, vectors, depth)
        assert exact.exact and not near.exact
        assert (np.diff(near.scores) <= 0).all()
        found.append(np.isin(exact.ids, near.ids).mean())
    return float(np.mean(found))


def test_finds_what_the_exact_search_finds(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    assert recall(index, vectors) > 0.97
    again = DenseIndex(tmp_path, "sha", DIM)
    query = vectors.pooled(vectors.ids[:1])[0]
    assert again.search(query, vectors, 20).ids.tolist() == index.search(query, vectors, 20).ids.tolist()


@pytest.mark.parametrize("damage", ["flip", "cut", "settings", "note"])
def test_a_damaged_file_is_never_loaded(tmp_path: Path, vectors: Vectors, damage: str) -> None:
    DenseIndex(tmp_path, "sha", DIM).sync(vectors)
    file, note = tmp_path / "indexes" / "dense.hnsw", tmp_path / "indexes" / "dense.json"
    data = bytearray(file.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 0xFF
        file.write_bytes(data)
    elif damage == "cut":
        file.write_bytes(data[:-100])
    elif damage == "note":
        note.write_text("{")
    index = DenseIndex(tmp_path, "another" if damage == "settings" else "sha", DIM)
    assert index.problem_on_disk()
    query = vectors.pooled(vectors.ids[:1])[0]
    hits = index.search(query, vectors, 5)
    assert hits.exact and hits.ids[0] == vectors.ids[0]
    index.sync(vectors)  # makes it again
    assert not index.problem_on_disk() and recall(index, vectors) > 0.97


def test_follows_deletions_and_additions_without_a_sync(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    first = without(vectors, vectors.ids[900:])
    index.sync(first)
    query = vectors.pooled(vectors.ids[1_000:1_001])[0]
    assert index.search(query, vectors, 3).ids[0] == vectors.ids[1_000]  # not linked yet
    gone = vectors.ids[:200]
    fewer = without(vectors, gone)
    assert not np.isin(index.search(query, fewer, 300).ids, gone).any()
    assert recall(index, fewer) > 0.95
    index.sync(fewer)
    assert not np.isin(DenseIndex(tmp_path, "sha", DIM).search(query, fewer, 300).ids, gone).any()
    mostly = without(vectors, vectors.ids[: N - 150])
    index.sync(mostly)
    assert recall(index, mostly) == pytest.approx(1.0, abs=0.05)


def test_more_than_there_is_and_limits(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    query = vectors.pooled(vectors.ids[:1])[0]
    assert len(index.search(query, vectors, 10 * N).ids) <= N
    allowed = vectors.ids[5:9]
    hits = index.search(query, vectors, 100, allowed)
    assert hits.exact and sorted(hits.ids.tolist()) == allowed.tolist()
    assert len(index.search(query, vectors, 5, np.empty(0, np.int64)).ids) == 0


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(without(vectors, vectors.ids[900:]))
    before = (tmp_path / "indexes" / "dense.hnsw").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dense, "sync_folder", full)
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        index.sync(vectors)
    monkeypatch.undo()
    assert (tmp_path / "indexes" / "dense.hnsw").read_bytes() == before
    assert sorted(p.name for p in (tmp_path / "indexes").iterdir()) == ["dense.hnsw", "dense.json"]
    assert not index.problem_on_disk()


@given(st.lists(st.integers(-3, 3), max_size=60), st.integers(1, 70))
def test_top_breaks_ties_by_id(scores: list[int], depth: int) -> None:
    ids = np.arange(len(scores))[::-1].copy()
    values = np.array(scores, np.float32)
    chosen = top(ids, values, depth)
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], ids[i]))[:depth]
    assert chosen.tolist() == expected


def test_a_search_that_began_before_a_commit_forgets_nothing(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    older = replace(without(vectors, vectors.ids[900:]), generation=(0, 0))
    index.sync(older)
    index.sync(vectors)
    query = vectors.pooled(vectors.ids[1_000:1_001])[0]
    assert index.search(query, older, 5).exact
    assert index.search(query, vectors, 5).ids[0] == vectors.ids[1_000]


def test_much_that_is_not_linked_yet_is_searched_exactly(
    tmp_path: Path, vectors: Vectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "_TAIL_AT_MOST", 100)
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(without(vectors, vectors.ids[900:]))
    query = vectors.pooled(vectors.ids[:1])[0]
    assert index.search(query, vectors, 5).exact


def test_the_folder_of_derived_files_may_be_missing(tmp_path: Path, vectors: Vectors) -> None:
    (tmp_path / "indexes").rmdir()
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    assert (tmp_path / "indexes" / "dense.hnsw").exists() and not index.problem_on_disk()


def test_what_was_removed_and_brought_back_is_found_again(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    wanted = vectors.ids[5:6]
    query = vectors.pooled(wanted)[0]
    gone = without(vectors, wanted)
    assert wanted[0] not in index.search(query, gone, 20).ids
    back = replace(vectors, generation=(2, 2))
    hits = index.search(query, back, 20)
    assert hits.ids[0] == wanted[0] and not hits.exact


def test_tidying_builds_the_graph_anew_without_the_dead(tmp_path: Path, vectors: Vectors) -> None:
    index = DenseIndex(tmp_path, "sha", DIM)
    index.sync(vectors)
    large = (tmp_path / "indexes" / "dense.hnsw").stat().st_size
    fewer = without(vectors, vectors.ids[:100])
    index.sync(fewer)
    assert (tmp_path / "indexes" / "dense.hnsw").stat().st_size == large  # too few to bother
    index.sync(fewer, tidy=True)
    assert (tmp_path / "indexes" / "dense.hnsw").stat().st_size < large
    assert recall(index, fewer) > 0.97 and recall(DenseIndex(tmp_path, "sha", DIM), fewer) > 0.97


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_kill_between_note_and_graph_leaves_one_of_the_two(tmp_path: Path, vectors: Vectors, which: str) -> None:
    file = tmp_path / "indexes" / "dense.hnsw"
    first = without(vectors, vectors.ids[900:])
    DenseIndex(tmp_path, "sha", DIM).sync(first)
    old = file.read_bytes()
    DenseIndex(tmp_path, "sha", DIM).sync(vectors)
    if which == "old":
        file.write_bytes(old)
    assert not DenseIndex(tmp_path, "sha", DIM).problem_on_disk()
    assert DenseIndex(tmp_path, "another", DIM).problem_on_disk()
    assert recall(DenseIndex(tmp_path, "sha", DIM), vectors) > 0.97


def test_scores_do_not_depend_on_the_company(tmp_path: Path, vectors: Vectors) -> None:
    """Equal vectors tie, wherever they lie: the last bits of a matrix product depend on its shape."""
    index = DenseIndex(tmp_path, "sha", DIM)
    query = vectors.pooled(vectors.ids[:1])[0]
    hits = index.exact(query, vectors, 50)
    for chosen in (hits.ids, hits.ids[::3], hits.ids[7:8]):
        again = index.exact(query, vectors, 50, allowed=chosen)
        assert again.scores.tolist() == [s for i, s in zip(hits.ids, hits.scores, strict=True) if i in chosen]
