"""Where the heatmap's cells stand."""

from __future__ import annotations

import pytest

from rankscope.app.widgets.heat_layout import ALL, GAP, MATCHED, MAX_ROW, MIN_COLUMN, MIN_ROW, OVERVIEW, lay_out

NATURAL = [50.0] * 200


def test_matched_columns_fill_the_view_without_scrolling() -> None:
    layout = lay_out(NATURAL, 6, [10, 11, 150], 1000, 200, MATCHED)
    assert {10, 11, 150} <= set(layout.columns.tolist())
    assert 900 <= layout.width <= 1000.5
    assert len(layout.gaps) == 3  # before, between, behind


def test_gaps_stand_between_columns_and_belong_to_none() -> None:
    layout = lay_out(NATURAL, 6, [10, 150], 600, 200, MATCHED)
    for gap in layout.gaps:
        assert layout.column_at(gap + GAP / 2) == -1
    for place in range(len(layout.columns)):
        assert layout.column_at(layout.lefts[place] + 1) == place


def test_a_short_passage_is_shown_whole_and_not_stretched_beyond_reason() -> None:
    layout = lay_out([40.0] * 5, 6, [1], 1000, 200, MATCHED)
    assert layout.columns.tolist() == [0, 1, 2, 3, 4]
    assert layout.gaps == ()
    assert layout.width <= 300


def test_all_columns_keep_a_readable_width() -> None:
    layout = lay_out([10.0] * 200, 6, [], 1000, 200, ALL)
    assert layout.widths.min() == MIN_COLUMN
    assert layout.width == 200 * MIN_COLUMN


def test_the_overview_squeezes_all_into_the_view() -> None:
    layout = lay_out(NATURAL, 6, [], 1000, 200, OVERVIEW)
    assert len(layout.columns) == 200
    assert layout.width == pytest.approx(1000)


def test_rows_are_as_high_as_there_is_room_for_within_limits() -> None:
    assert lay_out(NATURAL, 2, [], 1000, 200).row_height == MAX_ROW
    assert lay_out(NATURAL, 8, [], 1000, 200).row_height == 25
    tall = lay_out(NATURAL, 64, [], 1000, 200)
    assert tall.row_height == MIN_ROW and tall.height == 64 * MIN_ROW


def test_what_is_in_sight_when_scrolled() -> None:
    layout = lay_out([40.0] * 100, 6, [], 400, 200, ALL)
    assert layout.visible(0) == (0, 10)
    assert layout.visible(200) == (5, 15)
    assert layout.visible(220) == (5, 16)


def test_places_outside_are_no_cells() -> None:
    layout = lay_out([40.0] * 3, 2, [], 400, 200, ALL)
    assert layout.column_at(-1) == -1 and layout.column_at(121) == -1
    assert layout.row_at(-1) == -1 and layout.row_at(layout.height + 1) == -1
    assert layout.position_of(7) == -1


def test_nothing_to_show_is_no_error() -> None:
    for mode in (MATCHED, ALL, OVERVIEW):
        layout = lay_out([], 0, [], 400, 200, mode)
        assert layout.width == 0 and layout.column_at(5) == -1 and layout.row_at(5) == -1
        assert layout.visible(0) == (0, 0)
