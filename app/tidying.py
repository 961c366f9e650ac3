"""Tidying a workspace up: small segments become large ones, and what nothing uses any more goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from rankscope.app.jobs import Jobs
from rankscope.app.work import SingleWork

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


class Tidier(SingleWork):
    """``finished`` brings a CompactReport."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, "tidying", parent)

    def start(self, workspace: Workspace, *, forget_removed: bool) -> None:
        """Tidy up, unless that is being done already."""

        def run(cancelled: Any, report: Any) -> Any:
            return workspace.compact(progress=report, cancelled=cancelled, forget_removed=forget_removed)

        self._run(run)
