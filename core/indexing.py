"""Bringing a workspace up to date with its sources: what is new, changed, renamed or gone since the last scan."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from rankscope.core.documents.model import ReadDocument
from rankscope.core.documents.reading import ReaderPool
from rankscope.core.documents.registry import format_of
from rankscope.core.documents.scan import FoundFile, scan
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, stop_if
from rankscope.core.records import IndexReport
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.paths import displayed, existing, is_there
from rankscope.core.storage.vectors import VectorStore, bump_generation
from rankscope.core.writing import BatchWriter, PendingDocument, drop_unnamed_segments, remove_passages

documents = schema.documents
# Failures that may pass without the file changing: a permission, a busy machine, a parser that died.
_WORTH_ANOTHER_TRY = frozenset({"unreadable", "vanished", "timed out", "crashed", "dropped"})


@dataclass
class _Counts:
    scanned: int = 0
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    failed: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the workspace knows of a file."""

    document_id: int
    path: str
    size: int
    mtime_ns: int
    content_hash: str
    reason: str


class Indexer:
    """One run of indexing. For the one writer; the caller holds the writer lock.

    Args:
        pool: makes the reading process when a file has to be read.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        vectors: VectorStore,
        dense: DenseIndex,
        encoder: Callable[[], Encoder],
        pool: Callable[[], ReaderPool],
        progress: ProgressCallback,
        cancelled: CancelledCheck,
    ) -> None:
        self._folder = folder
        self._database = database
        self._vectors = vectors
        self._dense = dense
        self._pool = pool
        self._progress = progress
        self._cancelled = cancelled
        self._writer = BatchWriter(folder, database, encoder, cancelled)
        self._counts = _Counts()

    def run(self, paths: Sequence[Path]) -> IndexReport:
        """Add sources, scan all of them, and bring documents, passages, vectors and indexes up to date.

        Raises:
            UsageError: a path that does not exist.
            Cancelled, WorkspaceError: what was committed before stays.
        """
        start = time.perf_counter()
        drop_unnamed_segments(self._folder, self._database)
        for path in paths:
            add_source(self._database, path)
        scan_number = self._next_scan()
        waiting: list[tuple[int, FoundFile]] = []
        for source_id, root in self._sources():
            waiting += [(source_id, found) for found in self._changed(source_id, root, scan_number)]
        self._read(waiting, scan_number)
        self._writer.flush()
        for source_id, root in self._sources():
            self._remove_vanished(source_id, root, scan_number)
        drop_unnamed_segments(self._folder, self._database)
        self._link()
        return self._report(time.perf_counter() - start)

    def _sources(self) -> list[tuple[int, str]]:
        with self._database.read() as connection:
            return [(row.id, row.path) for row in connection.execute(select(schema.sources).order_by("id"))]

    def _next_scan(self) -> int:
        with self._database.read() as connection:
            return int(connection.exec_driver_sql("SELECT coalesce(max(scan), 0) + 1 FROM documents").scalar() or 1)

    def _changed(self, source_id: int, root: str, scan_number: int) -> Iterable[FoundFile]:
        """The files that are not as the workspace knows them; the others are marked as seen."""
        if not is_there(root):
            self._counts.notes.append(f"{displayed(root)} is not there at the moment; its documents are kept.")
            return []
        known = self._known(source_id)
        seen: list[int] = []
        changed = []
        for found in scan(Path(root), self._cancelled):
            self._counts.scanned += 1
            before = known.get(found.path)
            same = before and found.problem is None and (before.size, before.mtime_ns) == (found.size, found.mtime_ns)
            if before and same and before.reason not in _WORTH_ANOTHER_TRY:
                seen.append(before.document_id)
                self._counts.unchanged += 1
            else:
                changed.append(found)
            if self._counts.scanned % 200 == 0:
                self._progress(Progress(self._counts.scanned, None, f"Looking through {displayed(root)}"))
        with self._database.write() as connection:
            if seen:
                connection.execute(
                    update(documents).where(documents.c.id == bindparam("seen")).values(scan=scan_number),
                    [{"seen": document_id} for document_id in seen],
                )
            now = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute(update(schema.sources).where(schema.sources.c.id == source_id).values(last_scan=now))
        return changed

    def _known(self, source_id: int) -> dict[str, _Known]:
        with self._database.read() as connection:
            rows = connection.execute(_known_columns().where(documents.c.source_id == source_id))
            return {row.path: _Known(*row) for row in rows}

    def _read(self, waiting: list[tuple[int, FoundFile]], scan_number: int) -> None:
        if not waiting:
            return
        source_of = {found.path: source_id for source_id, found in waiting}
        pool = self._pool()
        pool.start()  # its process comes up while the first batch waits for the encoder
        try:
            readable = [found for _, found in waiting if found.problem is None]
            for _, found in waiting:
                if found.problem is not None:
                    self._take(source_of[found.path], found, ReadDocument("", failure=found.problem), scan_number)
            for done, (found, read) in enumerate(pool.results(readable)):
                stop_if(self._cancelled)
                self._progress(Progress(done, len(readable), displayed(found.path)))
                self._take(source_of[found.path], found, read, scan_number)
            self._writer.flush()
            self._progress(Progress(len(readable), len(readable), "Finishing"))
        finally:
            pool.close()

    def _take(self, source_id: int, found: FoundFile, read: ReadDocument, scan_number: int) -> None:
        before = self._one_known(found.path)
        reason = read.failure.reason if read.failure else ""
        known_bytes = before is not None and before.content_hash == read.content_hash and before.reason == reason
        if before and known_bytes and (read.content_hash or reason):
            self._touch(before.document_id, found, scan_number)  # a new date, the same bytes
            self._counts.unchanged += 1
            return
        if before is None and read.content_hash and (moved := self._moved(read.content_hash, scan_number)):
            self._touch(moved.document_id, found, scan_number, source_id)
            self._counts.renamed += 1
            return
        self._counts.failed += read.failure is not None
        self._counts.added += before is None
        self._counts.changed += before is not None
        name = read.extraction.format if read.extraction else (format_of(found.path) or "")
        self._writer.add(
            PendingDocument(
                source_id,
                found.path,
                name,
                found.size,
                found.mtime_ns,
                scan_number,
                read,
                before.document_id if before else None,
            )
        )

    def _one_known(self, path: str) -> _Known | None:
        with self._database.read() as connection:
            row = connection.execute(_known_columns().where(documents.c.path == path)).first()
        return _Known(*row) if row else None

    def _moved(self, content_hash: str, scan_number: int) -> _Known | None:
        """The indexed document of the same bytes whose file is gone: this one is it, under a new name."""
        with self._database.read() as connection:
            rows = connection.execute(
                _known_columns().where(
                    documents.c.content_hash == content_hash,
                    documents.c.reason == "",
                    documents.c.scan < scan_number,  # what this scan has seen is still there
                )
            )
            same = [_Known(*row) for row in rows]
        return next((known for known in same if _has_vanished(known.path)), None)

    def _touch(self, document_id: int, found: FoundFile, scan_number: int, source_id: int | None = None) -> None:
        values: dict[str, object] = {
            "path": found.path,
            "size": found.size,
            "mtime_ns": found.mtime_ns,
            "scan": scan_number,
        }
        if source_id is not None:
            values["source_id"] = source_id
        with self._database.write() as connection:
            connection.execute(update(documents).where(documents.c.id == document_id).values(values))

    def _remove_vanished(self, source_id: int, root: str, scan_number: int) -> None:
        if not is_there(root):
            return
        with self._database.read() as connection:
            rows = connection.execute(
                _known_columns().where(documents.c.source_id == source_id, documents.c.scan < scan_number)
            )
            # A file inside a folder that could not be listed this time has not vanished.
            gone = [row.id for row in rows if _has_vanished(row.path)]
            gone += self._stale_problems(connection, source_id, scan_number)
        if gone:
            with self._database.write() as connection:
                delete_documents(connection, gone)
            self._counts.removed += len(gone)

    @staticmethod
    def _stale_problems(connection: Connection, source_id: int, scan_number: int) -> list[int]:
        """Entries for problems (a folder without permission) that this scan did not meet again."""
        rows = connection.execute(
            _known_columns().where(
                documents.c.source_id == source_id, documents.c.scan < scan_number, documents.c.content_hash == ""
            )
        )
        return [row.id for row in rows if Path(row.path).is_dir()]

    def _link(self) -> None:
        try:
            self._dense.sync(self._vectors.current(), self._progress, self._cancelled)
        except OSError as error:
            self._counts.notes.append(f"The dense index could not be saved ({error.strerror}); it is made again later.")

    def _report(self, seconds: float) -> IndexReport:
        with self._database.read() as connection:
            passages = int(connection.exec_driver_sql("SELECT count(*) FROM passages").scalar() or 0)
        c = self._counts
        return IndexReport(
            c.scanned,
            c.unchanged,
            c.added,
            c.changed,
            c.renamed,
            c.removed,
            c.failed,
            passages,
            self._writer.encoded,
            seconds,
            tuple(c.notes),
        )


def add_source(database: Database, path: Path) -> int:
    """Remember a folder or file as a source. One inside a known source is that source; one around it takes it over.

    Raises:
        UsageError: there is no such path.
    """
    path = existing(path).resolve()
    with database.write() as connection:
        known = [(row.id, Path(row.path)) for row in connection.execute(select(schema.sources))]
        for source_id, root in known:
            if path == root or root in path.parents:
                return int(source_id)
        result = connection.execute(insert(schema.sources), {"path": str(path)})
        assert result.inserted_primary_key is not None
        new_id = int(result.inserted_primary_key[0])
        for source_id, root in known:
            if path in root.parents:
                connection.execute(update(documents).where(documents.c.source_id == source_id).values(source_id=new_id))
                connection.execute(delete(schema.sources).where(schema.sources.c.id == source_id))
        return new_id


def delete_documents(connection: Connection, document_ids: list[int]) -> None:
    """Remove documents with their passages and texts, inside a transaction."""
    removed = remove_passages(connection, document_ids)
    for start in range(0, len(document_ids), 500):
        connection.execute(delete(documents).where(documents.c.id.in_(document_ids[start : start + 500])))
    bump_generation(connection, removed=removed)


def _known_columns() -> Select[Any]:
    c = documents.c
    return select(c.id, c.path, c.size, c.mtime_ns, c.content_hash, c.reason)


def _has_vanished(path: str) -> bool:
    """True when the file is certainly gone; in a folder without permission nothing is certain."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
