"""Is a workspace whole? Every file against its checksum, and everything that is said twice against each other.

What cannot be found is told in :mod:`rankscope.core.checking`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from rankscope.core import checking
from rankscope.core.checking import Cure, Flaw
from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.indexes import candidates
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.records import Finding, VerifyReport
from rankscope.core.repairing import UNPACKED, missing_metadata, refuse_foreign, repair
from rankscope.core.storage import codecs, schema, vectors
from rankscope.core.storage import manifest as manifests
from rankscope.core.storage.database import LOG, RESTORE, Database
from rankscope.core.storage.database import NAME as DATABASE
from rankscope.core.storage.layout import FOLDER as CODECS
from rankscope.core.storage.layout import file_of
from rankscope.core.storage.lock import leftovers
from rankscope.core.storage.manifest import Manifest, stored_manifest
from rankscope.core.storage.segments import Segment
from rankscope.core.storage.wal import lost_commits

__all__ = ["repair", "verify"]

_REPAIR = "Run “rankscope verify --repair”, then “rankscope index”: its documents are read and encoded again."
_CURES = {
    Cure.READ_AGAIN: "Run “rankscope verify --repair”, then “rankscope index”: they are read and encoded again.",
    Cure.FORGET: "Run “rankscope verify --repair”, then “rankscope index”: they are found and read again.",
    Cure.ORPHANS: "Run “rankscope verify --repair”: the rows are deleted.",
    Cure.SWITCH: "Run “rankscope verify --repair”: it is dropped, and “rankscope switch” begins anew.",
    Cure.REINDEX: f"Run “rankscope verify --repair”: it is built anew. {RESTORE[:-1]} if that does not help.",
    Cure.FULL_TEXT: "Run “rankscope verify --repair”: it is built anew.",
    Cure.COUNTER: "Run “rankscope verify --repair”: it begins anew.",
    Cure.NONE: RESTORE,
}


@dataclass
class _Look:
    """What was looked at so far, and what was found."""

    folder: Path
    progress: ProgressCallback
    cancelled: CancelledCheck
    checked: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def found(self, file: str, problem: str, remedy: str) -> None:
        self.findings.append(Finding(file, problem, remedy))


def verify(folder: Path, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> VerifyReport:
    """Check a workspace without changing it (only stale full-text shadow state is touched by SQLite's own check).

    Raises:
        UsageError: there is no workspace. WorkspaceTooNew. Cancelled.
    """
    refuse_foreign(folder)
    look = _Look(folder, progress, cancelled)
    _log(look)
    file = _manifest_file(look)
    missing = missing_metadata(folder)
    if missing is not None:
        look.checked.append(DATABASE)
        look.found(DATABASE, missing.message, missing.remedy)
    else:
        database = Database(folder)
        try:
            if _metadata(look, database):
                file = _manifest_copy(look, database, file) or file
                _segments(look, database)
        finally:
            database.close()
    if file is not None:
        _dense(look, file)
    _candidates(look)
    _remains(look)
    return VerifyReport(tuple(look.checked), tuple(look.findings))


def _log(look: _Look) -> None:
    """Before SQLite opens the log and cuts it off where it is damaged."""
    if not (look.folder / LOG).is_file():
        return
    look.checked.append(LOG)
    n = lost_commits(look.folder / LOG)
    if n:
        look.found(
            LOG,
            f"It is damaged: its last changes ({n} or more) are lost.",
            "The workspace opens as it was before them; “rankscope index” reads again what is missing.",
        )


def _manifest_file(look: _Look) -> Manifest | None:
    look.checked.append(manifests.NAME)
    try:
        return manifests.read_manifest(look.folder)
    except WorkspaceTooNew:
        raise
    except WorkspaceError as error:
        look.found(manifests.NAME, error.message, "Opening the workspace restores it from its copy in the database.")
        return None


def _manifest_copy(look: _Look, database: Database, file: Manifest | None) -> Manifest | None:
    """The database's copy, which decides."""
    with database.read() as connection:
        copy = stored_manifest(connection, look.folder)
        being_made = checking.is_interrupted_making(connection, look.folder / manifests.NAME)
    if copy is not None and being_made:
        look.findings[:] = [finding for finding in look.findings if finding.file != manifests.NAME]
        look.found(manifests.NAME, "Making the workspace was interrupted.", "Opening the workspace completes it.")
    elif copy is None:
        restored = "Opening the workspace restores it from the file." if file else RESTORE
        look.found(f"{DATABASE} (copy of {manifests.NAME})", "It is damaged or missing.", restored)
    elif file is not None and file != copy:
        look.found(
            manifests.NAME, "It is not what the database has a copy of.", "Opening the workspace writes it anew."
        )
    return copy


def _metadata(look: _Look, database: Database) -> bool:
    """False when the database is so damaged that it has to be repaired before more can be said."""
    look.checked.append(DATABASE)
    try:
        if database.is_new():
            if not (look.folder / manifests.NAME).exists():
                look.findings.clear()  # that there is no manifest yet is part of it
            look.found(DATABASE, "Making the workspace was interrupted.", "Run “rankscope index FOLDER”: it is made.")
            return False
        if not database.is_current():
            look.checked[-1] += " (of an older Rankscope: what is in it is checked once it has been opened)"
            with database.read() as connection:
                broken = checking.structure(connection)
            found = [broken] if broken else []
        else:
            found = checking.every_flaw(database)
    except WorkspaceTooNew:
        raise
    except WorkspaceError as error:
        look.found(DATABASE, error.message, error.remedy or RESTORE)
        return False
    for flaw in found:
        look.found(_where(flaw), flaw.problem, _CURES[flaw.cure])
    return not any(flaw.cure in (Cure.NONE, Cure.REINDEX) for flaw in found)


def _where(flaw: Flaw) -> str:
    return f"{DATABASE} (full-text index)" if flaw.cure is Cure.FULL_TEXT else DATABASE


def _codecs(look: _Look, rows: Sequence[Any]) -> set[str]:
    """What the segments that can be read call their codecs."""
    names = set()
    for row in rows:
        with contextlib.suppress(WorkspaceError):
            names.add(Segment(look.folder / vectors.FOLDER / row.file).head.codec)
    return names


def _segments(look: _Look, database: Database) -> None:
    with database.read() as connection:
        rows = connection.execute(select(schema.segments).order_by(schema.segments.c.id)).fetchall()
    for done, row in enumerate(rows):
        stop_if(look.cancelled)
        look.progress(Progress(done, len(rows), row.file, "segments"))
        name = f"{vectors.FOLDER}/{row.file}"
        look.checked.append(name)
        problem = vectors.segment_problem(look.folder, row)
        # A writer may have merged it into another one meanwhile.
        if problem and _is_named(database, row.id):
            look.found(name, problem, _REPAIR)
    for file in sorted({file_of(name) for name in _codecs(look, rows)} - {""}):
        look.checked.append(f"{CODECS}/{file}")
        try:
            codecs.load(look.folder / CODECS / file)
        except WorkspaceError as error:
            look.found(f"{CODECS}/{file}", error.message, error.remedy)
    with database.read() as connection:
        named = {row.file for row in connection.execute(select(schema.segments.c.file))} | {row.file for row in rows}
    place = look.folder / vectors.FOLDER
    for path in sorted(place.iterdir()) if place.is_dir() else []:
        if path.name not in named:
            look.found(
                f"{vectors.FOLDER}/{path.name}",
                "It belongs to no committed batch (of a run that was interrupted, or is at work).",
                "Run “rankscope index” or “rankscope compact”: it is dropped.",
            )


def _is_named(database: Database, segment_id: int) -> bool:
    with database.read() as connection:
        return (
            connection.execute(select(schema.segments.c.id).where(schema.segments.c.id == segment_id)).scalar()
            is not None
        )


def _dense(look: _Look, manifest: Manifest) -> None:
    look.checked.append("indexes/dense.hnsw")
    problem = DenseIndex(look.folder, manifest.encoder["sha256"], manifest.encoder["dim"]).problem_on_disk()
    if problem:
        look.found(
            "indexes/dense.hnsw",
            f"The dense index is damaged: {problem}. Searches do without it.",
            "It is made again by “rankscope index”.",
        )


def _candidates(look: _Look) -> None:
    """What PLAID and MUVERA have saved, where anybody has used them."""
    look.checked += [f"{candidates.FOLDER}/{name}" for name in candidates.on_disk(look.folder)]
    for name, problem in candidates.problems_on_disk(look.folder).items():
        look.found(
            f"{candidates.FOLDER}/{name}",
            f"This index of candidates is damaged: {problem}. Searches do without it.",
            "It is made again by the next search that needs it, and by “rankscope index”.",
        )


def _remains(look: _Look) -> None:
    """What an interrupted run left, and copies that nobody judges."""
    for path in leftovers(look.folder):
        look.found(
            path.relative_to(look.folder).as_posix(),
            "It was being written by a run that was interrupted, or is at work.",
            "Run “rankscope index” or “rankscope compact”: it is removed.",
        )
    if (look.folder / UNPACKED).is_dir():
        look.found(
            UNPACKED, "It holds files of a run that was interrupted, or is at work.", "“rankscope index” removes it."
        )
    for path in sorted(look.folder.glob(f"{DATABASE}.before-*")):
        if path not in leftovers(look.folder):
            look.checked.append(f"{path.name} (a copy from before an update; not judged)")
