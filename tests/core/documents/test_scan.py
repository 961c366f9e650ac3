"""Finding files: what is taken, what is skipped, what is reported; links, odd names, closed folders."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rankscope.core.documents import scan as scan_module
from rankscope.core.documents.scan import scan
from rankscope.core.errors import Cancelled

needs_posix = pytest.mark.skipif(os.name != "posix", reason="links and byte names are tested where they are usual")


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def names(root: Path) -> list[str]:
    return [os.path.relpath(found.path, root) for found in scan(root)]


def test_supported_files_sorted_within_their_folder(tmp_path):
    make(tmp_path, "b.txt", "a/z.pdf", "a/b/c.md", "c.PNG", "A.Docx", ".hidden.txt", ".git/x.txt", "~$lock.docx")
    assert names(tmp_path) == ["A.Docx", "a/b/c.md", "a/z.pdf", "b.txt"]
    found = next(scan(tmp_path))
    status = (tmp_path / "A.Docx").stat()
    assert (found.size, found.mtime_ns, found.problem) == (status.st_size, status.st_mtime_ns, None)


def test_a_hidden_root_is_scanned(tmp_path):
    make(tmp_path, ".notes/a.txt")
    assert names(tmp_path / ".notes") == ["a.txt"]


def test_a_single_file(tmp_path):
    make(tmp_path, "a.txt", "b.png")
    assert [found.path for found in scan(tmp_path / "a.txt")] == [str(tmp_path / "a.txt")]
    (unsupported,) = scan(tmp_path / "b.png")
    assert unsupported.problem.reason == "unsupported"
    assert ".pdf" in unsupported.problem.remedy
    (missing,) = scan(tmp_path / "nothing")
    assert missing.problem.reason == "vanished"


def test_it_can_be_cancelled_and_streams(tmp_path):
    make(tmp_path, *(f"{number:03}.txt" for number in range(100)))
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 10

    with pytest.raises(Cancelled):
        list(scan(tmp_path, cancelled))
    walk = scan(tmp_path)
    next(walk)
    (tmp_path / "050.txt").unlink()
    problems = [found.problem.reason for found in walk if found.problem]
    assert problems == ["vanished"], "what goes away during the scan is reported when it is reached"


@needs_posix
@pytest.mark.skipif(sys.platform == "darwin", reason="the file system takes no such names")
def test_a_name_that_is_no_utf8_is_kept(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("text")
    (found,) = scan(tmp_path)
    assert found.path.endswith("caf\udce9.txt")
    assert Path(found.path).read_text() == "text"


@needs_posix
def test_links_in_circles_end_and_nothing_is_found_twice(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    make(root, "a/one.txt", "two.txt")
    make(outside, "three.txt", "deep/four.txt")
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a" / "self")
    (root / "again").symlink_to(root / "a")
    (root / "two-again.txt").symlink_to(root / "two.txt")
    (root / "out").symlink_to(outside)
    (root / "out-again").symlink_to(outside)
    (root / "zdeep").symlink_to(outside / "deep")
    (outside / "back").symlink_to(root)
    (outside / "round").symlink_to(outside)
    (root / "linked.txt").symlink_to(outside / "three.txt")
    assert names(root) == ["a/one.txt", "linked.txt", "out/deep/four.txt", "out/three.txt", "two.txt"]


@needs_posix
def test_links_to_what_the_scan_would_skip_are_followed(tmp_path):
    make(tmp_path, ".store/blob", ".store/folder/inside.txt")
    (tmp_path / "report.txt").symlink_to(tmp_path / ".store" / "blob")
    (tmp_path / "visible").symlink_to(tmp_path / ".store" / "folder")
    assert names(tmp_path) == ["report.txt", "visible/inside.txt"]


@needs_posix
def test_dead_links_and_pipes(tmp_path):
    (tmp_path / "dead.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "dead.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(tmp_path / "pipe.txt")
    (found,) = scan(tmp_path)
    assert (Path(found.path).name, found.problem.reason) == ("dead.txt", "vanished")
    (pipe,) = scan(tmp_path / "pipe.txt")
    assert pipe.problem.reason == "unsupported"


@needs_posix
def test_a_folder_without_permission_is_reported_and_the_rest_goes_on(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read every folder")
    make(tmp_path, "a.txt", "closed/b.txt", "z.txt")
    (tmp_path / "closed").chmod(0)
    try:
        found = list(scan(tmp_path))
    finally:
        (tmp_path / "closed").chmod(0o700)
    check_closed(found)


def test_a_folder_that_the_system_refuses_is_reported(tmp_path, monkeypatch):
    make(tmp_path, "a.txt", "closed/b.txt", "z.txt")
    real = os.scandir

    def refuse(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied", folder)
        return real(folder)

    monkeypatch.setattr(scan_module.os, "scandir", refuse)
    check_closed(list(scan(tmp_path)))


def check_closed(found):
    assert [Path(entry.path).name for entry in found] == ["a.txt", "closed", "z.txt"]
    assert [entry.problem and entry.problem.reason for entry in found] == [None, "unreadable", None]
    assert "permission" in found[1].problem.message
