"""Commands run in this process, with what they print."""

from __future__ import annotations

import contextlib
import io
import json
import signal
from typing import Any, NamedTuple

from rankscope.core.cli import main


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def rankscope(*arguments: object) -> Done:
    """Run a command in this process: the same code as the console script, without seconds of imports each time."""
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([str(argument) for argument in arguments])
    except SystemExit as stop:  # argparse's way
        status = int(stop.code or 0)
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
    return Done(status, out.getvalue(), err.getvalue())


def ok(*arguments: object) -> Any:
    done = rankscope(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
