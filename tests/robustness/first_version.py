"""A workspace as the first version of Rankscope wrote it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from pathlib import Path

import numpy as np
from alembic import command
from alembic.config import Config
from old_segments import write_first_segment

import rankscope.core.storage
from rankscope.core.storage.database import Database
from rankscope.core.storage.segments import Segment


def make_first_version(modern: Path, folder: Path) -> None:
    """The workspace as the first version of Rankscope would have written it: its tables, its columns, no copies, and
    its segments. ``modern`` holds tokens in float16."""
    (folder / "segments").mkdir(parents=True)
    (folder / "indexes").mkdir()
    manifest = _first_manifest((modern / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(manifest, "utf-8")
    sizes = {path.name: _first_segment(path, folder) for path in (modern / "segments").iterdir()}
    database = Database(folder)
    with database.write() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(rankscope.core.storage.__path__[0]) / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    database.close()
    with contextlib.closing(sqlite3.connect(folder / "metadata.sqlite")) as connection:
        connection.execute("ATTACH ? AS modern", (str(modern / "metadata.sqlite"),))
        connection.execute("INSERT INTO meta SELECT * FROM modern.meta WHERE key = 'generation'")
        connection.execute("INSERT INTO meta VALUES ('manifest', ?)", (manifest,))
        for table in ("sources", "documents", "texts", "segments", "passages"):
            names = ", ".join(f'"{row[1]}"' for row in connection.execute(f"PRAGMA main.table_info({table})"))
            limit = "WHERE duplicate_of IS NULL" if table == "documents" else ""
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM modern.{table} {limit}")
        for file, (n_bytes, sha256) in sizes.items():
            connection.execute("UPDATE segments SET n_bytes = ?, sha256 = ? WHERE file = ?", (n_bytes, sha256, file))
        connection.commit()


def _first_segment(path: Path, folder: Path) -> tuple[int, str]:
    segment = Segment(path)
    assert (segment.head.kind, segment.head.codec) == ("tokens", "float16")
    to = folder / "segments" / path.name
    return write_first_segment(to, segment.pooled, segment.rows.view(np.float16), segment.offsets)


def _first_manifest(modern: str) -> str:
    """Without the kind of vectors, of format 1, with its checksum."""
    fields = {**json.loads(modern), "format_version": 1}
    del fields["vectors"], fields["checksum"]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return json.dumps({**fields, "checksum": hashlib.sha256(canonical.encode()).hexdigest()})
