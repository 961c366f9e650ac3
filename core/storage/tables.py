"""Whether a database has the tables that the migrations make: a flipped bit in their description renames a column."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from rankscope.core.storage.database import Database


def tables_are_ours(connection: Connection) -> bool:
    """True when tables, columns, indexes and triggers are those of this version's workspaces."""
    return _tables(connection) == _expected_tables()


def _tables(connection: Connection) -> frozenset[tuple[object, ...]]:
    """Columns, indexed columns, triggers and the full-text index. Not the text that made the tables, which depends on
    the libraries' versions."""
    rows = [
        *connection.exec_driver_sql(
            'SELECT CAST(t.name AS BLOB), CAST(c.name AS BLOB), CAST(c.type AS BLOB), c."notnull", c.pk '
            "FROM sqlite_master t "
            "JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' "
            "AND t.name NOT LIKE 'lexical%'"
        ),
        *connection.exec_driver_sql(
            "SELECT CAST(t.name AS BLOB), CAST(t.tbl_name AS BLOB), i.seqno, CAST(i.name AS BLOB) FROM sqlite_master t "
            "JOIN pragma_index_info(t.name) i WHERE t.type = 'index' AND t.name NOT LIKE 'sqlite%' "
            "AND t.name NOT LIKE 'lexical%'"
        ),
        *connection.exec_driver_sql(
            "SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_master WHERE type = 'trigger' OR name = 'lexical'"
        ),
    ]
    return frozenset(tuple(row) for row in rows)


@cache
def _expected_tables() -> frozenset[tuple[object, ...]]:
    with tempfile.TemporaryDirectory(prefix="rankscope-") as folder:
        database = Database(Path(folder))
        try:
            database.migrate()
            with database.read() as connection:
                return _tables(connection)
        finally:
            database.close()
