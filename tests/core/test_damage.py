"""Damaged, foreign and newer workspaces: said clearly, searched as far as possible, repaired where it can be."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from rankscope.core.errors import UsageError, WorkspaceError, WorkspaceTooNew
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace


@pytest.fixture
def closed(workspace: Workspace) -> Path:
    workspace.close()
    return workspace.path


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_whole_workspace_is_whole(closed: Path) -> None:
    report = verify(closed)
    assert report.whole and len(report.checked) >= 4


def test_no_workspace_and_foreign_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no workspace"):
        Workspace.open(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no workspace"):
        verify(tmp_path / "nowhere")
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="holds other files"):
        Workspace.open(tmp_path, create=True)
    with pytest.raises(UsageError, match="is a file"):
        Workspace.open(tmp_path / "holiday.jpg", create=True)


def test_a_damaged_manifest_is_restored_from_its_copy(closed: Path) -> None:
    flip(closed / "manifest.json", 30)
    assert [finding.file for finding in verify(closed).findings] == ["manifest.json"]
    with Workspace.open(closed) as workspace:
        assert "restored" in workspace.notes[0]
        assert workspace.search("soup").passages
    assert verify(closed).whole
    (closed / "manifest.json").unlink()
    Workspace.open(closed).close()
    assert verify(closed).whole


def test_a_newer_workspace_is_refused_and_left_alone(closed: Path) -> None:
    manifest = json.loads((closed / "manifest.json").read_text())
    manifest["format_version"] += 1
    (closed / "manifest.json").write_text(json.dumps(manifest))
    before = (closed / "metadata.sqlite").read_bytes()
    with pytest.raises(WorkspaceTooNew, match="newer Rankscope"):
        Workspace.open(closed)
    assert (closed / "metadata.sqlite").read_bytes() == before


def test_a_newer_schema_is_refused(closed: Path) -> None:
    with sqlite3.connect(closed / "metadata.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(WorkspaceTooNew, match="9999"):
        Workspace.open(closed)
    for look in (verify, repair):
        with pytest.raises(WorkspaceTooNew, match="9999"):
            look(closed)


def test_damaged_metadata_is_said(closed: Path) -> None:
    for name in ("metadata.sqlite-wal", "metadata.sqlite-shm"):
        (closed / name).unlink(missing_ok=True)
    (closed / "metadata.sqlite").write_bytes(b"this is no database, whatever it is called" * 100)
    with pytest.raises(WorkspaceError, match=r"metadata\.sqlite is damaged"):
        Workspace.open(closed)
    assert any(finding.file == "metadata.sqlite" for finding in verify(closed).findings)


@pytest.mark.parametrize("damage", ["header", "content", "missing", "short"])
def test_a_damaged_segment_costs_only_its_passages_and_is_repaired(closed: Path, damage: str) -> None:
    segment = next((closed / "segments").iterdir())
    if damage == "missing":
        segment.unlink()
    elif damage == "short":
        segment.write_bytes(segment.read_bytes()[:-10])
    else:
        flip(segment, 20 if damage == "header" else segment.stat().st_size // 2)
    report = verify(closed)
    assert [finding.file for finding in report.findings] == [f"segments/{segment.name}"]
    assert "verify --repair" in report.findings[0].remedy
    with Workspace.open(closed) as workspace:
        if damage != "content":  # flipped vectors are found by the checksum only
            assert segment.name in workspace.notes[0]
            assert not len(workspace.search("soup", pipeline="late").final)
        assert len(workspace.search("soup", pipeline="lexical").final)  # words need no vectors
    assert repair(closed)
    with Workspace.open(closed) as workspace:
        report = workspace.index()
        assert report.changed == 5 and report.encoded >= 5
        assert len(workspace.search("soup", pipeline="late").final)
    assert verify(closed).whole


def test_what_an_interrupted_run_left_is_dropped(closed: Path) -> None:
    leftover = closed / "segments" / "000009.vec"
    leftover.write_bytes(bytes(1000))
    assert [finding.file for finding in verify(closed).findings] == ["segments/000009.vec"]
    with Workspace.open(closed) as workspace:
        assert workspace.search("soup").passages
        assert leftover.exists()  # a reader deletes nothing
        workspace.index()
    assert not leftover.exists() and verify(closed).whole


def test_derived_files_may_be_deleted(closed: Path) -> None:
    shutil.rmtree(closed / "indexes")
    with Workspace.open(closed) as workspace:
        assert workspace.search("soup").passages
        workspace.index()
    assert verify(closed).whole


def test_a_full_text_index_that_lost_a_row_is_found_and_rebuilt(closed: Path) -> None:
    with sqlite3.connect(closed / "metadata.sqlite") as connection:
        row = connection.execute("SELECT id, context, text FROM passages LIMIT 1").fetchone()
        connection.execute("INSERT INTO lexical(lexical, rowid, context, text) VALUES ('delete', ?, ?, ?)", row)
    connection.close()
    assert any("full-text" in finding.file for finding in verify(closed).findings)
    assert "Rebuilt the full-text index." in repair(closed)
    assert verify(closed).whole


def test_missing_metadata_is_never_taken_for_an_empty_workspace(closed: Path) -> None:
    (closed / "metadata.sqlite").unlink()
    with pytest.raises(WorkspaceError, match=r"metadata\.sqlite is missing"):
        Workspace.open(closed, create=True)
    assert list((closed / "segments").iterdir())


def test_a_missing_segments_folder(closed: Path) -> None:
    shutil.rmtree(closed / "segments")
    repair(closed)
    with Workspace.open(closed) as workspace:
        assert workspace.fate("soup", "soup.txt").verdict.startswith("Its passages were in a damaged")
        assert workspace.index().encoded >= 5
    assert verify(closed).whole


def test_a_workspace_that_was_never_finished_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "metadata.sqlite").touch()
    with pytest.raises(UsageError, match="no workspace"):
        verify(tmp_path)
    with sqlite3.connect(tmp_path / "metadata.sqlite") as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    (finding,) = verify(tmp_path).findings
    assert "interrupted" in finding.problem
    with Workspace.open(tmp_path, create=True) as workspace:
        assert not workspace.notes
    assert verify(tmp_path).whole


def test_repair_touches_no_foreign_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no workspace"):
        repair(tmp_path)
    assert not list(tmp_path.iterdir())


def test_verifying_beside_a_writer_reports_no_damage(workspace: Workspace) -> None:
    with workspace.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta(key, value) VALUES ('busy', '1')")
        connection.exec_driver_sql("PRAGMA busy_timeout = 100")
        assert verify(workspace.path).whole


def test_a_workspace_whose_making_was_interrupted_is_not_called_damaged(tmp_path: Path) -> None:
    Workspace.open(tmp_path / "workspace", create=True).close()
    (tmp_path / "workspace" / "manifest.json").unlink()
    (finding,) = verify(tmp_path / "workspace").findings
    assert finding.problem == "Making the workspace was interrupted."
    with Workspace.open(tmp_path / "workspace") as workspace:
        assert not workspace.notes
    assert verify(tmp_path / "workspace").whole
