"""Sweeps: every combination is measured as a search would find it, and the recommendation keeps to its limits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_collections import ENTRIES, write_beir

from rankscope.core.budgets import Budget
from rankscope.core.errors import Cancelled, UsageError
from rankscope.core.evaluation.collections import Collection, open_collection
from rankscope.core.evaluation.evaluate import evaluate
from rankscope.core.evaluation.sweep import Sweep, SweepRow, pareto, recommend, sweep
from rankscope.core.progress import Progress

BUDGETS = (Budget(1, 1), Budget(4, 8), Budget(16, 64))
FILLED = len([1 for title, text in ENTRIES.values() if title or text])


@pytest.fixture(autouse=True, scope="module")
def _one_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RANKSCOPE_CACHE_DIR", str(tmp_path_factory.mktemp("sweeps")))
        yield


def test_every_combination_has_a_row(collection: Collection) -> None:
    told: list[Progress] = []
    found = sweep(
        collection,
        budgets=BUDGETS,
        codec_specs=("float16", "int8"),
        first_stages=("dense", "lexical", "hybrid"),
        tokens=True,
        progress=told.append,
    )
    settings = {(row.budget, row.codec, row.first_stage) for row in found.rows}
    assert settings == {
        (budget and tuple(budget), codec, stage)
        for budget in (*BUDGETS, None)
        for codec in ("float16", "int8")
        for stage in ("dense", "lexical", "hybrid")
    }
    assert len(found.rows) == len(settings) == 24 and (found.collection, found.passages) == ("twenty", FILLED)
    assert (told[-1].done, told[-1].total) == (24, 24)
    by = {(row.budget, row.codec, row.first_stage): row for row in found.rows}
    for row in found.rows:
        assert 0 < row.metrics["nDCG@10"] <= 1 and 0 < row.ms[0] <= row.ms[1] and row.encoder == "all-MiniLM-L6-v2"
    sizes = [by[b and tuple(b), "float16", "dense"].bytes_per_passage for b in BUDGETS]
    assert sizes == sorted(set(sizes)) and sizes[0] == 4 * 384
    assert by[(16, 64), "int8", "dense"].bytes_per_passage < sizes[-1]
    assert by[None, "int8", "dense"].bytes_per_passage * 2 == pytest.approx(
        by[None, "float16", "dense"].bytes_per_passage, rel=0.05
    )


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_row_is_what_evaluating_finds(collection: Collection, budget: Budget) -> None:
    (row,) = sweep(collection, budgets=(budget,)).rows
    (result,) = evaluate(collection, ["late"], budget=budget).pipelines
    assert row.metrics == pytest.approx(result.metrics, abs=1e-9)


def test_tokens_are_what_evaluating_token_vectors_finds(collection: Collection) -> None:
    row = sweep(collection, budgets=(Budget(1, 1),), tokens=True).rows[-1]
    (result,) = evaluate(collection, ["late"], vectors="tokens").pipelines
    assert row.budget is None and row.metrics == pytest.approx(result.metrics, abs=1e-9)


def test_first_stages_that_need_an_index_of_the_codec(collection: Collection) -> None:
    rows = sweep(
        collection,
        budgets=(Budget(16, 64),),
        codec_specs=("float16", "pca64+int8"),
        first_stages=("dense", "plaid", "fde"),
    ).rows
    assert [row.first_stage for row in rows] == ["dense", "plaid", "fde"] * 2
    for first in (0, 3):  # so few entries all go on, and late interaction ranks them
        assert rows[first].metrics == rows[first + 1].metrics == rows[first + 2].metrics


def test_a_codec_that_learns_is_fitted_for_the_sweep(collection: Collection) -> None:
    plain, learned = sweep(collection, budgets=(Budget(8, 16),), codec_specs=("float16", "pq48")).rows
    assert learned.bytes_per_passage < plain.bytes_per_passage / 3
    assert learned.metrics["nDCG@10"] > plain.metrics["nDCG@10"] - 0.3


def test_a_shallow_first_stage_limits_what_is_found(collection: Collection) -> None:
    deep, shallow = (sweep(collection, budgets=(Budget(8, 16),), depth=depth).rows[0] for depth in (1_000, 1))
    assert shallow.metrics["R@100"] < deep.metrics["R@100"]


def test_the_json(collection: Collection) -> None:
    found = sweep(collection, budgets=BUDGETS[:2], tokens=True).as_json()
    assert json.loads(json.dumps(found)) == found and set(found) == {"collection", "passages", "rows"}
    for row in found["rows"]:
        assert set(row) == {
            "encoder", "budget", "codec", "first_stage", "metrics", "ms_per_query", "bytes_per_passage", "pareto",
        }  # fmt: skip
        assert set(row["ms_per_query"]) == {"p50", "p95"} and isinstance(row["pareto"], bool)
    assert [row["budget"] for row in found["rows"]] == [[1, 1], [4, 8], None]
    assert any(row["pareto"] for row in found["rows"])


def made(quality: float, ms: float, n_bytes: int, budget: tuple[int, int] | None = (8, 16)) -> SweepRow:
    return SweepRow("e", budget, "float16", "dense", {"nDCG@10": quality}, (ms, ms * 2), n_bytes)


def test_what_no_other_beats_is_marked() -> None:
    best, cheap, fast = made(0.9, 9, 900), made(0.5, 5, 100), made(0.4, 1, 500)
    worse, same = made(0.5, 6, 100), made(0.9, 9, 900)
    assert pareto([best, cheap, fast, worse, same]) == [best, cheap, fast, same]
    assert pareto([]) == []


def test_the_recommendation_keeps_to_its_limits() -> None:
    rows = (made(0.9, 9, 9_000), made(0.8, 4, 1_000), made(0.8, 5, 800), made(0.4, 1, 100, None))
    found = Sweep("c", 1_000, rows)
    assert recommend(found)[0] is rows[0]
    assert recommend(found, max_mb=9)[0] is rows[0] and recommend(found, max_mb=8.9)[0] is rows[2]  # the smaller one
    assert recommend(found, max_ms=4.5)[0] is rows[1]
    best, why = recommend(found, max_mb=0.5, max_ms=2)
    assert best is rows[3] and "all tokens" in why and "44.4% of the best" in why and "1 settings of 4" in why
    with pytest.raises(UsageError, match="within these limits") as told:
        recommend(found, max_mb=0.05)
    assert "0.1 MB" in told.value.remedy and "1.0 ms" in told.value.remedy
    nothing = replace(found, rows=(made(0.0, 1, 1),))
    assert "100.0%" in recommend(nothing)[1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"codec_specs": ("float16", "float17")}, "unknown"),
        ({"codec_specs": ("pq7",)}, "does not divide"),
        ({"first_stages": ("dense", "magic")}, "no first stage"),
        ({"metrics": ("nDCG@10", "beauty")}, "beauty"),
    ],
)
def test_what_is_unknown_is_told_before_anything_is_encoded(
    collection: Collection, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], said: str
) -> None:
    def encode(*_: object, **__: object) -> None:
        raise AssertionError("encoded")

    monkeypatch.setattr("rankscope.core.evaluation.sweep.corpus_workspace", encode)
    with pytest.raises(UsageError, match=said):
        sweep(collection, **wrong)


def test_it_can_be_stopped(collection: Collection) -> None:
    told: list[Progress] = []

    def stop_in(n: int) -> Callable[[], bool]:
        return lambda: len([one for one in told if one.unit == "settings"]) > n

    with pytest.raises(Cancelled):
        sweep(collection, budgets=BUDGETS, progress=told.append, cancelled=stop_in(1))
    assert [one.done for one in told if one.unit == "settings"][-1] == 1


def test_a_collection_without_texts(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "blank", {"a": ("", ""), "b": ("", "")}, {"q": "tea"}, {"q": {"a": 1}})
    found = sweep(open_collection(folder), budgets=BUDGETS, codec_specs=("float16", "residual2"))
    assert found.passages == 0 and {row.bytes_per_passage for row in found.rows} == {0}
    assert {row.metrics["nDCG@10"] for row in found.rows} == {0.0}
