"""Questions about what a workspace holds: plain reads of the metadata."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from rankscope.core.documents.model import Page
from rankscope.core.documents.registry import format_of
from rankscope.core.errors import UsageError
from rankscope.core.ranking.trace import Fate
from rankscope.core.records import DocumentInfo, DocumentText, Facet, SourceInfo, WorkspaceInfo
from rankscope.core.storage import schema
from rankscope.core.storage.database import Database
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.paths import displayed, displayed_stored

documents = schema.documents


def info(path: Path, manifest: Manifest, database: Database, device: str) -> WorkspaceInfo:
    """Counts and sizes of a workspace."""
    with database.read() as connection:

        def count(sql: str) -> int:
            return int(connection.exec_driver_sql(sql).scalar() or 0)

        n_sources = count("SELECT count(*) FROM sources")
        n_documents = count("SELECT count(*) FROM documents")
        n_failed = count("SELECT count(*) FROM documents WHERE reason <> ''")
        n_passages = count("SELECT count(*) FROM passages")
        n_vectors = count("SELECT coalesce(sum(n_vectors), 0) FROM segments")
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
    )


def sources(database: Database) -> list[SourceInfo]:
    """The sources with their counts."""
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT s.id, s.path, count(d.id), coalesce(sum(d.n_passages), 0), coalesce(sum(d.reason <> ''), 0), "
            "s.last_scan FROM sources s LEFT JOIN documents d ON d.source_id = s.id GROUP BY s.id ORDER BY s.id"
        )
        return [SourceInfo(row[0], displayed_stored(row[1]), *row[2:]) for row in rows]


def list_documents(database: Database, source_id: int | None, status: str | None) -> list[DocumentInfo]:
    """The documents, by path."""
    query = select(documents).order_by(documents.c.path)
    if source_id is not None:
        query = query.where(documents.c.source_id == source_id)
    if status is not None:
        query = query.where(documents.c.reason == "" if status == "indexed" else documents.c.reason != "")
    with database.read() as connection:
        return [
            DocumentInfo(
                row.id,
                row.source_id,
                displayed(row.path),
                row.title or Path(displayed(row.path)).name,
                row.format,
                row.size,
                _iso(row.mtime_ns),
                row.n_passages,
                "failed" if row.reason else "indexed",
                row.reason,
                row.message,
                row.remedy,
            )
            for row in connection.execute(query)
        ]


def facets(database: Database) -> dict[str, list[Facet]]:
    """The values of "type" and "year" (of the file's modification) with how many indexed documents have them."""
    columns = {"type": "format", "year": "strftime('%Y', mtime_ns / 1000000000, 'unixepoch', 'localtime')"}
    found = {}
    with database.read() as connection:
        for name, column in columns.items():
            rows = connection.exec_driver_sql(
                f"SELECT {column} AS value, count(*) AS n FROM documents WHERE reason = '' GROUP BY value "
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
    try:
        stat = Path(row.path).stat()
        changed = (stat.st_size, stat.st_mtime_ns) != (row.size, row.mtime_ns)
    except OSError:
        changed = True
    path = displayed(row.path)
    pages = tuple(Page(*page) for page in json.loads(row.pages))
    return DocumentText(document_id, path, row.title or Path(path).name, row.format, row.text, pages, changed)


def stored_path(database: Database, document_id: int) -> str:
    """The path as the system knows it (it may hold surrogate escapes). Raises UsageError."""
    with database.read() as connection:
        path = connection.execute(select(documents.c.path).where(documents.c.id == document_id)).scalar()
    if path is None:
        raise UsageError(f"There is no document {document_id} in this workspace.")
    return str(path)


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
    if not found[0].passages:
        return Fate(found[0].path, "Read, but it holds no text that could be searched.", ())
    return found[0]


def _why_unknown(database: Database, document: int | str) -> str:
    """Why a document is not in the workspace: no source, no reader, or not read yet."""
    path = Path(str(document)).expanduser().absolute()
    inside = any(Path(source.path) in (path, *path.parents) for source in sources(database))
    if not inside or not path.exists():
        return "Never read: it is in none of the sources."
    if format_of(path) is None:
        return "Never read: Rankscope does not read this kind of file."
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
