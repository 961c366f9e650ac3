"""Bytes that changed inside a segment: no search fails over them, and no conversion hides them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from comparing import assert_alike
from damaging import QUERIES

from rankscope.core.cli import main
from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.levels import FOLD
from rankscope.core.storage.segments import Segment, sha256_of
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

HEADER = 128  # bytes before the rows
Damage = Callable[[Segment], tuple[np.ndarray, bytes]]  # which part of the file, and what its beginning becomes


def _parent(segment: Segment) -> tuple[np.ndarray, bytes]:
    return segment.fold[int(segment.offsets[1]) + 2 :], b"\xff"


def _no_number(segment: Segment) -> tuple[np.ndarray, bytes]:
    start = int(segment.offsets[1]) + 1
    return segment.fold[start:].view(np.uint8)[FOLD.fields["length"][1] :], b"\xff\x7e"  # type: ignore[index]


def _infinite(segment: Segment) -> tuple[np.ndarray, bytes]:
    return segment.rows[int(segment.offsets[1]) :], b"\x00\x7c" * (segment.head.row_bytes // 2)


def _nan(segment: Segment) -> tuple[np.ndarray, bytes]:
    return segment.rows[int(segment.offsets[1]) :], b"\xff\x7f" * (segment.head.row_bytes // 2)


def _pooled(segment: Segment) -> tuple[np.ndarray, bytes]:
    return segment.pooled[1:], np.full(4, np.nan, np.float32).tobytes()


EVERY = pytest.mark.parametrize("damage", [_parent, _no_number, _infinite, _nan, _pooled])


def rot(folder: Path, damage: Damage) -> int:
    """Damage the second passage of the first segment; returns its id."""
    path = sorted((folder / "segments").iterdir())[0]
    segment = Segment(path)
    part, data = damage(segment)
    begin = segment.rows.__array_interface__["data"][0] - HEADER
    at = part.__array_interface__["data"][0] - begin
    with path.open("r+b") as stream:
        stream.seek(at)
        stream.write(data)
    with Workspace.open(folder) as workspace, workspace.database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT id FROM passages WHERE segment_id = ? AND row = 1", (int(path.stem),)
        )
        return int(found.scalar_one())


@EVERY
@pytest.mark.parametrize("pipeline", ["hybrid", "late", "dense"])
def test_a_search_leaves_out_what_it_cannot_read_and_ranks_the_rest(
    folder: Path, expected: Workspace, damage: Damage, pipeline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rotten = rot(folder, damage)
    with Workspace.open(folder) as workspace:
        for query in QUERIES:
            trace = workspace.search(query, pipeline=pipeline, k=100)
            before = expected.search(query, pipeline=pipeline, k=100)
            assert np.isfinite(trace.final.scores).all()
            scores = dict(zip(before.final.ids.tolist(), before.final.scores.tolist(), strict=True))
            for passage_id, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
                assert passage_id == rotten or score == pytest.approx(scores[passage_id], abs=1e-6)
            assert scores.keys() - {rotten} <= set(trace.final.ids.tolist())
            document = before.passages[rotten].document
            assert workspace.fate(query, document, pipeline=pipeline, k=3).verdict
    search = ["search", "--workspace", str(folder), "--json", "--pipeline", pipeline, QUERIES[0]]
    assert main(search) == 0 and json.loads(capsys.readouterr().out)["results"]


@pytest.mark.parametrize("damage", [_parent, _no_number, _infinite, _nan])
def test_it_is_not_explained_with_numbers_that_are_none(folder: Path, damage: Damage) -> None:
    rotten = rot(folder, damage)
    with Workspace.open(folder) as workspace:
        trace = workspace.search(QUERIES[0], pipeline="late", k=100)
        assert rotten not in trace.final.ids.tolist() and "1 candidates have no readable" in trace.stages[-1].note
        with pytest.raises(WorkspaceError, match="damaged"):
            workspace.explain(QUERIES[0], rotten)
    assert main(["explain", "--workspace", str(folder), "--json", "--passage", str(rotten), QUERIES[0]]) == 1


@EVERY
@pytest.mark.parametrize("codec", ["float32", "int8"])
def test_converting_encodes_anew_what_is_damaged(folder: Path, expected: Workspace, damage: Damage, codec: str) -> None:
    rot(folder, damage)
    assert not verify(folder).whole
    with Workspace.open(folder) as workspace:
        workspace.convert(codec=codec)
        assert_alike(workspace, expected, QUERIES)
    assert verify(folder).whole


def test_what_an_older_version_gave_a_fresh_checksum_is_encoded_anew(folder: Path, expected: Workspace) -> None:
    rot(folder, _nan)
    with Workspace.open(folder) as workspace:
        path = sorted((folder / "segments").iterdir())[0]
        with workspace.database.write() as connection:
            connection.exec_driver_sql("UPDATE segments SET sha256 = ? WHERE file = ?", (sha256_of(path), path.name))
        assert verify(folder).whole  # nothing tells
        workspace.convert(codec="float32")
        assert_alike(workspace, expected, QUERIES)


@pytest.mark.parametrize("codec", ["residual2", "pq8", "float8", "binary"])
def test_codes_that_nobody_wrote_stop_no_search(folder: Path, codec: str) -> None:
    with Workspace.open(folder) as workspace:
        workspace.convert(codec=codec)
    rot(folder, lambda segment: (segment.rows[int(segment.offsets[1]) :], b"\xff" * 3 * segment.head.row_bytes))
    with Workspace.open(folder) as workspace:
        for pipeline in ("hybrid", "late"):
            assert len(workspace.search(QUERIES[0], pipeline=pipeline, k=100).final) >= 20
