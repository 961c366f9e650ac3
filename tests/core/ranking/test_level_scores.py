"""Scores on anchored levels: the pooled vectors first, late interaction by budget, and nothing else in between."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[1]))  # for tiny_models

from tiny_models import make_model

from rankscope.core.budgets import BUDGETS, Budget, late_weight
from rankscope.core.encoding.encoder import EncodedQuery
from rankscope.core.errors import UsageError
from rankscope.core.ranking import levels
from rankscope.core.ranking.levels import at_budget, level_parts, level_scores
from rankscope.core.storage.levels import query_clusters
from rankscope.core.storage.vectors import Vectors
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor cracks when the load changes", "which seal leaks, and why does it leak again?", "soup")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Texts of 3 to 120 tokens."""
    place = tmp_path_factory.mktemp("levels")
    (place / "documents").mkdir()
    for i in range(24):
        body = f"The {('rotor', 'seal', 'pump')[i % 3]} {i} cracks or leaks. " * (1 + i % 7)
        (place / "documents" / f"{i}.txt").write_text(body if i else "x", "utf-8")
    model = make_model(place / "model", ("rotor", "seal", "the", "pump", "leaks"), max_tokens=128)
    with Workspace.open(place / "workspace", create=True, encoder=model) as opened:
        opened.index([place / "documents"])
        yield opened


@pytest.fixture(params=QUERIES)
def encoded(workspace: Workspace, request: pytest.FixtureRequest) -> EncodedQuery:
    return workspace.encoder().encode_query(request.param)


@pytest.fixture
def vectors(workspace: Workspace) -> Vectors:
    return workspace._vectors.current()


def scores(encoded: EncodedQuery, vectors: Vectors, budget: Budget, ids: np.ndarray) -> np.ndarray:
    return level_scores(encoded, at_budget(encoded, budget), vectors, ids)[0]


def test_one_vector_each_is_the_pooled_cosine(encoded: EncodedQuery, vectors: Vectors) -> None:
    expected = vectors.exact_scores(vectors.ids, encoded.pooled)
    for budget in (Budget(1, 1), Budget(1, 64), Budget(16, 1)):
        assert (scores(encoded, vectors, budget, vectors.ids) == expected).all()


@pytest.mark.parametrize("budget", BUDGETS[1:])
def test_the_score_is_the_formula(encoded: EncodedQuery, vectors: Vectors, budget: Budget) -> None:
    found = scores(encoded, vectors, budget, vectors.ids)
    query = query_clusters(encoded.tokens, budget.r_q - 1) @ encoded.tokens
    for i, passage_id in enumerate(vectors.ids.tolist()):
        passage = vectors.multi([passage_id], budget.r_c - 1).decoded()  # unit means of its clusters
        assert np.linalg.norm(passage, axis=1) == pytest.approx(1.0, abs=5e-3)
        late = (query @ passage.T).max(axis=1).mean()
        pooled = float(vectors.pooled(np.array([passage_id]))[0] @ encoded.pooled)
        assert found[i] == pytest.approx(pooled + late_weight(budget) * late, abs=1e-4)


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_score_does_not_depend_on_its_company(
    encoded: EncodedQuery, vectors: Vectors, budget: Budget, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = scores(encoded, vectors, budget, vectors.ids)
    alone = [scores(encoded, vectors, budget, vectors.ids[[i]])[0] for i in range(len(vectors))]
    assert together == pytest.approx(np.array(alone), abs=2e-6)
    backwards = scores(encoded, vectors, budget, vectors.ids[::-1])[::-1]
    assert together == pytest.approx(backwards, abs=2e-6)
    monkeypatch.setattr(levels, "AT_ONCE", 5)
    assert together == pytest.approx(scores(encoded, vectors, budget, vectors.ids), abs=2e-6)
    assert not len(scores(encoded, vectors, budget, vectors.ids[:0]))


@pytest.mark.parametrize("budget", BUDGETS)
def test_parts_add_up_to_the_score(encoded: EncodedQuery, vectors: Vectors, budget: Budget) -> None:
    found = scores(encoded, vectors, budget, vectors.ids)
    query = at_budget(encoded, budget)
    for passage_id, score in zip(vectors.ids.tolist(), found.tolist(), strict=True):
        parts = level_parts(encoded, query, vectors, passage_id)
        assert float(parts.anchor.sum() + parts.late.sum()) == pytest.approx(score, abs=1e-4)
        assert float(parts.anchor.sum()) == pytest.approx(
            float(vectors.exact_scores(np.array([passage_id]), encoded.pooled)[0]), abs=1e-5
        )
        assert parts.late.any() == (late_weight(budget) > 0)


def test_a_smaller_budget_reads_fewer_bytes(workspace: Workspace) -> None:
    read = []
    for budget in BUDGETS:
        late = workspace.search(QUERIES[0], pipeline="late", k=50, budget=budget).stages[-1]
        assert late.settings["budget"] == list(budget)
        read.append(late.bytes_read)
    pooled, dim = len(workspace._vectors.current()) * 4 * 32, 32
    assert read[0] == pooled and read == sorted(set(read))
    vectors = workspace._vectors.current()
    for budget, n_bytes in zip(BUDGETS, read, strict=True):
        rows = sum(min(len(vectors.multi([i]).rows), budget.r_c - 1) for i in vectors.ids.tolist())
        if late_weight(budget):
            assert n_bytes == pooled + rows * (2 * dim + 10)  # float16, and how the list unfolds


def test_the_users_budget_comes_before_the_pipelines(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[stage]]\nname = "dense"\nkind = "dense"\ndepth = 20\n'
        '[[stage]]\nname = "late"\nkind = "maxsim"\ninputs = ["dense"]\nbudget = [4, 8]\n',
        "utf-8",
    )

    def found(pipeline: str, budget: Budget | None) -> list[float]:
        return workspace.search(QUERIES[0], pipeline=pipeline, k=20, budget=budget).final.scores.tolist()

    own, chosen = found(str(path), None), found(str(path), Budget(2, 4))
    assert own == found(str(path), Budget(4, 8)) != chosen
    assert found("late", None) == found("late", BUDGETS[-1]) != own
    with pytest.raises(UsageError, match="beyond what is stored"):
        workspace.search("x", budget=Budget(17, 64))


@pytest.mark.parametrize("budget", BUDGETS)
def test_fate_and_explain_follow_the_budget(workspace: Workspace, budget: Budget) -> None:
    trace = workspace.search(QUERIES[1], pipeline="late", k=50, budget=budget)
    for rank, (passage_id, score) in enumerate(
        zip(trace.final.ids[:3].tolist(), trace.final.scores[:3].tolist(), strict=True), start=1
    ):
        alignment = workspace.explain(QUERIES[1], passage_id, pipeline="late", budget=budget)
        assert alignment.anchor is not None
        assert alignment.score == pytest.approx(score, abs=1e-4)
        assert float(alignment.contributions.sum()) == pytest.approx(score, abs=1e-4)
        document = trace.passages[passage_id].document_id
        first = next(i for i in trace.final.ids.tolist() if trace.passages[i].document_id == document)
        if first == passage_id:
            fate = workspace.fate(QUERIES[1], document, pipeline="late", budget=budget, k=50)
            assert fate.stages[-1].rank == rank


def test_columns_of_one_cluster_are_alike(workspace: Workspace) -> None:
    longest = max(
        workspace._vectors.current().ids.tolist(), key=lambda i: len(workspace._vectors.current().multi([i]).rows)
    )
    widths = []
    for budget in BUDGETS:
        alignment = workspace.explain(QUERIES[0], longest, pipeline="late", budget=budget)
        labels = workspace._vectors.current().clusters(longest, max(budget.r_c - 1, 1))
        assert alignment.similarities.shape[1] == len(labels)
        for label in set(labels.tolist()):
            columns = alignment.similarities[:, labels == label]
            assert (columns == columns[:, :1]).all()
        widths.append(len(set(labels.tolist())))
    assert widths == [1, 3, 7, 15, min(63, len(labels))]
