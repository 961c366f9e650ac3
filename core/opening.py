"""Opening the files of a workspace, or making them: which is which, what is restored, and what is refused."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from rankscope.core.encoding.registry import EncoderFiles, resolve
from rankscope.core.errors import UsageError, WorkspaceError, WorkspaceTooNew
from rankscope.core.indexes.dense import EF_CONSTRUCTION, M
from rankscope.core.storage import manifest as manifests
from rankscope.core.storage import segments, vectors
from rankscope.core.storage.database import NAME as METADATA
from rankscope.core.storage.database import Database
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.vectors import VectorStore

# Long enough for a paragraph or two, short enough that one passage is about one thing.
CHUNKING = {"max_tokens": 256, "target_tokens": 190, "overlap_tokens": 32}


@dataclass(frozen=True, slots=True)
class Opened:
    """The open files of a workspace; ``notes`` tell what a person should know about them."""

    folder: Path
    manifest: Manifest
    database: Database
    notes: tuple[str, ...]


def open_files(folder: Path, create: bool, encoder: str) -> Opened:
    """Open the workspace in this folder (absolute), or make one there with this encoder.

    Raises:
        UsageError: there is none and ``create`` is False, or the folder holds something else.
        WorkspaceError: it is damaged, or the disk refuses; WorkspaceTooNew: a newer Rankscope wrote it.
    """
    _allow_many_files()
    with disk_errors("opening the workspace", folder):
        has_manifest = (folder / manifests.NAME).is_file()
        has_metadata = (folder / METADATA).is_file() and (folder / METADATA).stat().st_size > 0
    if has_manifest and not has_metadata:
        raise WorkspaceError(
            f"The metadata {folder / METADATA} is missing.",
            "Restore it from a backup, or make a new workspace from the same folders.",
        )
    # Without a manifest here or in the database, making it was interrupted before there was anything to lose.
    if has_manifest or _manifest_copy(folder) is not None:
        return _open(folder)
    if not create:
        raise UsageError(f"There is no workspace at {folder}.", "Make one with “rankscope index FOLDER”.")
    return _create(folder, resolve(encoder))


def _open(folder: Path) -> Opened:
    notes: list[str] = []
    _refuse_newer(folder)
    database = Database(folder)
    try:
        if not database.is_current():
            with WriterLock(folder):
                database.migrate()
        manifest = _manifest(folder, notes)
        found = VectorStore(folder, database).current()
    except BaseException:
        database.close()
        raise
    notes += [str(error) for error in found.damaged.values()]
    return Opened(folder, manifest, database, tuple(notes))


def _create(folder: Path, files: EncoderFiles) -> Opened:
    with disk_errors("making a workspace", folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file, not a folder.", "Choose another place for the workspace.")
        if folder.exists() and any(not _is_ours(entry) for entry in folder.iterdir()):
            raise UsageError(f"The folder {folder} holds other files.", "Choose an empty folder for the workspace.")
        (folder / vectors.FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / "indexes").mkdir(exist_ok=True)
    manifest = Manifest(
        encoder=files.identity.as_dict(),
        codec=segments.CODEC,
        chunking=dict(CHUNKING),
        index={"kind": "hnsw", "space": "ip", "M": M, "ef_construction": EF_CONSTRUCTION},
    )
    with WriterLock(folder):
        database = Database(folder)
        try:
            database.migrate()
            with database.write() as connection:
                connection.exec_driver_sql(
                    "INSERT OR REPLACE INTO meta(key, value) VALUES ('manifest', ?)", (manifest.to_json(),)
                )
            manifest.write(folder)
        except BaseException:
            database.close()
            raise
    return Opened(folder, manifest, database, ())


def _refuse_newer(folder: Path) -> None:
    """Raise WorkspaceTooNew before anything is opened for writing; other troubles are for later."""
    if not (folder / manifests.NAME).is_file():
        return
    try:
        manifests.read_manifest(folder)
    except WorkspaceTooNew:
        raise
    except WorkspaceError:
        return


def _manifest(folder: Path, notes: list[str]) -> Manifest:
    """The manifest; from the copy in the database when the file is damaged or missing."""
    try:
        return manifests.read_manifest(folder)
    except WorkspaceError as error:
        copy = _manifest_copy(folder)
        if copy is None:
            raise error
        manifest = Manifest.from_json(copy, folder / manifests.NAME)
        manifest.write(folder)
        notes.append(f"{manifests.NAME} was damaged or missing and has been restored from its copy in the database.")
        return manifest


def _manifest_copy(folder: Path) -> str | None:
    """The manifest as the database keeps it; None without one. Raises WorkspaceError for damaged metadata."""
    if not (folder / METADATA).is_file():
        return None
    database = Database(folder)
    try:
        with database.read() as connection:
            if not connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'meta'").scalar():
                return None
            return connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'manifest'").scalar()
    finally:
        database.close()


def _is_ours(entry: Path) -> bool:
    """True for what an interrupted making of a workspace may have left."""
    return entry.name.startswith(("metadata.sqlite", "manifest.json", "writer.")) or entry.name in (
        vectors.FOLDER,
        "indexes",
    )


def _allow_many_files() -> None:
    """Raise the soft limit of open files: every segment is mapped, and a mapping keeps its file open."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
