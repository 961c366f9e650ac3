"""Another encoder for a workspace: a new index is built beside the old one and takes its place when it is complete.

No source file is read: the texts are stored, and are cut and encoded anew. What is done is committed batch by batch
into tables of its own (``next_documents``, ``next_passages``) and segments that nothing else uses. The old index
serves, and may even change, until one transaction puts the new one in its place. A switch that was stopped or killed
goes on where it was. Removed documents are encoded as well, so that they can still be brought back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from rankscope.core.converting import Converter
from rankscope.core.documents.chunking import Chunker
from rankscope.core.documents.model import PassageSpan
from rankscope.core.encoding.encoder import EncodedPassages, Encoder
from rankscope.core.encoding.registry import EncoderFiles, resolve
from rankscope.core.errors import UsageError, WorkspaceError
from rankscope.core.generation import (
    CODEC,
    VECTORS,
    encoder_files,
    is_lost,
    is_made_alike,
    layout_of,
    new_manifest,
    same_texts,
)
from rankscope.core.indexes.dense import drop_saved
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, stop_if
from rankscope.core.ranking.passages import encoded_hash, encoded_text
from rankscope.core.storage import schema
from rankscope.core.storage.codecs import parse
from rankscope.core.storage.database import Database
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.layout import drop_codecs, learns, save_codec
from rankscope.core.storage.manifest import Manifest, stored_manifest
from rankscope.core.storage.meta import get_meta, set_meta
from rankscope.core.storage.segments import WrittenSegment
from rankscope.core.storage.vectors import FOLDER, bump_generation, next_number, record_segment
from rankscope.core.stored_text import stored_extraction
from rankscope.core.writing import DOCUMENTS_PER_COMMIT, PASSAGES_PER_COMMIT, drop_unnamed_segments, write_encoded

_BEGUN = "switching"
# Documents that have passages, whether in the index or on the shelf.
_WITH_TEXT = (
    "SELECT d.id, d.title, d.pages, t.text, t.layout FROM documents d JOIN texts t ON t.document_id = d.id "
    "WHERE d.reason = '' AND d.duplicate_of IS NULL AND d.n_passages > 0"
)
_PASSAGE = 'document_id, start, "end", page, context, text, segment_id, row, place, hash'
_OLD = "SELECT {0} FROM passages UNION ALL SELECT {0} FROM shelf"
_CUT = 'document_id, start, "end", page, place, hash'
_COUNTED = "SELECT document_id, count(*) FROM ({}) GROUP BY document_id"
# The documents whose passages are others than before, or that have none in one of the two indexes.
_CUT_ELSEWHERE = (
    f"SELECT DISTINCT document_id FROM (SELECT * FROM ({_OLD.format(_CUT)}) EXCEPT SELECT {_CUT} FROM next_passages) "
    f"UNION SELECT document_id FROM (SELECT {_CUT} FROM next_passages EXCEPT SELECT * FROM ({_OLD.format(_CUT)})) "
    f"UNION SELECT document_id FROM ({_COUNTED.format(_OLD.format('document_id'))} "
    f"EXCEPT {_COUNTED.format('SELECT document_id FROM next_passages')})"
)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A document that was cut anew and waits for its batch."""

    document_id: int
    text_hash: bytes
    text: str
    spans: tuple[PassageSpan, ...]

    def text_of(self, span: PassageSpan) -> str:
        return self.text[span.start : span.end]

    def hash_of(self, span: PassageSpan) -> bytes:
        return encoded_hash(span.context, self.text_of(span))


def switch_encoder(
    folder: Path,
    database: Database,
    current: Manifest,
    name: str,
    load: Callable[[str], Encoder],
    progress: ProgressCallback,
    cancelled: CancelledCheck,
    vectors: str = VECTORS,
    codec: str = CODEC,
) -> Manifest:
    """Give a workspace the encoder of this name; returns the manifest that then holds. For its one writer.

    With what the workspace has already, a switch that was begun is given up. Vectors that can be made from those that
    are there are not encoded anew.

    Args:
        load: loads an encoder by name.
        vectors, codec: what is stored of each passage (see :mod:`rankscope.core.storage.layout`).

    Raises:
        ModelError: there is no such encoder. UsageError: there is no such kind or codec, or nothing to fit it to.
        Cancelled, WorkspaceError: the old index goes on serving, and the next call goes on from here.
    """
    with disk_errors("switching the index", folder):
        target = _target(folder, database, current, encoder_files(name), vectors, codec, progress, cancelled)
        if is_made_alike(target, current):
            give_up(folder, database)
            return current
        drop_unnamed_segments(folder, database)
        can_convert = same_texts(target, current) and not is_lost(current, folder)
        convert = Converter(folder, database, current, layout_of(target, folder)) if can_convert else None
        switch = _Switch(folder, database, target, convert, lambda: load(target.encoder["name"]), progress, cancelled)
        switch.run(is_other_encoder=target.encoder != current.encoder)
    # The new index serves: whatever the disk still refuses, the next writer does.
    with contextlib.suppress(OSError, WorkspaceError):
        database.make_durable()
        target.write(folder)
        drop_unnamed_segments(folder, database)
        drop_codecs(folder, target.codec)
    return target


def begun(folder: Path, database: Database) -> Manifest | None:
    """What the index will be made with that was begun beside the one that serves; None where none was."""
    with database.read() as connection:
        found = get_meta(connection, _BEGUN)
    try:
        return Manifest.from_json(found, folder) if found else None
    except WorkspaceError:
        return None


def give_up(folder: Path, database: Database) -> None:
    """Drop what was begun beside the index that serves. For the workspace's one writer. Raises OSError."""
    with database.write() as connection:
        _forget_next(connection)
        serving = stored_manifest(connection, folder)
    drop_unnamed_segments(folder, database)
    if serving is not None:
        drop_codecs(folder, serving.codec)


class _Switch:
    """One attempt at building the new index."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        target: Manifest,
        convert: Converter | None,
        load: Callable[[], Encoder],
        progress: ProgressCallback,
        cancelled: CancelledCheck,
    ) -> None:
        self._folder = folder
        self._database = database
        self._target = target
        self._layout = layout_of(target, folder)
        self._convert = convert
        self._load = load
        self._progress = progress
        self._cancelled = cancelled
        self._pending: list[_Cut] = []

    def run(self, *, is_other_encoder: bool) -> None:
        """Build what is missing and put it in place. Raises Cancelled, WorkspaceError, ModelError."""
        self._begin()
        files = resolve(self._target.encoder["name"])
        chunker = Chunker(files.tokenizer_json, **self._target.chunking)
        document_ids = self._documents()
        for done, document_id in enumerate(document_ids):
            stop_if(self._cancelled)
            self._progress(Progress(done, len(document_ids), self._doing, "documents"))
            self._add(document_id, chunker)
            if self._is_full():
                self._flush()
        self._flush()
        stop_if(self._cancelled)
        self._progress(Progress(len(document_ids), len(document_ids), "Putting the new index in place", "documents"))
        if is_other_encoder:
            drop_saved(self._folder)  # the new index's vectors are not in it
        with self._database.write() as connection:
            _put_in_place(connection, self._target)

    @property
    def _doing(self) -> str:
        if self._convert is not None:
            return f"Converting to {self._target.vectors}, {self._layout.codec.spec}"
        return f"Encoding with {self._target.encoder['name']}"

    def _begin(self) -> None:
        """Go on with what was begun for the same encoder, or begin."""
        before = begun(self._folder, self._database)
        if before is None or not is_made_alike(before, self._target):
            with self._database.write() as connection:
                _forget_next(connection)
                set_meta(connection, _BEGUN, self._target.to_json())

    def _documents(self) -> list[int]:
        """All that the new index is to hold; what it holds beyond that is dropped."""
        with self._database.write() as connection:
            ids = [row[0] for row in connection.exec_driver_sql(f"SELECT id FROM ({_WITH_TEXT}) ORDER BY id")]
            for table in ("next_passages", "next_documents"):
                connection.exec_driver_sql(
                    f"DELETE FROM {table} WHERE document_id NOT IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
                )
        return ids

    def _add(self, document_id: int, chunker: Chunker) -> None:
        """Cut a document, unless that was done before and it has not changed since."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(f"{_WITH_TEXT} AND d.id = ?", (document_id,)).one()
            known = connection.execute(
                select(schema.next_documents.c.text_hash).where(schema.next_documents.c.document_id == document_id)
            ).scalar()
        text_hash = _text_hash(row)
        if known != text_hash:
            extraction = stored_extraction(row.title, row.pages, row.text, row.layout)
            self._pending.append(_Cut(document_id, text_hash, row.text, chunker.passages(extraction)))

    def _is_full(self) -> bool:
        n = sum(len(cut.spans) for cut in self._pending)
        return n >= PASSAGES_PER_COMMIT or len(self._pending) >= DOCUMENTS_PER_COMMIT

    def _flush(self) -> None:
        """Encode and commit what is pending."""
        if not self._pending:
            return
        places = self._known_places()
        fresh: dict[bytes, tuple[str, int]] = {}
        for cut in self._pending:
            for span in cut.spans:
                key = cut.hash_of(span)
                if key not in places and key not in fresh:
                    fresh[key] = (encoded_text(span.context, cut.text_of(span)), span.n_tokens)
        converted = self._convert.known(list(fresh)) if self._convert else {}
        fresh = {**dict.fromkeys(converted, ("", 0)), **{k: v for k, v in fresh.items() if k not in converted}}
        written = self._write(fresh, converted) if fresh else None
        try:
            with self._database.write() as connection:
                if written is not None:
                    segment_id = record_segment(connection, written)
                    places.update({key: (segment_id, row) for row, key in enumerate(fresh)})
                for cut in self._pending:
                    _insert(connection, cut, places)
        except BaseException:
            if written is not None:
                written.path.unlink(missing_ok=True)
            raise
        self._pending = []

    def _known_places(self) -> dict[bytes, tuple[int, int]]:
        """Where the vectors of those pending passages lie that the new index has already."""
        hashes = list({cut.hash_of(span) for cut in self._pending for span in cut.spans})
        c = schema.next_passages.c
        found: dict[bytes, tuple[int, int]] = {}
        with self._database.read() as connection:
            for start in range(0, len(hashes), 500):
                part = select(c.hash, c.segment_id, c.row).where(c.hash.in_(hashes[start : start + 500]))
                found.update({row.hash: (row.segment_id, row.row) for row in connection.execute(part)})
        return found

    def _write(self, fresh: dict[bytes, tuple[str, int]], converted: dict[bytes, tuple[int, int]]) -> WrittenSegment:
        """A segment of these texts in this order; those that can be converted come first."""
        with self._database.read() as connection:
            number = next_number(connection)
        path = self._folder / FOLDER / f"{number:06d}.vec"
        texts = [text for key, text in fresh.items() if key not in converted]
        before = self._convert.packed(list(converted.values())) if self._convert else iter(())
        return write_encoded(path, self._layout, self._encode, texts, before)

    def _encode(self, texts: list[str], lengths: list[int]) -> EncodedPassages:
        encoder = self._load()
        if encoder.identity.sha256 != self._target.encoder["sha256"]:
            raise WorkspaceError(
                f"The model “{encoder.identity.name}” has changed since this program loaded it.", "Start it again."
            )
        return encoder.encode_passages(texts, lengths, self._cancelled)


def _target(
    folder: Path,
    database: Database,
    current: Manifest,
    files: EncoderFiles,
    vectors: str,
    codec: str,
    progress: ProgressCallback,
    cancelled: CancelledCheck,
) -> Manifest:
    """The manifest of the new index. A codec that has to learn is fitted to the vectors that are there."""
    if not learns(codec):
        return new_manifest(files, vectors, codec)
    plain = new_manifest(files, vectors)
    if not same_texts(plain, current):
        raise UsageError(
            f"The codec {codec} learns from vectors of the new encoder, and there are none yet.",
            "Switch to the encoder first, then run “rankscope convert”.",
        )
    spec = str(parse(codec, files.identity.dim))
    for known in (current, begun(folder, database)):
        if known and (known.codec.split(":")[0], known.vectors, known.encoder) == (spec, vectors, plain.encoder):
            with contextlib.suppress(WorkspaceError):  # its file is damaged: it is fitted again
                layout_of(known, folder)
                return replace(plain, codec=known.codec)
    progress(Progress(0, None, f"Fitting {spec}"))
    fitted = Converter(folder, database, current, layout_of(plain, folder)).fitted(spec, progress, cancelled)
    return replace(plain, codec=save_codec(folder, fitted))


def _insert(connection: Connection, cut: _Cut, places: dict[bytes, tuple[int, int]]) -> None:
    for table in (schema.next_passages, schema.next_documents):
        connection.execute(table.delete().where(table.c.document_id == cut.document_id))
    rows = [
        {
            "document_id": cut.document_id,
            "start": span.start,
            "end": span.end,
            "page": span.page,
            "place": span.place,
            "context": span.context,
            "text": cut.text_of(span),
            "segment_id": places[cut.hash_of(span)][0],
            "row": places[cut.hash_of(span)][1],
            "hash": cut.hash_of(span),
        }
        for span in cut.spans
    ]
    if rows:
        connection.execute(insert(schema.next_passages), rows)
    connection.execute(insert(schema.next_documents), {"document_id": cut.document_id, "text_hash": cut.text_hash})


def _put_in_place(connection: Connection, target: Manifest) -> None:
    """The swap, inside one transaction. Documents keep their ids, and so do the passages of those that are cut as
    before: these only get other vectors."""
    connection.exec_driver_sql("CREATE TEMP TABLE recut (id INTEGER PRIMARY KEY)")
    connection.exec_driver_sql(f"INSERT INTO recut {_CUT_ELSEWHERE}")
    for table in ("passages", "shelf"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE document_id IN recut")
        connection.exec_driver_sql(
            f"UPDATE {table} SET (segment_id, row) = "
            f"(SELECT n.segment_id, n.row FROM next_passages n WHERE n.hash = {table}.hash LIMIT 1)"
        )
    connection.exec_driver_sql(
        f"INSERT INTO passages ({_PASSAGE}) SELECT {_PASSAGE} FROM next_passages "
        "WHERE document_id IN recut ORDER BY document_id, id"
    )
    # What was removed stays removed, and can be brought back as before.
    removed = "document_id IN (SELECT id FROM recut JOIN documents USING (id) WHERE removed_at IS NOT NULL)"
    connection.exec_driver_sql(
        f"INSERT INTO shelf (id, {_PASSAGE}) SELECT id, {_PASSAGE} FROM passages WHERE {removed}"
    )
    connection.exec_driver_sql(f"DELETE FROM passages WHERE {removed}")
    connection.exec_driver_sql("DROP TABLE recut")
    connection.exec_driver_sql(
        "UPDATE documents SET n_passages = (SELECT count(*) FROM next_passages n WHERE n.document_id = documents.id) "
        "WHERE id IN (SELECT document_id FROM next_documents)"
    )
    _forget_next(connection)
    set_meta(connection, "manifest", target.to_json())
    bump_generation(connection, added=True, removed=True)


def _forget_next(connection: Connection) -> None:
    connection.exec_driver_sql("DELETE FROM next_passages")
    connection.exec_driver_sql("DELETE FROM next_documents")
    set_meta(connection, _BEGUN, None)


def _text_hash(row: Any) -> bytes:
    """Of all that the passages of a document are made from."""
    return hashlib.sha256(json.dumps([row.title, row.pages, row.text, row.layout]).encode()).digest()
