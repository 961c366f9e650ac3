"""The part of the session that belongs to the workspace: open it, tell what is in it, close it.

Nothing here computes on the thread of the window: every call of the engine is a job.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.models.library import LibrarySnapshot, read_library
from rankscope.core import api
from rankscope.core.api import Cancelled, RankscopeError

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

Opener = Callable[[Path, bool], Any]


def open_with_engine(path: Path, create: bool) -> Workspace:
    """Open (or create) a workspace with the real engine; imports it, so never on the thread of the window."""
    return api.Workspace.open(path, create=create)


class WorkspaceSession(QObject):
    """The open workspace, and what is in it."""

    workspaceChanged = Signal()
    libraryChanged = Signal()
    deviceChanged = Signal()
    noticed = Signal(str)
    failed = Signal(str, str, str)

    def __init__(
        self, parent: QObject | None = None, *, jobs: Jobs | None = None, opener: Opener = open_with_engine
    ) -> None:
        super().__init__(parent)
        self.jobs = jobs if jobs is not None else Jobs(self)
        self._opener = opener
        self.workspace: Workspace | None = None
        self.opening = False
        self.library: LibrarySnapshot | None = None
        self.device = ""
        self._paths_after_opening: list[Path] | None = None
        self._refreshed = 0.0

    # -- for the parts of the session that build on this one -------------------------------------------------------

    def contents_changed(self) -> None:
        """Called when passages came or went."""

    def workspace_opened(self, workspace: Workspace, add: Sequence[Path] | None) -> None:
        """Called with a fresh workspace and what to add to it, if that was asked for."""

    def workspace_left(self) -> None:
        """Called when the workspace is no longer the present one, before it is closed."""

    def library_read(self, snapshot: LibrarySnapshot) -> None:
        """Called with fresh figures, before ``libraryChanged``."""

    def work_ending(self) -> Callable[[float], bool]:
        """Called when everything closes: stop what runs beside the jobs, and give a function that waits for it."""
        return lambda seconds: True

    # -- the workspace ---------------------------------------------------------------------------------------------

    def open_workspace(self, path: Path | str, *, create: bool = False, add: Sequence[Path] | None = None) -> None:
        """Open the workspace at ``path`` instead of the present one, then index ``add`` when given."""
        folder = Path(path)
        self.opening = True
        self._paths_after_opening = list(add) if add is not None else None
        opener = self._opener
        self.jobs.start(
            "workspace",
            lambda cancelled, report: opener(folder, create),
            done=self._workspace_opened,
            failed=self._workspace_failed,
        )
        self.workspaceChanged.emit()

    @Slot(object)
    def _workspace_opened(self, workspace: Workspace) -> None:
        self._leave_workspace()
        self.opening = False
        self.workspace = workspace
        self.workspaceChanged.emit()
        if workspace.notes:
            self.failed.emit("\n".join(workspace.notes), "", "")
        add, self._paths_after_opening = self._paths_after_opening, None
        self.workspace_opened(workspace, add)
        self.refresh_library()
        self.ask("warm up", lambda engine, cancelled: self._warm_up(engine), self._warmed_up)
        self.contents_changed()

    @Slot(object)
    def _workspace_failed(self, error: BaseException) -> None:
        self.opening = False
        self._paths_after_opening = None
        self.workspaceChanged.emit()
        self.report_failure(error)

    def _leave_workspace(self) -> None:
        """Let go of the present workspace; it is closed once whatever still writes to it has stopped."""
        for topic in ("library", "warm up"):
            self.jobs.drop(topic)
        previous, self.workspace = self.workspace, None
        self.library = None
        self.device = ""
        self.libraryChanged.emit()
        self.deviceChanged.emit()
        self.workspace_left()
        if previous is not None:
            self.jobs.start(f"close {id(previous)}", lambda cancelled, report: previous.close(), lane="writer")

    @staticmethod
    def _warm_up(engine: Workspace) -> str:
        engine.warm_up()
        return engine.device

    @Slot(object)
    def _warmed_up(self, device: str) -> None:
        self.device = device
        self.deviceChanged.emit()

    def refresh_library(self) -> None:
        """Read figures, sources and facets again."""
        self._refreshed = time.monotonic()
        self.ask("library", lambda engine, cancelled: read_library(engine), self._show_library)

    @property
    def library_age(self) -> float:
        """Seconds since the figures were asked for."""
        return time.monotonic() - self._refreshed

    @Slot(object)
    def _show_library(self, snapshot: LibrarySnapshot) -> None:
        self.library = snapshot
        self.library_read(snapshot)
        self.libraryChanged.emit()

    # -- closing ---------------------------------------------------------------------------------------------------

    def close(self, timeout: float = 5.0) -> bool:
        """Stop all work and close the workspace.

        False when something did not stop in ``timeout`` seconds; the workspace then stays as its last commit left it.
        """
        deadline = time.monotonic() + timeout
        wait = self.work_ending()
        ended = self.jobs.shutdown(timeout)
        ended = wait(max(0.1, deadline - time.monotonic())) and ended
        workspace, self.workspace = self.workspace, None
        if ended and workspace is not None:
            workspace.close()
        return ended

    # -- asking the engine -----------------------------------------------------------------------------------------

    def ask(
        self,
        topic: str,
        function: Callable[[Workspace, Callable[[], bool]], Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[BaseException], None] | None = None,
        lane: str = "background",
    ) -> None:
        """Run ``function(workspace, cancelled)`` as a job and call ``done`` with its result.

        Does nothing without a workspace. The newest job of a topic wins: the result of an older one is thrown away.
        ``failed`` is :meth:`report_failure` unless given.
        """
        workspace = self.workspace
        if workspace is None:
            return
        self.jobs.start(
            topic,
            lambda cancelled, report: function(workspace, cancelled),
            lane=lane,
            done=done,
            failed=failed if failed is not None else self.report_failure,
        )

    @Slot(object)
    def report_failure(self, error: BaseException) -> None:
        """Tell people about a failure through ``failed``; a cancelled task is none."""
        if isinstance(error, Cancelled):
            return
        details = "".join(traceback.format_exception(error))
        if isinstance(error, RankscopeError):
            self.failed.emit(error.message, error.remedy, details)
        else:
            message = self.tr("Something went wrong inside Rankscope.")
            remedy = self.tr("Try again. If it happens again, please report it with the details below.")
            self.failed.emit(message, remedy, details)
