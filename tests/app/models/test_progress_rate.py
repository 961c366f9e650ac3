"""Speed and time left from reports."""

from __future__ import annotations

import pytest

from rankscope.app.models.progress_rate import RateMeter
from rankscope.core.api import Progress


def test_speed_and_time_left_follow_the_last_seconds() -> None:
    meter = RateMeter()
    first = meter.update(Progress(0, 100, "a"), 0.0)
    assert first.rate is None and first.seconds_left is None and first.fraction == 0.0
    assert meter.update(Progress(5, 100, "a"), 0.5).rate is None  # too early to tell
    later = meter.update(Progress(20, 100, "a"), 2.0)
    assert later.rate == pytest.approx(10.0)
    assert later.seconds_left == pytest.approx(8.0)
    assert later.fraction == pytest.approx(0.2)
    for second in range(3, 30):  # it goes on at 2 per second, and what was before is forgotten
        last = meter.update(Progress(20 + 2 * (second - 2), 100, "a"), float(second))
    assert last.rate == pytest.approx(2.0)


def test_without_a_total_there_is_no_time_left() -> None:
    meter = RateMeter()
    meter.update(Progress(0, None, "scanning"), 0.0)
    activity = meter.update(Progress(30, None, "scanning"), 3.0)
    assert activity.rate == pytest.approx(10.0)
    assert activity.seconds_left is None and activity.fraction is None


def test_a_new_phase_starts_the_measurement_again() -> None:
    meter = RateMeter()
    meter.update(Progress(0, 10, "reading"), 0.0)
    meter.update(Progress(10, 10, "reading"), 2.0)
    assert meter.update(Progress(0, 500, "encoding", "passages"), 2.1).rate is None
    assert meter.update(Progress(100, 500, "encoding", "passages"), 4.1).rate == pytest.approx(50.0)


def test_more_done_than_planned_is_full_and_no_more() -> None:
    assert RateMeter().update(Progress(12, 10, "a"), 0.0).fraction == 1.0
