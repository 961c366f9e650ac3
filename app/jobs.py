"""Work in the background: four lanes of threads whose results arrive on the thread that owns the window.

* "interactive": one thread for what the user waits on (searching, explaining).
* "background": a small pool for the rest (opening, reading documents, drawing pages).
* "writer": one thread, so that everything that writes to a workspace happens in order.
* "measuring": one thread for sweeps and training, which take minutes and change no workspace of the user.

Every task belongs to a topic. Starting a task drops the older one of its topic: it is asked to stop, and whatever
it still produces is thrown away, so a stale result never reaches a widget.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from rankscope.core.api import Cancelled, CancelledCheck, Progress, ProgressCallback

log = logging.getLogger(__name__)

LANES = {"interactive": 1, "background": 2, "writer": 1, "measuring": 1}
PROGRESS_INTERVAL = 0.05  # seconds: at most 20 reports per second and task

JobFunction = Callable[[CancelledCheck, ProgressCallback], Any]


@dataclass(eq=False, repr=False)
class _Task:
    """One call of a function. ``dropped`` means that nothing it produces may arrive any more; ``begun`` that a thread
    has taken it.

    It is never put into words: its callbacks may belong to a widget that is gone.
    """

    topic: str
    function: JobFunction
    done: Callable[[Any], None] | None
    failed: Callable[[BaseException], None] | None
    progress: Callable[[Progress], None] | None
    stop: threading.Event = field(default_factory=threading.Event)
    dropped: bool = False
    begun: bool = False


class _Throttle:
    """Passes on at most one report per interval; the newest one that was held back comes with :meth:`flush`."""

    def __init__(self, send: Callable[[Progress], None]) -> None:
        self._send = send
        self._last = 0.0
        self._held: Progress | None = None

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < PROGRESS_INTERVAL:
            self._held = progress
            return
        self._last, self._held = now, None
        self._send(progress)

    def flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._send(held)


class _Lane:
    """A queue with a fixed number of threads, which start when the first task comes."""

    def __init__(self, name: str, size: int, run: Callable[[_Task], None]) -> None:
        self._name = name
        self._size = size
        self._run = run
        self._queue: deque[_Task] = deque()
        self._condition = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False

    def put(self, task: _Task) -> None:
        with self._condition:
            self._queue.append(task)
            if self._idle < len(self._queue) and len(self._threads) < self._size:
                # Daemons: a call that cannot be stopped (importing a large library) must not keep the process alive.
                name = f"rankscope-{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._condition.notify()

    def remove(self, task: _Task) -> bool:
        """Take a task out that has not begun; False when it has."""
        with self._condition:
            try:
                self._queue.remove(task)
            except ValueError:
                return False
            return True

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._queue.clear()
            self._condition.notify_all()

    def join(self, deadline: float) -> bool:
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._closed:
                    self._idle += 1
                    self._condition.wait()
                    self._idle -= 1
                if not self._queue:
                    return
                task = self._queue.popleft()
            self._run(task)
            del task  # what it holds must not live until the next task comes


class Jobs(QObject):
    """Runs functions on the lanes and calls back on the thread this object lives on."""

    _delivered = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: dict[str, _Task] = {}
        self._closed = False
        self._gate = threading.Lock()
        self._lanes = {name: _Lane(name, size, self._run) for name, size in LANES.items()}
        self._delivered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        topic: str,
        function: JobFunction,
        *,
        lane: str = "background",
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Call ``function(cancelled, report)`` on a lane; drop the older task of the topic.

        ``done(result)``, ``failed(exception)`` and ``progress(report)`` are called on this object's thread.
        After :meth:`shutdown` nothing starts. Raises KeyError for an unknown lane.
        """
        chosen = self._lanes[lane]
        if self._closed:
            return
        self.drop(topic)
        task = _Task(topic, function, done, failed, progress)
        self._current[topic] = task
        chosen.put(task)

    def drop(self, topic: str) -> None:
        """Ask the topic's task to stop and throw away whatever it still produces."""
        task = self._current.pop(topic, None)
        if task is not None:
            task.dropped = True
            task.stop.set()
            for lane in self._lanes.values():
                lane.remove(task)

    def cancel(self, topic: str) -> None:
        """Ask the topic's task to stop; its outcome (mostly ``failed(Cancelled)``) still arrives."""
        task = self._current.get(topic)
        if task is not None:
            task.stop.set()

    def running(self, topic: str) -> bool:
        """Whether a task of the topic is waiting or at work."""
        return topic in self._current

    def waiting(self, topic: str) -> bool:
        """Whether the topic's task has not begun: its lane has another one to end first."""
        task = self._current.get(topic)
        return task is not None and not task.begun

    def busy(self) -> bool:
        """Whether any task is waiting or at work whose outcome is still awaited."""
        return bool(self._current)

    def shutdown(self, timeout: float) -> bool:
        """Stop everything and wait at most ``timeout`` seconds; True when every thread has ended.

        Nothing arrives afterwards.
        """
        with self._gate:
            self._closed = True
        for topic in list(self._current):
            self.drop(topic)
        for lane in self._lanes.values():
            lane.close()
        deadline = time.monotonic() + timeout
        ended = [lane.join(deadline) for lane in self._lanes.values()]
        return all(ended)

    def _run(self, task: _Task) -> None:
        """On a lane's thread: call the function and post its outcome."""
        task.begun = True
        report = _Throttle(lambda progress: self._post(task, "progress", progress))
        try:
            if task.stop.is_set():
                raise Cancelled()
            result = task.function(task.stop.is_set, report)
        except BaseException as error:  # whatever it is, the window must hear of it
            report.flush()
            self._post(task, "failed", error)
        else:
            report.flush()
            self._post(task, "done", result)

    def _post(self, task: _Task, kind: str, value: object) -> None:
        # The gate keeps a late thread from emitting on an object that is being taken down.
        with self._gate:
            if not self._closed and not task.dropped:
                self._delivered.emit(task, kind, value)

    @Slot(object, str, object)
    def _deliver(self, task: _Task, kind: str, value: Any) -> None:
        if task.dropped or self._closed or self._current.get(task.topic) is not task:
            return
        if kind == "progress":
            if task.progress is not None:
                task.progress(value)
            return
        del self._current[task.topic]
        if kind == "done" and task.done is not None:
            task.done(value)
        elif kind == "failed":
            if task.failed is not None:
                task.failed(value)
            else:
                log.error("the task %r failed", task.topic, exc_info=value)
