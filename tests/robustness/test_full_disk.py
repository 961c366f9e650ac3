"""A full disk stops indexing with a clear sentence; what was committed stays, and freeing space lets it go on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rankscope.core.errors import WorkspaceError
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "small disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_while_indexing(small_disk: Path, many_documents: Path, index_process: Any) -> None:
    folder = small_disk / "workspace"
    said = index_process(folder, many_documents).finish()
    assert "refused: WorkspaceError The disk is full" in said and "free some space" in said
    with Workspace.open(folder) as workspace:
        kept = len(workspace.documents())
        assert 0 < kept < 60
        assert len(workspace.search("rotor", k=3).final) == 3
    assert verify(folder).whole or all("no committed" in f.problem for f in verify(folder).findings)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert "done" in index_process(folder, many_documents).finish()
    with Workspace.open(folder) as workspace:
        assert len(workspace.documents(status="indexed")) == 60
    assert verify(folder).whole


def test_a_disk_that_is_full_from_the_start(small_disk: Path, many_documents: Path, index_process: Any) -> None:
    block = small_disk / "block"
    with pytest.raises(OSError), block.open("wb") as stream:
        while True:
            stream.write(bytes(4096))
            stream.flush()
    said = index_process(small_disk / "workspace", many_documents).finish()
    assert "refused: WorkspaceError" in said and "full" in said
    block.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert "done" in index_process(small_disk / "workspace", many_documents).finish()


def test_a_full_disk_while_searching_is_not_called_damage(
    small_disk: Path, many_documents: Path, index_process: Any
) -> None:
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    folder = small_disk / "workspace"
    few = many_documents.parent / "few"
    few.mkdir()
    for path in sorted(many_documents.iterdir())[:4]:
        path.rename(few / path.name)
    assert "done" in index_process(folder, few).finish()
    with pytest.raises(OSError), (small_disk / "block").open("wb") as stream:
        while True:
            stream.write(bytes(4096))
            stream.flush()
    try:
        with Workspace.open(folder) as workspace:
            workspace.search("rotor", pipeline="lexical")
    except WorkspaceError as error:
        assert "full" in error.message and "damaged" not in str(error)
    (small_disk / "block").unlink()
    assert verify(folder).whole
