"""The shelf: what was removed disappears from every index at once, and can be brought back for a while.

A removed document keeps its row, its text and its passages; the passages lie in a table of their own, which no index
follows. Bringing them back moves rows, reads no file and encodes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from rankscope.core.storage.vectors import bump_generation

KEPT_FOR = timedelta(days=30)
_COLUMNS = 'id, document_id, start, "end", page, context, text, segment_id, row, place, hash'


def shelve(connection: Connection, document_ids: Sequence[int]) -> None:
    """Take documents out of the index; they can be restored until they are forgotten. Inside a transaction."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ids = json.dumps([int(i) for i in document_ids])
    for original in _originals_among(connection, ids):
        _let_a_copy_stand_in(connection, original)
    moved = _move(connection, "passages", "shelf", ids)
    connection.exec_driver_sql(
        "UPDATE documents SET removed_at = ?, kept = 0 WHERE id IN (SELECT value FROM json_each(?)) "
        "AND removed_at IS NULL",
        (now, ids),
    )
    bump_generation(connection, removed=moved > 0)


def restore(connection: Connection, document_ids: Sequence[int], *, kept: bool = False) -> None:
    """Bring removed documents back. Inside a transaction.

    Args:
        kept: they stay although their files are gone, until the files come back.
    """
    ids = json.dumps([int(i) for i in document_ids])
    for copy, original in connection.exec_driver_sql(
        "SELECT d.id, o.id FROM documents d JOIN documents o ON o.id = d.duplicate_of "
        "WHERE d.id IN (SELECT value FROM json_each(?)) AND o.removed_at IS NOT NULL "
        "AND o.id NOT IN (SELECT value FROM json_each(?))",
        (ids, ids),
    ).fetchall():
        _exchange(connection, original, copy, "shelf")
    moved = _move(connection, "shelf", "passages", ids)
    connection.exec_driver_sql(
        "UPDATE documents SET removed_at = NULL, kept = ? WHERE id IN (SELECT value FROM json_each(?))",
        (int(kept), ids),
    )
    # Their ids are older than the newest ones: whoever follows by rising ids has to look at everything again.
    bump_generation(connection, added=moved > 0, removed=moved > 0)


def forget(connection: Connection, older_than: timedelta = KEPT_FOR) -> int:
    """Delete removed documents for good; returns how many. Inside a transaction.

    A clock that was set back makes them look as if they were removed in the future: they are kept.
    """
    before = (datetime.now(UTC) - older_than).isoformat(timespec="seconds")
    rows = connection.exec_driver_sql(
        "SELECT id FROM documents WHERE removed_at IS NOT NULL AND removed_at <= ?", (before,)
    ).fetchall()
    forget_documents(connection, [row[0] for row in rows])
    connection.exec_driver_sql(
        "DELETE FROM sources WHERE removed_at IS NOT NULL AND id NOT IN (SELECT source_id FROM documents)"
    )
    return len(rows)


def forget_documents(connection: Connection, document_ids: Sequence[int]) -> None:
    """Delete documents with everything that is known of them, wherever it lies. Inside a transaction."""
    ids = json.dumps([int(i) for i in document_ids])
    for original in _originals_among(connection, ids):
        _let_a_copy_stand_in(connection, original)
    removed = connection.exec_driver_sql(
        "DELETE FROM passages WHERE document_id IN (SELECT value FROM json_each(?))", (ids,)
    ).rowcount
    for table in ("shelf", "texts"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE document_id IN (SELECT value FROM json_each(?))", (ids,))
    connection.exec_driver_sql(
        "UPDATE documents SET duplicate_of = NULL WHERE duplicate_of IN (SELECT value FROM json_each(?))", (ids,)
    )
    connection.exec_driver_sql("DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    bump_generation(connection, removed=removed > 0)


def take_place(connection: Connection, document_id: int) -> int | None:
    """A document's file is gone. If a copy of it is left, that is where the document now is.

    The document keeps its id and its passages; the copy's own row goes, and its id is returned (None without a copy).
    Inside a transaction.
    """
    copy = connection.exec_driver_sql(
        "SELECT id, source_id, path, size, mtime_ns, scan, container FROM documents "
        "WHERE duplicate_of = ? AND removed_at IS NULL ORDER BY id LIMIT 1",
        (document_id,),
    ).first()
    if copy is None:
        return None
    connection.exec_driver_sql("DELETE FROM documents WHERE id = ?", (copy[0],))
    connection.exec_driver_sql(
        "UPDATE documents SET source_id = ?, path = ?, size = ?, mtime_ns = ?, scan = ?, container = ? WHERE id = ?",
        (*copy[1:], document_id),
    )
    return int(copy[0])


def hand_over(connection: Connection, original: int) -> bool:
    """Before a document changes: if there are copies of what it was, one of them gets its passages. True if so."""
    return _let_a_copy_stand_in(connection, original)


def _originals_among(connection: Connection, ids: str) -> Iterable[int]:
    """Those of the documents that have copies."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT duplicate_of FROM documents WHERE duplicate_of IN (SELECT value FROM json_each(?))", (ids,)
    )
    return [row[0] for row in rows.fetchall()]


def _let_a_copy_stand_in(connection: Connection, original: int) -> bool:
    heir = connection.exec_driver_sql(
        "SELECT id FROM documents WHERE duplicate_of = ? AND removed_at IS NULL ORDER BY id LIMIT 1", (original,)
    ).scalar()
    if heir is None:
        return False
    _exchange(connection, original, int(heir), "passages")
    return True


def _exchange(connection: Connection, original: int, copy: int, table: str) -> None:
    """The copy becomes the original, and the original its copy; passages keep their ids."""
    for owned in (table, "texts"):
        connection.exec_driver_sql(f"UPDATE {owned} SET document_id = ? WHERE document_id = ?", (copy, original))
    connection.exec_driver_sql(
        "UPDATE documents SET duplicate_of = ? WHERE duplicate_of = ? OR id = ?", (copy, original, original)
    )
    n = connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE document_id = ?", (copy,)).scalar()
    connection.exec_driver_sql("UPDATE documents SET duplicate_of = NULL, n_passages = ? WHERE id = ?", (n, copy))
    connection.exec_driver_sql("UPDATE documents SET n_passages = 0 WHERE id = ?", (original,))


def _move(connection: Connection, source: str, target: str, ids: str) -> int:
    where = "WHERE document_id IN (SELECT value FROM json_each(?))"
    connection.exec_driver_sql(f"INSERT INTO {target} ({_COLUMNS}) SELECT {_COLUMNS} FROM {source} {where}", (ids,))
    return int(connection.exec_driver_sql(f"DELETE FROM {source} {where}", (ids,)).rowcount)
