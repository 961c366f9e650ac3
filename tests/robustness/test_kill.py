"""``kill -9`` at any moment of indexing, compacting, migrating and switching encoders loses nothing that was committed,
and what was going on completes afterwards as if nothing had happened.

Half of the kills happen at a chosen statement, commit, sync, rename or deletion, half after a random time. With
``RANKSCOPE_LONG=1`` there are 100 of them instead of a dozen.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from comparing import assert_alike, contents, scores
from first_version import make_first_version

from rankscope.core.errors import UsageError
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

LONG = bool(os.environ.get("RANKSCOPE_LONG"))
KILLS = (
    {"index": 28, "switch": 28, "convert": 24, "compact": 24, "migrate": 20}
    if LONG
    else {"index": 3, "switch": 3, "convert": 3, "compact": 4, "migrate": 3}
)
QUERIES = ("the rotor vibrates", "what leaks?", "overheated bearing")
# What a kill may leave, all of it dropped by the next run that writes.
ALLOWED = (
    "It belongs to no committed batch",
    "It was being written by a run",
    "It holds files of a run",
    "Making the workspace was interrupted",
)

pytestmark = [pytest.mark.usefixtures("_small_steps"), pytest.mark.timeout(1_800 if LONG else 300)]


@dataclass
class Hunt:
    """Kills one operation again and again, each time from the same start.

    ``complete`` does the operation in this process; ``expected`` is the workspace that was made in one go.
    """

    operation: str
    start: Callable[..., Any]
    make: Callable[[Path], None]
    arguments: tuple[object, ...]
    complete: Callable[[Workspace], object]
    expected: Workspace
    before: Workspace | None
    place: Path

    def run(self) -> None:
        self.make(self.place / "measured")
        said = self.start(self.operation, self.place / "measured", *self.arguments).finish()
        done, points, seconds = said.splitlines()[-1].split()
        assert done == "done", said
        n = KILLS[self.operation]
        with ThreadPoolExecutor(2) as both:
            killed = sum(both.map(lambda number: self.trial(number, int(points), float(seconds)), range(n)))
        assert killed >= n * 2 // 3, "too many ended before they were killed: the test shows little"
        print(f"{self.operation}: {killed} kills over {points} points and {seconds} s")

    def trial(self, number: int, points: int, seconds: float) -> int:
        """Start anew, kill it (every third again when it goes on), look at it, and let it complete."""
        chance = random.Random(f"{self.operation} {number}")
        folder = self.place / f"{self.operation} {number}"
        self.make(folder)
        killed = 0
        for _ in range(1 + (number % 3 == 2)):
            if number % 2:
                process = self.start(self.operation, folder, *self.arguments, kill_at=chance.randint(1, points))
            else:
                process = self.start(self.operation, folder, *self.arguments)
                process.wait_until_started()
                time.sleep(chance.uniform(0, seconds))
                process.process.kill()
            process.finish()
            killed += process.process.returncode == -signal.SIGKILL
            self.check(folder)
        self.finish(folder)
        shutil.rmtree(folder)
        return killed

    def check(self, folder: Path) -> None:
        """It opens, is whole but for what a kill may leave, and can be searched."""
        found = self.findings(folder)
        assert all(finding.problem.startswith(ALLOWED) for finding in found), found
        try:
            workspace = Workspace.open(folder)
        except UsageError:
            assert self.operation == "index"  # killed before there was a workspace
            return
        with workspace:
            assert not [note for note in workspace.notes if not note.startswith(("Switching", "Converting"))]
            now = contents(workspace)
            if self.before is not None:  # the old state or the new one, never a mixture
                assert now in (contents(self.before), contents(self.expected))
            assert self.before is not None or set(now) <= set(contents(self.expected))
            found_places = scores(workspace, QUERIES[:1])[0]
            assert found_places.keys() == {(row[0], row[1]) for row in now}
        found = self.findings(folder)
        assert all(finding.problem.startswith(ALLOWED) for finding in found), found

    @staticmethod
    def findings(folder: Path) -> tuple[Any, ...]:
        try:
            return verify(folder).findings
        except UsageError:
            return ()

    def finish(self, folder: Path) -> None:
        """It completes, and is what it would be without the kills."""
        with Workspace.open(
            folder, create=self.operation == "index", encoder=self.expected.info().encoder
        ) as workspace:
            self.complete(workspace)
            assert_alike(workspace, self.expected, QUERIES, exact=self.operation in ("compact", "migrate"))
        assert verify(folder).whole, verify(folder).findings


def test_indexing(
    tmp_path: Path, start: Callable[..., Any], indexed: Path, many_documents: Path, first_model: str
) -> None:
    with Workspace.open(indexed) as expected:
        Hunt(
            "index",
            start,
            lambda folder: None,
            (many_documents, first_model),
            lambda workspace: workspace.index([many_documents]),
            expected,
            None,
            tmp_path,
        ).run()


def test_compacting(tmp_path: Path, start: Callable[..., Any], indexed: Path) -> None:
    with Workspace.open(indexed) as expected:
        assert len(list((indexed / "segments").iterdir())) > 10
        Hunt(
            "compact",
            start,
            lambda folder: shutil.copytree(indexed, folder),
            (),
            lambda workspace: workspace.compact(),
            expected,
            expected,
            tmp_path,
        ).run()


def test_switching(
    tmp_path: Path,
    start: Callable[..., Any],
    indexed: Path,
    many_documents: Path,
    second_model: str,
) -> None:
    with (
        Workspace.open(tmp_path / "other", create=True, encoder=second_model) as expected,
        Workspace.open(indexed) as before,
    ):
        expected.index([many_documents])
        Hunt(
            "switch",
            start,
            lambda folder: shutil.copytree(indexed, folder),
            (second_model,),
            lambda workspace: workspace.switch_encoder(second_model),
            expected,
            before,
            tmp_path,
        ).run()


def test_converting(tmp_path: Path, start: Callable[..., Any], indexed: Path, indexed_tokens: Path) -> None:
    with Workspace.open(indexed) as expected, Workspace.open(indexed_tokens) as before:
        Hunt(
            "convert",
            start,
            lambda folder: shutil.copytree(indexed_tokens, folder),
            ("levels",),
            lambda workspace: workspace.convert("levels"),
            expected,
            before,
            tmp_path,
        ).run()


def test_migrating(tmp_path: Path, start: Callable[..., Any], indexed_tokens: Path) -> None:
    old = tmp_path / "old"
    make_first_version(indexed_tokens, old)
    assert verify(old).whole  # an older one is whole, too
    with sqlite3.connect(old / "metadata.sqlite") as connection:
        rows = connection.execute("SELECT * FROM passages ORDER BY id").fetchall()
    connection.close()

    def complete(workspace: Workspace) -> None:
        assert workspace.database.is_current()
        copy = workspace.path / "metadata.sqlite.before-0001"
        with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
            assert connection.execute("SELECT * FROM passages ORDER BY id").fetchall() == rows

    shutil.copytree(old, tmp_path / "migrated")
    with Workspace.open(tmp_path / "migrated") as expected:
        Hunt(
            "migrate",
            start,
            lambda folder: shutil.copytree(old, folder),
            (),
            complete,
            expected,
            expected,
            tmp_path,
        ).run()
