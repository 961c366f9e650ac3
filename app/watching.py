"""Hearing from the engine's watcher which sources changed, on the thread of the window."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.core.api import CancelledCheck, RankscopeError

if TYPE_CHECKING:
    from rankscope.core.api import Watcher, Workspace

TOPIC = "watching"
LOOK_SECONDS = 0.1  # how often to look whether a watch is up
LOOKS = 100  # after which it is taken for slow, not for broken


class FolderWatch(QObject):
    """At most one watcher at a time.

    Making, starting and stopping one may wait for a disk, so that all of it happens in the background. The watcher
    calls from a thread of its own; a queued signal carries that over, and whatever an older watcher still says is
    thrown away. ``up`` tells that a watch has begun (or failed to): what changed before is not noticed. ``changed``
    brings a frozenset of source ids, ``noted`` a sentence for people, each only once.
    """

    up = Signal()
    changed = Signal(object)
    noted = Signal(str)
    _heard = Signal(int, object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._exchanging = threading.Lock()
        self._gate = threading.Lock()  # keeps a late thread from emitting on an object that is being taken down
        self._closed = False
        self._watcher: Watcher | None = None
        self._newest = 0
        self._told: set[str] = set()
        self._heard.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def follow(self, workspace: Workspace | None) -> None:
        """Watch the sources of this workspace as they are set now, instead of whatever was watched; None: nothing."""
        self._newest += 1
        number = self._newest

        def run(cancelled: CancelledCheck, report: object) -> Watcher | None:
            watcher = self._exchange(workspace, number)
            looks = 0
            while watcher is not None and looks < LOOKS and not cancelled() and not self._closed:
                if watcher.wait_until_watching(LOOK_SECONDS):
                    break
                looks += 1
            return watcher

        self._jobs.start(TOPIC, run, done=self._started, failed=self._not_started)

    def end(self) -> threading.Thread:
        """Stop for good. Returns the thread that does it, to be joined."""
        with self._gate:
            self._closed = True
        thread = threading.Thread(target=self._exchange, args=(None, 0), name="rankscope-watch-end", daemon=True)
        thread.start()
        return thread

    def _exchange(self, workspace: Workspace | None, number: int) -> Watcher | None:
        """On a thread of the jobs: stop the present watcher, and start the next unless a newer one is wanted."""
        with self._exchanging:
            previous, self._watcher = self._watcher, None
            if previous is not None:
                previous.stop()
            if workspace is None or number != self._newest or self._closed:
                return None
            watcher = workspace.watcher(lambda changed: self._hear(number, changed))
            try:
                watcher.start()
            except BaseException:
                watcher.stop()
                raise
            self._watcher = watcher
            return watcher

    def _hear(self, number: int, changed: frozenset[int]) -> None:
        """On the watcher's thread."""
        with self._gate:
            if not self._closed:
                self._heard.emit(number, changed)

    @Slot(int, object)
    def _deliver(self, number: int, changed: frozenset[int]) -> None:
        if number != self._newest or self._closed:
            return
        self.changed.emit(changed)
        watcher = self._watcher
        if watcher is not None:
            self._tell(watcher.notes)

    @Slot(object)
    def _started(self, watcher: Watcher | None) -> None:
        if watcher is not None:
            self._tell(watcher.notes)
            self.up.emit()

    @Slot(object)
    def _not_started(self, error: BaseException) -> None:
        """Nothing is lost: the library can still be updated by hand."""
        reason = error.message if isinstance(error, RankscopeError) else ""
        self._tell((f"{self.tr('Folders are not watched for changes.')} {reason}".strip(),))
        self.up.emit()

    def _tell(self, notes: tuple[str, ...]) -> None:
        fresh = [note for note in notes if note not in self._told]
        self._told.update(fresh)
        if fresh:
            self.noted.emit(" ".join(fresh))
