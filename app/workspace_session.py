"""The part of the session that belongs to the workspace: open, index, tell what is in it, close.

Nothing here computes on the thread of the window: every call of the engine is a job.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.indexing import Indexer
from rankscope.app.jobs import Jobs
from rankscope.app.models.library import LibrarySnapshot, read_library
from rankscope.core import api
from rankscope.core.api import Cancelled, RankscopeError

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

Opener = Callable[[Path, bool], Any]
GROWTH_SECONDS = 2.0  # how often the figures are read again while indexing goes on


def open_with_engine(path: Path, create: bool) -> Workspace:
    """Open (or create) a workspace with the real engine; imports it, so never on the thread of the window."""
    return api.Workspace.open(path, create=create)


class WorkspaceSession(QObject):
    """The open workspace, what is in it, and what is being done to it."""

    workspaceChanged = Signal()
    libraryChanged = Signal()
    deviceChanged = Signal()
    indexingChanged = Signal()
    noticed = Signal(str)
    failed = Signal(str, str, str)

    def __init__(
        self, parent: QObject | None = None, *, jobs: Jobs | None = None, opener: Opener = open_with_engine
    ) -> None:
        super().__init__(parent)
        self.jobs = jobs if jobs is not None else Jobs(self)
        self._opener = opener
        self.indexer = Indexer(self.jobs, self)
        self.indexer.changed.connect(self.indexingChanged)
        self.indexer.changed.connect(self._show_growth)
        self.indexer.finished.connect(self._indexing_finished)
        self.indexer.failed.connect(self._indexing_failed)
        self.workspace: Workspace | None = None
        self.opening = False
        self.library: LibrarySnapshot | None = None
        self.device = ""
        self._paths_after_opening: list[Path] | None = None
        self._refreshed = 0.0

    # -- for the session of queries --------------------------------------------------------------------------------

    def contents_changed(self) -> None:
        """Called when passages came or went."""

    def workspace_left(self) -> None:
        """Called when the workspace is no longer the present one."""

    def pipelines_known(self, names: Sequence[str]) -> None:
        """Called with the names of the pipelines that the workspace offers."""

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
        self.refresh_library()
        if self._paths_after_opening is not None:
            self.indexer.add(workspace, self._paths_after_opening)
            self._paths_after_opening = None
        self._ask("warm up", lambda engine, cancelled: self._warm_up(engine), self._warmed_up)
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
        self.indexer.cancel()
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
        self._ask("library", lambda engine, cancelled: read_library(engine), self._library_read)

    @Slot(object)
    def _library_read(self, snapshot: LibrarySnapshot) -> None:
        self.library = snapshot
        self.pipelines_known(snapshot.pipelines)
        self.libraryChanged.emit()

    @Slot()
    def _show_growth(self) -> None:
        """While indexing goes on, let the figures follow from time to time."""
        due = time.monotonic() - self._refreshed > GROWTH_SECONDS
        if due and self.indexer.activity is not None and not self.jobs.running("library"):
            self.refresh_library()

    # -- indexing --------------------------------------------------------------------------------------------------

    def add_sources(self, paths: Iterable[Path | str]) -> None:
        """Index folders or files as sources; without any, bring all sources up to date."""
        if self.workspace is not None:
            self.indexer.add(self.workspace, [Path(path) for path in paths])
        elif self.opening:
            self._paths_after_opening = [*(self._paths_after_opening or []), *(Path(path) for path in paths)]

    def remove_source(self, source_id: int) -> None:
        """Take a source and its passages out of the workspace. Its files are not touched."""
        self._ask(
            f"remove {source_id}",
            lambda engine, cancelled: engine.remove_source(source_id),
            self._source_removed,
            lane="writer",
        )

    def cancel_indexing(self) -> None:
        """Stop indexing; what was committed stays."""
        self.indexer.cancel()

    @Slot(object)
    def _source_removed(self, _: object) -> None:
        self.refresh_library()
        self.contents_changed()

    @Slot(object)
    def _indexing_finished(self, report: api.IndexReport | None) -> None:
        self.refresh_library()
        if report is None:
            self.noticed.emit(self.tr("Stopped. What was read so far stays."))
        else:
            self.noticed.emit(self._describe(report))
            if report.added or report.changed or report.removed:
                self.contents_changed()

    @Slot(object)
    def _indexing_failed(self, error: BaseException) -> None:
        self.refresh_library()
        self.report_failure(error)

    def _describe(self, report: api.IndexReport) -> str:
        if not (report.added or report.changed or report.renamed or report.removed or report.failed):
            return self.tr("Everything is up to date.")
        text = self.tr("Read {files} files, {passages} passages, in {seconds:.0f} s.").format(
            files=f"{report.added + report.changed:,}", passages=f"{report.encoded:,}", seconds=report.seconds
        )
        if report.failed:
            text += " " + self.tr("{count} could not be read.").format(count=f"{report.failed:,}")
        return text

    def request(self, topic: str, function: Callable[[Workspace], Any], callback: Callable[[Any], None]) -> None:
        """Call ``function(workspace)`` in the background and ``callback`` with its result; newest per topic wins."""
        self._ask(f"request {topic}", lambda engine, cancelled: function(engine), callback)

    def close(self, timeout: float = 5.0) -> bool:
        """Stop all work and close the workspace.

        False when something did not stop in ``timeout`` seconds; the workspace then stays as its last commit left it.
        """
        ended = self.jobs.shutdown(timeout)
        workspace, self.workspace = self.workspace, None
        if ended and workspace is not None:
            workspace.close()
        return ended

    # -- helpers ---------------------------------------------------------------------------------------------------

    def _ask(
        self,
        topic: str,
        function: Callable[[Workspace, Callable[[], bool]], Any],
        done: Callable[[Any], None],
        *,
        failed: Callable[[BaseException], None] | None = None,
        lane: str = "background",
    ) -> None:
        """Run ``function(workspace, cancelled)`` as a job; does nothing without a workspace."""
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
