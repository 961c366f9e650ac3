"""A full disk, in every phase: a clear sentence, nothing committed is lost, and with free space it goes on."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparing import assert_alike, contents
from first_version import make_first_version

from rankscope.core.errors import WorkspaceError
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.storage.layout import plain_layout
from rankscope.core.storage.segments import Segment, SegmentWriter
from rankscope.core.storage.vectors import Vectors
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "what leaks?")
FREE = (0, 20_000, 60_000, 150_000, 300_000, 600_000)

pytestmark = pytest.mark.usefixtures("_small_steps")


class Disk:
    """A small file system in memory, of which a block of zeros takes what is not to be free."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def with_free(self, n_bytes: int) -> Iterator[None]:
        block = self.path / "block"
        with contextlib.suppress(OSError), block.open("wb", buffering=0) as stream:
            while self._free() >= n_bytes + 4_096:
                stream.write(bytes(4_096))
        try:
            yield
        finally:
            block.unlink()

    def _free(self) -> int:
        stat = os.statvfs(self.path)
        return stat.f_bavail * stat.f_frsize


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "small disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs is not permitted here")
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def refused_when_full(disk: Disk, folder: Path, run: Callable[[Workspace], object], expected: list[list[Any]]) -> int:
    """Run it with more and more free space; returns how often it was refused. Each time the workspace stays whole and
    holds one of the states that are expected."""
    refused = 0
    for n_bytes in FREE:
        with disk.with_free(n_bytes):
            try:
                with Workspace.open(folder) as workspace:
                    run(workspace)
            except WorkspaceError as error:
                assert "full" in error.message and error.remedy and "damaged" not in str(error), error
                refused += 1
        with Workspace.open(folder) as workspace:
            assert contents(workspace) in expected
        unfinished = ("It belongs to no committed batch", "It was being written")
        assert all(finding.problem.startswith(unfinished) for finding in verify(folder).findings)
    return refused


def test_while_indexing(disk: Disk, many_documents: Path, start: Any, first_model: str, indexed: Path) -> None:
    folder = disk.path / "workspace"
    with disk.with_free(500_000):
        said = start("index", folder, many_documents, first_model).finish()
        assert "refused: WorkspaceError The disk is full" in said and "free some space" in said
    with Workspace.open(folder) as workspace:
        kept = len(workspace.documents())
        assert 0 < kept < 60 and workspace.search("rotor", k=3).passages
        with Workspace.open(indexed) as whole:
            assert set(contents(workspace)) <= set(contents(whole))
            workspace.index([many_documents])
            assert_alike(workspace, whole, QUERIES)
    assert verify(folder).whole


def test_from_the_start(disk: Disk, many_documents: Path, start: Any, first_model: str) -> None:
    with disk.with_free(0):
        said = start("index", disk.path / "workspace", many_documents, first_model).finish()
        assert "refused: WorkspaceError" in said and "full" in said
    with Workspace.open(disk.path / "workspace", create=True, encoder=first_model) as workspace:
        assert workspace.index([many_documents]).added == 60


def test_while_compacting(disk: Disk, indexed: Path) -> None:
    folder = disk.path / "workspace"
    shutil.copytree(indexed, folder)
    with Workspace.open(indexed) as before:
        assert refused_when_full(disk, folder, lambda workspace: workspace.compact(), [contents(before)]) >= 2
        with Workspace.open(folder) as workspace:
            workspace.compact()
            assert_alike(workspace, before, QUERIES, exact=True)
    assert verify(folder).whole


def test_while_switching(disk: Disk, indexed: Path, many_documents: Path, second_model: str, tmp_path: Path) -> None:
    folder = disk.path / "workspace"
    shutil.copytree(indexed, folder)
    with (
        Workspace.open(indexed) as before,
        Workspace.open(tmp_path / "other", create=True, encoder=second_model) as after,
    ):
        after.index([many_documents])
        states = [contents(before), contents(after)]
        assert refused_when_full(disk, folder, lambda workspace: workspace.switch_encoder(second_model), states) >= 2
        with Workspace.open(folder) as workspace:
            workspace.switch_encoder(second_model)
            assert_alike(workspace, after, QUERIES)
    assert verify(folder).whole


def test_while_migrating(disk: Disk, indexed_tokens: Path, tmp_path: Path) -> None:
    make_first_version(indexed_tokens, tmp_path / "old")
    with Workspace.open(shutil.copytree(tmp_path / "old", tmp_path / "migrated")) as expected:
        refused = 0
        for n_bytes in FREE:
            folder = Path(shutil.copytree(tmp_path / "old", disk.path / "workspace"))
            with disk.with_free(n_bytes):
                try:
                    Workspace.open(folder).close()
                except WorkspaceError as error:
                    assert "full" in error.message and "damaged" not in str(error), error
                    refused += 1
            with Workspace.open(folder) as workspace:
                assert_alike(workspace, expected, QUERIES, exact=True)
            assert verify(folder).whole
            shutil.rmtree(folder)
    assert refused >= 2


def test_while_saving_the_dense_graph(disk: Disk, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    layout = plain_layout("tokens", "float16", 16)
    writer = SegmentWriter(tmp_path / "000001.vec", layout.kind, layout.codec_name, layout.dim, layout.row_bytes)
    pooled = rng.normal(size=(600, 16)).astype(np.float32)
    writer.append(layout.pack(pooled, np.zeros((600, 16), np.float16), np.arange(601)))
    segments = {1: Segment(writer.finish().path)}

    def vectors(n: int) -> Vectors:
        return Vectors(np.arange(1, n + 1), np.ones(n, np.int64), np.arange(n), segments, {}, (n, 0), layout.codec)

    DenseIndex(disk.path, "sha", 16).sync(vectors(500))
    saved = (disk.path / "indexes" / "dense.hnsw").read_bytes()
    for n_bytes in (0, 40_000, len(saved)):
        with disk.with_free(n_bytes):
            index = DenseIndex(disk.path, "sha", 16)
            with pytest.raises(OSError, match="No space"):
                index.sync(vectors(600))
            assert not DenseIndex(disk.path, "sha", 16).problem_on_disk()
            assert (disk.path / "indexes" / "dense.hnsw").read_bytes() == saved
            assert sorted(path.name for path in (disk.path / "indexes").iterdir()) == ["dense.hnsw", "dense.json"]


def test_while_unpacking_an_archive(disk: Disk, tmp_path: Path, first_model: str) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "plain.txt").write_text("A rotor that vibrates.", "utf-8")
    with zipfile.ZipFile(folder / "reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("long.txt", "The seal leaks again. " * 40_000)
    with Workspace.open(disk.path / "workspace", create=True, encoder=first_model) as workspace:
        with disk.with_free(600_000):
            with contextlib.suppress(WorkspaceError):
                workspace.index([folder])
            indexed = [Path(document.path).name for document in workspace.documents(status="indexed")]
            assert "long.txt" not in indexed
            for document in workspace.documents(status="failed"):
                assert "No space left" in document.message or "full" in document.message
        (folder / "reports.zip").unlink()
        with zipfile.ZipFile(folder / "reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("short.txt", "The seal leaks again.")
        workspace.index()
        assert not workspace.documents(status="failed")
        assert workspace.search("seal").passages and not (disk.path / "workspace" / "unpacked").exists()
    assert verify(disk.path / "workspace").whole


def test_searching_is_not_called_damage(disk: Disk, indexed: Path) -> None:
    folder = disk.path / "workspace"
    shutil.copytree(indexed, folder)
    Workspace.open(folder).close()
    with disk.with_free(0):
        try:
            with Workspace.open(folder) as workspace:
                assert workspace.search("rotor", pipeline="lexical").passages
        except WorkspaceError as error:
            assert "full" in error.message and "damaged" not in str(error)
    assert verify(folder).whole
