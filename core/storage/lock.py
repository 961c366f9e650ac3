"""One writer per workspace. The lock belongs to a process and ends with it, so a stale one cannot stay."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from rankscope.core.errors import WorkspaceBusy
from rankscope.core.storage.files import BESIDE, disk_errors
from rankscope.core.storage.layout import FOLDER as CODECS


class WriterLock:
    """Held while writing: ``with WriterLock(folder): ...``.

    The operating system's lock on ``writer.lock`` decides; ``writer.json`` beside it only says who holds it. After
    ``kill -9`` the first is free again and the second is overwritten by the next writer, which also removes the files
    that the former one had half written.

    Raises (on entering):
        WorkspaceBusy: another process, or another thread of this one, is writing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / "writer.lock", timeout=0, thread_local=False)
        self._holder = folder / "writer.json"

    def __enter__(self) -> WriterLock:
        with disk_errors("locking the workspace", self._folder):
            try:
                self._lock.acquire()
            except Timeout as error:
                raise WorkspaceBusy(
                    f"The workspace {self._folder} is being written to{self._by_whom()}.",
                    "Wait until it has finished, or stop it; searching works meanwhile.",
                ) from error
            who = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
            try:
                self._holder.write_text(json.dumps(who), "utf-8")
                for leftover in leftovers(self._folder):
                    leftover.unlink(missing_ok=True)
            except OSError:
                self._lock.release()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):  # it says who holds the lock, no more
            self._holder.unlink(missing_ok=True)
        self._lock.release()

    def _by_whom(self) -> str:
        try:
            who = json.loads(self._holder.read_text("utf-8"))
            return f" by process {who['pid']} since {who['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return " by another process"


def leftovers(folder: Path) -> list[Path]:
    """The files that a writer had not finished when it was killed, unless one is at work now."""
    places = (folder, folder / "indexes", folder / CODECS)
    return sorted(path for place in places for path in place.glob(f"*{BESIDE}"))
