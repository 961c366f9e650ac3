"""``kill -9`` at random moments of indexing loses nothing that was committed, and the run completes afterwards."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

KILLS = 5
QUERIES = ("the rotor vibrates", "what leaks?", "overheated bearing")


def snapshot(workspace: Workspace) -> tuple[set[Any], list[list[str]]]:
    with workspace.database.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT d.path, d.content_hash, p.start, p."end", p.text '
            "FROM passages p JOIN documents d ON d.id = p.document_id"
        ).fetchall()
    rankings = []
    for query in QUERIES:
        trace = workspace.search(query, k=5)
        rankings.append([trace.passages[i].document for i in trace.final.ids.tolist()])
    return {tuple(row) for row in rows}, rankings


def test_killed_again_and_again(tmp_path: Path, many_documents: Path, index_process: Any) -> None:
    folder = tmp_path / "workspace"
    chance = random.Random(20)
    committed: set[str] = set()
    grew = 0
    for _ in range(KILLS):
        run = index_process(folder, many_documents)
        run.wait_until_started()
        time.sleep(chance.uniform(0.3, 1.6))
        run.kill()
        with Workspace.open(folder) as workspace:
            now = {document.path for document in workspace.documents(status="indexed")}
            assert committed <= now, "a committed document is gone"
            grew += len(now) > len(committed)
            committed = now
            if now:
                assert len(workspace.search("rotor", pipeline="lexical", k=100).final) <= len(now) * 3
        assert all("no committed batch" in finding.problem for finding in verify(folder).findings)
    assert grew, "no run lived long enough to commit anything: the test shows nothing"
    last = index_process(folder, many_documents)
    assert "done" in last.finish()
    with Workspace.open(folder) as workspace, Workspace.open(tmp_path / "whole", create=True) as whole:
        whole.index([many_documents])
        assert snapshot(workspace) == snapshot(whole)
    assert verify(folder).whole
