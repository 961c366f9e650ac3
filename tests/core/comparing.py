"""Is one workspace what another one is? Ids may differ, and what was encoded in other company differs in the last digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rankscope.core.workspace import Workspace

Place = tuple[str, int]


def contents(workspace: Workspace) -> list[Any]:
    """Every passage with all that is known of it but its id, by its place."""
    with workspace.database.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT d.path, p.start, p."end", p.page, p.place, p.context, p.text, p.hash, d.content_hash, d.title '
            "FROM passages p JOIN documents d ON d.id = p.document_id ORDER BY d.path, p.start, p.id"
        )
        return [tuple(row) for row in rows]


def documents(workspace: Workspace) -> list[Any]:
    """Every document with all that people are shown of it but its id."""
    return [
        (one.path, one.status, one.passages, one.title, one.format, one.copy_of, one.reason)
        for one in workspace.documents()
    ]


def scores(workspace: Workspace, queries: tuple[str, ...]) -> list[dict[Place, float]]:
    """The score of every passage that is found, per query and kind of ranking, by its place."""
    found = []
    for query in queries:
        for pipeline in ("dense", "lexical", "late"):
            trace = workspace.search(query, pipeline=pipeline, k=1_000)
            pairs = zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True)
            found.append({(trace.passages[i].document, trace.passages[i].start): score for i, score in pairs})
    return found


def vectors(workspace: Workspace) -> dict[Place, tuple[np.ndarray, np.ndarray]]:
    """Each passage's pooled vector and multi-vector, by its place."""
    held = workspace._vectors.current()
    with workspace.database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT p.id, d.path, p.start FROM passages p JOIN documents d ON d.id = p.document_id"
        ).fetchall()
    return {
        (row[1], row[2]): (held.pooled(np.array([row[0]]))[0], held.multi([row[0]]).decoded().astype(np.float32))
        for row in rows
    }


def assert_alike(one: Workspace, other: Workspace, queries: tuple[str, ...], *, exact: bool = False) -> None:
    """The same documents, passages, vectors and rankings. ``exact``: to the last bit."""
    assert contents(one) == contents(other)
    assert documents(one) == documents(other)
    mine, theirs = vectors(one), vectors(other)
    assert mine.keys() == theirs.keys()
    for place, parts in mine.items():
        for a, b in zip(parts, theirs[place], strict=True):
            assert a.shape == b.shape and np.abs(a - b).max(initial=0) <= (0 if exact else 0.03), place
    for mine_, theirs_ in zip(scores(one, queries), scores(other, queries), strict=True):
        assert mine_ == (theirs_ if exact else pytest.approx(theirs_, abs=0.05))
