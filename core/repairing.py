"""Repairing what can be repaired in a workspace, so that the next indexing run makes it whole."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from rankscope.core import checking
from rankscope.core.checking import Cure, Flaw
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.errors import UsageError, WorkspaceError
from rankscope.core.generation import CODEC, is_lost, spec_of
from rankscope.core.indexes import candidates, lexical
from rankscope.core.indexes.dense import DenseIndex, drop_saved
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.storage import manifest as manifests
from rankscope.core.storage import schema, vectors
from rankscope.core.storage.database import NAME as DATABASE
from rankscope.core.storage.database import RESTORE, Database
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.layout import stored_codec
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.meta import set_meta
from rankscope.core.switching import begun, give_up, switch_encoder
from rankscope.core.writing import drop_unnamed_segments

_IN_SEGMENT = "Its passages were in a damaged segment and were dropped."
_IN_METADATA = "Its passages were damaged and were dropped."
UNPACKED = "unpacked"  # where an indexing run unpacks files inside files
_OWNED = ("passages", "shelf", "next_passages", "texts", "next_documents")


def repair(
    folder: Path, progress: ProgressCallback = silent, cancelled: CancelledCheck = never, device: str = "auto"
) -> list[str]:
    """Repair what can be: documents whose passages or vectors are damaged are read again by the next indexing run,
    what is derived is made again or deleted so that it will be. Returns what was done, in words.

    Without what a codec has learned nobody can read its vectors; the stored texts are then encoded anew, on ``device``.

    Raises:
        UsageError: there is no workspace. WorkspaceBusy. WorkspaceError: the metadata cannot even be read.
        ModelError, Cancelled: the texts could not be encoded anew; nothing is lost.
    """
    refuse_foreign(folder)
    missing = missing_metadata(folder)
    if missing is not None:  # an empty one would be taken for a workspace without segments
        raise missing
    done: list[str] = []
    with WriterLock(folder), disk_errors("repairing the workspace", folder):
        database = Database(folder)
        try:
            database.migrate()
            if _metadata(database, done):
                stored_codec.cache_clear()  # another look at the files
                _unfinished(folder, database, done)
                _segments(folder, database, done)
                # What was dropped may leave something that fits no longer.
                if _metadata(database, done):
                    _codec(folder, database, done, partial(Encoder.load, device=device), progress, cancelled)
        finally:
            database.close()
        _dense(folder, done)
        if (folder / UNPACKED).is_dir():
            shutil.rmtree(folder / UNPACKED, ignore_errors=True)
            done.append("Removed the files that an interrupted run had unpacked.")
    return done


def _unfinished(folder: Path, database: Database, done: list[str]) -> None:
    """Give up an index beside this one whose codec is lost: nobody can go on with it. Raises WorkspaceTooNew."""
    target = begun(folder, database)
    if target is not None and is_lost(target, folder):
        give_up(folder, database)
        done.append(f"Dropped the unfinished index in {spec_of(target)}: that codec is damaged.")


def _codec(
    folder: Path,
    database: Database,
    done: list[str],
    load: Callable[[str], Encoder],
    progress: ProgressCallback,
    cancelled: CancelledCheck,
) -> None:
    """Encode the stored texts anew where the codec is lost, in one that learns nothing. Raises WorkspaceTooNew."""
    with database.read() as connection:
        manifest = manifests.stored_manifest(connection, folder)
    if manifest is None or not is_lost(manifest, folder):
        return
    name, spec = manifest.encoder["name"], spec_of(manifest)
    switch_encoder(folder, database, manifest, name, load, progress, cancelled, manifest.vectors, CODEC)
    done.append(
        f"The codec {spec} was damaged: all texts were encoded anew, and their vectors are stored in {CODEC} now. "
        f"“rankscope convert --codec {spec}” stores them as before."
    )


def refuse_foreign(folder: Path) -> None:
    """Raise UsageError for a folder that is no workspace."""
    if not (folder / manifests.NAME).is_file() and missing_metadata(folder) is not None:
        raise UsageError(f"There is no workspace at {folder}.")


def missing_metadata(folder: Path) -> WorkspaceError | None:
    """The error to raise for a workspace that has lost its database."""
    path = folder / DATABASE
    if path.is_file() and path.stat().st_size:
        return None
    return WorkspaceError(f"The metadata {path} is missing.", RESTORE)


def _metadata(database: Database, done: list[str]) -> bool:
    """Cure the flaws of the metadata; False when something is left that nothing cures."""
    with database.read() as connection:
        broken = checking.structure(connection)
    if broken is not None:
        if broken.cure is not Cure.REINDEX or not _reindexed(database):
            return False
        done.append("Built the metadata's indexes anew.")
    # First the full-text index, because deleting passages changes it.
    _full_text(database, done)
    with database.read() as connection:
        found = checking.flaws(connection)
    for flaw in found:
        with database.write() as connection:
            said = _cure(connection, flaw)
        if said:
            done.append(said)
    if found:
        _full_text(database, done)
    return all(flaw.cure is not Cure.NONE for flaw in found)


def _reindexed(database: Database) -> bool:
    try:
        with database.write() as connection:
            # Two documents at one path: the index's row is neither's. Both are found again.
            twins = connection.exec_driver_sql(
                "SELECT id FROM documents NOT INDEXED WHERE path IN "
                "(SELECT path FROM documents NOT INDEXED GROUP BY path HAVING count(*) > 1)"
            )
            _delete(connection, [row[0] for row in twins.fetchall()], (*_OWNED, "documents"))
            connection.exec_driver_sql("REINDEX")
            # If it was the table's value that was damaged and not the index's: look at all files again.
            connection.exec_driver_sql("UPDATE documents SET size = -1 WHERE removed_at IS NULL")
    except (IntegrityError, WorkspaceError):  # a row that is there twice: nobody can tell which is right
        return False
    with database.read() as connection:
        return checking.structure(connection) is None


def _full_text(database: Database, done: list[str]) -> None:
    if not checking.full_text_problem(database):
        return
    try:
        with database.write() as connection:
            lexical.rebuild(connection)
    except WorkspaceError:  # it cannot even be opened: give it the inside of an empty one
        with database.write() as connection:
            connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.fresh USING fts5(context, text)")
            for inside in ("data", "idx", "docsize", "config"):
                connection.exec_driver_sql(f"DELETE FROM lexical_{inside}")
                connection.exec_driver_sql(f"INSERT INTO lexical_{inside} SELECT * FROM temp.fresh_{inside}")
            connection.exec_driver_sql("DROP TABLE temp.fresh")
        with database.write() as connection:
            lexical.rebuild(connection)
    done.append("Rebuilt the full-text index.")


def _cure(connection: Connection, flaw: Flaw) -> str:
    n = len(flaw.documents)
    if flaw.cure is Cure.READ_AGAIN:
        _read_again(connection, flaw.documents, _IN_METADATA)
        return f"Dropped the passages of {n} documents; the next “rankscope index” reads them again."
    if flaw.cure is Cure.FORGET:
        copies = _copies(connection, flaw.documents)
        _read_again(connection, copies, _IN_METADATA)
        _delete(connection, flaw.documents, (*_OWNED, "documents"))
        return f"Dropped {n} documents; the next “rankscope index” finds them again."
    if flaw.cure is Cure.ORPHANS:
        for table in _OWNED:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE document_id NOT IN (SELECT id FROM documents)")
        vectors.bump_generation(connection, removed=True)
        return "Deleted rows that belonged to no document."
    if flaw.cure is Cure.SWITCH:
        for table in ("next_passages", "next_documents"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        set_meta(connection, "switching", None)
        return "Dropped the unfinished index of another encoder."
    if flaw.cure is Cure.COUNTER:
        now = int(time.time())  # beyond whatever it was, so that nobody takes the new state for an old one
        set_meta(connection, "generation", f"{now}.{now}")
        return "Began the counter of changes anew."
    return ""


def _segments(folder: Path, database: Database, done: list[str]) -> None:
    """Drop damaged segments, and the files that belong to nothing."""
    with database.read() as connection:
        rows = connection.execute(select(schema.segments).order_by(schema.segments.c.id)).fetchall()
    for row in rows:
        if not vectors.segment_problem(folder, row):
            continue
        with database.write() as connection:
            affected = _users(connection, row.id)
            _read_again(connection, affected, _IN_SEGMENT)
            connection.exec_driver_sql("DELETE FROM segments WHERE id = ?", (row.id,))
        done.append(f"Dropped {row.file}; {len(affected)} documents are read again by the next “rankscope index”.")
    database.make_durable()
    for name in drop_unnamed_segments(folder, database):
        done.append(f"Deleted {vectors.FOLDER}/{name}, which belongs to nothing.")


def _users(connection: Connection, segment_id: int) -> list[int]:
    """The documents whose passages have vectors in this segment; those of the unfinished index are only dropped."""
    beside = connection.exec_driver_sql(
        "SELECT DISTINCT document_id FROM next_passages WHERE segment_id = ?", (segment_id,)
    ).fetchall()
    _delete(connection, [row[0] for row in beside], ("next_passages", "next_documents"))
    users = connection.exec_driver_sql(
        "SELECT document_id FROM passages WHERE segment_id = ? "
        "UNION SELECT document_id FROM shelf WHERE segment_id = ?",
        (segment_id, segment_id),
    )
    return [row[0] for row in users.fetchall()]


def _read_again(connection: Connection, document_ids: Sequence[int], why: str) -> None:
    """Drop what these documents and their copies have, so that the next run reads them like changed files.

    A removed one can then no longer be brought back: it is forgotten.
    """
    affected = [*document_ids, *_copies(connection, document_ids)]
    _delete(connection, affected, _OWNED)
    connection.exec_driver_sql(
        "UPDATE documents SET size = -1, content_hash = '', n_passages = 0, duplicate_of = NULL, kept = 0, "
        "reason = 'dropped', message = ?, remedy = 'Bring the index up to date.' "
        "WHERE id IN (SELECT value FROM json_each(?)) AND removed_at IS NULL",
        (why, json.dumps(affected)),
    )
    connection.exec_driver_sql(
        "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?)) AND removed_at IS NOT NULL",
        (json.dumps(affected),),
    )
    vectors.bump_generation(connection, removed=True)


def _copies(connection: Connection, document_ids: Sequence[int]) -> list[int]:
    rows = connection.exec_driver_sql(
        "SELECT id FROM documents WHERE duplicate_of IN (SELECT value FROM json_each(?))",
        (json.dumps(list(document_ids)),),
    )
    return [row[0] for row in rows.fetchall()]


def _delete(connection: Connection, document_ids: Sequence[int], tables: Sequence[str]) -> None:
    for table in tables:
        key = "id" if table == "documents" else "document_id"
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE {key} IN (SELECT value FROM json_each(?))", (json.dumps(list(document_ids)),)
        )


def _dense(folder: Path, done: list[str]) -> None:
    try:
        manifest = manifests.read_manifest(folder)
    except WorkspaceError:
        return  # opening the workspace restores it
    if DenseIndex(folder, manifest.encoder["sha256"], manifest.encoder["dim"]).problem_on_disk():
        drop_saved(folder)
        done.append("Deleted the dense index; the next “rankscope index” makes it again.")
    for name in candidates.drop_damaged(folder):
        done.append(f"Deleted {candidates.FOLDER}/{name}; the next search that needs it makes it again.")
