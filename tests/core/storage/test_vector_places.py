"""The directory of passages: read in parts, and asked for ids that are not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rankscope.core.storage import vectors as directory
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.workspace import Workspace


def test_places_are_the_same_however_many_are_read_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = VectorStore(workspace.path, workspace.database).current()
    assert len(whole) > 4
    monkeypatch.setattr(directory, "_READ_AT_ONCE", 2)
    parts = VectorStore(workspace.path, workspace.database).current()
    for name in ("ids", "segment_ids", "rows"):
        assert getattr(parts, name).tolist() == getattr(whole, name).tolist()
    assert (parts.pooled(parts.ids) == whole.pooled(whole.ids)).all()


def test_only_known_ids_come_back_in_their_order(
    workspace: Workspace, make_workspace: Callable[[str], Workspace]
) -> None:
    vectors = VectorStore(workspace.path, workspace.database).current()
    last, first = int(vectors.ids[-1]), int(vectors.ids[0])
    asked = np.array([last, last + 7, first, -1, 0, last], np.int64)
    assert vectors.known(asked).tolist() == [last, first, last]
    assert vectors.known(np.empty(0, np.int64)).tolist() == []
    nothing = make_workspace("empty")
    assert not len(VectorStore(nothing.path, nothing.database).current().known(asked))
