"""Bringing a workspace up to date: one request after the other, with pauses, and room for those who cannot wait."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.work import Work
from rankscope.core.api import Cancelled

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

TOPIC = "indexing"


@dataclass(frozen=True)
class Request:
    """One call of ``Workspace.index``; without details it brings all sources up to date.

    A ``quiet`` one was asked for by no person: it has nothing to say when it finds nothing new.
    """

    workspace: Workspace
    paths: tuple[Path, ...] = ()
    again: frozenset[int] = frozenset()
    only: frozenset[int] | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)
    quiet: bool = False

    @property
    def details(self) -> dict[str, Any]:
        """The arguments beyond the paths, without those that say nothing."""
        every = {"again": self.again, "only": self.only, "passwords": self.passwords}
        return {name: value for name, value in every.items() if value or (name == "only" and value is not None)}

    def covers(self, other: Request) -> bool:
        """Whether doing this does the other one too, as far as looking for changes goes."""
        if self.workspace is not other.workspace or other.paths or other.again or other.passwords:
            return False
        return self.only is None or (other.only is not None and other.only <= self.only)


class Indexer(Work):
    """A queue of requests.

    ``finished`` brings an IndexReport and whether the request was quiet; ``stopped`` comes instead when the user
    cancelled or paused the run, ``failed`` brings the exception and whether the request was quiet.
    """

    finished = Signal(object, bool)
    stopped = Signal()
    failed = Signal(object, bool)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, TOPIC, parent)
        self._queue: deque[Request] = deque()
        self._present: Request | None = None
        self._goes_on = False  # the run was asked to stop, and what is left of it is to be done later
        self.paused = False

    @property
    def waiting(self) -> int:
        """How many requests wait behind the one at work."""
        return len(self._queue)

    @property
    def quiet(self) -> bool:
        """Whether the run at work was asked for by no person."""
        return self._present is not None and self._present.quiet

    def add(self, request: Request) -> None:
        """Do this after what waits already; several requests to look for changes become one."""
        if request.quiet:
            self._merge(request)
        else:
            self._queue.append(request)
        if not self.active:
            self._next()
        self.changed.emit()

    def cancel(self) -> None:
        """Ask the run to stop and forget those that wait; what was committed stays."""
        self._queue.clear()
        self._goes_on = False
        if self.active:
            self.stopping = True
            self._ask_to_stop()
        self.changed.emit()

    def pause(self) -> None:
        """Stop the run where nothing is half done, and begin nothing until :meth:`resume`."""
        self.paused = True
        if self.active and not self.stopping:
            self.stopping = self._goes_on = True
            self._ask_to_stop()
        self.changed.emit()

    def resume(self) -> None:
        """Go on with what was paused and what waits."""
        self.paused = False
        if self._goes_on:
            self.stopping = False  # the run ends nevertheless, and begins again at once
        if not self.active:
            self._next()
        self.changed.emit()

    def make_way(self) -> None:
        """Let a task that is put on the writer lane now go first; the run goes on behind it."""
        if self.active and not self.stopping:
            self._goes_on = True
            self._ask_to_stop()

    def _merge(self, request: Request) -> None:
        if any(other.covers(request) for other in self._queue):
            return
        for place, other in enumerate(self._queue):
            if other.quiet and other.only is not None and request.only is not None:
                self._queue[place] = replace(other, only=other.only | request.only)
                return
        self._queue.append(request)

    def _next(self) -> None:
        self._end()
        self._present, self._goes_on = None, False
        if self.paused or not self._queue:
            return
        request = self._present = self._queue.popleft()

        def run(cancelled: Any, report: Any) -> Any:
            return request.workspace.index(request.paths, progress=report, cancelled=cancelled, **request.details)

        self._begin(run, self._on_done, self._on_failed)

    def _left(self) -> Request | None:
        """What remains of the run that was stopped. Once it reports, the paths are sources like the others."""
        if self._present is None or not self._goes_on:
            return None
        return self._present if self.activity is None else replace(self._present, paths=())

    @Slot(object)
    def _on_done(self, report: object) -> None:
        quiet = self.quiet
        self._next()
        self.changed.emit()
        self.finished.emit(report, quiet)

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        quiet, stopping = self.quiet, self.stopping
        if isinstance(error, Cancelled):
            left = self._left()
            if left is not None:
                self._queue.appendleft(left)
        self._next()
        self.changed.emit()
        if not isinstance(error, Cancelled):
            self.failed.emit(error, quiet)
        elif stopping:
            self.stopped.emit()
