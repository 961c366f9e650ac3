"""Opening the files of a workspace, or making them: which is which, what is restored, and what is refused."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rankscope.core import checking
from rankscope.core.errors import UsageError, WorkspaceError, WorkspaceTooNew
from rankscope.core.generation import CHUNKING, CODEC, VECTORS, encoder_files, new_manifest
from rankscope.core.storage import manifest as manifests
from rankscope.core.storage.codecs import LostCodec
from rankscope.core.storage.database import LOG, RESTORE, Database
from rankscope.core.storage.database import NAME as METADATA
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.layout import FOLDER as CODECS
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest, stored_manifest
from rankscope.core.storage.meta import get_meta, set_meta
from rankscope.core.storage.vectors import FOLDER as SEGMENTS
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.storage.wal import lost_commits

__all__ = ["CHUNKING", "Opened", "open_files"]

_LOST = (
    "The last changes to the workspace were lost: its write-ahead log is damaged (by a power cut, or a failing disk). "
    "Bring the index up to date."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The open files of a workspace; ``notes`` tell what a person should know about them."""

    folder: Path
    manifest: Manifest
    database: Database
    notes: tuple[str, ...]


def open_files(folder: Path, create: bool, encoder: str, vectors: str = VECTORS, codec: str = CODEC) -> Opened:
    """Open the workspace in this folder (absolute), or make one there with this encoder, kind of vectors and codec.

    Raises:
        UsageError: there is none and ``create`` is False, or the folder holds something else.
        WorkspaceError: it is damaged, or the disk refuses; WorkspaceTooNew: a newer Rankscope wrote it.
    """
    _allow_many_files()
    log_is_damaged = lost_commits(folder / LOG) > 0  # before SQLite opens it and cuts it off there
    with disk_errors("opening the workspace", folder):
        has_manifest = (folder / manifests.NAME).is_file()
        has_metadata = (folder / METADATA).is_file() and (folder / METADATA).stat().st_size > 0
    if has_manifest and not has_metadata:
        raise WorkspaceError(f"The metadata {folder / METADATA} is missing.", RESTORE)
    # Without a manifest here or in the database, making it was interrupted before there was anything to lose.
    if has_manifest or _holds_something(folder):
        return _open(folder, [_LOST] if log_is_damaged else [])
    if not create:
        raise UsageError(f"There is no workspace at {folder}.", "Make one with “rankscope index FOLDER”.")
    return _create(folder, new_manifest(encoder_files(encoder), vectors, codec))


def _open(folder: Path, notes: list[str]) -> Opened:
    _refuse_newer(folder)
    database = Database(folder)
    try:
        if not database.is_current():
            with WriterLock(folder):
                database.migrate()
        manifest = _manifest(folder, database, notes)
        _look_at_a_copy(folder, database, notes)
        found = VectorStore(folder, database).current()
        notes += [str(error) for error in found.damaged.values()]
        notes += [str(found.codec.error)] if isinstance(found.codec, LostCodec) else []
        notes += _unfinished_switch(database, manifest)
    except BaseException:
        database.close()
        raise
    return Opened(folder, manifest, database, tuple(notes))


def _create(folder: Path, manifest: Manifest) -> Opened:
    with disk_errors("making a workspace", folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file, not a folder.", "Choose another place for the workspace.")
        if folder.exists() and any(not _is_ours(entry) for entry in folder.iterdir()):
            raise UsageError(f"The folder {folder} holds other files.", "Choose an empty folder for the workspace.")
        (folder / SEGMENTS).mkdir(parents=True, exist_ok=True)
        (folder / "indexes").mkdir(exist_ok=True)
    with WriterLock(folder):
        database = Database(folder)
        try:
            database.migrate()
            with database.write() as connection:
                set_meta(connection, "manifest", manifest.to_json())
                set_meta(connection, "home", _home(folder))
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


def _manifest(folder: Path, database: Database, notes: list[str]) -> Manifest:
    """The manifest. The database's copy decides; each of the two is restored from the other."""
    with database.read() as connection:
        copy = stored_manifest(connection, folder)
        being_made = checking.is_interrupted_making(connection, folder / manifests.NAME)
    file = _whole(lambda: manifests.read_manifest(folder))
    manifest = copy or file
    if manifest is None:
        raise WorkspaceError(
            f"The manifest {folder / manifests.NAME} and its copy in the database are damaged or missing: "
            "nobody knows which encoder made the vectors.",
            RESTORE,
        )
    if file != manifest and _wrote(folder, lambda: manifest.write(folder)) and file is None and not being_made:
        notes.append(f"{manifests.NAME} was damaged or missing and has been restored from its copy in the database.")
    if copy is None:

        def restore() -> None:
            with database.write() as connection:
                set_meta(connection, "manifest", manifest.to_json())

        if _wrote(folder, restore):
            notes.append(f"The copy of {manifests.NAME} in the database was damaged and has been restored.")
    return manifest


def _whole(read: Callable[[], Manifest]) -> Manifest | None:
    """None for a damaged or missing one."""
    try:
        return read()
    except WorkspaceTooNew:
        raise
    except WorkspaceError:
        return None


def _wrote(folder: Path, write: Callable[[], None]) -> bool:
    """Try to write something that can wait: until nobody else writes, or the disk lets us."""
    try:
        with WriterLock(folder):
            write()
    except WorkspaceError:
        return False
    return True


def _look_at_a_copy(folder: Path, database: Database, notes: list[str]) -> None:
    """Check the metadata once where the workspace stands in a new place.

    Whoever copied it while somebody wrote to it may have taken half of the file before a change and half after it.
    SQLite would not notice, and searches would miss passages without a word.

    Raises:
        WorkspaceError: the copy cannot be used.
    """
    home = _home(folder)
    with database.read() as connection:
        known = get_meta(connection, "home")
    if known == home:
        return
    found = [] if known is None else checking.every_flaw(database)
    if any(flaw.cure is checking.Cure.NONE for flaw in found):
        raise WorkspaceError(
            f"The workspace {folder} was copied or moved, and is damaged: {found[0].problem}",
            "Copy it again while nothing writes to it, or make a new workspace from the same folders.",
        )
    if found:
        notes.append(
            f"This workspace was copied or moved, and is damaged: {found[0].problem} "
            "Copy it again while nothing writes to it, or run “rankscope verify --repair”."
        )
        return

    def remember() -> None:
        with database.write() as connection:
            set_meta(connection, "home", home)

    _wrote(folder, remember)


def _home(folder: Path) -> str:
    """Tells this workspace from a copy of it, and from itself in another place."""
    with disk_errors("opening the workspace", folder):
        place = f"{(folder / METADATA).stat().st_ino} ".encode() + os.fsencode(folder.resolve())
    return hashlib.sha256(place).hexdigest()


def _unfinished_switch(database: Database, manifest: Manifest) -> list[str]:
    with database.read() as connection:
        begun = get_meta(connection, "switching")
    target = _whole(lambda: Manifest.from_json(begun, Path("manifest"))) if begun else None
    if target is None:
        return []
    name, now = target.encoder["name"], manifest.encoder["name"]
    if name == now:
        codec = target.codec.partition(":")[0]
        return [
            f"Converting to {target.vectors} in {codec} is unfinished; the index of {manifest.vectors} in "
            f"{manifest.codec.partition(':')[0]} serves until it is. “rankscope convert --vectors {target.vectors} "
            f"--codec {codec}” goes on with it, “rankscope convert --give-up” gives it up."
        ]
    return [
        f"Switching to the encoder “{name}” is unfinished; the index of “{now}” serves until it is. "
        f"“rankscope switch {name}” goes on with it, “rankscope convert --give-up” gives it up."
    ]


def _holds_something(folder: Path) -> bool:
    """Whether the database is that of a workspace that was made. Raises WorkspaceError for damaged metadata."""
    if not (folder / METADATA).is_file():
        return False
    database = Database(folder)
    try:
        with database.read() as connection:
            made = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'segments'").scalar()
            return made is not None and (
                get_meta(connection, "manifest") is not None
                or connection.exec_driver_sql("SELECT 1 FROM segments").first() is not None
            )
    finally:
        database.close()


def _is_ours(entry: Path) -> bool:
    """True for what an interrupted making of a workspace may have left."""
    return entry.name.startswith(("metadata.sqlite", "manifest.json", "writer.")) or entry.name in (
        SEGMENTS,
        "indexes",
        CODECS,
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
