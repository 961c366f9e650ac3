"""The manifest's checksum and version, and the writer lock across processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rankscope.core.errors import WorkspaceBusy, WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.lock import WriterLock, leftovers
from rankscope.core.storage.manifest import FORMAT_VERSION, Manifest, read_manifest

MANIFEST = Manifest(encoder={"name": "x", "sha256": "0", "dim": 3}, codec="float16", chunking={"max_tokens": 256})


def test_round_trip_and_damage(tmp_path: Path) -> None:
    MANIFEST.write(tmp_path)
    assert read_manifest(tmp_path) == MANIFEST
    path = tmp_path / "manifest.json"
    whole = path.read_text()
    for damaged in (whole.replace("256", "255"), whole[:40], "", "[]", '{"format_version": 1}', "\x00\xff"):
        path.write_text(damaged)
        with pytest.raises(WorkspaceError, match=r"manifest\.json is damaged"):
            read_manifest(tmp_path)


def test_a_newer_format_is_refused_whatever_else_it_holds(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"format_version": FORMAT_VERSION + 1, "checksum": "?"}))
    with pytest.raises(WorkspaceTooNew, match="newer Rankscope"):
        read_manifest(tmp_path)


HOLD = """
import sys, time
from pathlib import Path
from rankscope.core.storage.lock import WriterLock
with WriterLock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_writer_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    try:
        assert other.stdout.readline().strip() == "held"
        with pytest.raises(WorkspaceBusy, match=f"process {other.pid}"), WriterLock(tmp_path):
            pass
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        other.stdout.close()
    with WriterLock(tmp_path), pytest.raises(WorkspaceBusy, match=f"process {os.getpid()}"), WriterLock(tmp_path):
        pass
    with WriterLock(tmp_path):
        pass


def test_the_next_writer_removes_what_a_killed_one_had_half_written(tmp_path: Path) -> None:
    (tmp_path / "indexes").mkdir()
    left = [tmp_path / "manifest.json.new", tmp_path / "indexes" / "dense.hnsw.new"]
    for path in left:
        path.write_bytes(b"half")
    assert leftovers(tmp_path) == sorted(left)
    with WriterLock(tmp_path):
        assert not leftovers(tmp_path)
