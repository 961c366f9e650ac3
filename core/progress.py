"""How long-running functions of the engine report and are stopped. No Qt, no threads: two callables.

A function that takes long accepts ``progress`` and ``cancelled``:

* ``progress(Progress(done, total, what))`` is called as often as the function likes; whoever shows it limits the rate.
* ``cancelled()`` returns True once the caller wants it to stop; the function then raises
  :class:`rankscope.core.errors.Cancelled` at the next point where nothing is half done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rankscope.core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Progress:
    """One report. ``total`` is None while it is not known yet."""

    done: int
    total: int | None
    what: str
    unit: str = "files"


ProgressCallback = Callable[[Progress], None]
CancelledCheck = Callable[[], bool]


def silent(progress: Progress) -> None:
    """The progress callback of a caller who does not want to know."""


def never() -> bool:
    """The cancelled check of a caller who never stops."""
    return False


def stop_if(cancelled: CancelledCheck) -> None:
    """Raise :class:`Cancelled` if the caller wants the work to stop."""
    if cancelled():
        raise Cancelled()
