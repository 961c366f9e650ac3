"""Tidying a workspace: the same vectors and rankings from fewer files, whatever was removed, damaged or interrupted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import make_model

from rankscope.core import compacting, writing
from rankscope.core.errors import Cancelled, WorkspaceBusy
from rankscope.core.indexes import dense
from rankscope.core.progress import Progress
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "which seal leaks?", "measured again")
N = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of forty documents, each in a segment of its own, and the documents."""
    place = tmp_path_factory.mktemp("made")
    documents = place / "documents"
    documents.mkdir()
    for i in range(N):
        part = ("blade", "rotor", "seal", "pump")[i % 4]
        text = f"Report {i}. The {part} vibrates or leaks. We measured the {part} again."
        (documents / f"{i:02d}.txt").write_text(text, "utf-8")
    # The same words behind other bytes: another document with the vectors of the first.
    (documents / "again.txt").write_text((documents / "00.txt").read_text("utf-8") + "\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "PASSAGES_PER_COMMIT", 1)
        words = (
            "report",
            "the",
            "blade",
            "rotor",
            "seal",
            "pump",
            "vibrates",
            "or",
            "leaks",
            "we",
            "measured",
            "again",
        )
        model = make_model(place / "model", words, seed=1)
        with Workspace.open(place / "workspace", create=True, encoder=model) as workspace:
            workspace.index([documents])
    return place


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it to work on."""
    shutil.copytree(made / "workspace", tmp_path / "workspace")
    with Workspace.open(tmp_path / "workspace") as opened:
        assert not opened.notes
        yield opened


def segments(workspace: Workspace) -> list[Path]:
    return sorted((workspace.path / "segments").iterdir())


def rankings(workspace: Workspace) -> list[Any]:
    """Every ranking with its exact scores."""
    found = []
    for query in QUERIES:
        for pipeline in ("dense", "lexical", "late"):
            final = workspace.search(query, pipeline=pipeline, k=100).final
            found.append((final.ids.tolist(), final.scores.tolist()))
    return found


def all_vectors(workspace: Workspace) -> dict[int, tuple[bytes, ...]]:
    """All that is stored of each passage, as it is stored."""
    vectors, found = workspace._vectors.current(), {}
    for i in vectors.ids.tolist():
        held, pooled = vectors.multi([i]), vectors.pooled(np.array([i]))
        labels = vectors.clusters(i, 63) if vectors.kind == "levels" else np.empty(0)
        found[i] = (pooled.tobytes(), held.rows.tobytes(), held.fold.tobytes(), labels.tobytes())
    return found


def paths(workspace: Workspace) -> set[str]:
    return {Path(document.path).name for document in workspace.documents(status="indexed")}


def test_few_segments_hold_the_same_vectors_bit_for_bit(workspace: Workspace) -> None:
    before = all_vectors(workspace), rankings(workspace)
    assert len(segments(workspace)) == N
    report = workspace.compact()
    assert (report.segments_before, report.segments_after) == (N, 1) and not report.notes
    assert len(segments(workspace)) == 1 and verify(workspace.path).whole
    assert (all_vectors(workspace), rankings(workspace)) == before
    assert len(workspace._vectors.current().segments[N + 1]) == N  # shared vectors are there once
    again = workspace.compact()
    assert (again.segments_before, again.segments_after) == (1, 1) and segments(workspace)[0].name == "000041.vec"


def test_readers_go_on_while_and_after_it_is_compacted(workspace: Workspace) -> None:
    before = rankings(workspace)
    with Workspace.open(workspace.path) as reader:
        held = reader._vectors.current()
        scores = held.pooled_scores(np.ones(32, np.float32))
        seen: list[Any] = []
        workspace.compact(progress=lambda progress: seen.append(rankings(reader)))
        assert seen and all(one == before for one in seen) and rankings(reader) == before
        # A search that began before still reads the files that are gone.
        assert (held.pooled_scores(np.ones(32, np.float32)) == scores).all()


def test_a_search_that_meets_a_segment_just_taken_away_begins_again(workspace: Workspace) -> None:
    store = VectorStore(workspace.path, workspace.database)
    with workspace.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM passages").scalar()  # here its view of the workspace begins
        workspace.compact()
        assert store.current(connection).damaged
    with store.reading() as (_, vectors):
        assert not vectors.damaged and len(vectors) == N + 1


def test_half_dead_segments_are_written_anew_and_full_ones_left(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "FULL_PASSAGES", 16)
    workspace.compact()
    assert [len(s) for s in workspace._vectors.current().segments.values()] == [16, 16, 8]
    full, half, rest = segments(workspace)
    ids = {Path(document.path).name: document.document_id for document in workspace.documents()}
    workspace.remove_documents(ids[f"{i:02d}.txt"] for i in range(20, 30))
    workspace.compact()
    assert segments(workspace) == [full, half, rest]  # they can still be brought back
    assert len(workspace.removed()) == 10
    workspace.compact(forget_removed=True)
    assert segments(workspace) == [full, rest, full.with_name("000044.vec")] and half.name == "000042.vec"
    assert verify(workspace.path).whole and len(paths(workspace)) == N + 1 - 10


def test_what_was_removed_can_be_brought_back_afterwards(workspace: Workspace) -> None:
    before = rankings(workspace)
    chosen = [document.document_id for document in workspace.documents()[:12]]
    workspace.remove_documents(chosen)
    report = workspace.compact()
    assert report.forgotten == 0 and len(workspace.removed()) == 12
    workspace.bring_back(chosen)
    assert rankings(workspace) == before and verify(workspace.path).whole


def test_what_lies_long_is_forgotten_and_a_wrong_clock_forgets_nothing(workspace: Workspace) -> None:
    first, second, third = (document.document_id for document in workspace.documents()[:3])
    workspace.remove_documents([first, second, third])
    with workspace.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE documents SET removed_at = '2001-01-01T00:00:00+00:00' WHERE id = ?", (first,)
        )
        connection.exec_driver_sql(
            "UPDATE documents SET removed_at = '2999-01-01T00:00:00+00:00' WHERE id = ?", (third,)
        )
    assert workspace.compact().forgotten == 1
    assert {one.document_id for one in workspace.removed()} == {second, third}
    assert workspace.compact(forget_removed=True).forgotten == 2 and not workspace.removed()
    assert verify(workspace.path).whole


def test_space_is_given_back(workspace: Workspace, made: Path) -> None:
    with workspace.database.write() as connection:
        connection.exec_driver_sql("UPDATE texts SET layout = ?", ('{"marks":[' + " " * 100_000 + "]}",))
    with workspace.database.write() as connection:
        connection.exec_driver_sql("UPDATE texts SET layout = ''")
    report = workspace.compact()
    assert report.bytes_after < report.bytes_before - 3_000_000 and not report.notes
    assert (workspace.path / "metadata.sqlite").stat().st_size < 1_000_000 and verify(workspace.path).whole


def test_a_damaged_segment_is_never_copied(workspace: Workspace) -> None:
    bad = segments(workspace)[7]
    data = bytearray(bad.read_bytes())
    data[len(data) // 2] ^= 1
    bad.write_bytes(data)
    report = workspace.compact()
    assert report.segments_after == 2 and bad.name in report.notes[0] and "verify --repair" in report.notes[0]
    assert [finding.file for finding in verify(workspace.path).findings] == [f"segments/{bad.name}"]


def test_cancelling_leaves_a_whole_workspace_and_the_next_run_goes_on(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "FULL_PASSAGES", 16)
    before = rankings(workspace)
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.compact(progress=seen.append, cancelled=lambda: len(seen) >= 2)
    assert 3 < len(segments(workspace)) < N
    assert verify(workspace.path).whole and rankings(workspace) == before
    assert workspace.compact().segments_after == 3
    assert rankings(workspace) == before


def test_it_needs_the_writer_lock(workspace: Workspace) -> None:
    with workspace.writing(), pytest.raises(WorkspaceBusy):
        workspace.compact()


def test_dead_entries_leave_the_dense_graph(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "EXACT_BELOW", 5)
    workspace.index()
    workspace.remove_documents([workspace.documents()[0].document_id])
    workspace.search("rotor", pipeline="dense")
    assert len(workspace._dense._dead) == 1
    before = rankings(workspace)
    workspace.compact()
    assert not workspace._dense._dead and rankings(workspace) == before and verify(workspace.path).whole


def test_little_segments_are_merged_by_themselves_only_where_there_are_many(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rankings(workspace)
    compacting.merge_small(workspace.path, workspace.database)
    assert len(segments(workspace)) == N
    monkeypatch.setattr(compacting, "_MANY", N - 1)
    compacting.merge_small(workspace.path, workspace.database)
    assert len(segments(workspace)) == 1 and rankings(workspace) == before and verify(workspace.path).whole
