"""Axes with round numbers, and the front of a cloud of points."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.app.models.chart import Axis, plain_number, staircase

values = st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4)), min_size=1, max_size=20)
above_zero = st.lists(st.floats(0.01, 1e8, allow_nan=False), min_size=1, max_size=20)


@given(values, st.integers(2, 12))
def test_even_ticks_are_round_few_and_inside(shown: list[float], most: int) -> None:
    axis = Axis("x")
    ends = axis.range_of(shown)
    assert all(0 <= axis.place(value, ends) <= 1 for value in shown)
    ticks = axis.ticks(ends, most)
    assert len(ticks) <= most + 1 and ticks == sorted(set(ticks))
    assert all(ends[0] - 1e-6 <= tick <= ends[1] + 1e-6 for tick in ticks)
    steps = [later - earlier for earlier, later in pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-6) for step in steps)


@given(above_zero, st.integers(2, 12))
def test_ticks_of_ratios_are_few_and_inside(shown: list[float], most: int) -> None:
    axis = Axis("x", log=True)
    ends = axis.range_of(shown)
    assert all(0 <= axis.place(value, ends) <= 1 for value in shown)
    ticks = axis.ticks(ends, most)
    assert len(ticks) <= most + 1 and all(ends[0] <= tick <= ends[1] * (1 + 1e-9) for tick in ticks)


def test_a_wide_axis_shows_powers_and_a_narrow_one_even_steps() -> None:
    assert Axis("x", log=True).ticks((1.0, 1_000.0), 4) == [1.0, 10.0, 100.0, 1_000.0]
    assert Axis("x", log=True).ticks((11.0, 14.0), 4) == [11.0, 12.0, 13.0, 14.0]


def test_ticks_of_one_axis_have_equally_many_decimals() -> None:
    axis = Axis("x")
    assert axis.words(axis.ticks((0.4, 0.5), 5)) == ["0.40", "0.42", "0.44", "0.46", "0.48", "0.50"]
    assert axis.words([0.0, 1_000.0]) == ["0", "1,000"]
    assert [plain_number(value) for value in (0.5, 12.0, -0.0, 1_500.0)] == ["0.5", "12", "0", "1,500"]


def test_equal_and_no_values_have_an_axis() -> None:
    for axis in (Axis("x"), Axis("x", log=True)):
        for shown in ([], [5.0, 5.0], [float("nan")]):
            low, high = axis.range_of(shown)
            assert low < high and axis.ticks((low, high), 5)
    assert not Axis("x", log=True).shows(0.0) and Axis("x").shows(0.0)


coordinates = st.integers(0, 6).map(float)


@given(st.lists(st.tuples(coordinates, coordinates), max_size=25))
def test_the_front_is_what_no_other_point_beats(points: list[tuple[float, float]]) -> None:
    front = staircase(points)

    def beaten(x: float, y: float) -> bool:
        return any((a <= x and b >= y) and (a, b) != (x, y) for a, b in points)

    assert {points[place] for place in front} == {point for point in points if not beaten(*point)}
    assert len({points[place] for place in front}) == len(front)
    assert front == sorted(front, key=lambda place: points[place][0])
