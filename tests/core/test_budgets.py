"""Budgets: how they are written, what is beyond what is stored, and what they weigh and cost."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.budgets import (
    BUDGETS,
    LARGEST,
    PRESETS,
    Budget,
    checked,
    late_weight,
    parse_budget,
    predicted_bytes,
    predicted_flop,
)
from rankscope.core.errors import UsageError
from rankscope.core.ranking import pipeline as pipelines


@given(st.integers(1, LARGEST.r_q), st.integers(1, LARGEST.r_c))
def test_what_is_printed_is_read(r_q: int, r_c: int) -> None:
    budget = Budget(r_q, r_c)
    for text in (str(budget), f" {r_q} , {r_c} ", f"({r_q},{r_c})", f"{r_q}x{r_c}"):
        assert parse_budget(text) == budget
    assert checked(budget) is budget


def test_presets_have_names() -> None:
    assert {name: parse_budget(name) for name in PRESETS} == PRESETS
    assert parse_budget(" Balanced ") == Budget(8, 16) and PRESETS["thorough"] == LARGEST == Budget(16, 64)
    assert set(PRESETS.values()) <= set(BUDGETS) and list(BUDGETS) == sorted(BUDGETS)


@pytest.mark.parametrize("text", ["", "8", "8,", "8;16", "-1,4", "a,b", "8,16,2", "1e1,4", "quick", "9999999,1"])
def test_what_is_no_budget_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="no budget") as told:
        parse_budget(text)
    assert "balanced" in told.value.remedy


@pytest.mark.parametrize("text", ["0,1", "1,0", "17,64", "16,65", "100,100"])
def test_what_is_beyond_what_is_stored_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="beyond what is stored"):
        parse_budget(text)
    budget = Budget(*map(int, text.split(",")))
    with pytest.raises(UsageError, match="at most 16 vectors of a query and 64 of a passage"):
        checked(budget)
    with pytest.raises(UsageError):
        pipelines.parse(
            '[[stage]]\nname = "dense"\nkind = "dense"\ndepth = 5\n'
            f'[[stage]]\nname = "late"\nkind = "maxsim"\ninputs = ["dense"]\nbudget = [{text}]\n',
            "mine",
        )


def test_the_weight_of_late_interaction() -> None:
    assert [late_weight(budget) for budget in BUDGETS] == [0.0, 0.25, 0.5, 1.0, 2.0]
    assert late_weight(Budget(1, 64)) == late_weight(Budget(16, 1)) == 0.0
    assert late_weight(Budget(4, 32)) == pytest.approx(math.sqrt(2))


def test_what_a_budget_is_predicted_to_cost() -> None:
    assert predicted_flop(Budget(8, 16), 384, 100) == 2 * 8 * 16 * 384 * 100
    assert predicted_bytes(Budget(8, 16), 384, 768, 100) == (4 * 384 + 15 * (768 + 10)) * 100
