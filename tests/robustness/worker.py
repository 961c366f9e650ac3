"""A process that does one thing to a workspace and may be killed anywhere.

``python worker.py OPERATION WORKSPACE [ARGUMENT ...]``. Every statement, commit, sync, rename and deletion is a point;
with the number of one in ``KILL_AT`` the process kills itself there, as ``kill -9`` would. It prints "started", and at
the end the number of points that it passed, or what refused it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_kill_at = int(os.environ.get("KILL_AT", "0"))
_passed = 0


def _point() -> None:
    global _passed
    _passed += 1
    if _passed == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


def _watched(function: Callable[..., Any]) -> Callable[..., Any]:
    def watched(*arguments: Any, **named: Any) -> Any:
        _point()
        result = function(*arguments, **named)
        _point()
        return result

    return watched


def _watch() -> None:
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect

    from rankscope.core.storage.segments import SegmentWriter

    for name in ("fsync", "replace", "rename", "unlink", "remove"):
        setattr(os, name, _watched(getattr(os, name)))
    DefaultDialect.do_commit = _watched(DefaultDialect.do_commit)  # type: ignore[method-assign]
    SegmentWriter._write = _watched(SegmentWriter._write)  # type: ignore[method-assign]
    event.listen(Engine, "before_cursor_execute", lambda *_: _point())


def _small_steps() -> None:
    """Small batches and a graph of few vectors, so that a small folder passes through everything."""
    from sqlalchemy import Engine, event

    from rankscope.core import compacting, switching, writing
    from rankscope.core.indexes import dense

    # The log is folded into the metadata again and again, as it would be in a large workspace.
    event.listen(Engine, "connect", lambda connection, _: connection.execute("PRAGMA wal_autocheckpoint = 8"))
    writing.PASSAGES_PER_COMMIT = switching.PASSAGES_PER_COMMIT = 8
    compacting.FULL_PASSAGES = 32
    dense.EXACT_BELOW = 20


def main(operation: str, folder: str, *arguments: str) -> None:
    _small_steps()
    from rankscope.core.errors import RankscopeError
    from rankscope.core.workspace import Workspace

    try:
        if operation != "index" and operation != "migrate":
            Workspace.open(folder).close()  # migrated and settled: what follows is the operation alone
        if operation in ("index", "switch"):
            import sentence_transformers  # noqa: F401
        _watch()
        start = time.perf_counter()
        print("started", flush=True)
        encoder = {"encoder": arguments[1]} if operation == "index" else {}
        with Workspace.open(folder, create=operation == "index", **encoder) as workspace:
            if operation == "index":
                workspace.index([Path(arguments[0])])
            elif operation == "compact":
                workspace.compact()
            elif operation == "switch":
                workspace.switch_encoder(arguments[0])
            elif operation == "convert":
                workspace.convert(arguments[0])
        print(f"done {_passed} {time.perf_counter() - start:.3f}", flush=True)
    except RankscopeError as error:
        print("refused:", type(error).__name__, error, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
