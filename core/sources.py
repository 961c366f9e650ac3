"""The folders and files that a workspace follows: adding, describing, changing and removing them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from rankscope.core.documents.patterns import Patterns
from rankscope.core.errors import UsageError
from rankscope.core.records import SourceInfo
from rankscope.core.shelf import restore, shelve
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.paths import displayed_stored, existing, is_there

sources = schema.sources
documents = schema.documents


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the indexer follows it. ``path`` as the system knows it."""

    source_id: int
    path: str
    patterns: Patterns
    watch: bool

    def takes(self, path: str) -> bool:
        """Whether the patterns take this file (absolute path) of the source."""
        if path == self.path:
            return True
        return self.patterns.takes(os.path.relpath(path, self.path).replace(os.sep, "/"))


def followed(database: Database) -> list[Source]:
    """The sources that were not removed."""
    with database.read() as connection:
        rows = connection.execute(select(sources).where(sources.c.removed_at.is_(None)).order_by("id")).fetchall()
    return [
        Source(row.id, row.path, Patterns(_lines(row.include), _lines(row.exclude)), bool(row.watch)) for row in rows
    ]


def add(database: Database, path: Path, patterns: Patterns | None = None) -> int:
    """Remember a folder or file as a source; returns its id. One inside a known source is that source; one around a
    known source takes it over; one that was removed comes back.

    Raises:
        UsageError: there is no such path.
    """
    path = existing(path).resolve()
    limits = _columns(patterns) if patterns else {}
    with database.write() as connection:
        rows = connection.execute(select(sources.c.id, sources.c.path, sources.c.removed_at)).fetchall()
        known = [(row.id, Path(row.path), row.removed_at is not None) for row in rows]
        for source_id, root, removed in known:
            if path == root or (root in path.parents and not removed):
                values = {**limits, "removed_at": None} if path == root else {"removed_at": None}
                connection.execute(update(sources).where(sources.c.id == source_id).values(values))
                return int(source_id)
        result = connection.execute(insert(sources), {"path": str(path), **limits})
        assert result.inserted_primary_key is not None
        new_id = int(result.inserted_primary_key[0])
        for source_id, root, _ in known:
            if path in root.parents:
                connection.execute(update(documents).where(documents.c.source_id == source_id).values(source_id=new_id))
                connection.execute(delete(sources).where(sources.c.id == source_id))
        return new_id


def configure(
    database: Database,
    source_id: int,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    watch: bool | None = None,
) -> None:
    """Change what is taken from a source, or whether it is watched; None leaves a setting as it is.

    Raises:
        UsageError: no such source, or a pattern that makes no sense.
    """
    values: dict[str, object] = {}
    if include is not None or exclude is not None:
        now = next((one.patterns for one in followed(database) if one.source_id == source_id), Patterns())
        values |= _columns(
            Patterns(
                now.include if include is None else tuple(include), now.exclude if exclude is None else tuple(exclude)
            )
        )
    if watch is not None:
        values["watch"] = int(watch)
    with database.write() as connection:
        known = connection.execute(select(sources.c.id).where(sources.c.id == source_id)).scalar()
        if known is None:
            raise UsageError(f"There is no source {source_id} in this workspace.")
        if values:
            connection.execute(update(sources).where(sources.c.id == source_id).values(values))


def remove(database: Database, source_id: int) -> None:
    """Stop following a source and take its documents out of the index; :func:`bring_back` undoes it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with database.write() as connection:
        rows = connection.execute(
            select(documents.c.id).where(documents.c.source_id == source_id, documents.c.removed_at.is_(None))
        ).fetchall()
        shelve(connection, [row.id for row in rows])
        connection.execute(update(sources).where(sources.c.id == source_id).values(removed_at=now))


def bring_back(database: Database, source_id: int) -> None:
    """Follow a removed source again, with the documents that it had. Raises UsageError when it is forgotten."""
    with database.write() as connection:
        removed_at = connection.execute(select(sources.c.removed_at).where(sources.c.id == source_id)).scalar()
        if removed_at is None:
            raise UsageError("This source can no longer be brought back.", "Add its folder anew.")
        connection.execute(update(sources).where(sources.c.id == source_id).values(removed_at=None))
        rows = connection.execute(
            select(documents.c.id).where(documents.c.source_id == source_id, documents.c.removed_at >= removed_at)
        ).fetchall()
        restore(connection, [row.id for row in rows])


def described(database: Database) -> list[SourceInfo]:
    """The sources with their counts."""
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT s.id, s.path, count(d.id), coalesce(sum(d.n_passages), 0), coalesce(sum(d.reason <> ''), 0), "
            "s.last_scan, s.include, s.exclude, s.watch, coalesce(sum(d.duplicate_of IS NOT NULL), 0), s.skipped "
            "FROM sources s LEFT JOIN documents d ON d.source_id = s.id AND d.removed_at IS NULL "
            "WHERE s.removed_at IS NULL GROUP BY s.id ORDER BY s.id"
        ).fetchall()
    return [
        SourceInfo(
            row[0],
            displayed_stored(row[1]),
            row[2],
            row[3],
            row[4],
            row[5],
            include=_lines(row[6]),
            exclude=_lines(row[7]),
            watch=bool(row[8]),
            copies=row[9],
            skipped=tuple(sorted(json.loads(row[10]).items(), key=lambda item: (-item[1], item[0]))),
            reachable=is_there(os.fsdecode(row[1])),
        )
        for row in rows
    ]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.split("\n") if line.strip())


def _columns(patterns: Patterns) -> dict[str, object]:
    return {"include": "\n".join(patterns.include), "exclude": "\n".join(patterns.exclude)}
