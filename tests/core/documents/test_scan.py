"""Finding files: what is taken, what is skipped, what is reported; patterns, links, odd names, closed folders."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from rankscope.core.documents import scan as scan_module
from rankscope.core.documents.patterns import EVERYTHING, Patterns
from rankscope.core.documents.scan import has_reader, scan
from rankscope.core.errors import Cancelled

needs_posix = pytest.mark.skipif(os.name != "posix", reason="links and byte names are tested where they are usual")


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def names(root: Path, patterns: Patterns = EVERYTHING) -> list[str]:
    return [os.path.relpath(found.path, root) for found in scan(root, patterns=patterns)]


def test_supported_files_sorted_within_their_folder(tmp_path):
    make(
        tmp_path,
        "b.txt",
        "a/z.pdf",
        "a/b/c.md",
        "c.XYZ",
        "A.Docx",
        ".hidden.txt",
        ".git/x.txt",
        "~$lock.docx",
        "README",
    )
    assert names(tmp_path) == ["A.Docx", "README", "a/b/c.md", "a/z.pdf", "b.txt"]
    found = next(scan(tmp_path))
    status = (tmp_path / "A.Docx").stat()
    assert (found.size, found.mtime_ns, found.problem) == (status.st_size, status.st_mtime_ns, None)


@pytest.mark.parametrize("name", ["a.TXT", "README", "a.xyz", "a.", "a.b.pdf", "a..", "x.tar.gz", "a.é", "a b.md "])
def test_the_quick_look_at_a_name_says_what_the_registry_says(name):
    assert has_reader(name) is (scan_module.format_of(name) is not None)


def test_the_kinds_that_no_reader_takes_are_counted(tmp_path):
    make(tmp_path, "a.txt", "b.xyz", "c.XYZ", "deep/d.exe", ".hidden.xyz", ".git/x.exe", "drafts/e.exe", "f.out.exe")
    if os.name == "posix":
        (tmp_path / "link.exe").symlink_to(tmp_path / "b.xyz")
        os.mkfifo(tmp_path / "pipe.exe")
    skipped: Counter[str] = Counter()
    found = list(scan(tmp_path, patterns=Patterns(exclude=("drafts/", "*.out.*")), skipped=skipped))
    assert len(found) == 1
    assert skipped == {".xyz": 2, ".exe": 1}


def test_a_hidden_root_is_scanned(tmp_path):
    make(tmp_path, ".notes/a.txt")
    assert names(tmp_path / ".notes") == ["a.txt"]


def test_a_single_file(tmp_path):
    make(tmp_path, "a.txt", "b.xyz")
    assert [found.path for found in scan(tmp_path / "a.txt")] == [str(tmp_path / "a.txt")]
    (unsupported,) = scan(tmp_path / "b.xyz")
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
def test_links_to_what_patterns_leave_out_are_followed(tmp_path):
    make(tmp_path, "store/one.txt", "store/deep/two.txt", "notes/three.txt")
    (tmp_path / "visible").symlink_to(tmp_path / "store")
    (tmp_path / "linked.txt").symlink_to(tmp_path / "notes" / "three.txt")
    assert names(tmp_path) == ["notes/three.txt", "store/deep/two.txt", "store/one.txt"]
    excluded = Patterns(exclude=("store/",))
    assert names(tmp_path, excluded) == ["notes/three.txt", "visible/deep/two.txt", "visible/one.txt"]
    assert names(tmp_path, Patterns(include=("linked.txt",))) == ["linked.txt"]


@needs_posix
def test_dead_links_and_pipes(tmp_path):
    (tmp_path / "dead.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "dead.xyz").symlink_to(tmp_path / "nowhere.xyz")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
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


TREE = (
    "a.txt",
    "b.pdf",
    "c.tmp.txt",
    "drafts/d.txt",
    "drafts/keep.txt",
    "work/drafts/e.txt",
    "work/f.xyz",
    "work/g.md",
)


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), "a.txt b.pdf c.tmp.txt drafts/d.txt drafts/keep.txt work/drafts/e.txt work/g.md"),
        ((), ("drafts/", "*.tmp.*"), "a.txt b.pdf work/g.md"),
        ((), ("/drafts/",), "a.txt b.pdf c.tmp.txt work/drafts/e.txt work/g.md"),
        (("*.pdf", "work/"), (), "b.pdf work/drafts/e.txt work/g.md"),
        (("*.pdf", "work/"), ("drafts",), "b.pdf work/g.md"),
        (("*.docx",), (), ""),
        ((), ("*", "!*.pdf"), "b.pdf"),
    ],
)
def test_patterns_choose_the_files(tmp_path, include, exclude, expected):
    make(tmp_path, *TREE)
    patterns = Patterns(include, exclude)
    assert " ".join(names(tmp_path, patterns)) == expected
    assert " ".join(row.relative for row in scan_module.tested(tmp_path, patterns, 100) if row.taken) == expected


def test_excluded_folders_are_not_even_listed(tmp_path, monkeypatch):
    make(tmp_path, *TREE)
    listed = []
    real = os.scandir

    def listing(folder):
        listed.append(os.path.relpath(folder, tmp_path))
        return real(folder)

    monkeypatch.setattr(scan_module.os, "scandir", listing)
    assert "drafts/keep.txt" not in names(tmp_path, Patterns(exclude=("drafts/", "!drafts/keep.txt")))
    assert listed == [".", "work"]


def test_a_source_that_is_a_file_is_taken_whatever_the_patterns_say(tmp_path):
    make(tmp_path, "a.txt", "b.xyz")
    patterns = Patterns(("*.pdf",), ("*.txt",))
    assert [found.problem for found in scan(tmp_path / "a.txt", patterns=patterns)] == [None]
    assert [(row.relative, row.taken, row.why) for row in scan_module.tested(tmp_path / "a.txt", patterns, 10)] == [
        ("a.txt", True, "taken")
    ]
    (refused,) = scan_module.tested(tmp_path / "b.xyz", patterns, 10)
    assert (refused.taken, refused.why) == (False, "b.xyz is of a kind that Rankscope does not read.")
    (missing,) = scan_module.tested(tmp_path / "nothing", patterns, 10)
    assert (missing.taken, missing.why) == (False, "nothing is not there.")


def test_the_tester_says_why_of_every_visible_file(tmp_path):
    make(tmp_path, *TREE, ".hidden.txt", "c.pdf", "node_modules/many.txt")
    if os.name == "posix":
        (tmp_path / "again.txt").symlink_to(tmp_path / "a.txt")
        (tmp_path / "dead.pdf").symlink_to(tmp_path / "nowhere.pdf")
        os.mkfifo(tmp_path / "pipe.txt")
    patterns = Patterns(
        ("*.txt", "*.pdf", "*.xyz"), ("drafts/", "node_modules/", "*.tmp.*", "*.pdf", "!b.pdf", "!dead.pdf")
    )
    rows = [(row.relative, row.taken, row.why, row.pattern) for row in scan_module.tested(tmp_path, patterns, 100)]
    dead = ("dead.pdf", False, "dead.pdf is not there.", "")
    assert rows == [
        ("a.txt", True, "taken", "*.txt"),
        ("b.pdf", True, "taken", "*.pdf"),
        ("c.pdf", False, "excluded by *.pdf", "*.pdf"),
        ("c.tmp.txt", False, "excluded by *.tmp.*", "*.tmp.*"),
        *([dead] if os.name == "posix" else []),
        ("drafts/", False, "excluded by drafts/", "drafts/"),
        ("node_modules/", False, "excluded by node_modules/", "node_modules/"),
        ("work/drafts/", False, "excluded by drafts/", "drafts/"),
        ("work/f.xyz", False, "no reader for .xyz", ""),
        ("work/g.md", False, "not included", ""),
    ]
    assert [row.relative for row in scan_module.tested(tmp_path, patterns, 2)] == ["a.txt", "b.pdf"]
    with pytest.raises(Cancelled):
        list(scan_module.tested(tmp_path, patterns, 100, lambda: True))
