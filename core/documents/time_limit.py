"""How long unpacking may go on: known to those who read archives, whatever library is at work below them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

_end = math.inf


class OutOfTime(Exception):
    """The time is up: what was unpacked so far is all there will be."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Within it, :func:`check_time` raises OutOfTime once so many seconds have passed. One at a time per process."""
    global _end
    _end = time.monotonic() + seconds
    try:
        yield
    finally:
        _end = math.inf


def check_time() -> None:
    """Called often by whatever may take long. Raises OutOfTime."""
    if time.monotonic() > _end:
        raise OutOfTime
