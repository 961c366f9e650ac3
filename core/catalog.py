"""Questions about what a workspace holds: plain reads of the metadata."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, select

from rankscope.core.documents.model import Page
from rankscope.core.documents.registry import format_of
from rankscope.core.errors import UsageError
from rankscope.core.ranking.trace import Fate
from rankscope.core.records import DocumentInfo, DocumentText, Duplicates, Facet, RemovedDocument, WorkspaceInfo
from rankscope.core.sources import followed
from rankscope.core.storage import codecs, schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.layout import KINDS
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.paths import displayed, displayed_stored, is_there

documents = schema.documents
# Not those of an index that is being built beside this one.
_VECTORS = (
    "SELECT coalesce(sum(n_vectors), 0) FROM segments s WHERE EXISTS (SELECT 1 FROM passages WHERE segment_id = s.id) "
    "OR EXISTS (SELECT 1 FROM shelf WHERE segment_id = s.id)"
)


def info(path: Path, manifest: Manifest, database: Database, device: str) -> WorkspaceInfo:
    """Counts and sizes of a workspace."""
    with database.read() as connection:

        def count(sql: str) -> int:
            return int(connection.exec_driver_sql(sql).scalar() or 0)

        n_sources = count("SELECT count(*) FROM sources WHERE removed_at IS NULL")
        n_documents = count("SELECT count(*) FROM documents WHERE removed_at IS NULL")
        n_failed = count("SELECT count(*) FROM documents WHERE reason <> '' AND removed_at IS NULL")
        n_passages = count("SELECT count(*) FROM passages")
        n_vectors = count(_VECTORS)
    n_segments = _bytes(path / "segments")
    n_indexes = _bytes(path / "indexes")
    n_total = _bytes(path)
    return WorkspaceInfo(
        str(path),
        manifest.format_version,
        str(manifest.encoder["name"]),
        str(manifest.encoder["sha256"]),
        int(manifest.encoder["dim"]),
        manifest.codec,
        n_sources,
        n_documents,
        n_passages,
        n_vectors,
        n_failed,
        n_total,
        n_segments,
        n_total - n_segments - n_indexes,
        n_indexes,
        device,
        manifest.vectors.rstrip("0123456789"),
        codecs.bytes_per_vector(codecs.parse(manifest.codec.partition(":")[0]), int(manifest.encoder["dim"])),
        KINDS[manifest.vectors],
    )


def list_documents(database: Database, source_id: int | None, status: str | None) -> list[DocumentInfo]:
    """The documents, by path; not those that were removed."""
    original = documents.alias()
    query = (
        select(documents, original.c.path.label("original"))
        .join_from(documents, original, original.c.id == documents.c.duplicate_of, isouter=True)
        .where(documents.c.removed_at.is_(None))
        .order_by(documents.c.path)
    )
    if source_id is not None:
        query = query.where(documents.c.source_id == source_id)
    if status is not None:
        query = query.where(_STATUS[status])
    with database.read() as connection:
        return [_document_info(row) for row in connection.execute(query)]


_STATUS = {
    "indexed": and_(documents.c.reason == "", documents.c.duplicate_of.is_(None)),
    "failed": documents.c.reason != "",
    "copy": documents.c.duplicate_of.is_not(None),
}


def _document_info(row: Any) -> DocumentInfo:
    path = displayed(row.path)
    status = "failed" if row.reason else "copy" if row.original is not None else "indexed"
    return DocumentInfo(
        row.id,
        row.source_id,
        path,
        row.title or Path(path).name,
        row.format,
        row.size,
        _iso(row.mtime_ns),
        row.n_passages,
        status,
        row.reason,
        row.message,
        row.remedy,
        displayed(row.container),
        displayed(row.original) if row.original is not None else "",
        row.note,
    )


def removed(database: Database) -> list[RemovedDocument]:
    """The documents that can be brought back, the last removed first."""
    query = (
        select(documents)
        .where(documents.c.removed_at.is_not(None))
        .order_by(documents.c.removed_at.desc(), documents.c.path)
    )
    with database.read() as connection:
        shelved = connection.exec_driver_sql("SELECT document_id, count(*) FROM shelf GROUP BY document_id")
        counts = {document_id: int(n) for document_id, n in shelved.fetchall()}
        rows = connection.execute(query).fetchall()
    return [
        RemovedDocument(
            row.id,
            row.source_id,
            displayed(row.path),
            row.title or Path(displayed(row.path)).name,
            counts.get(row.id, 0),
            row.removed_at,
            is_there(row.container or row.path),
        )
        for row in rows
    ]


def duplicates(database: Database) -> list[Duplicates]:
    """The documents of which there are several files."""
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT o.id, o.title, o.size, o.path, c.path FROM documents c JOIN documents o ON o.id = c.duplicate_of "
            "WHERE c.removed_at IS NULL ORDER BY o.path, c.path"
        ).fetchall()
    found: dict[int, Duplicates] = {}
    for document_id, title, size, path, copy in rows:
        first = displayed_stored(path)
        known = found.get(document_id) or Duplicates(document_id, title or Path(first).name, size, (first,))
        found[document_id] = replace(known, paths=(*known.paths, displayed_stored(copy)))
    return list(found.values())


def facets(database: Database) -> dict[str, list[Facet]]:
    """The values of "type" and "year" (of the file's modification) with how many indexed documents have them."""
    columns = {"type": "format", "year": "strftime('%Y', mtime_ns / 1000000000, 'unixepoch', 'localtime')"}
    found = {}
    with database.read() as connection:
        for name, column in columns.items():
            rows = connection.exec_driver_sql(
                f"SELECT {column} AS value, count(*) AS n FROM documents WHERE n_passages > 0 AND removed_at IS NULL "
                f"GROUP BY value "
                f"ORDER BY {'value DESC' if name == 'year' else 'n DESC, value'}"
            )
            found[name] = [Facet(str(value), n) for value, n in rows]
    return found


def document_text(database: Database, document_id: int) -> DocumentText:
    """The extracted text. Raises UsageError when there is no such document or it has no text."""
    with database.read() as connection:
        row = connection.execute(
            select(documents, schema.texts.c.text)
            .join(schema.texts, schema.texts.c.document_id == documents.c.id)
            .where(documents.c.id == document_id)
        ).first()
        if row is None:
            raise UsageError(f"There is no document {document_id} with text in this workspace.")
        copies = connection.execute(
            select(documents.c.path)
            .where(documents.c.duplicate_of == document_id, documents.c.removed_at.is_(None))
            .order_by(documents.c.path)
        ).fetchall()
    path = displayed(row.path)
    return DocumentText(
        document_id,
        path,
        row.title or Path(path).name,
        row.format,
        row.text,
        tuple(Page(*page) for page in json.loads(row.pages)),
        _has_changed(row),
        displayed(row.container),
        row.note,
        tuple(displayed(copy.path) for copy in copies),
    )


def _has_changed(row: Any) -> bool:
    """Whether the file on disk is no longer the one that was read. A file inside a file changes with that one."""
    try:
        stat = Path(row.container or row.path).stat()
    except OSError:
        return True
    return stat.st_mtime_ns != row.mtime_ns or (not row.container and stat.st_size != row.size)


def stored_path(database: Database, document_id: int) -> tuple[str, str]:
    """The file on disk as the system knows it (it may hold surrogate escapes), and the name inside it of a file in a
    file, else an empty one. Raises UsageError."""
    with database.read() as connection:
        row = connection.execute(
            select(documents.c.path, documents.c.container).where(documents.c.id == document_id)
        ).first()
    if row is None:
        raise UsageError(f"There is no document {document_id} in this workspace.")
    return (row.container, row.path[len(row.container) + 1 :]) if row.container else (row.path, "")


def find_document(database: Database, document: int | str) -> DocumentInfo | Fate:
    """The document of this id, path or end of a path; or its fate at once when it never became passages.

    Raises:
        UsageError: several documents end in this path.
    """
    every = list_documents(database, None, None)
    if isinstance(document, int):
        found = [one for one in every if one.document_id == document]
    else:
        wanted = displayed(document).replace("\\", "/")
        absolute = displayed(str(Path(document).expanduser().absolute()))
        found = [one for one in every if one.path in (wanted, absolute)]
        found = found or [one for one in every if one.path.replace("\\", "/").endswith("/" + wanted.lstrip("./"))]
    if not found:
        return Fate(displayed(str(document)), _why_unknown(database, document), ())
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} documents end in “{document}”.", f"Give more of the path, e.g. {found[0].path}."
        )
    if found[0].status == "failed":
        read = "" if found[0].reason == "dropped" else "Never read: "
        return Fate(found[0].path, f"{read}{found[0].message} {found[0].remedy}".strip(), ())
    if found[0].status == "copy":
        return next((one for one in every if one.path == found[0].copy_of), found[0])
    if not found[0].passages:
        return Fate(found[0].path, _why_empty(found[0], every), ())
    return found[0]


def _why_empty(document: DocumentInfo, every: list[DocumentInfo]) -> str:
    inside = sum(one.container == document.path for one in every)
    if inside:
        return f"It has no text of its own: the {inside} files inside it are documents of their own."
    return "Read, but it holds no text that could be searched."


def _why_unknown(database: Database, document: int | str) -> str:
    """Why a document is not in the workspace: removed, no source, excluded, no reader, or not read yet."""
    path = Path(str(document)).expanduser().absolute()
    if any(one.document_id == document or one.path == displayed(str(path)) for one in removed(database)):
        return "It was removed from the index and can be brought back."
    source = next((one for one in followed(database) if Path(one.path) in (path, *path.parents)), None)
    if source is None or not path.exists():
        return "Never read: it is in none of the sources."
    if format_of(path) is None:
        return "Never read: Rankscope does not read this kind of file."
    if not source.takes(str(path)):
        return "Never read: the source's patterns leave it out."
    return "Not read yet: bring the index up to date."


def _bytes(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # gone meanwhile
                continue
    return total


def _iso(nanoseconds: int) -> str:
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return ""
