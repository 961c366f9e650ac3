"""Watching sources: what counts as a change, that it is told once and of the right source, and what cannot be told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rankscope.core.documents.patterns import Patterns
from rankscope.core.mounts import needs_polling
from rankscope.core.watching import Watcher

QUIET = 0.15
PATIENCE = 30.0  # seconds; a loaded machine is no failure
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="about what Linux does")
needs_links = pytest.mark.skipif(os.name != "posix", reason="links are tested where they are usual")


class Ear:
    """Remembers what it was told, and waits for more."""

    def __init__(self):
        self.told = []
        self._news = threading.Condition()

    def __call__(self, ids):
        with self._news:
            self.told.append(ids)
            self._news.notify_all()

    def hears_of(self, *ids):
        """Wait until all these were told of since the last question; returns all that was told since then."""
        end = time.monotonic() + PATIENCE
        with self._news:
            while not set(ids) <= (heard := set().union(*self.told)):
                assert self._news.wait(end - time.monotonic()), f"told of {heard} only, not of {ids}"
            self.told.clear()
        return heard


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def two(tmp_path):
    """Two folders to watch."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    return {1: tmp_path / "one", 2: tmp_path / "two"}


def watcher(sources, ear, **options):
    made = Watcher(sources, ear, **({"quiet": QUIET, "poll_every": QUIET} | options))
    made.start()
    assert made.wait_until_watching(PATIENCE)
    return made


def nothing_of(source_id, ear, other):
    """Whatever happened before, only what happens now in the other folder is told of."""
    for text in ("1", "22"):
        (other / "sentinel.txt").write_text(text)
        assert source_id not in ear.hears_of(2)


@pytest.fixture(params=["told by the system", "polled"])
def polling(request):
    return request.param == "polled"


def test_a_change_is_told_of_its_source_only(two, ear, polling):
    with watcher(two, ear, polling=polling):
        (two[1] / "a.txt").write_text("a")
        assert ear.hears_of(1) == {1}
        (two[1] / "a.txt").write_text("longer")
        assert ear.hears_of(1) == {1}
        time.sleep(4 * QUIET)
        ear.told.clear()
        (two[2] / "sub").mkdir()
        (two[2] / "sub" / "b b ü.pdf").write_text("b")
        assert ear.hears_of(2) == {2}
        time.sleep(4 * QUIET)
        ear.told.clear()
        (two[1] / "a.txt").unlink()
        assert ear.hears_of(1) == {1}


def test_what_a_scan_would_not_find_does_not_count(two, ear, polling):
    (two[1] / "old.xyz").write_text("old")
    (two[1] / "drafts").mkdir()
    (two[1] / ".git").mkdir()
    patterns = {1: Patterns(exclude=("drafts/", "*.bak.txt"))}
    with watcher(two, ear, polling=polling, patterns=patterns):
        (two[1] / ".hidden.txt").write_text("hidden")
        (two[1] / ".git" / "config").write_text("hidden")
        (two[1] / "~$lock.docx").write_text("hidden")
        (two[1] / "program.xyz").write_text("no reader")
        (two[1] / "drafts" / "draft.txt").write_text("excluded")
        (two[1] / "drafts" / "deep").mkdir()
        (two[1] / "a.bak.txt").write_text("excluded")
        nothing_of(1, ear, two[2])
        (two[1] / "old.xyz").unlink()
        (two[1] / "program.xyz").unlink()
        shutil.rmtree(two[1] / "drafts" / "deep")
        (two[1] / ".hidden.txt").unlink()
        nothing_of(1, ear, two[2])
        (two[1] / "a.txt").write_text("counts")
        ear.hears_of(1)


def test_include_patterns_count_too(two, ear):
    with watcher(two, ear, patterns={1: Patterns(include=("*.pdf",))}):
        (two[1] / "a.txt").write_text("a")
        (two[1] / "a.txt").unlink()
        nothing_of(1, ear, two[2])
        (two[1] / "a.pdf").write_text("a")
        ear.hears_of(1)


def test_reading_files_is_no_change(two, ear):
    (two[1] / "a.txt").write_text("a")
    with watcher(two, ear):
        (two[1] / "a.txt").read_text()
        list(two[1].iterdir())
        nothing_of(1, ear, two[2])


def test_folders_that_come_and_go_count_whatever_their_names_look_like(two, ear, tmp_path, polling):
    folder = tmp_path / "Report v1.2"
    folder.mkdir()
    (folder / "inside.txt").write_text("inside")
    with watcher(two, ear, polling=polling):
        folder.rename(two[1] / folder.name)
        assert ear.hears_of(1) == {1}
        (two[1] / folder.name / "inside.txt").write_text("changed inside")
        assert ear.hears_of(1) == {1}
        (two[1] / folder.name).rename(folder)
        assert ear.hears_of(1) == {1}


def test_a_file_moved_from_one_source_to_another_is_told_of_both(two, ear):
    (two[1] / "a.txt").write_text("a")
    with watcher(two, ear):
        (two[1] / "a.txt").rename(two[2] / "a.txt")
        assert ear.hears_of(1, 2) == {1, 2}


def test_sources_inside_each_other(tmp_path, ear):
    (tmp_path / "inner").mkdir()
    with watcher({1: tmp_path, 2: tmp_path / "inner"}, ear):
        (tmp_path / "inner" / "a.txt").write_text("a")
        assert ear.hears_of(1, 2) == {1, 2}
        (tmp_path / "a.txt").write_text("a")
        assert ear.hears_of(1) == {1}


def test_ten_thousand_changes_at_once_are_told_together(two, ear):
    files = [two[1] / f"{number}.txt" for number in range(10_000)]
    for file in files:
        file.touch()
    with watcher({1: two[1]}, ear, quiet=1.0):
        start = time.monotonic()
        for file in files:
            os.utime(file, (1, 1))
        ear.hears_of(1)
        time.sleep(2.5)
        took = time.monotonic() - start
        # One call; a busy machine that pauses for the quiet second in between may make it a few. Never one per file.
        assert len(ear.told) <= 1 + took


def test_changes_without_a_pause_are_told_of_all_the_same(two, ear):
    over = threading.Event()

    def write():
        number = 0
        while not over.wait(QUIET / 10):
            number += 1
            (two[1] / "busy.txt").write_text("x" * (number % 50))

    with watcher(two, ear):
        writer = threading.Thread(target=write)
        writer.start()
        try:
            ear.hears_of(1)
        finally:
            over.set()
            writer.join()


def test_a_source_that_is_a_file(tmp_path, ear, polling):
    file, other = tmp_path / ".notes.txt", tmp_path / "other"
    file.write_text("1")
    other.mkdir()
    with watcher({1: file, 2: other}, ear, polling=polling, patterns={1: Patterns(exclude=("*",))}):
        (tmp_path / "neighbour.txt").write_text("no source")
        nothing_of(1, ear, other)
        (tmp_path / "new.tmp").write_text("saved as editors do")
        (tmp_path / "new.tmp").replace(file)
        ear.hears_of(1)
        file.unlink()
        ear.hears_of(1)
        file.write_text("back")
        ear.hears_of(1)


def test_a_source_that_is_not_there_is_told_of_when_it_comes_and_once_when_it_goes(two, ear, tmp_path, polling):
    away = tmp_path / "away"
    two[1].rename(away)
    with watcher(two, ear, polling=polling) as made:
        nothing_of(1, ear, two[2])
        for _ in range(2):
            away.rename(two[1])
            ear.hears_of(1)
            (two[1] / "a.txt").write_text("noticed in the folder that came" * (2 + len(list(two[1].iterdir()))))
            ear.hears_of(1)
            two[1].rename(away)
            ear.hears_of(1)
            nothing_of(1, ear, two[2])
        assert made.notes == ()


def test_a_folder_around_the_source_is_moved(tmp_path, ear):
    source = tmp_path / "around" / "source"
    source.mkdir(parents=True)
    with watcher({1: source}, ear):
        (tmp_path / "around").rename(tmp_path / "elsewhere")
        ear.hears_of(1)


@needs_links
def test_links(tmp_path, ear):
    real, outside, other = tmp_path / "real", tmp_path / "outside", tmp_path / "two"
    for folder in (real / "docs", outside, other):
        folder.mkdir(parents=True)
    (real / ".latest").symlink_to(real / "docs")  # the system may tell of "docs" under this name
    (tmp_path / "link").symlink_to(real)
    with watcher({1: tmp_path / "link", 2: other}, ear):
        (real / "docs" / "a.txt").write_text("a")
        assert ear.hears_of(1) == {1}
        (tmp_path / "link").unlink()
        (tmp_path / "link").symlink_to(outside)
        assert ear.hears_of(1) == {1}
        time.sleep(4 * QUIET)
        ear.told.clear()
        (outside / "b.txt").write_text("b")
        assert ear.hears_of(1) == {1}


@needs_linux
def test_names_that_are_no_utf8_are_looked_at_instead_and_people_are_told(two, ear):
    with watcher(two, ear) as made:
        assert made.notes == ()
        Path(os.fsdecode(os.fsencode(two[1]) + b"/caf\xe9.txt")).write_text("a")
        ear.hears_of(1)
        nothing_of(1, ear, two[2])
        Path(os.fsdecode(os.fsencode(two[1]) + b"/caf\xe9.txt")).write_text("changed")
        ear.hears_of(1)
        (note,) = made.notes
        assert note.startswith("one holds names that are not UTF-8; it is looked through every")
    root = Path(os.fsdecode(os.fsencode(two[1]) + b"/\xe9"))
    root.mkdir()
    with watcher({1: root}, ear):
        (root / "b.txt").write_text("b")
        ear.hears_of(1)


_LIMITED = """
import sys, threading
from pathlib import Path
from rankscope.core.watching import Watcher
Path("/proc/sys/user/max_inotify_watches").write_text(sys.argv[2])
told = threading.Event()
with Watcher({1: sys.argv[1]}, lambda ids: told.set(), quiet=0.1, poll_every=0.1) as watcher:
    for number in range(20):
        folder = Path(sys.argv[1], f"new {number}")
        folder.mkdir()
        (folder / "a.txt").write_text("a")
    assert told.wait(30)
    for _ in range(300):
        if watcher.notes:
            break
        threading.Event().wait(0.1)
    told.clear()
    (folder / "a.txt").write_text("changed")
    assert told.wait(30)
    print(*watcher.notes)
"""


@needs_linux
@pytest.mark.parametrize("limit", [3, 15], ids=["from the beginning", "later on"])
def test_where_the_system_watches_no_more_folders_they_are_looked_at_and_people_are_told(tmp_path, limit):
    limited = ["unshare", "--user", "--map-root-user"]
    allowed = (
        shutil.which("unshare")
        and not subprocess.run(
            [*limited, "sh", "-c", "echo 9 > /proc/sys/user/max_inotify_watches"], capture_output=True
        ).returncode
    )
    if not allowed:
        pytest.skip("needs a user namespace of its own, in which the limit can be set")
    for number in range(5):
        (tmp_path / f"old {number}").mkdir()
    command = [*limited, sys.executable, "-c", _LIMITED, str(tmp_path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "has more folders than the system watches; it is looked through every 0.1 seconds instead" in done.stdout


def test_a_folder_without_permission_does_not_hide_the_others(two, ear):
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("root may read every folder")
    for name in "abc":
        (two[1] / name).mkdir()
    (two[1] / "b").chmod(0)
    try:
        with watcher(two, ear) as made:
            assert "permission" in made.notes[0]
            (two[1] / "c" / "a.txt").write_text("a")
            ear.hears_of(1)
    finally:
        (two[1] / "b").chmod(0o700)


def test_a_failing_listener_ends_nothing(two, ear, caplog):
    def fails(ids):
        ear(ids)
        raise ValueError("no")

    with watcher(two, fails):
        for text in ("1", "22"):
            (two[1] / "a.txt").write_text(text)
            ear.hears_of(1)
    assert "failed" in caplog.text


def test_stopping_is_quick_and_may_be_repeated(two, ear):
    before = set(threading.enumerate())
    made = watcher(two, ear, quiet=2.0, poll_every=30.0)
    made.start()
    own = set(threading.enumerate()) - before
    assert {(thread.name, thread.daemon) for thread in own} == {("rankscope-watch", True)}
    start = time.monotonic()
    made.stop()
    made.stop()
    assert time.monotonic() - start < 5.0, "no waiting for the next look"
    assert not [thread for thread in own if thread.is_alive()]
    (two[1] / "a.txt").write_text("a")
    time.sleep(2 * QUIET)
    assert ear.told == []


def test_the_listener_itself_may_stop_the_watcher(two, ear):
    def stops(ids):
        made.stop()
        ear(ids)

    made = watcher(two, stops)
    (two[1] / "a.txt").write_text("a")
    ear.hears_of(1)


def test_a_listener_that_takes_long_does_not_hold_up_stopping(two):
    begun, over = threading.Event(), threading.Event()
    made = watcher(two, lambda ids: (begun.set(), over.wait(PATIENCE)))
    (two[1] / "a.txt").write_text("a")
    assert begun.wait(PATIENCE)
    start = time.monotonic()
    made.stop()
    assert time.monotonic() - start < PATIENCE / 3
    over.set()


def test_a_program_may_end_without_stopping(two):
    code = (
        "import sys; from rankscope.core.watching import Watcher;"
        "watcher = Watcher({1: sys.argv[1]}, print); watcher.start(); watcher.wait_until_watching(30)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(two[1])], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_next_to_nothing_is_done_while_nothing_happens(two, ear):
    (two[1] / "a.txt").write_text("a")
    with watcher(two, ear, quiet=2.0, poll_every=30.0):
        time.sleep(0.3)  # the first look
        start = time.process_time()
        time.sleep(1.0)
        assert time.process_time() - start < 0.1


@needs_linux
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((kind, True) for kind in "nfs nfs4 cifs smb3 9p davfs fuse fuse.sshfs fuse.rclone fuse.gvfsd-fuse".split()),
        *((kind, False) for kind in "ext4 btrfs xfs vfat fuseblk fuse.gocryptfs tmpfs overlay".split()),
    ],
)
def test_network_folders_are_polled(tmp_path, monkeypatch, kind, expected):
    mounts = tmp_path / "mountinfo"
    folder = tmp_path / "with space" / "deep"
    folder.mkdir(parents=True)
    mounted = str(folder.parent).replace(" ", "\\040")
    lines = [
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw",
        f"30 22 0:40 / {mounted} rw - autofs systemd-1 rw,fd=58",
        f"31 30 0:41 / {mounted} rw,relatime shared:5 master:2 - {kind} somewhere:/share rw,vers=4.2",
        f"32 22 0:42 / {mounted}-not rw - nfs somewhere:/other rw",
    ]
    mounts.write_text("\n".join(lines) + "\n")
    monkeypatch.setattr("rankscope.core.mounts._MOUNTS", mounts)
    assert needs_polling(folder) is expected
    assert needs_polling(str(folder / "not there")) is expected
    assert needs_polling(tmp_path) is False
    assert needs_polling(f"{folder.parent}-not") is True


def test_this_folder_is_local(tmp_path):
    assert needs_polling(tmp_path) is False
