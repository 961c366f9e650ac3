"""Bringing a workspace up to date, one request after the other, with speed and time left."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.models.progress_rate import Activity, RateMeter
from rankscope.core.api import Cancelled, Progress

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

TOPIC = "indexing"


class Indexer(QObject):
    """A queue of indexing requests on the writer lane.

    ``changed`` tells that :attr:`active`, :attr:`activity`, :attr:`stopping` or :attr:`waiting` changed;
    ``finished`` brings an IndexReport, or None when the run was cancelled; ``failed`` the exception.
    """

    changed = Signal()
    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._queue: deque[tuple[Workspace, tuple[Path, ...]]] = deque()
        self._meter = RateMeter()
        self.active = False
        self.stopping = False
        self.activity: Activity | None = None

    @property
    def waiting(self) -> int:
        """How many requests wait behind the one at work."""
        return len(self._queue)

    def add(self, workspace: Workspace, paths: Sequence[Path]) -> None:
        """Index the paths as sources of the workspace (empty: bring all sources up to date)."""
        self._queue.append((workspace, tuple(paths)))
        if not self.active:
            self._next()
        self.changed.emit()

    def cancel(self) -> None:
        """Ask the run to stop and forget those that wait; what was committed stays."""
        self._queue.clear()
        if self.active:
            self.stopping = True
            self._jobs.cancel(TOPIC)
            self.changed.emit()

    def _next(self) -> None:
        if not self._queue:
            self.active = self.stopping = False
            self.activity = None
            return
        workspace, paths = self._queue.popleft()
        self._meter = RateMeter()
        self.active, self.stopping, self.activity = True, False, None

        def run(cancelled: Any, report: Any) -> Any:
            return workspace.index(paths, progress=report, cancelled=cancelled)

        self._jobs.start(
            TOPIC, run, lane="writer", done=self._on_done, failed=self._on_failed, progress=self._on_progress
        )

    @Slot(object)
    def _on_progress(self, progress: Progress) -> None:
        self.activity = self._meter.update(progress, time.monotonic())
        self.changed.emit()

    @Slot(object)
    def _on_done(self, report: object) -> None:
        self._next()
        self.changed.emit()
        self.finished.emit(report)

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        self._next()
        self.changed.emit()
        if isinstance(error, Cancelled):
            self.finished.emit(None)
        else:
            self.failed.emit(error)
