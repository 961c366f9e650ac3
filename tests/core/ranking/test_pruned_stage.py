"""A pipeline whose late stage stops early: what it keeps is scored as in full, and the trace says what it left."""

from __future__ import annotations

from pathlib import Path

import pytest

from rankscope.core.errors import UsageError
from rankscope.core.workspace import Workspace

PIPELINE = """
[[stage]]
name = "lexical"
kind = "lexical"
depth = 50
[[stage]]
name = "late"
kind = "maxsim"
inputs = ["lexical"]
budget = [4, 8]
"""


def test_pruned_candidates_have_their_full_scores(sample_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "full.toml").write_text(PIPELINE, "utf-8")
    (tmp_path / "pruned.toml").write_text(PIPELINE + "alpha = 0.1\nbeta = 4\n", "utf-8")
    query = "how does late interaction score a passage?"
    full = sample_workspace.search(query, pipeline=str(tmp_path / "full.toml"), k=5).stages[-1]
    pruned = sample_workspace.search(query, pipeline=str(tmp_path / "pruned.toml"), k=5).stages[-1]
    assert len(full.output) == full.entered > len(pruned.output) >= 5
    assert full.exact and not pruned.exact
    scores = dict(zip(full.output.ids.tolist(), full.output.scores.tolist(), strict=True))
    for passage_id, score in zip(pruned.output.ids.tolist(), pruned.output.scores.tolist(), strict=True):
        assert score == pytest.approx(scores[passage_id], abs=1e-5)
    assert pruned.bytes_read < full.bytes_read
    assert f"of {full.entered} candidates were scored" in pruned.note
    assert pruned.settings["budget"] == [4, 8]


def test_a_budget_beyond_what_is_stored_is_refused(sample_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "deep.toml").write_text(PIPELINE.replace("[4, 8]", "[4, 80]"), "utf-8")
    with pytest.raises(UsageError, match="beyond what is stored"):
        sample_workspace.search("anything", pipeline=str(tmp_path / "deep.toml"))


def test_the_fate_of_what_the_scan_did_not_reach_says_so(sample_workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "full.toml").write_text(PIPELINE, "utf-8")
    (tmp_path / "pruned.toml").write_text(PIPELINE + "beta = 1\n", "utf-8")
    full, pruned = str(tmp_path / "full.toml"), str(tmp_path / "pruned.toml")
    missed = 0
    for query in ("late interaction", "the blade and the rotor", "how is a passage scored?", "cracks in the turbine"):
        first = sample_workspace.search(query, pipeline=full, k=2)
        found = {first.passages[i].document for i in first.final.ids.tolist()}
        reached = sample_workspace.search(query, pipeline=pruned, k=2)
        for document in found - {reached.passages[i].document for i in reached.final.ids.tolist()}:
            fate = sample_workspace.fate(query, document, pipeline=pruned, k=2)
            missed += 1
            assert fate.stages[-1].rank is not None and fate.stages[-1].rank <= 2 and not fate.stages[-1].kept
            assert "Not looked at: the scan of late had ended" in fate.verdict and "ends at" not in fate.verdict
    assert missed
