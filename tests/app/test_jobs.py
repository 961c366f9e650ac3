"""Jobs: the newest task of a topic wins, nothing stale arrives, progress is limited, threads end."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from rankscope.app.jobs import Jobs
from rankscope.core.api import Cancelled, Progress


def test_a_result_arrives_on_the_thread_that_owns_the_jobs(jobs: Jobs, qtbot: Any) -> None:
    seen: list[tuple[str, int, int]] = []
    jobs.start(
        "sum",
        lambda cancelled, report: ("five", threading.get_ident()),
        done=lambda result: seen.append((*result, threading.get_ident())),
    )
    qtbot.waitUntil(lambda: bool(seen))
    text, worker, owner = seen[0]
    assert text == "five"
    assert owner == threading.get_ident() != worker


def test_a_newer_task_of_the_topic_supersedes_the_older_one(jobs: Jobs, qtbot: Any) -> None:
    gate, begun, results, told = threading.Event(), threading.Event(), [], []

    def slow(cancelled: Any, report: Any) -> str:
        begun.set()
        gate.wait(5)
        told.append(cancelled())
        return "old"

    jobs.start("search", slow, lane="background", done=results.append, failed=results.append)
    assert begun.wait(5)
    jobs.start("search", lambda cancelled, report: "new", lane="background", done=results.append)
    qtbot.waitUntil(lambda: results == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: told == [True])
    qtbot.wait(60)
    assert results == ["new"], "the result of a superseded task arrived"


def test_a_result_already_posted_is_dropped_when_a_newer_task_starts(jobs: Jobs, qtbot: Any) -> None:
    results: list[str] = []
    finished = threading.Event()

    def first(cancelled: Any, report: Any) -> str:
        finished.set()
        return "old"

    jobs.start("search", first, done=results.append)
    assert finished.wait(5)
    time.sleep(0.05)  # the outcome of the first is in this thread's queue now, not yet handled
    jobs.start("search", lambda cancelled, report: "new", done=results.append)
    qtbot.waitUntil(lambda: "new" in results)
    assert results == ["new"]


def test_a_superseded_task_that_has_not_begun_never_runs(jobs: Jobs, qtbot: Any) -> None:
    gate, ran, results = threading.Event(), [], []
    jobs.start("block", lambda cancelled, report: gate.wait(5), lane="interactive")
    for number in range(5):
        jobs.start(
            "search",
            lambda cancelled, report, number=number: ran.append(number),
            lane="interactive",
            done=results.append,
        )
    gate.set()
    qtbot.waitUntil(lambda: len(results) == 1)
    assert ran == [4]


def test_topics_do_not_disturb_each_other(jobs: Jobs, qtbot: Any) -> None:
    results: list[int] = []
    for number in range(6):
        jobs.start(f"topic {number}", lambda cancelled, report, n=number: n, lane="interactive", done=results.append)
    qtbot.waitUntil(lambda: results == [0, 1, 2, 3, 4, 5])


def test_the_writer_lane_runs_one_task_after_the_other(jobs: Jobs, qtbot: Any) -> None:
    inside, most, done = [], [], []

    def write(cancelled: Any, report: Any) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()

    for number in range(5):
        jobs.start(f"write {number}", write, lane="writer", done=done.append)
    qtbot.waitUntil(lambda: len(done) == 5)
    assert max(most) == 1


def test_progress_comes_at_most_twenty_times_a_second_and_the_last_report_always(jobs: Jobs, qtbot: Any) -> None:
    reports: list[Progress] = []
    done: list[Any] = []
    seconds = 0.5

    def busy(cancelled: Any, report: Any) -> int:
        started, number = time.monotonic(), 0
        while time.monotonic() - started < seconds:
            number += 1
            report(Progress(number, None, "work"))
            time.sleep(0.0005)
        return number

    jobs.start("busy", busy, done=done.append, progress=reports.append)
    qtbot.waitUntil(lambda: bool(done))
    assert done[0] > 100
    assert 2 <= len(reports) <= seconds * 20 + 2
    assert reports[-1].done == done[0]


def test_a_failure_arrives_with_its_exception(jobs: Jobs, qtbot: Any) -> None:
    failures: list[BaseException] = []
    error = ValueError("no")

    def fail(cancelled: Any, report: Any) -> None:
        raise error

    jobs.start("fail", fail, failed=failures.append)
    qtbot.waitUntil(lambda: failures == [error])
    assert not jobs.running("fail")


def test_cancel_still_delivers_the_outcome(jobs: Jobs, qtbot: Any) -> None:
    failures: list[BaseException] = []
    begun = threading.Event()

    def work(cancelled: Any, report: Any) -> None:
        begun.set()
        while not cancelled():
            time.sleep(0.002)
        raise Cancelled()

    jobs.start("index", work, lane="writer", failed=failures.append)
    assert begun.wait(5)
    jobs.cancel("index")
    qtbot.waitUntil(lambda: len(failures) == 1)
    assert isinstance(failures[0], Cancelled)


def test_cancel_of_a_waiting_task_ends_it_without_running_it(jobs: Jobs, qtbot: Any) -> None:
    gate, ran, failures = threading.Event(), [], []
    jobs.start("block", lambda cancelled, report: gate.wait(5), lane="writer")
    jobs.start("index", lambda cancelled, report: ran.append(1), lane="writer", failed=failures.append)
    jobs.cancel("index")
    gate.set()
    qtbot.waitUntil(lambda: len(failures) == 1)
    assert isinstance(failures[0], Cancelled)
    assert not ran


def test_a_task_waits_until_its_lane_is_free(jobs: Jobs, qtbot: Any) -> None:
    gate, begun = threading.Event(), threading.Event()
    jobs.start("first", lambda cancelled, report: (begun.set(), gate.wait(5)), lane="measuring")
    jobs.start("second", lambda cancelled, report: None, lane="measuring")
    assert begun.wait(5)
    assert not jobs.waiting("first") and jobs.waiting("second") and not jobs.waiting("third")
    gate.set()
    qtbot.waitUntil(lambda: not jobs.busy())
    assert not jobs.waiting("second")


def test_an_unknown_lane_is_refused(jobs: Jobs) -> None:
    with pytest.raises(KeyError):
        jobs.start("x", lambda cancelled, report: None, lane="express")


def test_shutdown_stops_everything_and_leaves_no_thread(qapp: Any, qtbot: Any) -> None:
    before = set(threading.enumerate())
    jobs = Jobs()
    results: list[Any] = []

    def until_told(cancelled: Any, report: Any) -> str:
        while not cancelled():
            time.sleep(0.002)
        return "late"

    for lane in ("interactive", "background", "writer"):
        jobs.start(lane, until_told, lane=lane, done=results.append, failed=results.append)
        jobs.start(f"{lane} 2", until_told, lane=lane, done=results.append, failed=results.append)
    assert jobs.shutdown(5)
    assert set(threading.enumerate()) <= before
    jobs.start("after", lambda cancelled, report: 1, done=results.append)
    qtbot.wait(60)
    assert results == []


def test_shutdown_says_when_something_does_not_stop(qapp: Any) -> None:
    jobs = Jobs()
    gate, begun = threading.Event(), threading.Event()

    def stubborn(cancelled: Any, report: Any) -> None:
        begun.set()
        gate.wait(10)

    jobs.start("stubborn", stubborn)
    assert begun.wait(5)
    started = time.monotonic()
    assert not jobs.shutdown(0.1)
    assert time.monotonic() - started < 2
    gate.set()
    assert jobs.shutdown(5)


def test_a_task_can_be_dropped_whose_widget_is_gone(jobs: Jobs, qtbot: Any) -> None:
    class Widget(QObject):
        def show(self, result: Any) -> None:
            raise AssertionError("it is gone")

    widget, gate, begun = Widget(), threading.Event(), threading.Event()
    jobs.start("x", lambda cancelled, report: (begun.set(), gate.wait(10)), done=widget.show)
    assert begun.wait(5)
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)
    jobs.drop("x")
    gate.set()
