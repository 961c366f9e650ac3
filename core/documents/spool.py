"""The folder for files that are unpacked to be read, and its parts: none of it stays."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from itertools import count
from pathlib import Path
from threading import Lock

_PREFIX = "rankscope-"


class Spool:
    """Hands out folders, each for one document, in a folder of its own.

    Args:
        place: where that folder is made; it must not be shared with another spool, for what a killed program left
            there is removed. The system's folder for temporary files if None.
    """

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._own: Path | None = None
        self._numbers = count(1)
        self._lock = Lock()
        self._closed = False

    def folder(self) -> Path | None:
        """The path of a new folder, which is not made yet; None once the spool is closed."""
        with self._lock:
            if self._closed:
                return None
            if self._own is None:
                self._own = self._made()
            return self._own / f"{next(self._numbers):06d}"

    def close(self) -> None:
        """Removes everything. May be called twice."""
        with self._lock:
            self._closed = True
            if self._own is not None:
                clear(self._own)
            if self._place is not None:
                with contextlib.suppress(OSError):
                    self._place.rmdir()  # only if nothing else is in it

    def _made(self) -> Path:
        if self._place is not None:
            self._place.mkdir(parents=True, exist_ok=True)
            for left in self._place.glob(f"{_PREFIX}*"):
                clear(left)
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._place))


def clear(folder: Path | None) -> None:
    """Removes a folder with all in it, if there is one."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
