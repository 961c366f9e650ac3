"""Remembering in a workspace that indexing rests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


class PauseMark:
    """What was wished last is what stays written, in whatever order the threads that write come in."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._writing = threading.Lock()
        self._wished: bool | None = None
        self._written: bool | None = None

    def wish(self, paused: bool) -> None:
        """Want this to be remembered; a call of :meth:`write` after it does so."""
        self._wished = paused

    def write(self) -> None:
        """Write the last wish unless it is written. Waits for the disk, so not on the thread of the window."""
        with self._writing:
            wished = self._wished
            if wished is not None and wished != self._written:
                self._workspace.set_paused(wished)
                self._written = wished
