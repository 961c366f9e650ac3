"""What runs inside a worker process. Imports nothing heavy: it is the first thing that a new process loads."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

_GRACE = 30.0  # seconds beyond a task's time limit after which a worker whose parent is gone ends itself


@dataclass(frozen=True, slots=True)
class Ready:
    """The first message of a worker: it is ready for tasks, or ``error`` says why it never will be."""

    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One task. ``number`` counts up from 1; ``timeout`` in seconds."""

    number: int
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Response:
    """The result of the request with this number, or what it raised."""

    number: int
    value: Any = None
    error: Exception | None = None


def serve(
    pipe: Connection,
    current: Any,
    initializer: Callable[..., None] | None,
    initargs: tuple[Any, ...],
    memory_limit: int | None,
) -> None:
    """Answers requests from the pipe until it closes. ``current`` is shared: the number of the request at work."""
    _settle_in(memory_limit)
    try:
        if initializer is not None:
            initializer(*initargs)
    except Exception as error:
        pipe.send(Ready(error))
        return
    gc.freeze()  # what is loaded by now stays: no need to look at it in every collection
    with contextlib.suppress(EOFError, OSError), Path(os.devnull).open("w") as nowhere:
        pipe.send(Ready())
        while True:
            request: Request = pipe.recv()
            current.value = request.number
            # The parent ends a worker that takes too long. Should the parent be gone and native code hold on to the
            # interpreter, so that no thread here can notice, this timer still ends the process.
            faulthandler.dump_traceback_later(request.timeout + _GRACE, exit=True, file=nowhere)
            response = _answer(request)
            faulthandler.cancel_dump_traceback_later()
            _send(pipe, response)


def _answer(request: Request) -> Response:
    try:
        return Response(request.number, request.function(*request.arguments))
    except Exception as error:
        return Response(request.number, error=error)


def _send(pipe: Connection, response: Response) -> None:
    try:
        pipe.send(response)
    except OSError:
        raise
    except Exception as error:  # the result cannot be pickled, or memory is short
        pipe.send(Response(response.number, error=RuntimeError(f"the result cannot be sent: {error}")))


def _settle_in(memory_limit: int | None) -> None:
    """Makes the process a quiet, modest one that does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches all; the parent deals with it
    _silence()
    warnings.simplefilter("ignore")
    # One thread: the other cores belong to the encoder. Set before numpy and the tokenizers are loaded. The limit is
    # for Tesseract; torch computes nonsense under it (see rankscope.core.encoding.device) and is never loaded here.
    for library in ("OMP", "OPENBLAS", "MKL", "RAYON"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if memory_limit is not None:
        _limit_memory(memory_limit)
    threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()


def _silence() -> None:
    """Libraries may write to the terminal; standard output belongs to the command line's answer."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        if nowhere > 2:
            os.close(nowhere)


def _limit_memory(limit: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
