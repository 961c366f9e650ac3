"""Filters as SQL: which passages a search may choose from."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection

from rankscope.core.errors import UsageError
from rankscope.core.ranking.filters import Filters


def condition(filters: Filters) -> tuple[str, tuple[object, ...]]:
    """A condition on a table ``documents d`` and its values; ``1`` when nothing is filtered.

    Raises:
        UsageError: a date that is not YYYY-MM-DD.
    """
    parts: list[str] = ["1"]
    values: list[object] = []
    if filters.path:
        wild = any(sign in filters.path for sign in "*?[")
        here, copy = (f"{table}.path GLOB ?" if wild else f"instr({table}.path, ?) > 0" for table in ("d", "c"))
        # A document is where any of its copies is.
        parts.append(
            f"({here} OR d.id IN (SELECT c.duplicate_of FROM documents c "
            f"WHERE c.duplicate_of IS NOT NULL AND c.removed_at IS NULL AND {copy}))"
        )
        values += [filters.path, filters.path]
    if filters.types:
        parts.append(f"d.format IN ({', '.join('?' * len(filters.types))})")
        values += filters.types
    for date, sign, shift in ((filters.modified_from, ">=", 0), (filters.modified_to, "<", 1)):
        if date:
            parts.append(f"d.mtime_ns {sign} ?")
            values.append(_nanoseconds(date, shift))
    return " AND ".join(parts), tuple(values)


def limit_lexical(filters: Filters) -> tuple[str, tuple[object, ...]]:
    """The same as a condition on the full-text index's ``rowid``; empty when nothing is filtered."""
    if not filters:
        return "", ()
    where, values = condition(filters)
    # The plus keeps SQLite from asking the full-text index once per allowed passage, which is quadratic.
    return f"+rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id WHERE {where})", values


def allowed_passages(connection: Connection, filters: Filters) -> np.ndarray:
    """The ids of the passages that pass: int64, rising."""
    where, values = condition(filters)
    rows = connection.exec_driver_sql(
        f"SELECT p.id FROM passages p JOIN documents d ON d.id = p.document_id WHERE {where} ORDER BY p.id", values
    ).fetchall()
    return np.array([row[0] for row in rows], np.int64)


def _nanoseconds(date: str, shift_days: int) -> int:
    from datetime import datetime, timedelta

    try:
        day = datetime.strptime(date, "%Y-%m-%d") + timedelta(days=shift_days)
        return int(day.astimezone().timestamp()) * 1_000_000_000
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"“{date}” is not a date.", "Write dates as YYYY-MM-DD.") from error
