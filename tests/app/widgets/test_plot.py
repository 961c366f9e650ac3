"""The chart: points under the pointer and the keyboard, and lines."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage

from rankscope.app.models.chart import Axis, Series
from rankscope.app.theme import Theme
from rankscope.app.widgets.plot import Plot

POINTS = Series(
    "points",
    (1.0, 2.0, 3.0),
    (0.1, 0.5, 0.3),
    joined=False,
    marked=True,
    keys=(7, 8, 9),
    solid=(True, False, True),
    labels=("a", "b", "c"),
    tips=("first\none", "second", "third"),
)


@pytest.fixture
def plot(theme: Theme, qtbot: Any) -> Plot:
    plot = Plot(theme)
    qtbot.addWidget(plot)
    plot.resize(480, 300)
    plot.show_series([POINTS], Axis("across"), Axis("upwards"))
    plot.show()
    return plot


def place(plot: Plot, key: int) -> QPoint:
    spot = plot.spot_of(key)
    assert spot is not None
    return spot.at.toPoint()


def test_points_stand_where_their_values_are(plot: Plot) -> None:
    spots = {spot.key: spot.at for spot in plot.geometry_now.spots}
    assert spots[7].x() < spots[8].x() < spots[9].x()
    assert spots[8].y() < spots[9].y() < spots[7].y()
    assert spots[8].x() - spots[7].x() == pytest.approx(spots[9].x() - spots[8].x())
    assert all(plot.geometry_now.area.contains(at) for at in spots.values())


def test_a_click_chooses_and_a_double_click_uses(plot: Plot, qtbot: Any) -> None:
    with qtbot.waitSignal(plot.chosen) as chosen:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place(plot, 8) + QPoint(4, 3))
    assert chosen.args == [8] and plot.selected == 8
    with qtbot.waitSignal(plot.activated) as used:
        qtbot.mouseDClick(plot, Qt.MouseButton.LeftButton, pos=place(plot, 9))
    assert used.args == [9]
    with qtbot.assertNotEmitted(plot.chosen):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))


def test_keys_go_along_both_axes_and_enter_uses(plot: Plot, qtbot: Any) -> None:
    for key, chosen in (
        (Qt.Key.Key_Right, 7),
        (Qt.Key.Key_Right, 8),
        (Qt.Key.Key_Right, 9),
        (Qt.Key.Key_Right, 9),
        (Qt.Key.Key_Up, 8),
        (Qt.Key.Key_Down, 9),
        (Qt.Key.Key_Home, 7),
        (Qt.Key.Key_End, 9),
        (Qt.Key.Key_Left, 8),
    ):
        qtbot.keyClick(plot, key)
        assert plot.selected == chosen
    with qtbot.waitSignal(plot.activated) as used:
        qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert used.args == [8]
    assert "Selected: second." in plot.accessibleDescription()


def test_enter_without_a_selection_uses_nothing(plot: Plot, qtbot: Any) -> None:
    with qtbot.assertNotEmitted(plot.activated):
        qtbot.keyClick(plot, Qt.Key.Key_Return)


def picture(plot: Plot) -> QImage:
    return plot.grab().toImage()


def test_the_pointer_is_told_what_a_point_is(plot: Plot, qtbot: Any) -> None:
    before = picture(plot)
    qtbot.mouseMove(plot, place(plot, 7))
    assert picture(plot) != before
    assert plot.cursor().shape() == Qt.CursorShape.PointingHandCursor
    qtbot.mouseMove(plot, QPoint(2, 290))
    assert picture(plot) == before and plot.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_selection_recommendation_and_theme_are_seen(plot: Plot, theme: Theme) -> None:
    plain = picture(plot)
    plot.select(8)
    selected = picture(plot)
    plot.recommend(9)
    both = picture(plot)
    assert plain != selected != both
    theme.set_mode("dark")
    assert picture(plot) != both


def test_the_nearest_point_is_meant(plot: Plot) -> None:
    near = plot.spot_of(8)
    assert near is not None and plot.spot_at(near.at + QPointF(9, 9)) == near
    assert plot.spot_at(near.at + QPointF(40, 0)) is None


def test_values_without_a_place_are_left_out(plot: Plot) -> None:
    odd = Series("odd", (0.0, -1.0, 5.0, math.nan), (1.0, 1.0, 1.0, 1.0), marked=True, keys=(0, 1, 2, 3))
    plot.show_series([odd], Axis("x", log=True), Axis("y"))
    assert [spot.key for spot in plot.geometry_now.spots] == [2]
    plot.show_series([], Axis("x"), Axis("y"))
    assert plot.geometry_now.spots == () and plot.spot_of(2) is None
    picture(plot)


@pytest.mark.parametrize("size", [(160, 120), (30, 20), (1600, 900)])
def test_any_size_can_be_painted(plot: Plot, size: tuple[int, int]) -> None:
    plot.setMinimumSize(1, 1)
    plot.resize(*size)
    plot.select(8)
    picture(plot)


def test_several_named_lines(plot: Plot, qtbot: Any) -> None:
    steps = [float(step) for step in range(5_000)]
    lines = [
        Series(name, steps, [math.sin(step / 300 + shift) for step in steps], colour=shift)
        for shift, name in enumerate(("loss", "quality"))
    ]
    plot.show_series(lines, Axis("step"), Axis("value"))
    geometry = plot.geometry_now
    assert [series.name for _, series in geometry.legend] == ["loss", "quality"]
    for _, points in geometry.lines:
        assert len(points) <= 2 * geometry.area.width() + 2
        assert points[-1].x() == pytest.approx(geometry.area.right(), abs=geometry.area.width() * 0.1)
    began = time.perf_counter()
    picture(plot)
    assert time.perf_counter() - began < 0.5  # some milliseconds on a quiet machine
    qtbot.mouseMove(plot, QPoint(200, 150))  # lines without tips say nothing, and do not fail
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    assert plot.selected == -1


def test_a_legend_without_room_is_left_out(plot: Plot) -> None:
    many = [Series(f"a long name number {n}", (1.0, 2.0), (1.0, 2.0), colour=n) for n in range(20)]
    plot.show_series(many, Axis("x"), Axis("y"))
    plot.resize(300, 160)
    assert plot.geometry_now.legend == ()
    plot.resize(900, 500)
    assert len(plot.geometry_now.legend) == 20
