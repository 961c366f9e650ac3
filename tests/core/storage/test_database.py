"""The metadata's file: copied before it is changed, made smaller where that pays, and damage without private words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.database import Database
from rankscope.core.storage.meta import get_meta, set_meta


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path)
    made.migrate()
    yield made
    made.close()


def fill(database: Database, n_bytes: int) -> None:
    with database.write() as connection:
        set_meta(connection, "filling", "x" * n_bytes)


def test_values_are_remembered_and_forgotten(database: Database) -> None:
    with database.write() as connection:
        set_meta(connection, "key", "value")
        assert get_meta(connection, "key") == "value" and get_meta(connection, "another") is None
        set_meta(connection, "key", None)
        assert get_meta(connection, "key") is None


def test_a_block_that_fails_changes_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        set_meta(connection, "key", "value")
        raise ZeroDivisionError
    with database.read() as connection:
        assert get_meta(connection, "key") is None


def test_unused_pages_are_given_back_where_that_pays(database: Database) -> None:
    fill(database, 3_000_000)
    database.fold_log()
    assert database.path.stat().st_size > 3_000_000
    assert database.path.with_name("metadata.sqlite-wal").stat().st_size == 0
    assert database.shrink() == "" and database.path.stat().st_size > 3_000_000  # nothing is unused
    fill(database, 0)
    database.make_durable()
    assert database.shrink() == ""
    database.fold_log()
    assert database.path.stat().st_size < 1_000_000


def test_the_log_is_folded_as_far_as_readers_let_it(database: Database) -> None:
    fill(database, 100_000)
    with database.read() as connection:
        get_meta(connection, "filling")
        fill(database, 200_000)
        database.fold_log()  # waits a moment, and gives up
        assert len(get_meta(connection, "filling") or "") == 100_000
    database.fold_log()
    assert database.path.with_name("metadata.sqlite-wal").stat().st_size == 0


def test_an_error_never_holds_a_text_that_cannot_be_read(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('secret', CAST(x'70726976617465ff' AS TEXT))")
    with pytest.raises(WorkspaceError, match="can no longer be read") as raised, database.read() as connection:
        get_meta(connection, "secret")
    assert "private" not in str(raised.value) and raised.value.__cause__ is None and raised.value.__suppress_context__


def test_a_table_called_full_is_no_full_disk(database: Database) -> None:
    database.close()
    with contextlib.closing(sqlite3.connect(database.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', 'NOT FULL') WHERE name = 'documents'"
        )
        connection.commit()
    with pytest.raises(WorkspaceError, match="is damaged"):
        database.is_current()
