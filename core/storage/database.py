"""metadata.sqlite: opening, migrating, and telling what went wrong."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DatabaseError

from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.files import disk_errors

NAME = "metadata.sqlite"


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

    def is_current(self) -> bool:
        """True when there is nothing to migrate."""
        head = ScriptDirectory.from_config(_alembic()).get_current_head()
        return self._revision() == head

    def _revision(self) -> str | None:
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def migrate(self) -> None:
        """Bring the schema up to date, after a backup copy when there is something to lose."""
        current = self._revision()
        script = ScriptDirectory.from_config(_alembic())
        newest = script.get_current_head()
        if current == newest:
            return
        if current is not None:
            if current not in {revision.revision for revision in script.walk_revisions()}:
                raise WorkspaceTooNew(
                    f"The workspace {self.path.parent} was written by a newer Rankscope (schema {current}).",
                    "Update Rankscope, or use another workspace.",
                )
            self._back_up(current)
        with self.write() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _back_up(self, revision: str) -> None:
        copy = self.path.with_name(f"{NAME}.before-{revision}")
        with disk_errors("backing up the metadata", self.path.parent):
            with contextlib.closing(sqlite3.connect(self.path)) as source:
                source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy2(self.path, copy)


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
    except DatabaseError as error:
        text = str(error.orig).lower()
        if "full" in text:
            raise _full(path) from error
        if "disk i/o" in text:
            if _is_full(path.parent):
                raise _full(path) from error
            raise WorkspaceError(f"The metadata {path} cannot be read or written.", "Check the disk.") from error
        if "malformed" in text or "not a database" in text:
            raise WorkspaceError(
                f"The metadata {path} is damaged ({error.orig}).",
                "Restore it from a backup, or make a new workspace from the same folders.",
            ) from error
        if "locked" in text:
            raise WorkspaceError(f"The metadata {path} is locked by another program.", "Try again later.") from error
        if "readonly" in text or "unable to open" in text:
            raise WorkspaceError(f"The metadata {path} cannot be opened for writing.", "Check permissions.") from error
        raise
