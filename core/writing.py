"""Committing documents in batches: vectors into a segment file, then everything else in one transaction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from rankscope.core.documents.model import PassageSpan, ReadDocument
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.progress import CancelledCheck, never
from rankscope.core.ranking.passages import encoded_text
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.segments import SegmentWriter, WrittenSegment
from rankscope.core.storage.vectors import FOLDER, bump_generation

# A kill loses at most one batch. 256 passages are about five seconds on two CPU cores, and enough for batches of
# like length.
PASSAGES_PER_COMMIT = 256
DOCUMENTS_PER_COMMIT = 1_000


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A document that was read and waits for its batch. ``replaces`` is the id of its older version, if any."""

    source_id: int
    path: str
    format: str
    size: int
    mtime_ns: int
    scan: int
    read: ReadDocument
    replaces: int | None = None


class BatchWriter:
    """Collects documents and commits them. For the one writer of a workspace.

    A document becomes part of the workspace whole or not at all: its segment is synced first, then one transaction
    names the segment and adds the rows. A segment that no row names is dropped by :func:`drop_unnamed_segments`.
    """

    def __init__(
        self, folder: Path, database: Database, encoder: Callable[[], Encoder], cancelled: CancelledCheck = never
    ) -> None:
        self._folder = folder / FOLDER
        self._database = database
        self._encoder = encoder
        self._cancelled = cancelled
        self._pending: list[PendingDocument] = []
        self._n_pending = 0
        self.encoded = 0

    def add(self, document: PendingDocument) -> None:
        """Take a document; commits when the batch is full. Raises Cancelled, WorkspaceError."""
        self._pending.append(document)
        self._n_pending += len(document.read.passages)
        if self._n_pending >= PASSAGES_PER_COMMIT or len(self._pending) >= DOCUMENTS_PER_COMMIT:
            self.flush()

    def flush(self) -> None:
        """Commit what is pending. Raises Cancelled (nothing of the batch is kept), WorkspaceError."""
        if not self._pending:
            return
        with disk_errors("indexing", self._folder.parent):
            segment = self._write_segment() if self._n_pending else None
            try:
                with self._database.write() as connection:
                    self._commit(connection, segment)
            except BaseException:
                if segment is not None:
                    segment.path.unlink(missing_ok=True)
                raise
        self.encoded += self._n_pending
        self._pending, self._n_pending = [], 0

    def _write_segment(self) -> WrittenSegment:
        encoder = self._encoder()
        writer = SegmentWriter(self._folder / f"{self._next_number():06d}.vec", encoder.identity.dim)
        try:
            texts, lengths = [], []
            for document in self._pending:
                for span in document.read.passages:
                    texts.append(encoded_text(span.context, _text(document, span)))
                    lengths.append(span.n_tokens)
            # A very long document is encoded a window at a time, so that memory stays that of one batch.
            for start in range(0, len(texts), PASSAGES_PER_COMMIT):
                part = slice(start, start + PASSAGES_PER_COMMIT)
                encoded = encoder.encode_passages(texts[part], lengths[part], self._cancelled)
                writer.append(encoded.pooled, encoded.tokens, encoded.offsets)
            return writer.finish()
        except BaseException:
            writer.abandon()
            raise

    def _next_number(self) -> int:
        with self._database.read() as connection:
            last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'segments'").scalar()
        return int(last or 0) + 1

    def _commit(self, connection: Connection, segment: WrittenSegment | None) -> None:
        segment_id = _insert_segment(connection, segment) if segment else None
        row = 0
        removed = False
        for document in self._pending:
            if document.replaces is not None:
                removed |= remove_passages(connection, [document.replaces])
            document_id = _insert_document(connection, document)
            spans = document.read.passages
            if spans:
                assert document.read.extraction is not None
                text = document.read.extraction.text
                connection.execute(insert(schema.texts), {"document_id": document_id, "text": text})
                connection.execute(
                    insert(schema.passages),
                    [
                        {
                            "document_id": document_id,
                            "start": span.start,
                            "end": span.end,
                            "page": span.page,
                            "context": span.context,
                            "text": text[span.start : span.end],
                            "segment_id": segment_id,
                            "row": row + i,
                        }
                        for i, span in enumerate(spans)
                    ],
                )
                row += len(spans)
        bump_generation(connection, added=segment is not None, removed=removed)


def remove_passages(connection: Connection, document_ids: Sequence[int]) -> bool:
    """Take the passages and texts of these documents away, inside a transaction. True if there were any."""
    removed = 0
    for start in range(0, len(document_ids), 500):
        part = document_ids[start : start + 500]
        removed += connection.execute(delete(schema.passages).where(schema.passages.c.document_id.in_(part))).rowcount
        connection.execute(delete(schema.texts).where(schema.texts.c.document_id.in_(part)))
    return removed > 0


def drop_unnamed_segments(folder: Path, database: Database) -> list[str]:
    """Delete segment files that no row names (a batch that was in flight) and rows of segments that nothing uses.

    Returns the names of the deleted files. For the one writer of a workspace.
    """
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM segments WHERE id NOT IN (SELECT DISTINCT segment_id FROM passages)")
        named = {row[0] for row in connection.execute(select(schema.segments.c.file))}
    dropped = []
    (folder / FOLDER).mkdir(exist_ok=True)
    for path in sorted((folder / FOLDER).iterdir()):
        if path.is_file() and path.name not in named:
            # Where mapped files cannot be deleted (Windows), the next run does it.
            with contextlib.suppress(PermissionError):
                path.unlink()
                dropped.append(path.name)
    return dropped


def _insert_segment(connection: Connection, segment: WrittenSegment) -> int:
    values = {
        "id": int(segment.path.stem),
        "file": segment.path.name,
        "n_passages": segment.n_passages,
        "n_vectors": segment.n_vectors,
        "n_bytes": segment.n_bytes,
        "sha256": segment.sha256,
    }
    connection.execute(insert(schema.segments), values)
    return int(segment.path.stem)


def _insert_document(connection: Connection, document: PendingDocument) -> int:
    extraction, failure = document.read.extraction, document.read.failure
    values = {
        "source_id": document.source_id,
        "path": document.path,
        "format": document.format,
        "size": document.size,
        "mtime_ns": document.mtime_ns,
        "content_hash": document.read.content_hash,
        "title": extraction.title if extraction else "",
        "author": extraction.author if extraction else "",
        "created": extraction.created if extraction else None,
        "pages": json.dumps(
            [[p.number, p.start, p.end, p.width, p.height] for p in extraction.pages] if extraction else []
        ),
        "n_passages": len(document.read.passages),
        "reason": failure.reason if failure else "",
        "message": failure.message if failure else "",
        "remedy": failure.remedy if failure else "",
        "scan": document.scan,
    }
    if document.replaces is not None:
        connection.execute(update(schema.documents).where(schema.documents.c.id == document.replaces).values(values))
        return document.replaces
    result = connection.execute(insert(schema.documents), values)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _text(document: PendingDocument, span: PassageSpan) -> str:
    assert document.read.extraction is not None
    return document.read.extraction.text[span.start : span.end]
