"""Reading what is shown of passages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import Connection

from rankscope.core.errors import UsageError
from rankscope.core.ranking.trace import PassageInfo
from rankscope.core.storage.paths import displayed_stored


def passage_infos(connection: Connection, ids: Iterable[int]) -> dict[int, PassageInfo]:
    """The details of these passages, by id; ids that are gone are left out."""
    rows = connection.exec_driver_sql(
        "SELECT p.id, p.document_id, d.path, d.title, p.context, p.page, p.start, p.end, p.text, d.format, "
        "p.place, (SELECT count(*) FROM documents c WHERE c.duplicate_of = d.id AND c.removed_at IS NULL) "
        "FROM json_each(?) j JOIN passages p ON p.id = j.value JOIN documents d ON d.id = p.document_id",
        (json.dumps([int(i) for i in ids]),),
    )
    return {
        row[0]: PassageInfo(
            row[0], row[1], displayed_stored(row[2]), row[3] or _name(displayed_stored(row[2])), *row[4:]
        )
        for row in rows
    }


def passage_info(connection: Connection, passage_id: int) -> PassageInfo:
    """One passage. Raises UsageError when there is none of this id."""
    found = passage_infos(connection, [passage_id])
    if passage_id not in found:
        raise UsageError(f"There is no passage {passage_id} in this workspace.", "Take an id from a search result.")
    return found[passage_id]


def encoded_text(context: str, text: str) -> str:
    """What the encoder reads of a passage: the context, a line end, the passage."""
    return f"{context}\n{text}" if context else text


def encoded_hash(context: str, text: str) -> bytes:
    """Tells what the encoder reads of a passage apart from all else: 16 bytes of its SHA-256. Passages of the same
    hash have the same vectors."""
    return hashlib.sha256(encoded_text(context, text).encode()).digest()[:16]


def _name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
