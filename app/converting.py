"""Storing a workspace's vectors in another way: a new index is built beside the old one and takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from rankscope.app.jobs import Jobs
from rankscope.app.work import SingleWork

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


class Converter(SingleWork):
    """``finished`` brings a WorkspaceInfo."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, "converting", parent)

    def start(self, workspace: Workspace, vectors: str, codec: str) -> None:
        """Convert to a kind of vectors and a codec, unless that is being done already."""

        def run(cancelled: Any, report: Any) -> Any:
            return workspace.convert(vectors, codec, progress=report, cancelled=cancelled)

        self._run(run)
