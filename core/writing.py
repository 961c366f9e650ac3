"""Committing documents in batches: vectors into a segment file, then everything else in one transaction."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from rankscope.core.documents.model import Extraction, PassageSpan, ReadDocument
from rankscope.core.encoding.encoder import EncodedPassages, Encoder
from rankscope.core.progress import CancelledCheck, never
from rankscope.core.ranking.passages import encoded_hash, encoded_text
from rankscope.core.shelf import forget_documents, hand_over, restore
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.layout import Layout, Packed
from rankscope.core.storage.segments import SegmentWriter, WrittenSegment
from rankscope.core.storage.vectors import FOLDER, bump_generation, next_number, record_segment

# A kill loses at most one batch. 256 passages are about five seconds on two CPU cores, and enough for batches of
# like length.
PASSAGES_PER_COMMIT = 256
DOCUMENTS_PER_COMMIT = 1_000


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A document that was read and waits for its batch. ``replaces`` is the id of what stood at its path, if any;
    ``container`` the file on disk that it lies in."""

    source_id: int
    path: str
    format: str
    size: int
    mtime_ns: int
    scan: int
    read: ReadDocument
    replaces: int | None = None
    container: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage's vectors lie."""

    segment_id: int
    row: int


class BatchWriter:
    """Collects documents and commits them. For the one writer of a workspace.

    A document becomes part of the workspace whole or not at all: its segment is synced first, then one transaction
    names the segment and adds the rows. A segment that no row names is dropped by :func:`drop_unnamed_segments`.

    No text is encoded twice: a passage whose text the workspace knows, on the shelf or in another document, shares its
    vectors. A file whose bytes the workspace knows becomes a copy of the document that has them.

    Attributes:
        encoded: passages that went through the encoder. copies: documents that turned out to be copies. restored:
            removed documents that came back under a new path.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        layout: Layout,
        encoder: Callable[[], Encoder],
        cancelled: CancelledCheck = never,
    ) -> None:
        self._folder = folder / FOLDER
        self._database = database
        self._layout = layout
        self._encoder = encoder
        self._cancelled = cancelled
        self._pending: list[PendingDocument] = []
        self._n_pending = 0
        self.encoded = 0
        self.copies = 0
        self.restored = 0

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
            places = self._known_places()
            fresh = self._fresh(places)
            segment = self._write_segment(fresh) if fresh else None
            try:
                with self._database.write() as connection:
                    if segment is not None:
                        segment_id = record_segment(connection, segment)
                        places.update({key: Place(segment_id, row) for row, key in enumerate(fresh)})
                    self._commit(connection, places, added=segment is not None)
            except BaseException:
                if segment is not None:
                    segment.path.unlink(missing_ok=True)
                raise
        self.encoded += len(fresh)
        self._pending, self._n_pending = [], 0

    def _known_places(self) -> dict[bytes, Place]:
        """Where the vectors of those pending passages lie that were encoded before."""
        hashes = list({_hash(document, span) for document in self._pending for span in document.read.passages})
        found: dict[bytes, Place] = {}
        with self._database.read() as connection:
            for start in range(0, len(hashes), 500):
                part = hashes[start : start + 500]
                for table in (schema.passages, schema.shelf):
                    columns = select(table.c.hash, table.c.segment_id, table.c.row)
                    for row in connection.execute(columns.where(table.c.hash.in_(part))):
                        found[row.hash] = Place(row.segment_id, row.row)
        return found

    def _fresh(self, known: dict[bytes, Place]) -> dict[bytes, tuple[str, int]]:
        """The texts that were never encoded, with their numbers of tokens, each once, in order."""
        fresh: dict[bytes, tuple[str, int]] = {}
        for document in self._pending:
            for span in document.read.passages:
                key = _hash(document, span)
                if key not in known and key not in fresh:
                    fresh[key] = (encoded_text(span.context, _text(document, span)), span.n_tokens)
        return fresh

    def _write_segment(self, fresh: dict[bytes, tuple[str, int]]) -> WrittenSegment:
        with self._database.read() as connection:
            number = next_number(connection)
        encode = partial(self._encoder().encode_passages, cancelled=self._cancelled)
        return write_encoded(self._folder / f"{number:06d}.vec", self._layout, encode, fresh.values())

    def _commit(self, connection: Connection, places: dict[bytes, Place], added: bool) -> None:
        removed = False
        for document in self._pending:
            if document.replaces is not None:
                if not _has_hash(connection, document.replaces, document.read.content_hash):
                    hand_over(connection, document.replaces)
                removed |= remove_passages(connection, [document.replaces])
            same = _same_content(connection, document)
            if same is not None and same.removed:
                self._come_back(connection, document, same.document_id)
                continue
            document_id = _insert_document(connection, document, same.document_id if same else None)
            if same is not None:
                self.copies += 1
            elif document.read.passages:
                added = True
                _insert_passages(connection, document_id, document, places)
        bump_generation(connection, added=added, removed=removed)

    def _come_back(self, connection: Connection, document: PendingDocument, shelved: int) -> None:
        """A removed document's bytes stand at a new path: it is brought back there instead of being made again."""
        if document.replaces is not None and document.replaces != shelved:
            forget_documents(connection, [document.replaces])
        restore(connection, [shelved])
        connection.execute(
            update(schema.documents).where(schema.documents.c.id == shelved).values(_file_values(document))
        )
        self.restored += 1


def write_encoded(
    path: Path,
    layout: Layout,
    encode: Callable[[list[str], list[int]], EncodedPassages],
    texts: Iterable[tuple[str, int]],
    before: Iterable[Packed] = (),
) -> WrittenSegment:
    """Write a segment of texts, given with their numbers of tokens. Raises OSError, Cancelled; then no file is left.

    Args:
        before: passages that are packed already and come first.
    """
    writer = SegmentWriter(path, layout.kind, layout.codec_name, layout.dim, layout.row_bytes)
    try:
        for packed in before:
            writer.append(replace(packed, pooled=layout.rounded(packed.pooled)))
        # A very long document is encoded a window at a time, so that memory stays that of one batch.
        remaining = iter(texts)
        while part := list(islice(remaining, PASSAGES_PER_COMMIT)):
            encoded = encode([text for text, _ in part], [length for _, length in part])
            writer.append(layout.pack(encoded.pooled, encoded.tokens, encoded.offsets, encoded.meta, encoded.labels))
        return writer.finish()
    except BaseException:
        writer.abandon()
        raise


def remove_passages(connection: Connection, document_ids: Sequence[int]) -> bool:
    """Take the passages and texts of these documents away, inside a transaction. True if there were any."""
    removed = 0
    for start in range(0, len(document_ids), 500):
        part = document_ids[start : start + 500]
        removed += connection.execute(delete(schema.passages).where(schema.passages.c.document_id.in_(part))).rowcount
        connection.execute(delete(schema.shelf).where(schema.shelf.c.document_id.in_(part)))
        connection.execute(delete(schema.texts).where(schema.texts.c.document_id.in_(part)))
    return removed > 0


def drop_unnamed_segments(folder: Path, database: Database) -> list[str]:
    """Delete segment files that no row names (a batch that was in flight) and rows of segments that nothing uses.

    Returns the names of the deleted files. For the one writer of a workspace.
    """
    with database.write() as connection:
        connection.exec_driver_sql(
            "DELETE FROM segments WHERE id NOT IN (SELECT segment_id FROM passages UNION SELECT segment_id FROM shelf)"
        )
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


def _has_hash(connection: Connection, document_id: int, content_hash: str) -> bool:
    """Whether the document is only read anew, its bytes being those that were read before."""
    known = connection.execute(select(schema.documents.c.content_hash).where(schema.documents.c.id == document_id))
    return bool(content_hash) and known.scalar() == content_hash


@dataclass(frozen=True, slots=True)
class _Same:
    """A document of the same bytes, read as the same format."""

    document_id: int
    removed: bool


def _same_content(connection: Connection, document: PendingDocument) -> _Same | None:
    """The known document that has the passages of the same bytes, one in the index before one on the shelf."""
    read = document.read
    if read.extraction is None or not read.content_hash or not read.passages:
        return None
    c = schema.documents.c
    row = connection.execute(
        select(c.id, c.removed_at)
        .where(
            c.content_hash == read.content_hash,
            c.format == document.format,
            c.reason == "",
            c.duplicate_of.is_(None),
            c.n_passages > 0,
            c.id != (document.replaces or 0),
        )
        .order_by(c.removed_at.is_not(None), c.id)
        .limit(1)
    ).first()
    return _Same(row.id, row.removed_at is not None) if row else None


def _insert_document(connection: Connection, document: PendingDocument, original: int | None) -> int:
    extraction, failure = document.read.extraction, document.read.failure
    values = {
        **_file_values(document),
        "format": document.format,
        "content_hash": document.read.content_hash,
        "title": extraction.title if extraction else "",
        "author": extraction.author if extraction else "",
        "created": extraction.created if extraction else None,
        "pages": json.dumps(
            [[p.number, p.start, p.end, p.width, p.height] for p in extraction.pages] if extraction else []
        ),
        "n_passages": len(document.read.passages) if original is None else 0,
        "reason": failure.reason if failure else "",
        "message": failure.message if failure else "",
        "remedy": failure.remedy if failure else "",
        "note": " ".join(extraction.warnings) if extraction else "",
        "duplicate_of": original,
        "removed_at": None,
    }
    if document.replaces is not None:
        connection.execute(update(schema.documents).where(schema.documents.c.id == document.replaces).values(values))
        return document.replaces
    result = connection.execute(insert(schema.documents), values)
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def _file_values(document: PendingDocument) -> dict[str, object]:
    return {
        "source_id": document.source_id,
        "path": document.path,
        "size": document.size,
        "mtime_ns": document.mtime_ns,
        "scan": document.scan,
        "container": document.container,
        "kept": 0,
    }


def _insert_passages(
    connection: Connection, document_id: int, document: PendingDocument, places: dict[bytes, Place]
) -> None:
    extraction = document.read.extraction
    assert extraction is not None
    text = extraction.text
    connection.execute(
        insert(schema.texts), {"document_id": document_id, "text": text, "layout": layout_json(extraction)}
    )
    rows = []
    for span in document.read.passages:
        key = _hash(document, span)
        rows.append(
            {
                "document_id": document_id,
                "start": span.start,
                "end": span.end,
                "page": span.page,
                "place": span.place,
                "context": span.context,
                "text": text[span.start : span.end],
                "segment_id": places[key].segment_id,
                "row": places[key].row,
                "hash": key,
            }
        )
    connection.execute(insert(schema.passages), rows)


def layout_json(extraction: Extraction) -> str:
    """What the chunker needs besides the text, so that a document can be cut anew without its file."""
    return json.dumps(
        {
            "headings": [[heading.start, heading.end, heading.level] for heading in extraction.headings],
            "marks": [[mark.start, mark.place] for mark in extraction.marks],
            "numbered_lines": extraction.numbered_lines,
            "format": extraction.format,
        },
        separators=(",", ":"),
    )


def _text(document: PendingDocument, span: PassageSpan) -> str:
    assert document.read.extraction is not None
    return document.read.extraction.text[span.start : span.end]


def _hash(document: PendingDocument, span: PassageSpan) -> bytes:
    return encoded_hash(span.context, _text(document, span))
