"""Every kind of damage to every kind of file: it is found, and what is promised as the remedy helps."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from comparing import assert_alike
from damaging import QUERIES, findings, flip, repaired, sql

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.segments import Segment
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

# -- segments --------------------------------------------------------------------------------------------------------


def a_segment(folder: Path) -> Path:
    return sorted((folder / "segments").iterdir())[1]


def parts(path: Path) -> dict[str, int]:
    """Where the parts of a segment begin."""
    head = Segment(path).head
    assert (head.kind, head.codec, head.dim) == ("levels", "float16", 32)
    sizes = {
        "rows": head.n_vectors * 64,
        "fold": head.n_vectors * 10,
        "labels": head.n_tokens,
        "pooled": head.n_passages * 128,
        "offsets": (head.n_passages + 1) * 16,
    }
    places, at = {"header": 20}, 128
    for name, size in sizes.items():
        places[name] = at
        at += size + -size % 64
    return {**places, "offsets": places["offsets"] + 8}


@pytest.mark.parametrize(
    "how", ["header", "rows", "fold", "labels", "pooled", "offsets", "cut", "deleted", "foreign", "emptied"]
)
def test_segments(folder: Path, foreign: Path, expected: Workspace, how: str) -> None:
    segment = a_segment(folder)
    if how == "foreign":
        shutil.copy(foreign / "segments" / segment.name, segment)
    elif how == "deleted":
        segment.unlink()
    elif how in ("cut", "emptied"):
        segment.write_bytes(segment.read_bytes()[: -100 if how == "cut" else 0])
    else:
        flip(segment, parts(segment)[how])
    (finding,) = findings(folder)
    assert finding.file == f"segments/{segment.name}" and "--repair" in finding.remedy
    if how not in (
        "rows",
        "fold",
        "labels",
        "pooled",
        "offsets",
        "foreign",
    ):  # these only the checksum of the whole file can tell
        with Workspace.open(folder) as workspace:
            assert any(segment.name in note for note in workspace.notes)
            assert workspace.search("rotor").passages  # the rest is searched
    repaired(folder, expected)


def test_the_shelf_in_a_damaged_segment_can_no_longer_be_brought_back(folder: Path, expected: Workspace) -> None:
    with contextlib.closing(sqlite3.connect(folder / "metadata.sqlite")) as connection:
        (name,) = connection.execute(
            "SELECT file FROM segments WHERE id = (SELECT max(segment_id) FROM shelf)"
        ).fetchone()
    flip(folder / "segments" / name, 100)
    repaired(folder, expected)
    with Workspace.open(folder) as workspace:
        assert not workspace.removed()


# -- the dense index, which is derived -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dense.hnsw", "dense.json"])
@pytest.mark.parametrize("how", ["flipped", "cut", "deleted", "foreign"])
def test_the_dense_index(folder: Path, foreign: Path, expected: Workspace, name: str, how: str) -> None:
    path = folder / "indexes" / name
    if how == "foreign":
        shutil.copy(foreign / "indexes" / name, path)
    elif how == "deleted":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    else:
        flip(path, path.read_bytes().index(b'"sha256": "') + 20 if name == "dense.json" else 1_000)
    found = findings(folder)
    if (name, how) == ("dense.hnsw", "deleted"):
        assert not found  # it may be deleted
    else:
        assert [finding.file for finding in found] == ["indexes/dense.hnsw"] and "“rankscope index”" in found[0].remedy
    with Workspace.open(folder) as workspace:
        assert_alike(workspace, expected, QUERIES)  # searches do without it
    with Workspace.open(folder) as workspace:
        workspace.index()
        assert path.exists()
        assert_alike(workspace, expected, QUERIES)
    assert verify(folder).whole


# -- the manifest ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["flipped", "cut", "deleted", "foreign", "copy flipped", "copy deleted"])
def test_the_manifest_and_its_copy(folder: Path, foreign: Path, expected: Workspace, how: str) -> None:
    path = folder / "manifest.json"
    if how == "foreign":
        shutil.copy(foreign / "manifest.json", path)
    elif how == "deleted":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-30])
    elif how == "flipped":
        flip(path, 40)
    elif how == "copy flipped":
        sql(folder, "UPDATE meta SET value = replace(value, '\"dim\": 32', '\"dim\": 23') WHERE key = 'manifest'")
    else:
        sql(folder, "DELETE FROM meta WHERE key = 'manifest'")
    (finding,) = findings(folder)
    assert finding.file.endswith("manifest.json)" if "copy" in how else "manifest.json")
    assert finding.remedy.startswith("Opening the workspace")
    with Workspace.open(folder) as workspace:
        assert bool(workspace.notes) == (how != "foreign")
        assert_alike(workspace, expected, QUERIES)
    assert verify(folder).whole


def test_both_manifests_gone(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    sql(folder, "DELETE FROM meta WHERE key = 'manifest'")
    assert len(findings(folder)) == 2 and "new workspace" in findings(folder)[1].remedy
    with pytest.raises(WorkspaceError, match="which encoder"):
        Workspace.open(folder, create=True)


# -- the log of the metadata -----------------------------------------------------------------------------------------


def test_the_log_of_the_metadata(folder: Path, made: Path, expected: Workspace, tmp_path: Path) -> None:
    with Workspace.open(folder) as workspace:
        document = next(d for d in workspace.documents() if d.path.endswith("00.md"))
        for _ in range(3):  # several changes wait in the log while the workspace is open
            workspace.remove_documents([document.document_id])
            workspace.bring_back([document.document_id])
        shutil.copytree(folder, tmp_path / "copy")
    log = tmp_path / "copy" / "metadata.sqlite-wal"
    whole = log.read_bytes()
    assert len(whole) > 20_000 and verify(tmp_path / "copy").whole
    for at in (20, 4_000):  # its header; its first page
        shutil.rmtree(tmp_path / "copy")
        shutil.copytree(folder, tmp_path / "copy")
        log.write_bytes(whole)
        flip(log, at)
        assert findings(tmp_path / "copy")[0].file == "metadata.sqlite-wal"
        log.write_bytes(whole)
        flip(log, at)
        with Workspace.open(tmp_path / "copy") as workspace:
            assert "last changes" in workspace.notes[0]
            workspace.index()
            assert_alike(workspace, expected, QUERIES)
        assert verify(tmp_path / "copy").whole
    log.write_bytes(whole[:-1_000])  # what a kill leaves half written is no damage
    assert verify(tmp_path / "copy").whole


# -- what runs leave -------------------------------------------------------------------------------------------------


def test_what_interrupted_runs_leave(folder: Path, expected: Workspace) -> None:
    left = ["manifest.json.new", "indexes/dense.hnsw.new", "unpacked/000001/mail.txt", "segments/000099.vec"]
    for name in left:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half")
    (folder / "metadata.sqlite.before-0001").write_bytes(b"a copy that nobody judges")
    report = verify(folder)
    assert sorted(finding.file for finding in report.findings) == sorted(
        ["manifest.json.new", "indexes/dense.hnsw.new", "unpacked", "segments/000099.vec"]
    )
    assert any(name.startswith("metadata.sqlite.before-0001") for name in report.checked)
    with Workspace.open(folder) as workspace:
        assert_alike(workspace, expected, QUERIES)
        workspace.index()
    assert verify(folder).whole and (folder / "metadata.sqlite.before-0001").exists()
    assert not any((folder / name).exists() for name in left)


# -- copies ----------------------------------------------------------------------------------------------------------


def test_a_copy_is_checked_once(folder: Path, expected: Workspace, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    sql(tmp_path / "copy", "DELETE FROM passages WHERE id = 1")
    with Workspace.open(folder) as workspace:
        assert not workspace.notes
    with Workspace.open(tmp_path / "copy") as workspace:
        assert "copied or moved, and is damaged" in workspace.notes[0]
    repaired(tmp_path / "copy", expected)
    with Workspace.open(tmp_path / "copy") as workspace:
        assert not workspace.notes
    (tmp_path / "copy").rename(tmp_path / "elsewhere")
    data = (tmp_path / "elsewhere" / "metadata.sqlite").read_bytes()
    (tmp_path / "elsewhere" / "metadata.sqlite").write_bytes(data[: len(data) // 2])
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(tmp_path / "elsewhere")
