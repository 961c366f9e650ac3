"""Damage inside metadata.sqlite, which has no checksum: what SQLite finds, what contradicts itself, and what helps."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest
from comparing import assert_alike
from damaging import QUERIES, SECRET, findings, flip, repaired, sql

from rankscope.core.errors import WorkspaceError
from rankscope.core.verify import repair
from rankscope.core.workspace import Workspace

# -- the metadata: its pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["page", "cut", "deleted", "emptied", "another file"])
def test_metadata_that_only_a_backup_or_a_new_workspace_replaces(folder: Path, expected: Workspace, how: str) -> None:
    path = folder / "metadata.sqlite"
    data = path.read_bytes()
    if how == "page":  # the first page of the passages
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'passages'").fetchone()
        path.write_bytes(data[: (page - 1) * 4096] + bytes(4096) + data[page * 4096 :])
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"" if how == "emptied" else b"something else altogether " * 5_000)
    (finding,) = findings(folder)
    assert finding.file == "metadata.sqlite" and "make a new workspace from the same folders" in finding.remedy
    n = len(list((folder / "segments").iterdir()))
    with contextlib.suppress(WorkspaceError):
        repair(folder)
    assert len(list((folder / "segments").iterdir())) == n  # nothing that a backup could use is thrown away
    with Workspace.open(folder.with_name("new"), create=True, encoder=model_of(folder)) as workspace:
        workspace.index([source.path for source in expected.sources()])
        assert_alike(workspace, expected, QUERIES)


def model_of(folder: Path) -> str:
    return str(json.loads((folder / "manifest.json").read_text("utf-8"))["encoder"]["name"])


@pytest.mark.parametrize("nth", [0, 1])
def test_a_flipped_bit_in_a_text(folder: Path, expected: Workspace, nth: int) -> None:
    """A text stands in the metadata twice: whole, and in its passages."""
    data = (folder / "metadata.sqlite").read_bytes()
    at = data.index(SECRET.encode())
    at = data.index(SECRET.encode(), at + 1) if nth else at
    for bit in (0x01, 0x80):  # another letter; no letter at all
        damaged = bytearray(data)
        damaged[at + 5] ^= bit
        (folder / "metadata.sqlite").write_bytes(damaged)
        assert any("not what their texts" in finding.problem for finding in findings(folder))
        repaired(folder, expected)


def test_a_flipped_bit_in_an_index_of_the_metadata(folder: Path, expected: Workspace) -> None:
    path = folder / "metadata.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (value,) = connection.execute("SELECT hash FROM passages WHERE id = 3").fetchone()
    data = path.read_bytes()
    places = [at for at in range(len(data)) if data.startswith(value, at)]
    assert len(places) == 2  # in the table and in its index
    for at in places:
        path.write_bytes(data)
        flip(path, at + 7)
        (finding,) = findings(folder)
        assert "missing from index passages_hash" in finding.problem
        repaired(folder, expected)


# -- the metadata: what is in it -------------------------------------------------------------------------------------

ONE = "(SELECT document_id FROM passages LIMIT 1)"
ROWS: dict[str, tuple[str, str]] = {
    "no segment": (f"UPDATE passages SET segment_id = 99 WHERE document_id = {ONE}", "name vectors that no segment"),
    "no row": ('UPDATE passages SET "row" = 1000 WHERE id = 1', "name vectors that no segment"),
    "no row on the shelf": ('UPDATE shelf SET "row" = -1', "name vectors that no segment"),
    "segment forgotten": ("DELETE FROM segments WHERE id = 2", "name vectors that no segment"),
    "the row of another": ('UPDATE passages SET "row" = "row" - 1 WHERE id = 2', "vectors of another text"),
    "another hash": ("UPDATE passages SET hash = zeroblob(16) WHERE id = 2", "not what their texts"),
    "no hash": ("UPDATE passages SET hash = NULL WHERE id = 2", "not what their texts"),
    "another context": ("UPDATE passages SET context = 'x' WHERE id = 2", "not what their texts"),
    "another place": ("UPDATE passages SET place = 'line 999' WHERE id = 2", "not what their texts"),
    "another start": ("UPDATE passages SET start = start + 1 WHERE id = 2", "not what their texts"),
    "a number that is none": ("UPDATE passages SET start = 'x' WHERE id = 2", "not what their texts"),
    "text lost": (f"DELETE FROM texts WHERE document_id = {ONE}", "not what their texts"),
    "layout garbled": (f"UPDATE texts SET layout = '{{' WHERE document_id = {ONE}", "not what their texts"),
    "passage lost": ("DELETE FROM passages WHERE id = 1", "number of passages"),
    "passage on the shelf": ("UPDATE documents SET removed_at = NULL", "number of passages"),
    "copy of nothing": ("UPDATE documents SET duplicate_of = 999 WHERE duplicate_of > 0", "copies of one that is not"),
    "copy of another": (
        "UPDATE documents SET duplicate_of = (SELECT id FROM documents WHERE path LIKE '%00.md') WHERE duplicate_of > 0",
        "copies of one that is not",
    ),
    "document lost": (f"DELETE FROM documents WHERE id = {ONE}", "belong to documents that are gone"),
    "counter": ("UPDATE meta SET value = '1r.3' WHERE key = 'generation'", "counter of changes"),
    "title": (f"UPDATE documents SET title = CAST(x'ff' AS TEXT) WHERE id = {ONE}", "cannot be read"),
    "next documents": (f"INSERT INTO next_documents VALUES ({ONE}, x'00')", "belongs to no switch"),
    "next passages": (
        'INSERT INTO next_passages SELECT id, document_id, start, "end", page, context, text, segment_id, "row", '
        "place, hash FROM passages LIMIT 2",
        "belongs to no switch",
    ),
    "switch garbled": ("INSERT INTO meta VALUES ('switching', '{')", "belongs to no switch"),
    "full text data": ("UPDATE lexical_data SET block = zeroblob(30) WHERE id > 100", "full-text index"),
    "full text sizes": ("DELETE FROM lexical_docsize WHERE id = 3", "full-text index"),
    "full text terms": ("UPDATE lexical_idx SET pgno = 77", "full-text index"),
    "full text version": ("UPDATE lexical_config SET v = 0", "full-text index"),
    "full text words": ("DELETE FROM lexical_data WHERE id > 100", "full-text index"),
}


@pytest.mark.parametrize("kind", list(ROWS))
def test_rows(folder: Path, expected: Workspace, kind: str) -> None:
    statement, problem = ROWS[kind]
    sql(folder, statement)
    found = findings(folder)
    assert any(problem in finding.problem for finding in found), found
    assert all("--repair" in finding.remedy for finding in found if "segments/" not in finding.file), found
    repaired(folder, expected)


def test_foreign_tables_are_not_taken_for_ours(folder: Path) -> None:
    sql(folder, "ALTER TABLE next_documents RENAME COLUMN text_hash TO text_hush")
    (finding,) = findings(folder)
    assert "not those of a workspace" in finding.problem and "backup" in finding.remedy


def test_a_source_that_is_lost_costs_no_document(folder: Path) -> None:
    sql(folder, "DELETE FROM sources")
    (finding,) = findings(folder)
    assert "source that is gone" in finding.problem and "new workspace" in finding.remedy
    repair(folder)
    with Workspace.open(folder) as workspace:
        assert workspace.documents() and workspace.search("rotor").passages
