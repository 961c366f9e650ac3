"""Minutes of work beside the workspace that find one thing after the other: followed, stopped, saved and opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.work import SingleWork
from rankscope.core.api import CancelledCheck, Progress, ProgressCallback

SoFar = Callable[[Any], None]


class Measuring(SingleWork):
    """``outcome`` is what has been found so far, or what was loaded; ``outcomeChanged`` tells that there is more or
    another one. What stopped work has found stays.
    """

    LANE = "measuring"
    outcomeChanged = Signal()

    def __init__(self, jobs: Jobs, topic: str, parent: QObject | None = None) -> None:
        super().__init__(jobs, topic, parent)
        self.outcome: Any = None
        self._files = f"{topic}, file"
        self._started = 0.0
        self._newest: list[Any] = []  # filled by the thread that measures
        self.finished.connect(self._measured)
        self.failed.connect(self._broken_off)

    @property
    def seconds(self) -> float:
        """How long ago the present work was asked for."""
        return time.monotonic() - self._started if self.active else 0.0

    @property
    def waiting(self) -> bool:
        """Whether it waits for other work of its lane to end."""
        return self.active and self._jobs.waiting(self._topic)

    def _measure(self, function: Callable[[SoFar, CancelledCheck, ProgressCallback], Any]) -> None:
        """Call a function that tells ``so_far`` what it has found. What older work has found goes."""
        newest: list[Any] = []

        def run(cancelled: CancelledCheck, report: ProgressCallback) -> Any:
            return function(newest.append, cancelled, report)

        self._jobs.drop(self._files)
        self._newest, self._started = newest, time.monotonic()
        self._show(None)
        self._run(run)

    def _load(self, function: Callable[[], Any]) -> None:
        """Show what the function reads, unless work is going on."""
        if not self.active:
            self._jobs.start(
                self._files, lambda cancelled, report: function(), done=self._show, failed=self._file_failed
            )

    @Slot(object)
    def _progress_reported(self, progress: Progress) -> None:
        self._take_newest()
        super()._progress_reported(progress)

    @Slot(object)
    def _measured(self, outcome: Any) -> None:
        if outcome is not None:
            self._show(outcome)
        else:
            self._take_newest()
        self._newest = []

    @Slot(object)
    def _broken_off(self, _: BaseException) -> None:
        self._take_newest()
        self._newest = []

    def _take_newest(self) -> None:
        newest = self._newest[-1] if self._newest else None
        if newest is not None and newest is not self.outcome:
            self._show(newest)

    @Slot(object)
    def _show(self, outcome: Any) -> None:
        if outcome is not self.outcome:
            self.outcome = outcome
            self.outcomeChanged.emit()

    @Slot(object)
    def _file_failed(self, error: BaseException) -> None:
        self.failed.emit(error)
