"""Budgets and codecs as the window speaks of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_workspace import FakeWorkspace, make_trace

from rankscope.app.models import budgets, codecs, wording
from rankscope.core.api import BUDGET_PRESETS, BUDGETS, Budget, WorkspaceInfo

INFO = replace(FakeWorkspace().info(), dim=384, row_bytes=768, vectors=20_000, passages=400)


def test_a_trace_tells_which_budget_it_used_and_what_that_cost() -> None:
    trace = make_trace("blade", budget=Budget(4, 8))
    assert budgets.budget_of(trace) == Budget(4, 8)
    price = budgets.price_of(trace)
    assert price is not None and (price.ms, price.passages, price.bytes_read) == (17.4, 6, 6 * 8 * 8)


@pytest.mark.parametrize("trace", [make_trace("blade"), make_trace("blade", "dense")], ids=["tokens", "no late stage"])
def test_a_ranking_without_a_budget_has_no_price(trace: object) -> None:
    assert budgets.budget_of(trace) is None and budgets.price_of(trace) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "pipeline", "ranked_with", "expected"),
    [
        ("levels", "hybrid", None, ""),
        ("levels", "lexical", None, budgets.PIPELINE),
        ("levels", "dense", "dense", budgets.PIPELINE),
        ("levels", "hybrid", "dense", ""),  # the pipeline was changed, and its ranking is on its way
        ("tokens", "hybrid", "hybrid", budgets.TOKENS),
        ("tokens", "dense", "dense", budgets.TOKENS),
    ],
)
def test_what_stands_in_the_way_of_a_budget(kind: str, pipeline: str, ranked_with: str | None, expected: str) -> None:
    trace = make_trace("blade", ranked_with) if ranked_with else None
    assert budgets.obstacle(replace(INFO, kind=kind), pipeline, trace) == expected


def test_the_laws_give_shares_of_the_largest_budget() -> None:
    expected = budgets.predict(Budget(8, 16), INFO, 100)
    assert expected.flop == 2 * 8 * 16 * 384 * 100
    assert expected.bytes_read == (4 * 384 + 15 * 778) * 100
    assert (expected.flop_share, round(expected.bytes_share, 3)) == (0.125, 0.261)


def test_stops_and_presets() -> None:
    assert [budgets.stop_of(budget) for budget in BUDGETS] == [0, 1, 2, 3, 4]
    assert budgets.stop_of(Budget(16, 8)) == 2
    assert {name: budgets.preset_of(budget) for name, budget in BUDGET_PRESETS.items()} == {
        "fast": "fast", "balanced": "balanced", "thorough": "thorough",
    }  # fmt: skip
    assert budgets.preset_of(Budget(4, 8)) == ""


def test_shares_in_words() -> None:
    assert [wording.share(fraction) for fraction in (1.0, 0.13, 0.0625, 0.008)] == ["100 %", "13 %", "6.2 %", "0.8 %"]


# -- codecs ------------------------------------------------------------------------------------------------------------


def test_sizes_are_those_of_the_engine_and_of_the_workspace_itself() -> None:
    sizes = codecs.vector_sizes(replace(INFO, codec="pca192+int8:abcd", row_bytes=200))
    assert (sizes["float32"], sizes["float16"], sizes["int8"], sizes["pq96"]) == (1536, 768, 384, 96)
    assert sizes["pca192+int8"] == 200
    assert "pq96" not in codecs.vector_sizes(replace(INFO, dim=100)), "it does not fit, and was offered"


def test_an_estimate_says_when_it_is_a_bound() -> None:
    assert codecs.estimate(INFO, "levels", 768) == "about 15 MB"
    assert codecs.estimate(INFO, "tokens", 768) == "more than 15 MB"
    tokens = replace(INFO, kind="tokens", vectors=60_000)
    assert codecs.estimate(tokens, "levels", 100) == f"at most {wording.size(63 * 400 * 100)}"
    assert codecs.estimate(replace(tokens, vectors=1_000), "levels", 100) == "at most 100 KB"


@pytest.mark.parametrize(
    ("info", "kind", "codec", "possible", "words"),
    [
        (INFO, "levels", "float16", False, "stored now"),
        (INFO, "levels", "int8", True, "without the model"),
        (replace(INFO, kind="tokens"), "levels", "residual2", True, "without the model"),
        (INFO, "tokens", "float16", True, "reads every passage again"),
        (INFO, "tokens", "pq96", False, "learns"),
        (INFO, "tokens", "int8", False, "learns"),
        (replace(INFO, codec="float32"), "levels", "pq96", True, "without the model"),
        (replace(INFO, codec="float32", kind="tokens"), "tokens", "int8", True, "without the model"),
        (replace(INFO, codec="pq96:ab"), "levels", "float16", True, "reads every passage again"),
        (replace(INFO, codec="int8:ab"), "levels", "float8", True, "reads every passage again"),
        (replace(INFO, codec="float8"), "levels", "int8", False, "learns"),
        (replace(INFO, codec="int8:ab"), "levels", "pq96", False, "Convert to float16 first"),
        (replace(INFO, codec="pca192+int8:ab"), "levels", "float16", True, "reads every passage again"),
    ],
)
def test_what_a_conversion_would_mean(info: WorkspaceInfo, kind: str, codec: str, possible: bool, words: str) -> None:
    plan = codecs.plan(info, kind, codec)
    assert plan.possible is possible and words in plan.text
