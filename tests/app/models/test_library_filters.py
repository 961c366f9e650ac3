"""Check boxes become filters that hold one stretch of years."""

from __future__ import annotations

import pytest

from rankscope.app.models.library import make_filters, toggle_year
from rankscope.core.api import Filters

YEARS = ("2026", "2025", "2024", "2023")


@pytest.mark.parametrize(
    ("checked", "year", "on", "result"),
    [
        (set(), "2024", True, {"2024"}),
        ({"2024"}, "2026", True, {"2024", "2025", "2026"}),
        ({"2024", "2025", "2026"}, "2025", False, {"2026"}),
        ({"2024", "2025", "2026"}, "2024", False, {"2025", "2026"}),
        ({"2024", "2025", "2026"}, "2026", False, {"2024", "2025"}),
        ({"2026"}, "2026", False, set()),
    ],
)
def test_years_stay_without_a_gap(checked: set[str], year: str, on: bool, result: set[str]) -> None:
    assert toggle_year(YEARS, checked, year, on) == result


def test_filters_from_boxes() -> None:
    assert make_filters((), (), "  ") == Filters()
    filters = make_filters(["pdf", "md"], ["2024", "2026", "2025"], " reports/* ")
    assert filters == Filters(
        path="reports/*", types=("md", "pdf"), modified_from="2024-01-01", modified_to="2026-12-31"
    )
