"""metadata.sqlite: opening, migrating, and telling what went wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError

from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.files import BESIDE, disk_errors, sync_file, sync_folder

NAME = "metadata.sqlite"
LOG = f"{NAME}-wal"  # what was committed and is not yet folded into the file
RESTORE = "Restore it from a backup, or make a new workspace from the same folders."
_ONE_MIGRATION = Lock()  # Alembic keeps what it works on in its module
_WORTH_SHRINKING = 0.1  # share of unused pages from which the file is written anew


class Database:
    """The metadata of one workspace. Safe to use from several threads and processes at a time.

    Raises:
        WorkspaceTooNew: a newer Rankscope made the schema.
        WorkspaceError: it is damaged or cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        if _is_read_only(self.path):
            # Nobody can write, so nothing can change: SQLite may read without its lock and log files.
            address = f"file:{quote(str(self.path))}?mode=ro&immutable=1"
            self.engine: Engine = create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None),
                poolclass=QueuePool,
            )
        else:
            url = URL.create("sqlite", database=str(self.path))
            self.engine = create_engine(url, connect_args={"timeout": 30})
            event.listen(self.engine, "connect", _configure)
        # The driver's own transactions would begin too late for consistent reads; begin them ourselves.
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))

    def close(self) -> None:
        """Close all connections; the last one folds the write-ahead log into the file."""
        self.engine.dispose()

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection inside one read transaction: it sees one state of the workspace throughout."""
        with _database_errors(self.path), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection inside one write transaction, committed at the end of the block or not at all."""
        with _database_errors(self.path), self.engine.begin() as connection:
            yield connection

    def make_durable(self) -> None:
        """Make what was committed survive a power cut, not only the end of this program.

        Needed before a file is deleted that only the state before the last commits names. Raises WorkspaceError.
        """
        with disk_errors("writing the metadata", self.path.parent):
            sync_file(self.path.with_name(LOG))

    def fold_log(self) -> None:
        """Fold the write-ahead log into the file and empty it; while somebody reads, as much of it as possible."""
        with self._plain() as connection:
            connection.execute("PRAGMA busy_timeout = 1000")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA busy_timeout = 30000")

    def shrink(self) -> str:
        """Write the file anew without its unused pages, where that pays; returns why it was left, in words.

        Raises:
            WorkspaceError: the disk refuses; the file is as before.
        """
        with self._plain() as connection:
            pages, unused, size = (
                int(connection.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_count", "freelist_count", "page_size")
            )
            if unused < _WORTH_SHRINKING * pages or unused * size < 1_000_000:
                return ""
            # SQLite writes a copy into its folder for temporary files, and the copy into the log.
            needed = (pages - unused) * size
            for folder, copies in ((self.path.parent, 2), (Path(tempfile.gettempdir()), 1)):
                if shutil.disk_usage(folder).free < copies * needed + 10_000_000:
                    return (
                        f"The metadata was not made smaller: that needs {copies * needed // 1_000_000 + 10} MB of free "
                        f"space in {folder}."
                    )
            connection.execute("VACUUM")
        return ""

    @contextlib.contextmanager
    def _plain(self) -> Iterator[sqlite3.Connection]:
        """A connection outside any transaction, for what SQLite does not do inside one."""
        with _database_errors(self.path):
            pooled = self.engine.raw_connection()
            try:
                connection = pooled.driver_connection
                assert isinstance(connection, sqlite3.Connection)
                yield connection
            finally:
                pooled.close()

    def is_new(self) -> bool:
        """True when it holds nothing yet: making the workspace was interrupted."""
        return self._revision() is None

    def is_current(self) -> bool:
        """True when there is nothing to migrate. Raises WorkspaceTooNew."""
        current, script = self._revision(), ScriptDirectory.from_config(_alembic())
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise WorkspaceTooNew(
                f"The workspace {self.path.parent} was written by a newer Rankscope (schema {current}).",
                "Update Rankscope, or use another workspace.",
            )
        return current == script.get_current_head()

    def _revision(self) -> str | None:
        with self.read() as connection:
            heads = MigrationContext.configure(connection).get_current_heads()
        if len(heads) > 1:
            raise WorkspaceError(f"The metadata {self.path} is damaged: it has two versions.", RESTORE)
        return heads[0] if heads else None

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema up to date (or to a revision), after a backup copy when there is something to lose."""
        if self.is_current():
            return
        current = self._revision()
        if current is not None:
            self._back_up(current)
        with _ONE_MIGRATION, self.write() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def _back_up(self, revision: str) -> None:
        """Copy the file through SQLite, which sees one state of it whoever else has it open."""
        copy = self.path.with_name(f"{NAME}.before-{revision}")
        beside = copy.with_name(copy.name + BESIDE)
        with disk_errors("backing up the metadata", self.path.parent):
            try:
                beside.unlink(missing_ok=True)
                with self._plain() as source, contextlib.closing(sqlite3.connect(beside)) as target:
                    target.execute("PRAGMA journal_mode = OFF")
                    source.backup(target)
                sync_file(beside)
                beside.replace(copy)
                sync_folder(copy.parent)
            finally:
                beside.unlink(missing_ok=True)


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _configure(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "recursive_triggers=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _is_read_only(path: Path) -> bool:
    log = path.with_name(f"{NAME}-wal")
    empty_log = not log.exists() or log.stat().st_size == 0
    return path.is_file() and empty_log and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < 1_000_000
    except OSError:
        return False


def _full(path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"The disk is full: writing {path} stopped.",
        "Everything committed before is safe; free some space and start again.",
    )


@contextlib.contextmanager
def _database_errors(path: Path) -> Iterator[None]:
    """Known troubles of SQLite as sentences; anything else is a bug and passes through."""
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        said = error.orig if isinstance(error, DatabaseError) else error
        text = str(said).lower()
        if "disk is full" in text:
            raise _full(path) from error
        if "disk i/o" in text:
            if _is_full(path.parent):
                raise _full(path) from error
            raise WorkspaceError(f"The metadata {path} cannot be read or written.", "Check the disk.") from error
        if "malformed" in text or "not a database" in text:
            raise WorkspaceError(
                f"The metadata {path} is damaged ({said}).",
                RESTORE,
            ) from error
        if "could not decode" in text:
            raise WorkspaceError(
                f"The metadata {path} is damaged: a text in it can no longer be read.",
                "Run “rankscope verify --repair”.",
            ) from None  # the error holds the text: it must not be chained or shown
        if "fts5" in text or "vtable constructor" in text:
            raise WorkspaceError(
                f"The full-text index in {path} is damaged.", "Run “rankscope verify --repair”."
            ) from error
        if "locked" in text:
            raise WorkspaceError(f"The metadata {path} is locked by another program.", "Try again later.") from error
        if "readonly" in text or "unable to open" in text:
            raise WorkspaceError(f"The metadata {path} cannot be opened for writing.", "Check permissions.") from error
        raise
    except UnicodeDecodeError:  # SQLite's own message names a table, and that name is damaged
        raise WorkspaceError(f"The metadata {path} is damaged: its tables can no longer be read.", RESTORE) from None
