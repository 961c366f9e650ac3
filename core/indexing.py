"""Bringing a workspace up to date with its sources: what is new, changed, renamed or gone since the last scan."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, select, update

from rankscope.core import sources
from rankscope.core.compacting import merge_small
from rankscope.core.documents import ocr
from rankscope.core.documents.model import ReadDocument
from rankscope.core.documents.patterns import Patterns
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.registry import format_of
from rankscope.core.documents.scan import FoundFile, scan
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, stop_if
from rankscope.core.records import IndexReport
from rankscope.core.shelf import forget, forget_documents, restore, shelve, take_place
from rankscope.core.sources import Source
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.layout import Layout
from rankscope.core.storage.paths import displayed, is_there
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.writing import BatchWriter, PendingDocument, drop_unnamed_segments

documents = schema.documents
UNPACKED = "unpacked"  # the folder in a workspace where files inside files lie while they are read
# Failures that may pass without the file changing: a permission, a busy machine, a parser that died.
_WORTH_ANOTHER_TRY = frozenset({"unreadable", "vanished", "timed out", "crashed", "changing", "dropped"})


@dataclass
class _Counts:
    scanned: int = 0
    unchanged: int = 0
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    restored: int = 0
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
    container: str
    removed: bool
    format: str
    is_copy: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of one run beyond following the sources.

    ``paths`` become sources, limited by ``patterns``; ``again`` are ids of documents to read anew although their
    files have not changed; ``passwords`` are tried on protected files; ``only`` limits the run to these sources.
    """

    paths: tuple[Path, ...] = ()
    patterns: Patterns | None = None
    again: frozenset[int] = frozenset()
    passwords: tuple[str, ...] = ()
    only: frozenset[int] | None = None


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
        layout: Layout,
        encoder: Callable[[], Encoder],
        pool: Callable[[tuple[str, ...]], ReaderPool],
        wishes: Wishes,
        progress: ProgressCallback,
        cancelled: CancelledCheck,
    ) -> None:
        self._folder = folder
        self._database = database
        self._vectors = vectors
        self._dense = dense
        self._pool = pool
        self._wishes = wishes
        self._progress = progress
        self._cancelled = cancelled
        self._writer = BatchWriter(folder, database, layout, encoder, cancelled)
        self._counts = _Counts()
        self._newest_before = 0  # the highest id of a document before the run

    def run(self) -> IndexReport:
        """Add sources, scan, and bring documents, passages, vectors and indexes up to date.

        Raises:
            UsageError: a path that does not exist.
            Cancelled, WorkspaceError: what was committed before stays, and the next run goes on from there.
        """
        start = time.perf_counter()
        shutil.rmtree(self._folder / UNPACKED, ignore_errors=True)  # what a killed run left
        drop_unnamed_segments(self._folder, self._database)
        for path in self._wishes.paths:
            sources.add(self._database, path, self._wishes.patterns)
        if self._wishes.only is None:
            set_unfinished(self._database, True)
        scan_number, self._newest_before = self._next_scan()
        waiting: list[tuple[int, FoundFile]] = []
        for source in self._sources():
            waiting += [(source.source_id, found) for found in self._changed(source, scan_number)]
        self._read(waiting, scan_number)
        self._writer.flush()
        for source in self._sources():
            self._remove_vanished(source, scan_number)
        with self._database.write() as connection:
            forget(connection)
        merge_small(self._folder, self._database, self._cancelled)
        drop_unnamed_segments(self._folder, self._database)
        self._link()
        if self._wishes.only is None:  # else a run over all sources that was cut off is still to be made up for
            set_unfinished(self._database, False)
        return self._report(time.perf_counter() - start)

    def _sources(self) -> list[Source]:
        only = self._wishes.only
        return [one for one in sources.followed(self._database) if only is None or one.source_id in only]

    def _next_scan(self) -> tuple[int, int]:
        """The number of this scan, and the highest id of a document so far."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql("SELECT coalesce(max(scan), 0) + 1, coalesce(max(id), 0) FROM documents")
            number, newest = row.one()
        return int(number), int(newest)

    def _changed(self, source: Source, scan_number: int) -> Iterable[FoundFile]:
        """The files that are not as the workspace knows them; the others are marked as seen."""
        shown = displayed(source.path)
        if not is_there(source.path):
            self._counts.notes.append(f"{shown} is not there at the moment; its documents are kept.")
            return []
        known = self._known(source.source_id)
        again = self._again(known.values())
        seen: list[int] = []
        back: list[int] = []
        changed = []
        skipped: Counter[str] = Counter()
        for found in scan(Path(source.path), self._cancelled, source.patterns, skipped):
            self._counts.scanned += 1
            before = known.get(found.path)
            same = before and found.problem is None and (before.size, before.mtime_ns) == (found.size, found.mtime_ns)
            if before and same and before.document_id not in again:
                seen.append(before.document_id)
                if before.removed:
                    back.append(before.document_id)
            else:
                changed.append(found)
            if self._counts.scanned % 200 == 0:
                self._progress(Progress(self._counts.scanned, None, f"Looking through {shown}"))
        self._counts.unchanged += len(seen) - len(back)
        self._counts.restored += len(back)
        self._mark_seen(source, seen, back, skipped, scan_number)
        return changed

    def _mark_seen(
        self, source: Source, seen: list[int], back: list[int], skipped: Counter[str], scan_number: int
    ) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE documents SET scan = ? WHERE id IN (SELECT value FROM json_each(?))",
                (scan_number, json.dumps(seen)),
            )
            inside = (
                "FROM documents m WHERE m.source_id = ? AND m.container IN "
                "(SELECT path FROM documents WHERE source_id = ? AND scan = ? AND container = '')"
            )
            of_source = (source.source_id, source.source_id, scan_number)
            if back:
                rows = connection.exec_driver_sql(f"SELECT m.id {inside} AND m.removed_at IS NOT NULL", of_source)
                restore(connection, [*back, *(row[0] for row in rows.fetchall())])
            connection.exec_driver_sql(
                f"UPDATE documents SET scan = ? WHERE id IN (SELECT m.id {inside})", (scan_number, *of_source)
            )
            connection.execute(
                update(schema.sources)
                .where(schema.sources.c.id == source.source_id)
                .values(last_scan=now, skipped=json.dumps(skipped))
            )

    def _known(self, source_id: int) -> dict[str, _Known]:
        with self._database.read() as connection:
            rows = connection.execute(_known_columns().where(documents.c.source_id == source_id))
            return {row.path: _known_from(row) for row in rows}

    def _again(self, known: Iterable[_Known]) -> set[int]:
        """The documents that are read although their files have not changed; for a file inside a file, that file."""
        reasons = set(_WORTH_ANOTHER_TRY)
        if ocr.available():
            reasons.add("needs OCR")
        if self._wishes.passwords:
            reasons.add("encrypted")
        chosen = [one for one in known if one.reason in reasons or one.document_id in self._wishes.again]
        files = {one.container for one in chosen if one.container}
        return {one.document_id for one in chosen} | {one.document_id for one in known if one.path in files}

    def _read(self, waiting: list[tuple[int, FoundFile]], scan_number: int) -> None:
        if not waiting:
            return
        source_of = {found.path: source_id for source_id, found in waiting}
        pool = self._pool(self._wishes.passwords)
        pool.start()  # its process comes up while the first batch waits for the encoder
        done = 0
        try:
            for found, read in pool.results(found for _, found in waiting):
                stop_if(self._cancelled)
                self._progress(Progress(done, len(waiting), displayed(found.path)))
                done += not found.container
                self._take(source_of[found.container or found.path], found, read, scan_number)
            self._writer.flush()
            self._progress(Progress(len(waiting), len(waiting), "Finishing"))
        finally:
            pool.close()

    def _take(self, source_id: int, found: FoundFile, read: ReadDocument, scan_number: int) -> None:
        before = self._one_known(found.path)
        if before is not None and self._is_as_known(before, read):
            self._touch(before, found, scan_number, source_id)  # a new date, the same bytes
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
                found.container,
            )
        )

    def _is_as_known(self, before: _Known, read: ReadDocument) -> bool:
        """Whether the file is what was read before, so that nothing but its date has to be noted."""
        if before.document_id in self._wishes.again and read.failure is None:
            return False
        if before.reason != (read.failure.reason if read.failure else ""):
            return False
        if read.extraction is not None and read.extraction.format != before.format:
            return False
        return before.content_hash == read.content_hash and bool(read.content_hash or before.reason)

    def _one_known(self, path: str) -> _Known | None:
        with self._database.read() as connection:
            row = connection.execute(_known_columns().where(documents.c.path == path)).first()
        return _known_from(row) if row else None

    def _touch(self, known: _Known, found: FoundFile, scan_number: int, source_id: int) -> None:
        values = {
            "source_id": source_id,
            "size": found.size,
            "mtime_ns": found.mtime_ns,
            "scan": scan_number,
            "kept": 0,
        }
        with self._database.write() as connection:
            if known.removed:
                restore(connection, [known.document_id])
            connection.execute(update(documents).where(documents.c.id == known.document_id).values(values))
        self._counts.restored += known.removed
        self._counts.unchanged += not known.removed

    def _remove_vanished(self, source: Source, scan_number: int) -> None:
        if not is_there(source.path):
            return
        with self._database.write() as connection:
            rows = connection.execute(
                _known_columns().where(
                    documents.c.source_id == source.source_id,
                    documents.c.scan < scan_number,
                    documents.c.removed_at.is_(None),
                    documents.c.kept == 0,
                )
            )
            unseen = [_known_from(row) for row in rows.fetchall()]
            containers = self._containers_seen(connection, source.source_id, scan_number)
            # A file inside a folder that could not be listed this time has not vanished.
            gone = [one for one in unseen if _is_gone(one, source, containers)]
            # Of a copy nothing is lost, and of a failure nothing was won: only the rest goes to the shelf. The copies
            # first, so that none of them is taken for what is left of its original.
            light = [one.document_id for one in gone if one.reason or one.is_copy]
            forget_documents(connection, light)
            heavy = [one.document_id for one in gone if not one.reason and not one.is_copy]
            heirs = {document_id: take_place(connection, document_id) for document_id in heavy}
            shelve(connection, [document_id for document_id, heir in heirs.items() if heir is None])
            # A copy that came in this very run is the same file under a new name.
            renamed = sum(heir is not None and heir > self._newest_before for heir in heirs.values())
            self._counts.renamed += renamed
            self._counts.added -= renamed
            self._writer.copies -= renamed
            self._counts.removed += len(gone) - renamed

    @staticmethod
    def _containers_seen(connection: Connection, source_id: int, scan_number: int) -> set[str]:
        """The containers that this scan saw: what they held before and no longer hold is gone."""
        rows = connection.execute(
            select(documents.c.path).where(
                documents.c.source_id == source_id, documents.c.scan == scan_number, documents.c.container == ""
            )
        )
        return {row.path for row in rows}

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
            self._writer.copies,
            c.restored + self._writer.restored,
        )


def set_unfinished(database: Database, unfinished: bool) -> None:
    """Note that a run has begun, or ended whole: after a crash or a kill, the next start goes on with it."""
    with database.write() as connection:
        if unfinished:
            connection.exec_driver_sql("INSERT OR REPLACE INTO meta(key, value) VALUES ('unfinished', '1')")
        else:
            connection.exec_driver_sql("DELETE FROM meta WHERE key = 'unfinished'")


def _known_columns() -> Select[Any]:
    c = documents.c
    return select(
        c.id,
        c.path,
        c.size,
        c.mtime_ns,
        c.content_hash,
        c.reason,
        c.container,
        c.removed_at.is_not(None),
        c.format,
        c.duplicate_of.is_not(None),
    )


def _known_from(row: Any) -> _Known:
    document_id, path, size, mtime_ns, content_hash, reason, container, removed, name, is_copy = row
    return _Known(
        document_id, path, size, mtime_ns, content_hash, reason, container, bool(removed), name, bool(is_copy)
    )


def _is_gone(known: _Known, source: Source, containers: set[str]) -> bool:
    """Whether a document that the scan did not see is certainly no longer one of its source."""
    if known.container in containers:
        return True
    if not known.content_hash and Path(known.path).is_dir():
        return True  # a problem with a folder that this scan did not meet again
    file = known.container or known.path
    return _has_vanished(file) or not source.takes(file)


def _has_vanished(path: str) -> bool:
    """True when the file is certainly gone; in a folder without permission nothing is certain."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
