"""Whether a database has the tables that the migrations make: a flipped bit in their description renames a column."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from rankscope.core.storage.database import Database


def tables_are_ours(connection: Connection) -> bool:
    """True when tables, columns, indexes and triggers are those that the migrations made up to its own revision."""
    heads = MigrationContext.configure(connection).get_current_heads()
    return len(heads) == 1 and _tables(connection) == _expected_tables(heads[0])


def _tables(connection: Connection) -> frozenset[tuple[object, ...]]:
    """Columns, indexed columns, references, triggers and the full-text index. Not the text that made the tables,
    which depends on the libraries' versions."""
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
            'SELECT CAST(t.name AS BLOB), CAST(k."table" AS BLOB), CAST(k."from" AS BLOB), CAST(k.on_delete AS BLOB) '
            "FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table' "
            "AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE 'lexical%'"
        ),
        *connection.exec_driver_sql(
            "SELECT CAST(name AS BLOB), CAST(sql AS BLOB) FROM sqlite_master WHERE type = 'trigger' OR name = 'lexical'"
        ),
    ]
    return frozenset(tuple(row) for row in rows)


@cache
def _expected_tables(revision: str) -> frozenset[tuple[object, ...]]:
    with tempfile.TemporaryDirectory(prefix="rankscope-") as folder:
        database = Database(Path(folder))
        try:
            database.migrate(revision)
            with database.read() as connection:
                return _tables(connection)
        finally:
            database.close()
