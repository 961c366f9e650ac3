"""What a computer does to a workspace: read-only disks, folders that go away, wrong clocks, and odd names."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from comparing import assert_alike, contents, scores

from rankscope.core.errors import WorkspaceError
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "what leaks?")


@pytest.fixture
def read_only(indexed: Path, tmp_path: Path) -> Iterator[Path]:
    """The workspace on a disk that cannot be written to."""
    place = tmp_path / "read-only"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    try:
        shutil.copytree(indexed, place / "workspace")
        Workspace.open(place / "workspace").close()
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place / "workspace"
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_disk_is_searched_and_refuses_to_be_changed(
    read_only: Path, indexed: Path, second_model: str
) -> None:
    with Workspace.open(read_only) as workspace, Workspace.open(indexed) as original:
        assert not workspace.notes
        assert_alike(workspace, original, QUERIES, exact=True)
        for change in (
            workspace.index,
            workspace.compact,
            lambda: workspace.switch_encoder(second_model),
            lambda: workspace.remove_documents([1]),
            lambda: repair(read_only),
        ):
            with pytest.raises(WorkspaceError, match=r"not permitted|cannot be opened for writing"):
                change()
    assert verify(read_only).whole


def test_a_copy_on_a_read_only_disk_opens(read_only: Path, tmp_path: Path) -> None:
    """It cannot be remembered that it was checked, so it is checked each time."""
    subprocess.run(["mount", "-o", "remount,rw", str(read_only.parent)], check=True)
    read_only.rename(read_only.with_name("elsewhere"))
    subprocess.run(["mount", "-o", "remount,ro", str(read_only.parent)], check=True)
    for _ in range(2):
        with Workspace.open(read_only.with_name("elsewhere")) as workspace:
            assert not workspace.notes and workspace.search("rotor").passages


def test_a_folder_that_is_gone_is_told_and_its_documents_are_kept(
    many_documents: Path, indexed: Path, tmp_path: Path, second_model: str
) -> None:
    documents = Path(shutil.copytree(many_documents, tmp_path / "documents"))
    folder = tmp_path / "workspace"
    with Workspace.open(indexed) as original:
        model = original.info().encoder
    with Workspace.open(folder, create=True, encoder=model) as workspace:
        workspace.index([documents])
        before = contents(workspace)
        shutil.rmtree(documents)
        report = workspace.index()
        assert report.removed == 0 and str(documents) in report.notes[0] and contents(workspace) == before
        assert not workspace.sources()[0].reachable
        workspace.compact()  # none of this needs the files
        assert contents(workspace) == before
        workspace.switch_encoder(second_model)
        assert {row[0] for row in contents(workspace)} == {row[0] for row in before}
    assert verify(folder).whole


def test_a_clock_that_goes_backwards_loses_nothing(
    many_documents: Path, indexed: Path, tmp_path: Path, first_model: str
) -> None:
    documents = Path(shutil.copytree(many_documents, tmp_path / "documents"))
    future = time.time() + 10 * 365 * 86_400
    for path in documents.iterdir():
        os.utime(path, (future, future))  # as they look after the clock was set back
    chosen = next(documents.glob("04 *"))
    with Workspace.open(tmp_path / "workspace", create=True, encoder=first_model) as workspace:
        workspace.index([documents])
        assert workspace.index().unchanged == 60
        chosen.write_text("The gasket is new and was written in the past.", "utf-8")
        os.utime(chosen, (0, 0))
        report = workspace.index()
        assert (report.changed, report.unchanged) == (1, 59)
        removed = next(d.document_id for d in workspace.documents() if d.path == str(chosen))
        workspace.remove_documents([removed])
        chosen.unlink()
        with workspace.database.write() as connection:  # removed while the clock was ahead
            connection.exec_driver_sql("UPDATE documents SET removed_at = '2999-01-01' WHERE removed_at IS NOT NULL")
        workspace.index()
        assert workspace.compact().forgotten == 0
        workspace.bring_back([removed])
        assert any("written in the past" in row[6] for row in contents(workspace))
        assert workspace.info().encoder == first_model
    assert verify(tmp_path / "workspace").whole


@pytest.mark.usefixtures("_small_steps")
def test_a_name_with_blanks_and_signs_of_all_kinds(
    many_documents: Path, indexed: Path, tmp_path: Path, first_model: str, second_model: str
) -> None:
    folder = tmp_path / "Пример “a b” 50% ü#?&'; 文書" / "work space"
    documents = Path(shutil.copytree(many_documents, tmp_path / "Ordner mit Lücken" / "файлы %20 #1"))
    with Workspace.open(folder, create=True, encoder=first_model) as workspace:
        workspace.index([documents])
        before = {Path(path).name for path, _ in scores(workspace, QUERIES[:1])[0]}
        workspace.compact()
        workspace.switch_encoder(second_model)
        workspace.switch_encoder(first_model)
        assert {Path(path).name for path, _ in scores(workspace, QUERIES[:1])[0]} == before
        with Workspace.open(indexed) as original:
            assert [row[1:] for row in contents(workspace)] == [row[1:] for row in contents(original)]
    assert verify(folder).whole and not repair(folder)
    moved = folder.rename(folder.with_name("moved; elsewhere"))
    with Workspace.open(moved) as workspace:
        assert not workspace.notes and workspace.index().unchanged == 60
