"""Tidying a workspace up: small segments become large ones, and what nothing uses any more goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.work import Work
from rankscope.core.api import Cancelled

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


class Tidier(Work):
    """``finished`` brings a CompactReport, or None when it was cancelled; ``failed`` the exception."""

    finished = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, "tidying", parent)

    def start(self, workspace: Workspace, *, forget_removed: bool) -> None:
        """Tidy up, unless that is being done already."""
        if self.active:
            return

        def run(cancelled: Any, report: Any) -> Any:
            return workspace.compact(progress=report, cancelled=cancelled, forget_removed=forget_removed)

        self._begin(run, self._on_done, self._on_failed)
        self.changed.emit()

    def cancel(self) -> None:
        """Ask it to stop; the workspace is whole at any moment."""
        if self.active and not self.stopping:
            self.stopping = True
            self._ask_to_stop()
            self.changed.emit()

    @Slot(object)
    def _on_done(self, report: object) -> None:
        self._end()
        self.changed.emit()
        self.finished.emit(report)

    @Slot(object)
    def _on_failed(self, error: BaseException) -> None:
        self._end()
        self.changed.emit()
        if isinstance(error, Cancelled):
            self.finished.emit(None)
        else:
            self.failed.emit(error)
