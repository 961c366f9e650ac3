"""Several programs and one workspace: one writes, all read, whatever the one that writes is doing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from comparing import assert_alike, contents, scores

from rankscope.core.errors import WorkspaceBusy
from rankscope.core.storage.lock import WriterLock
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor vibrates", "what leaks?")

pytestmark = pytest.mark.usefixtures("_small_steps")


def test_a_second_writer_is_told_who_writes(indexed: Path, tmp_path: Path, start: Any, second_model: str) -> None:
    folder = Path(shutil.copytree(indexed, tmp_path / "workspace"))
    with Workspace.open(folder) as workspace:
        running = start("switch", folder, second_model)
        running.wait_until_started()
        while running.process.poll() is None and not (folder / "writer.json").exists():
            time.sleep(0.01)
        for write in (workspace.index, workspace.compact, lambda: workspace.remove_documents([1])):
            with pytest.raises(WorkspaceBusy, match=str(running.process.pid)):
                write()
        assert "done" in running.finish()
    with WriterLock(folder):
        assert "refused: WorkspaceBusy" in start("compact", folder).finish()


@pytest.mark.parametrize("operation", ["compact", "switch"])
def test_searching_while_another_program_compacts_or_switches(
    indexed: Path, tmp_path: Path, start: Callable[..., Any], many_documents: Path, second_model: str, operation: str
) -> None:
    folder = Path(shutil.copytree(indexed, tmp_path / "workspace"))
    arguments = (second_model,) if operation == "switch" else ()
    with Workspace.open(folder) as reader, Workspace.open(tmp_path / "new", create=True, encoder=second_model) as new:
        new.index([many_documents])
        old_scores, new_scores = scores(reader, QUERIES), scores(new, QUERIES)
        running = start(operation, folder, *arguments)
        running.wait_until_started()
        looks = 0
        while running.process.poll() is None:
            seen = scores(reader, QUERIES)
            looks += 1
            for now, before, after in zip(seen, old_scores, new_scores, strict=True):
                assert now == before or (operation == "switch" and now == pytest.approx(after, abs=0.05))
        assert "done" in running.finish() and looks
        with Workspace.open(indexed) as original:
            assert_alike(reader, original if operation == "compact" else new, QUERIES, exact=operation == "compact")
        document = reader.documents()[0].document_id
        reader.remove_documents([document])  # it may write in its turn
        reader.bring_back([document])
        assert len(contents(reader)) == len(contents(new if operation == "switch" else reader))
    assert verify(folder).whole
