"""Is a workspace whole? Every file against its checksum, the derived against the truth; and repairing what can be."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from rankscope.core.errors import UsageError, WorkspaceError, WorkspaceTooNew
from rankscope.core.indexes import lexical
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.records import Finding, VerifyReport
from rankscope.core.storage import manifest as manifests
from rankscope.core.storage import schema, vectors
from rankscope.core.storage.database import NAME as DATABASE
from rankscope.core.storage.database import Database
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.segments import Segment, sha256_of
from rankscope.core.writing import drop_unnamed_segments

_REPAIR = "Run “rankscope verify --repair”, then “rankscope index”: its documents are read and encoded again."


def verify(folder: Path, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> VerifyReport:
    """Check a workspace without changing it (only stale full-text shadow state is touched by SQLite's own check).

    Raises:
        UsageError: there is no workspace. WorkspaceTooNew. Cancelled.
    """
    _refuse_foreign(folder)
    checked: list[str] = []
    findings: list[Finding] = []
    manifest = _verify_manifest(folder, checked, findings)
    database = Database(folder)
    try:
        damaged = _verify_database(database, checked, findings)
        if not damaged:
            _verify_segments(folder, database, checked, findings, progress, cancelled)
        if manifest is not None:
            _verify_dense(folder, manifest, checked, findings)
    finally:
        database.close()
    return VerifyReport(tuple(checked), tuple(findings))


def repair(folder: Path) -> list[str]:
    """Repair what can be: drop damaged segments (their documents are read again by the next indexing run), delete a
    damaged dense index, rebuild the full-text index. Returns what was done, in words. Raises WorkspaceBusy.
    """
    _refuse_foreign(folder)
    done: list[str] = []
    with WriterLock(folder):
        database = Database(folder)
        try:
            for segment_id, file in _damaged_segments(folder, database):
                with database.write() as connection:
                    # Without size and hash, the next scan takes the documents for changed.
                    affected = connection.exec_driver_sql(
                        "UPDATE documents SET size = -1, content_hash = '', n_passages = 0, "
                        "reason = 'dropped', message = 'Its passages were in a damaged segment and were dropped.', "
                        "remedy = 'Bring the index up to date.' WHERE id IN "
                        "(SELECT document_id FROM passages WHERE segment_id = ?)",
                        (segment_id,),
                    ).rowcount
                    connection.exec_driver_sql("DELETE FROM passages WHERE segment_id = ?", (segment_id,))
                    connection.exec_driver_sql("DELETE FROM segments WHERE id = ?", (segment_id,))
                    vectors.bump_generation(connection, removed=True)
                done.append(f"Dropped {file}; {affected} documents are read again by the next “rankscope index”.")
            for name in drop_unnamed_segments(folder, database):
                done.append(f"Deleted {vectors.FOLDER}/{name}, which belongs to nothing.")
            if _lexical_problem(database):
                with database.write() as connection:
                    lexical.rebuild(connection)
                done.append("Rebuilt the full-text index.")
        finally:
            database.close()
        try:
            manifest = manifests.read_manifest(folder)
        except WorkspaceError:
            return done  # opening the workspace restores it
        index = DenseIndex(folder, manifest.encoder["sha256"], manifest.encoder["dim"])
        if index.problem_on_disk():
            for name in ("dense.hnsw", "dense.json"):
                (folder / "indexes" / name).unlink(missing_ok=True)
            done.append("Deleted the dense index; the next “rankscope index” makes it again.")
    return done


def _refuse_foreign(folder: Path) -> None:
    if not (folder / manifests.NAME).is_file() and not (folder / DATABASE).is_file():
        raise UsageError(f"There is no workspace at {folder}.")


def _lexical_problem(database: Database) -> str:
    """SQLite's own check of the full-text index. It counts as writing: beside a writer or on a read-only disk it
    cannot run, and that is no damage."""
    try:
        with database.write() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            problem = lexical.check(connection)
    except WorkspaceError:
        return ""
    return "" if any(word in problem for word in ("locked", "readonly")) else problem


def _verify_manifest(folder: Path, checked: list[str], findings: list[Finding]) -> Manifest | None:
    checked.append(manifests.NAME)
    try:
        return manifests.read_manifest(folder)
    except WorkspaceTooNew:
        raise
    except WorkspaceError as error:
        findings.append(
            Finding(manifests.NAME, error.message, "Opening the workspace restores it from its copy in the database.")
        )
        return None


def _verify_database(database: Database, checked: list[str], findings: list[Finding]) -> bool:
    """True when the database is too damaged to go on."""
    checked.append(DATABASE)
    remedy = "Restore it from a backup, or make a new workspace from the same folders."
    try:
        with database.read() as connection:
            said = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            wrong = connection.exec_driver_sql(
                "SELECT count(*) FROM passages p LEFT JOIN texts t ON t.document_id = p.document_id "
                "WHERE t.text IS NULL OR substr(t.text, p.start + 1, p.end - p.start) <> p.text"
            ).scalar()
        lexical_problem = _lexical_problem(database) if said == ["ok"] else ""
    except WorkspaceError as error:
        findings.append(Finding(DATABASE, error.message, error.remedy or remedy))
        return True
    if said != ["ok"]:
        findings.append(Finding(DATABASE, f"SQLite finds damage: {said[0]}", remedy))
        return True
    if orphans:
        findings.append(Finding(DATABASE, f"{len(orphans)} rows refer to rows that are gone.", remedy))
    if wrong:
        findings.append(Finding(DATABASE, f"{wrong} passages are not the text at their offsets.", remedy))
    if lexical_problem:
        findings.append(Finding(f"{DATABASE} (full-text index)", lexical_problem, "Run “rankscope verify --repair”."))
    return False


def _verify_segments(
    folder: Path,
    database: Database,
    checked: list[str],
    findings: list[Finding],
    progress: ProgressCallback,
    cancelled: CancelledCheck,
) -> None:
    with database.read() as connection:
        rows = connection.execute(select(schema.segments).order_by(schema.segments.c.id)).fetchall()
    for done, row in enumerate(rows):
        stop_if(cancelled)
        progress(Progress(done, len(rows), row.file, "segments"))
        checked.append(f"{vectors.FOLDER}/{row.file}")
        problem = _segment_problem(folder / vectors.FOLDER / row.file, row.sha256)
        if problem:
            findings.append(Finding(f"{vectors.FOLDER}/{row.file}", problem, _REPAIR))
    named = {row.file for row in rows}
    segments_folder = folder / vectors.FOLDER
    for path in sorted(segments_folder.iterdir()) if segments_folder.is_dir() else []:
        if path.name not in named:
            findings.append(
                Finding(
                    f"{vectors.FOLDER}/{path.name}",
                    "It belongs to no committed batch (an interrupted or running indexing run).",
                    "Run “rankscope index”: it is dropped.",
                )
            )


def _segment_problem(path: Path, sha256: str) -> str:
    try:
        Segment(path)
        return "" if sha256_of(path) == sha256 else "Its content does not match its checksum."
    except WorkspaceError as error:
        return error.message
    except OSError as error:
        return f"It cannot be read ({error.strerror})."


def _damaged_segments(folder: Path, database: Database) -> list[tuple[int, str]]:
    with database.read() as connection:
        rows = connection.execute(select(schema.segments).order_by(schema.segments.c.id)).fetchall()
    return [(row.id, row.file) for row in rows if _segment_problem(folder / vectors.FOLDER / row.file, row.sha256)]


def _verify_dense(folder: Path, manifest: Manifest, checked: list[str], findings: list[Finding]) -> None:
    checked.append("indexes/dense.hnsw")
    problem = DenseIndex(folder, manifest.encoder["sha256"], manifest.encoder["dim"]).problem_on_disk()
    if problem:
        findings.append(
            Finding(
                "indexes/dense.hnsw",
                f"The dense index is damaged: {problem}.",
                "It is made again by “rankscope index”.",
            )
        )
