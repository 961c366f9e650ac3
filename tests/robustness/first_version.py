"""A workspace as the first version of Rankscope wrote it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config

import rankscope.core.storage
from rankscope.core.storage.database import Database


def make_first_version(modern: Path, folder: Path) -> None:
    """The workspace as the first version of Rankscope would have written it: its tables, its columns, no copies."""
    folder.mkdir()
    shutil.copytree(modern / "segments", folder / "segments")
    (folder / "indexes").mkdir()
    shutil.copy(modern / "manifest.json", folder / "manifest.json")
    database = Database(folder)
    with database.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(rankscope.core.storage.__path__[0]) / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    database.close()
    with contextlib.closing(sqlite3.connect(folder / "metadata.sqlite")) as connection:
        connection.execute("ATTACH ? AS modern", (str(modern / "metadata.sqlite"),))
        connection.execute("INSERT INTO meta SELECT * FROM modern.meta WHERE key IN ('manifest', 'generation')")
        for table in ("sources", "documents", "texts", "segments", "passages"):
            names = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            limit = "WHERE duplicate_of IS NULL" if table == "documents" else ""
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM modern.{table} {limit}")
        connection.commit()
