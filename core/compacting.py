"""Tidying a workspace: small and half-empty segments become few full ones, and what nobody needs leaves the disk.

No vector is made anew or changed; searches go on meanwhile, in this process and in others. Every merged segment is
synced before one transaction makes it part of the workspace, so a kill at any moment leaves a whole workspace, and
the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from rankscope.core import shelf
from rankscope.core.errors import WorkspaceError
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.records import CompactReport
from rankscope.core.storage.database import Database
from rankscope.core.storage.files import disk_errors, size_of
from rankscope.core.storage.segments import Segment, SegmentWriter
from rankscope.core.storage.vectors import (
    FOLDER,
    VectorStore,
    bump_generation,
    next_number,
    record_segment,
    segment_problem,
)
from rankscope.core.writing import drop_unnamed_segments

# A segment is full with so many passages or bytes. Larger ones would make a merge need more free space and a kill
# cost more of it; smaller ones would mean more open files.
FULL_PASSAGES = 8_192
FULL_BYTES = 300_000_000
_ROWS_AT_ONCE = 256
# When the indexer's small batches have added up to so many little segments, they are merged by themselves.
_MANY = 64
_LITTLE = 128
# However wrong the clock was that dated it: everything on the shelf is older than a thousand years from now.
_EVERYTHING = timedelta(days=-365_000)


@dataclass(frozen=True, slots=True)
class _Part:
    """A segment with the number of its passages that are in use. ``bytes_used`` is about what these take."""

    segment_id: int
    file: str
    sha256: str
    n_passages: int
    n_vectors: int
    n_bytes: int
    used: int

    @property
    def bytes_used(self) -> int:
        return self.n_bytes * self.used // max(self.n_passages, 1)

    @property
    def is_small(self) -> bool:
        return self.used < FULL_PASSAGES // 2 and self.bytes_used < FULL_BYTES // 2

    @property
    def is_half_dead(self) -> bool:
        return self.used * 2 <= self.n_passages


def compact(
    folder: Path,
    database: Database,
    vectors: VectorStore,
    dense: DenseIndex,
    progress: ProgressCallback = silent,
    cancelled: CancelledCheck = never,
    forget_removed: bool = False,
) -> CompactReport:
    """Tidy a workspace. For its one writer; the caller holds the writer lock.

    Args:
        forget_removed: also delete what was removed lately and could still be brought back.

    Raises:
        Cancelled, WorkspaceError (a full disk): what was done so far stays, and nothing is lost.
    """
    bytes_before = size_of(folder)
    notes: list[str] = []
    with disk_errors("compacting the workspace", folder):
        segments_before = _count(database)
        with database.write() as connection:
            forgotten = shelf.forget(connection, _EVERYTHING if forget_removed else shelf.KEPT_FOR)
        _drop(folder, database)
        chosen = [part for part in _parts(database) if part.is_small or part.is_half_dead]
        notes += _merge(folder, database, chosen, progress, cancelled)
        stop_if(cancelled)
        progress(Progress(0, None, "Tidying the metadata"))
        notes += _tidy_metadata(database)
        try:
            dense.sync(vectors.current(), progress, cancelled, tidy=True)
        except OSError as error:
            notes.append(f"The dense index could not be saved ({error.strerror}); it is made again later.")
    return CompactReport(segments_before, _count(database), bytes_before, size_of(folder), forgotten, tuple(notes))


def merge_small(folder: Path, database: Database, cancelled: CancelledCheck = never) -> None:
    """Merge little segments where there are many. Costs nothing otherwise; for the end of an indexing run.

    Raises:
        Cancelled, WorkspaceError: nothing is lost.
    """
    if _count(database) <= _MANY:
        return
    with disk_errors("merging segments", folder):
        little = [part for part in _parts(database) if part.used < _LITTLE]
        if len(little) > _MANY:
            _merge(folder, database, little, silent, cancelled)


def _merge(
    folder: Path, database: Database, parts: Sequence[_Part], progress: ProgressCallback, cancelled: CancelledCheck
) -> list[str]:
    """Merge these segments into full ones; returns what has to be told."""
    notes: list[str] = []
    whole = []
    for part in parts:
        stop_if(cancelled)
        # Damage would get a new checksum and never be found.
        problem = segment_problem(folder, part)
        if problem:
            notes.append(f"{part.file} was left as it is: {problem} Run “rankscope verify --repair”.")
        else:
            whole.append(part)
    groups = [group for group in _groups(whole) if len(group) > 1 or group[0].is_half_dead]
    total = sum(part.used for group in groups for part in group)
    done = 0
    for group in groups:
        stop_if(cancelled)
        progress(Progress(done, total, "Merging segments", "passages"))
        _merge_group(folder, database, group)
        _drop(folder, database)
        done += sum(part.used for part in group)
    return notes


def _groups(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """Neighbours that make one full segment together."""
    group: list[_Part] = []
    for part in parts:
        n = sum(one.used for one in group) + part.used
        n_bytes = sum(one.bytes_used for one in group) + part.bytes_used
        if group and (n > FULL_PASSAGES or n_bytes > FULL_BYTES):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _merge_group(folder: Path, database: Database, group: Sequence[_Part]) -> None:
    with database.read() as connection:
        number = next_number(connection)
        rows = {part.segment_id: _rows_in_use(connection, part.segment_id) for part in group}
    opened = {part.segment_id: Segment(folder / FOLDER / part.file) for part in group}
    head = opened[group[0].segment_id].head
    writer = SegmentWriter(folder / FOLDER / f"{number:06d}.vec", head.kind, head.codec, head.dim, head.row_bytes)
    try:
        for segment_id, segment in opened.items():
            for start in range(0, len(rows[segment_id]), _ROWS_AT_ONCE):
                writer.append(segment.of_passages(rows[segment_id][start : start + _ROWS_AT_ONCE]))
        written = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    places: dict[tuple[int, int], int] = {}
    for segment_id, used in rows.items():
        for row in used.tolist():
            places[segment_id, row] = len(places)
    try:
        with database.write() as connection:
            new_id = record_segment(connection, written)
            _point_to(connection, new_id, places)
    except BaseException:
        written.path.unlink(missing_ok=True)
        raise


def _rows_in_use(connection: Connection, segment_id: int) -> np.ndarray:
    """The rows that passages or the shelf use, rising: int64 [n]."""
    found = connection.exec_driver_sql(
        "SELECT row FROM passages WHERE segment_id = ? UNION SELECT row FROM shelf WHERE segment_id = ? ORDER BY row",
        (segment_id, segment_id),
    )
    return np.array([row[0] for row in found], np.int64)


def _point_to(connection: Connection, new_id: int, places: dict[tuple[int, int], int]) -> None:
    """Let the passages at these places, (segment, row) -> new row, have their vectors in the new segment."""
    for table in ("passages", "shelf"):
        for segment_id in {segment_id for segment_id, _ in places}:
            rows = connection.exec_driver_sql(f"SELECT id, row FROM {table} WHERE segment_id = ?", (segment_id,))
            moved = [(new_id, places[segment_id, row], passage_id) for passage_id, row in rows.fetchall()]
            if moved:
                connection.exec_driver_sql(f"UPDATE {table} SET segment_id = ?, row = ? WHERE id = ?", moved)
    bump_generation(connection, removed=True)


def _parts(database: Database) -> list[_Part]:
    """The segments of this index in their order; not those of one that is being built beside it."""
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT s.id, s.file, s.sha256, s.n_passages, s.n_vectors, s.n_bytes, count(u.row) FROM segments s JOIN "
            "(SELECT segment_id, row FROM passages UNION SELECT segment_id, row FROM shelf) u ON u.segment_id = s.id "
            "WHERE s.id NOT IN (SELECT segment_id FROM next_passages) GROUP BY s.id ORDER BY s.id"
        )
        return [_Part(*row) for row in rows]


def _count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM segments").scalar() or 0)


def _drop(folder: Path, database: Database) -> None:
    """Delete the segments that nothing uses any longer; a reader that has them open keeps them until it is done."""
    database.make_durable()  # else a power cut might bring back the state that needs them
    drop_unnamed_segments(folder, database)


def _tidy_metadata(database: Database) -> list[str]:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO lexical(lexical) VALUES ('optimize')")
    database.fold_log()
    try:
        note = database.shrink()
    except WorkspaceError as error:
        note = f"The metadata was not made smaller: {error.message}"
    database.fold_log()
    return [note] if note else []
