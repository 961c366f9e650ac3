"""How a workspace is damaged, looked at and repaired in these tests."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from comparing import assert_alike

from rankscope.core.records import Finding
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "which seal leaks?")
SECRET = "Confidential: the rotor was glued."


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def findings(folder: Path) -> tuple[Finding, ...]:
    found = verify(folder).findings
    assert not any(SECRET[:12] in f"{finding}" for finding in found)
    return found


def sql(folder: Path, *statements: str) -> None:
    """Change the metadata behind everybody's back: no constraint and no trigger is in the way."""
    with contextlib.closing(sqlite3.connect(folder / "metadata.sqlite")) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, made in triggers:
            connection.execute(made)
        connection.commit()


def repaired(folder: Path, expected: Workspace) -> None:
    """What the findings promise: repair, then index."""
    assert repair(folder)
    with Workspace.open(folder) as workspace:
        workspace.index()
        assert_alike(workspace, expected, QUERIES)
    assert verify(folder).whole
