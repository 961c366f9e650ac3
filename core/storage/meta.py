"""Single values that a workspace remembers: its manifest, its counter of changes, what was begun and not finished."""

from __future__ import annotations

from sqlalchemy import Connection


def get_meta(connection: Connection, key: str) -> str | None:
    """What was remembered under this name, or None."""
    value = connection.exec_driver_sql("SELECT value FROM meta WHERE key = ?", (key,)).scalar()
    return None if value is None else str(value)


def set_meta(connection: Connection, key: str, value: str | None) -> None:
    """Remember a value, or forget it with None. Inside a transaction."""
    if value is None:
        connection.exec_driver_sql("DELETE FROM meta WHERE key = ?", (key,))
    else:
        connection.exec_driver_sql("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", (key, value))
