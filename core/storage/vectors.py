"""Which passage's vectors lie where: the directory of all segments, and reading vectors by passage id."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage import schema
from rankscope.core.storage.codecs import FittedCodec, LostCodec
from rankscope.core.storage.database import Database
from rankscope.core.storage.layout import stored_codec
from rankscope.core.storage.levels import FOLD, coarser, misfits, unfold
from rankscope.core.storage.residence import Residence
from rankscope.core.storage.segments import Segment, WrittenSegment, sha256_of

FOLDER = "segments"
_SCORED_AT_ONCE = 4_096
_READ_AT_ONCE = 50_000


@dataclass(frozen=True)
class MultiVectors:
    """The multi-vectors of some passages, as they are stored: ``rows`` uint8 [n_rows, row_bytes] in ``codec``; passage
    i owns rows ``offsets[i]:offsets[i + 1]`` (int64 [n + 1]). Of kind "levels" they are prefixes of nested lists, which
    ``fold`` [n_rows] unfolds; of kind "tokens" it is empty."""

    kind: str
    codec: FittedCodec
    rows: np.ndarray
    offsets: np.ndarray
    fold: np.ndarray

    def products(self, query: np.ndarray) -> np.ndarray:
        """The inner products of the vectors with a query's (float32 [q, dim]): float32 [n_rows, q], unfolded."""
        found = self.codec.products(query, self.rows)
        return unfold(found, self.fold, self.offsets) if len(self.fold) else found

    def decoded(self) -> np.ndarray:
        """The vectors themselves, unfolded: float16 or float32 [n_rows, dim of the codec]."""
        if self.codec.spec.codec == "float16" and self.codec.spec.reduction is None and not len(self.fold):
            return self.rows.view(np.float16)
        found = self.codec.decode(self.rows)
        return unfold(found, self.fold, self.offsets) if len(self.fold) else found


@dataclass(frozen=True)
class Vectors:
    """One state of the workspace's vectors. Immutable: a search works on one to its end while another is prepared.

    ``ids`` int64 [n] rising passage ids; passage ``ids[i]`` is row ``rows[i]`` of ``segments[segment_ids[i]]``.
    Passages in damaged segments are not among them; ``damaged`` says which segments and why, ``lost`` how many. Where
    the codec's file is damaged, ``codec`` is a :class:`~rankscope.core.storage.codecs.LostCodec`, and only pooled
    vectors can be read.
    """

    ids: np.ndarray
    segment_ids: np.ndarray
    rows: np.ndarray
    segments: dict[int, Segment]
    damaged: dict[int, WorkspaceError]
    generation: tuple[int, int]
    codec: FittedCodec
    residence: Residence = field(default_factory=Residence)
    lost: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_whole(self) -> bool:
        """Whether all vectors can be read, as far as opening the files tells."""
        return not self.damaged and not isinstance(self.codec, LostCodec)

    @property
    def n_passages(self) -> int:
        """All passages of the workspace, lost ones included. Known without counting rows of the database, which takes
        milliseconds where there are many."""
        return len(self.ids) + self.lost

    def positions(self, ids: np.ndarray) -> np.ndarray:
        """Where these passage ids stand in ``ids`` (int64 [len(ids)]). Raises KeyError for an unknown one."""
        if not len(self.ids):
            where = np.zeros(len(ids), np.int64)
        else:
            where = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        if len(ids) and (not len(self.ids) or (self.ids[where] != ids).any()):
            raise KeyError("a passage without vectors")
        return where

    def known(self, ids: np.ndarray) -> np.ndarray:
        """Those of these passage ids that have vectors, in the same order."""
        if not len(self.ids):
            return ids[:0]
        where = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return ids[self.ids[where] == ids]

    def pooled(self, ids: np.ndarray) -> np.ndarray:
        """The pooled vectors of these passages: float32 [len(ids), dim]."""
        where = self.positions(ids)
        segment_ids, rows = self.segment_ids[where], self.rows[where]
        found = np.empty((len(ids), self._dim), np.float32)
        for segment_id in np.unique(segment_ids):
            here = segment_ids == segment_id
            found[here] = self.segments[int(segment_id)].pooled[rows[here]]
        self.residence.touched(self.segments.values(), len(ids))
        return found

    def pooled_scores(self, query: np.ndarray) -> np.ndarray:
        """The inner product of a query vector (float32 [dim]) with every passage: float32 [n], in the order of ids.

        Reads segment by segment from the mapped files, so it needs no memory that grows with the vectors' width. The
        last bits depend on how many passages a segment holds; :meth:`exact_scores` does not.
        """
        scores = np.empty(len(self.ids), np.float32)
        for segment_id, positions in self._by_segment.items():
            scores[positions] = _products(self.segments[segment_id].pooled, query)[self.rows[positions]]
        self.residence.read_through(self.segments.values())
        return scores

    def exact_scores(self, ids: np.ndarray, query: np.ndarray) -> np.ndarray:
        """The inner products with these passages: float32 [len(ids)], the same wherever their vectors lie."""
        wide = query.astype(np.float64)
        parts = [
            self.pooled(ids[start : start + _SCORED_AT_ONCE]).astype(np.float64) @ wide
            for start in range(0, len(ids), _SCORED_AT_ONCE)
        ]
        return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)

    @property
    def kind(self) -> str:
        """What is stored of each passage: "levels" or "tokens" (see :mod:`rankscope.core.storage.layout`)."""
        return next((segment.head.kind for segment in self.segments.values()), "tokens")

    def multi(self, ids: Sequence[int] | np.ndarray, most: int | None = None) -> MultiVectors:
        """The multi-vectors of these passages, one after another, of each at most the first ``most``.

        Lists that make no sense come as NaN. Raises WorkspaceError where the codec is lost.
        """
        wanted = self.positions(np.asarray(ids, np.int64))
        segment_ids, places = self.segment_ids[wanted], self.rows[wanted]
        starts, counts = np.empty(len(wanted), np.int64), np.empty(len(wanted), np.int64)
        groups = {int(name): np.flatnonzero(segment_ids == name) for name in np.unique(segment_ids)}
        for name, here in groups.items():
            offsets = self.segments[name].offsets
            starts[here] = offsets[places[here]]
            counts[here] = offsets[places[here] + 1] - starts[here]
        if most is not None:
            counts = np.minimum(counts, most)
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.empty((ends[-1], self.codec.bytes_per_vector), np.uint8)
        fold = np.empty(ends[-1] if self.kind == "levels" else 0, FOLD)
        for name, here in groups.items():
            n = counts[here]
            within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
            into = np.repeat(ends[here], n) + within
            source = np.repeat(starts[here], n) + within
            rows[into] = self.segments[name].rows[source]
            if len(fold):
                fold[into] = self.segments[name].fold[source]
        for i in np.flatnonzero(misfits(fold, ends)) if len(fold) else ():
            damaged = fold[ends[i] : ends[i + 1]]
            damaged["parent"], damaged["length"] = 0, np.nan
        self.residence.touched(self.segments.values(), len(wanted) * (2 if len(fold) else 1))
        return MultiVectors(self.kind, self.codec, rows, ends, fold)

    def clusters(self, passage_id: int, most: int) -> np.ndarray:
        """Which of a passage's clusters holds each of its tokens when ``most`` rows are read: int64 [n_tokens].

        Raises WorkspaceError where its list makes no sense.
        """
        (where,) = self.positions(np.array([passage_id], np.int64))
        segment = self.segments[int(self.segment_ids[where])]
        packed = segment.of_passages(self.rows[[where]])
        if misfits(packed.fold, packed.offsets).any() or (packed.labels >= len(packed.fold)).any():
            raise _lost(f"The vector segment {segment.path.name} is damaged: a passage's clusters make no sense.")
        return coarser(packed.labels, packed.fold, most)

    @cached_property
    def _by_segment(self) -> dict[int, np.ndarray]:
        order = np.argsort(self.segment_ids, kind="stable")
        names, starts = np.unique(self.segment_ids[order], return_index=True)
        ends = [*starts[1:].tolist(), len(order)]
        return {int(name): order[start:end] for name, start, end in zip(names, starts.tolist(), ends, strict=False)}

    @property
    def _dim(self) -> int:
        return next((segment.pooled.shape[1] for segment in self.segments.values()), 0)


class VectorStore:
    """Keeps the current :class:`Vectors`, following what this or another process commits."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder / FOLDER
        self._database = database
        self._lock = Lock()
        self._residence = Residence()
        empty = np.empty(0, np.int64)
        nothing = stored_codec(folder, "float16", 1)
        self._current = Vectors(empty, empty, empty, {}, {}, (-1, -1), nothing)

    def current(self, connection: Connection | None = None) -> Vectors:
        """The vectors as of the last commit, or as ``connection``'s transaction sees them.

        Cheap when nothing has changed.
        """
        if connection is None:
            with self._database.read() as own:
                return self.current(own)
        generation = read_generation(connection)
        with self._lock:
            if generation == self._current.generation:
                return self._current
            loaded = self._load(connection, generation)
            # A writer that commits meanwhile may take a segment away under our eyes: that is no damage to remember.
            if loaded.is_whole or self._is_latest(generation):
                self._current = loaded
            return loaded

    @contextlib.contextmanager
    def reading(self) -> Iterator[tuple[Connection, Vectors]]:
        """A read transaction and the vectors that it sees.

        A writer may delete a segment that it has merged into another one just before it is opened here. Then
        everything begins again with the newer state.
        """
        for last in (False, False, True):
            with self._database.read() as connection:
                vectors = self.current(connection)
                if last or vectors.is_whole or self._is_latest(vectors.generation):
                    yield connection, vectors
                    return

    def _is_latest(self, generation: tuple[int, int]) -> bool:
        with self._database.read() as connection:
            return read_generation(connection) == generation

    def _load(self, connection: Connection, generation: tuple[int, int]) -> Vectors:
        old = self._current
        # Only additions since the last look: passage ids rise, so the new ones are behind the last known id.
        same_removals, added = old.generation[1] == generation[1], generation[0] - old.generation[0]
        grown = same_removals and added >= 0 and len(old.ids) > 0 and not old.damaged
        after = int(old.ids[-1]) if grown else 0
        table = _places_after(connection, after)
        if grown:
            table = np.concatenate([np.stack([old.ids, old.segment_ids, old.rows], axis=1), table])
        n_passages = len(table)
        used, which = np.unique(table[:, 1], return_inverse=True)
        segments, damaged = self._opened(connection, used.tolist(), old.segments)
        ends = np.array([len(segments[i]) if i in segments else 0 for i in used.tolist()], np.int64)
        there = (table[:, 2] >= 0) & (table[:, 2] < ends[which]) if len(table) else np.ones(0, bool)
        if not there.all():
            for segment_id in set(table[~there, 1].tolist()) - set(damaged):
                file = segments[segment_id].path.name
                damaged[segment_id] = _lost(f"The metadata names passages that the vector segment {file} lacks.")
            table = table[there]
        ids, segment_ids, rows = np.ascontiguousarray(table.T)
        codec = self._codec(segments)
        if damaged:
            there = np.isin(segment_ids, list(segments))
            ids, segment_ids, rows = ids[there], segment_ids[there], rows[there]
        lost = n_passages - len(ids)
        return Vectors(ids, segment_ids, rows, segments, damaged, generation, codec, self._residence, lost)

    def _codec(self, segments: dict[int, Segment]) -> FittedCodec:
        """The codec that the segments share."""
        head = next((segment.head for segment in segments.values()), None)
        if head is None:
            return self._current.codec
        try:
            return stored_codec(self._folder.parent, head.codec, head.dim)
        except WorkspaceError as error:
            return LostCodec(error)

    def _opened(
        self, connection: Connection, used: list[int], known: dict[int, Segment]
    ) -> tuple[dict[int, Segment], dict[int, WorkspaceError]]:
        """The segments of these ids, and why the others could not be opened."""
        segments: dict[int, Segment] = {}
        damaged: dict[int, WorkspaceError] = {}
        rows = connection.exec_driver_sql("SELECT id, file, n_passages, n_vectors, n_bytes FROM segments")
        named = {row[0]: (row[1], (row[2], row[3], row[4])) for row in rows}
        for segment_id in used:
            if segment_id not in named:
                damaged[segment_id] = _lost(f"The metadata names a vector segment {segment_id} that it does not know.")
                continue
            file, expected = named[segment_id]
            try:
                segments[segment_id] = known.get(segment_id) or Segment(self._folder / file, expected)
            except WorkspaceError as error:
                damaged[segment_id] = error
        return segments, damaged


def _places_after(connection: Connection, passage_id: int) -> np.ndarray:
    """Id, segment and row of the passages behind this one, by rising id: int64 [n, 3]."""
    found = connection.exec_driver_sql(
        "SELECT id, segment_id, row FROM passages WHERE id > ? ORDER BY id", (passage_id,)
    )
    # In parts: a million rows as Python's objects would take a quarter of a gigabyte.
    parts = [np.array([tuple(row) for row in part], np.int64) for part in found.partitions(_READ_AT_ONCE)]
    return np.concatenate([np.empty((0, 3), np.int64), *parts])


def _products(pooled: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The inner products of a segment's pooled vectors (float32 or float16 [n, dim]) with a query: float32 [n]."""
    if pooled.dtype == np.float32:
        return pooled @ query
    starts = range(0, len(pooled), _SCORED_AT_ONCE)
    parts = [pooled[start : start + _SCORED_AT_ONCE].astype(np.float32) @ query for start in starts]
    return np.concatenate([np.empty(0, np.float32), *parts])


def next_number(connection: Connection) -> int:
    """The number of the next segment; none is given twice."""
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'segments'").scalar()
    return int(last or 0) + 1


def record_segment(connection: Connection, written: WrittenSegment) -> int:
    """Make a finished segment part of the workspace, inside a transaction; returns its id."""
    values = {
        "id": int(written.path.stem),
        "file": written.path.name,
        "n_passages": written.n_passages,
        "n_vectors": written.n_vectors,
        "n_bytes": written.n_bytes,
        "sha256": written.sha256,
    }
    connection.execute(insert(schema.segments), values)
    return int(written.path.stem)


def read_generation(connection: Connection) -> tuple[int, int]:
    """How often passages were added and removed since the workspace was made: tells whether anything changed."""
    value = connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'generation'").scalar()
    added, removed = (value or "0.0").split(".")
    return int(added), int(removed)


def bump_generation(connection: Connection, *, added: bool = False, removed: bool = False) -> None:
    """Record, inside the transaction that does it, that passages were added or removed."""
    before = read_generation(connection)
    value = f"{before[0] + added}.{before[1] + removed}"
    connection.exec_driver_sql("INSERT OR REPLACE INTO meta(key, value) VALUES ('generation', ?)", (value,))


def segment_problem(folder: Path, row: Any) -> str:
    """What is wrong with the file of a segment, given its row; empty when it is whole. Reads all of it."""
    path = folder / FOLDER / row.file
    try:
        Segment(path, (row.n_passages, row.n_vectors, row.n_bytes))
        return "" if sha256_of(path) == row.sha256 else "Its content does not match its checksum."
    except WorkspaceError as error:
        return error.message
    except OSError as error:
        return f"It cannot be read ({error.strerror})."


def _lost(message: str) -> WorkspaceError:
    return WorkspaceError(message, "Run “rankscope verify --repair”: its documents are read and encoded again.")
