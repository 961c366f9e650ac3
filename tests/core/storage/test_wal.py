"""The write-ahead log: what a kill leaves is no damage, and a damaged one tells how many commits SQLite passes over."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from rankscope.core.storage.wal import lost_commits

COMMITS = 40
FRAME = 24 + 4096


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE t (a, b)")
        for i in range(COMMITS - 1):
            connection.execute("INSERT INTO t VALUES (?, ?)", (i, os.urandom(100)))
        yield connection


@pytest.fixture
def log(database: sqlite3.Connection, tmp_path: Path) -> Path:
    """A copy of a log of forty commits."""
    return Path(shutil.copy(tmp_path / "x.sqlite-wal", tmp_path / "copy-wal"))


def rows_that_sqlite_sees(log: Path) -> int:
    shutil.copy(log.with_name("x.sqlite"), log.with_name("copy"))
    with contextlib.closing(sqlite3.connect(log.with_name("copy"))) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])
        except sqlite3.OperationalError:  # even the table is lost
            return -1


def test_a_whole_a_missing_and_an_empty_log(log: Path, tmp_path: Path) -> None:
    assert lost_commits(log) == 0 == lost_commits(tmp_path / "none")
    (tmp_path / "empty").touch()
    assert lost_commits(tmp_path / "empty") == 0


@pytest.mark.parametrize("nth", [0, 1, 20, 38])
@pytest.mark.parametrize("at", [0, 4, 8, 17, 24, 2_000, FRAME - 1])
def test_a_flipped_bit_anywhere_costs_what_sqlite_then_passes_over(log: Path, nth: int, at: int) -> None:
    data = bytearray(log.read_bytes())
    frames = (len(data) - 32) // FRAME
    first = frames - COMMITS  # making the table took more than one frame
    data[32 + (first + nth) * FRAME + at] ^= 0x20
    log.write_bytes(data)
    lost = lost_commits(log)
    assert lost >= 1
    if nth > 1:
        uncounted = at == 8  # where the mark of the log itself is damaged, that commit may be one of an older log
        assert rows_that_sqlite_sees(log) == COMMITS - 1 - lost - uncounted


def test_a_damaged_header_costs_everything(log: Path) -> None:
    data = bytearray(log.read_bytes())
    data[9] ^= 1
    log.write_bytes(data)
    assert lost_commits(log) and rows_that_sqlite_sees(log) == -1


@pytest.mark.parametrize("cut", [1, 100, FRAME, FRAME * 7 + 5])
def test_what_a_kill_leaves_is_no_damage(log: Path, cut: int) -> None:
    log.write_bytes(log.read_bytes()[:-cut])
    assert lost_commits(log) == 0


def test_the_remains_of_an_older_log_are_no_damage(database: sqlite3.Connection, tmp_path: Path) -> None:
    database.execute("PRAGMA wal_checkpoint(RESTART)")
    database.execute("INSERT INTO t VALUES (1, 2)")  # overwrites the first frames only
    log = tmp_path / "x.sqlite-wal"
    assert log.stat().st_size > 10 * FRAME and lost_commits(log) == 0
