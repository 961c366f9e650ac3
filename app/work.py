"""Long work on a workspace that a person can follow and stop: what it does, how far it is, how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import JobFunction, Jobs
from rankscope.app.models.progress_rate import Activity, RateMeter
from rankscope.core.api import Cancelled, Progress


class Work(QObject):
    """One thing at a time on the lane ``LANE``. ``changed`` tells that one of the attributes below changed.

    ``active`` is True from the request to the outcome, ``stopping`` once it was asked to stop; ``activity`` is None
    until the first report.
    """

    LANE = "writer"
    changed = Signal()

    def __init__(self, jobs: Jobs, topic: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._topic = topic
        self._meter = RateMeter()
        self.active = False
        self.stopping = False
        self.activity: Activity | None = None

    def _begin(
        self, function: JobFunction, done: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        """Start the function; the callbacks have to call :meth:`_end` or begin the next."""
        self._meter = RateMeter()
        self.active, self.stopping, self.activity = True, False, None
        self._jobs.start(
            self._topic, function, lane=self.LANE, done=done, failed=failed, progress=self._progress_reported
        )

    def _ask_to_stop(self) -> None:
        self._jobs.cancel(self._topic)

    def _end(self) -> None:
        self.active = self.stopping = False
        self.activity = None

    @Slot(object)
    def _progress_reported(self, progress: Progress) -> None:
        self.activity = self._meter.update(progress, time.monotonic())
        self.changed.emit()


class SingleWork(Work):
    """Work of one call that is not repeated while it goes on.

    ``finished`` brings what the call returned, or None when it was cancelled; ``failed`` the exception.
    """

    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, topic: str, parent: QObject | None = None) -> None:
        super().__init__(jobs, topic, parent)
        self._running: JobFunction | None = None
        self._goes_on = False  # it was stopped to make way, and is called again

    def cancel(self) -> None:
        """Ask it to stop; the workspace is whole at any moment."""
        if self.active and not self.stopping:
            self.stopping = True
            self._ask_to_stop()
            self.changed.emit()

    def make_way(self) -> None:
        """Let a task that is put on the lane now go first; the call is repeated behind it. Only for a call that goes
        on where it was stopped."""
        if self.active and not self.stopping:
            self._goes_on = True
            self._ask_to_stop()

    def _run(self, function: JobFunction) -> None:
        """Do it, unless it is being done already."""
        if not self.active:
            self._running, self._goes_on = function, False
            self._begin(function, self._on_done, self._on_failed)
            self.changed.emit()

    @Slot(object)
    def _on_done(self, outcome: object) -> None:
        self._end()
        self._running = None
        self.changed.emit()
        self.finished.emit(outcome)

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        again = self._running if self._goes_on and not self.stopping else None
        self._end()
        if isinstance(error, Cancelled) and again is not None:
            self._run(again)
            return
        self._running = None
        self.changed.emit()
        if isinstance(error, Cancelled):
            self.finished.emit(None)
        else:
            self.failed.emit(error)
