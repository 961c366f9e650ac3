"""levels16: of each passage only what the budget r_c = 16 reads, made from longer lists or by indexing."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.budgets import Budget
from rankscope.core.cli import main
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.ranking.trace import Trace
from rankscope.core.storage.layout import plain_layout, shortened
from rankscope.core.storage.levels import coarser
from rankscope.core.storage.segments import Segment
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

QUERY = "what makes a turbine blade crack?"
MOST = 16


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 90), max_size=6), st.integers(0, 1_000))
def test_a_list_that_is_cut_is_the_one_of_a_smaller_fold(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = rng.normal(size=(int(offsets[-1]), 8)).astype(np.float32)
    tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)
    pooled = rng.normal(size=(len(lengths), 8)).astype(np.float32)
    whole, short = (plain_layout(name, "float32", 8).pack(pooled, tokens, offsets) for name in ("levels", "levels16"))
    cut = shortened(whole, MOST)
    assert cut.offsets.tolist() == short.offsets.tolist() and (np.diff(cut.offsets) < MOST).all()
    assert (cut.fold["parent"] == short.fold["parent"]).all() and (cut.labels == short.labels).all()
    assert cut.rows.view(np.float32) == pytest.approx(short.rows.view(np.float32), abs=5e-3)
    assert cut.label_offsets.tolist() == whole.label_offsets.tolist() and (cut.pooled == whole.pooled).all()
    for (a, b), (c, d) in zip(pairwise(whole.offsets.tolist()), pairwise(offsets.tolist()), strict=True):
        assert cut.labels[c:d].tolist() == coarser(whole.labels[c:d], whole.fold[a:b], MOST - 1).tolist()


def scores(trace: Trace) -> dict[int, float]:
    return dict(zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True))


def test_converting_keeps_what_small_budgets_read(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets = (Budget(1, 1), Budget(4, 8), Budget(16, 16))

    def found() -> list[dict[int, float]]:
        return [scores(workspace.search(QUERY, pipeline="late", budget=budget)) for budget in budgets]

    before = found()
    with monkeypatch.context() as patch:
        patch.delattr(Encoder, "encode_passages")  # made from what is there
        info = workspace.convert("levels16")
    assert (info.kind, info.largest_r_c, workspace.manifest.vectors) == ("levels", MOST, "levels16")
    assert verify(workspace.path).whole and found() == before
    segments = [Segment(path) for path in (workspace.path / "segments").iterdir()]
    assert max(int(np.diff(segment.offsets).max()) for segment in segments) == MOST - 1
    # What is gone does not come back by itself: the texts are encoded again.
    assert workspace.convert("levels").largest_r_c == 64
    assert [list(scores) for scores in found()] == [list(scores) for scores in before]


def test_a_larger_budget_reads_what_there_is_and_says_so(workspace: Workspace) -> None:
    workspace.convert("levels16")
    largest = workspace.search(QUERY, pipeline="late")
    late = largest.stages[-1]
    assert late.settings["budget"] == [16, MOST] and "only 16 vectors" in late.note
    exact = workspace.search(QUERY, pipeline="late", budget=Budget(16, MOST))
    assert scores(largest) == scores(exact) and exact.stages[-1].note == ""
    best = int(largest.final.ids[0])
    alignment = workspace.explain(QUERY, best, pipeline="late", budget=Budget(16, 64))
    assert sum(alignment.contributions) == pytest.approx(scores(largest)[best], abs=1e-4)


def test_indexing_makes_short_lists_from_the_start(
    folder: Path, tmp_path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "short"
    assert main(["index", str(folder), "--workspace", str(place), "--vectors", "levels16"]) == 0
    workspace.convert("levels16")
    with Workspace.open(place) as made:
        one, other = (w.search(QUERY, pipeline="late") for w in (made, workspace))
        assert list(scores(one).values()) == pytest.approx(list(scores(other).values()), abs=2e-3)
    capsys.readouterr()
    assert main(["info", "--workspace", str(place)]) == 0
    assert "levels16 in float16" in capsys.readouterr().out
    assert main(["info", "--workspace", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["largest_r_c"] == MOST


def test_small_codecs_and_short_lists_go_together(make_workspace: Callable[[str], Workspace], folder: Path) -> None:
    workspace = make_workspace("both")
    workspace.index([folder])
    before = scores(workspace.search(QUERY, pipeline="late", budget=Budget(16, MOST)))
    info = workspace.convert("levels16", "int8")
    assert (info.codec.partition(":")[0], info.largest_r_c, info.row_bytes) == ("int8", MOST, 384)
    assert all(segment.pooled.dtype == np.float16 for segment in workspace._vectors.current().segments.values())
    after = scores(workspace.search(QUERY, pipeline="late"))
    assert after == pytest.approx(before, abs=5e-2) and verify(workspace.path).whole
