"""Processes that run functions which may crash, hang or eat all memory.

Each worker process has its own pipe and is watched by its own thread. A worker that dies costs the one task it was
working on; the tasks that were waiting in its pipe go to its successor, and one that dies idle costs nothing.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import ModuleType
from typing import Any

from rankscope.core.documents.serving import Ready, Request, Response, serve
from rankscope.core.errors import RankscopeError

_START_TIMEOUT = 60.0
_TRIES = 3
_IN_FLIGHT = 3  # tasks given to a worker at once, so that it need not wait for the parent between two


class WorkerCrashed(Exception):
    """The process that worked on the task died. ``exit_code`` is minus the signal's number where a signal did it."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"the worker process ended with {exit_code}")
        self.exit_code = exit_code


class WorkerTimeout(Exception):
    """The task took longer than it may, and its process was stopped."""


@dataclass(slots=True, eq=False)
class _Task:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    timeout: float
    number: int = 0  # given when it is first sent to a process
    future: Future[Any] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class _Setup:
    """What every new process is given."""

    initializer: Callable[..., None] | None
    initargs: tuple[Any, ...]
    memory_limit: int | None


class WorkerPool:
    """Runs module-level functions in separate processes, which start with the first task.

    Args:
        workers: the number of processes.
        initializer: called in each new process with ``initargs``; what it raises, the tasks raise.
        recycle_after: a process is replaced after so many tasks: what a library leaks does not add up.
        memory_limit: the bytes that a process may allocate, where the system can enforce it.
    """

    def __init__(
        self,
        workers: int = 1,
        initializer: Callable[..., None] | None = None,
        initargs: tuple[Any, ...] = (),
        *,
        recycle_after: int = 1000,
        memory_limit: int | None = None,
    ) -> None:
        setup = _Setup(initializer, initargs, memory_limit)
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lanes = [_Lane(self._tasks, setup, recycle_after) for _ in range(max(1, workers))]
        self._lock = threading.Lock()
        self._started = False
        self._closed = False

    def start(self) -> None:
        """Starts the processes now instead of with the first task; returns at once."""
        with self._lock:
            if not self._started and not self._closed:
                self._started = True
                for lane in self._lanes:
                    lane.start()

    def submit(self, function: Callable[..., Any], *arguments: Any, timeout: float) -> Future[Any]:
        """The future of ``function(*arguments)``. It may raise WorkerCrashed or WorkerTimeout besides what the
        function raises; ``timeout`` counts the seconds that a process works on it. A closed pool gives a cancelled
        future.
        """
        self.start()
        task = _Task(function, arguments, timeout)
        with self._lock:
            if self._closed:
                task.future.cancel()
            else:
                self._tasks.put(task)
        return task.future

    def process_ids(self) -> list[int]:
        """The ids of the processes that run now."""
        return [pid for lane in self._lanes if (pid := lane.process_id()) is not None]

    def close(self) -> None:
        """Stops everything at once; futures that are not done end as cancelled. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for lane in self._lanes:
            lane.stop()
        for _ in self._lanes:
            self._tasks.put(None)
        for lane in self._lanes:
            if lane.is_alive() and lane is not threading.current_thread():
                lane.join()
        while not self._tasks.empty():
            task = self._tasks.get()
            if task is not None:
                _abandon(task)


class _Lane(threading.Thread):
    """One worker process, and the thread that feeds and watches it."""

    def __init__(self, tasks: queue.SimpleQueue[_Task | None], setup: _Setup, recycle_after: int) -> None:
        super().__init__(name="rankscope-worker-watch", daemon=True)
        self._tasks = tasks
        self._setup = setup
        self._recycle_after = recycle_after
        self._current = multiprocessing.get_context("spawn").RawValue("q", 0)
        self._waiting: deque[_Task] = deque()  # taken from the queue, not given to this process
        self._given: deque[_Task] = deque()  # in the process's pipe; the first one is worked on
        self._served = 0  # tasks given to this process
        self._numbers = 0
        self._misfortunes = 0  # processes in a row that died without a task to blame
        self._deadline = 0.0
        self._process: _WorkerProcess | None = None
        self._pipe: Connection | None = None
        self._stopping = False
        self._lock = threading.Lock()  # guards starting and stopping the process

    def process_id(self) -> int | None:
        with self._lock:
            process = self._process
            return process.pid if process is not None and process.is_alive() else None

    def stop(self) -> None:
        """Kills the process; the thread ends soon after."""
        with self._lock:
            self._stopping = True
            if self._process is not None:
                self._process.kill()

    def run(self) -> None:
        try:
            self._start_process()  # ahead of the first task
        except Exception:
            self._end_process()  # the first task will meet the same failure, and report it
        while self._take():
            try:
                if self._process is None:
                    self._start_process()
                self._give()
                self._receive()
            except (WorkerCrashed, WorkerTimeout) as error:
                self._recover(error)
            except Exception as error:  # the process cannot be started, or its setup fails
                self._fail_all(error)
        self._end_process()
        for task in (*self._given, *self._waiting):
            _abandon(task)

    def _take(self) -> bool:
        """Takes tasks for the process, waiting if it has none; False when the pool closes."""
        while not self._stopping and len(self._given) + len(self._waiting) < _IN_FLIGHT:
            try:
                task = self._tasks.get(block=not self._given and not self._waiting)
            except queue.Empty:
                break
            if task is None:
                return False
            if task.future.set_running_or_notify_cancel():
                self._waiting.append(task)
        return not self._stopping

    def _give(self) -> None:
        while self._waiting and self._served < self._recycle_after:
            task = self._waiting[0]
            if not task.number:
                self._numbers += 1
                task.number = self._numbers
            self._send(Request(task.number, task.function, task.arguments, task.timeout))
            if not self._given:
                self._deadline = time.monotonic() + task.timeout
            self._given.append(self._waiting.popleft())
            self._served += 1
        if not self._given:  # its time has come
            self._end_process()

    def _receive(self) -> None:
        """Waits for the answer to the first task that the process was given."""
        if not self._given:
            return
        response = self._next_message(self._deadline - time.monotonic())
        if not isinstance(response, Response) or response.number != self._given[0].number:
            raise WorkerCrashed(None)
        task = self._given.popleft()
        self._misfortunes = 0
        if self._given:
            self._deadline = time.monotonic() + self._given[0].timeout
        if response.error is not None:
            task.future.set_exception(response.error)
        else:
            task.future.set_result(response.value)

    def _send(self, request: Request) -> None:
        assert self._pipe is not None
        try:
            self._pipe.send(request)
        except OSError:
            raise WorkerCrashed(self._exit_code()) from None

    def _next_message(self, timeout: float) -> Any:
        assert self._pipe is not None and self._process is not None
        ready = wait([self._pipe, self._process.sentinel], max(0.0, timeout))
        if not ready:
            raise WorkerTimeout
        try:
            if self._pipe in ready or self._pipe.poll():  # a last answer may still be there
                return self._pipe.recv()
        except Exception:  # it died while it wrote, or wrote what cannot be read
            pass
        raise WorkerCrashed(self._exit_code())

    def _exit_code(self) -> int | None:
        if self._process is None:
            return None
        self._process.join(1.0)
        return self._process.exitcode

    def _recover(self, error: WorkerCrashed | WorkerTimeout) -> None:
        """Blames the task that was worked on, and keeps the others for the next process."""
        self._end_process()
        if self._given and (isinstance(error, WorkerTimeout) or self._current.value == self._given[0].number):
            task = self._given.popleft()
            if not self._stopping:
                task.future.set_exception(error)
            else:
                _abandon(task)
        else:
            self._misfortunes += 1
        self._waiting.extendleft(reversed(self._given))
        self._given.clear()
        if self._misfortunes >= _TRIES and not self._stopping:
            self._fail_all(_cannot_start(error))

    def _fail_all(self, error: Exception) -> None:
        self._end_process()
        self._misfortunes = 0
        for task in (*self._given, *self._waiting):
            task.future.set_exception(error)
        self._given.clear()
        self._waiting.clear()

    def _start_process(self) -> None:
        pipe, far_end = multiprocessing.get_context("spawn").Pipe()
        setup = self._setup
        process = _WorkerProcess(
            target=serve,
            args=(far_end, self._current, setup.initializer, setup.initargs, setup.memory_limit),
            daemon=True,
        )
        try:
            with self._lock:
                if self._stopping:
                    raise WorkerCrashed(None)
                process.start()
                self._process, self._pipe, self._served = process, pipe, 0
        finally:
            far_end.close()
        ready = self._next_message(_START_TIMEOUT)
        if not isinstance(ready, Ready):
            raise WorkerCrashed(None)
        if ready.error is not None:
            raise ready.error

    def _end_process(self) -> None:
        with self._lock:
            process, pipe, self._process, self._pipe = self._process, self._pipe, None, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()  # it only reads: there is nothing that it should bring to an end
            process.join()
            process.close()


class _WorkerProcess(SpawnProcess):
    """A fresh interpreter that does not load the program's main module again: that may be the window, with Qt, or a
    user's script without a guard. Ctrl+C is held off from its first moment."""

    def start(self) -> None:
        with _main_module_hidden(), _interrupts_blocked():
            super().start()


_hiding = threading.Lock()


@contextlib.contextmanager
def _main_module_hidden() -> Iterator[None]:
    """For the few milliseconds of starting a process, in which multiprocessing looks up what the child must load."""
    with _hiding:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """A new process inherits which signals this thread holds off."""
    if os.name != "posix":
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # else starting the process starts it, which lets signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _abandon(task: _Task) -> None:
    if not task.future.cancel():
        task.future.set_exception(CancelledError())


def _cannot_start(error: Exception) -> RankscopeError:
    code = error.exit_code if isinstance(error, WorkerCrashed) else None
    return RankscopeError(
        f"The process that reads documents ends at once{f' (exit code {code})' if code is not None else ''}.",
        "Close other programs if memory is short, then try again.",
    )
