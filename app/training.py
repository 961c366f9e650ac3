"""Training meta tokens: minutes or hours beside the workspace, followed, stopped, and gone on with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.measuring import Measuring, SoFar
from rankscope.app.models import curve_file
from rankscope.app.models.training import READING, Curve, TrainPlan, train
from rankscope.core.api import CancelledCheck, Progress, ProgressCallback


class Trainer(Measuring):
    """Its ``outcome`` is a Curve.

    ``unfinished`` is the plan of a training that was begun and can go on, which ``unfinishedChanged`` tells of.
    """

    outcome: Curve | None
    unfinishedChanged = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, "training", parent)
        self.plan: TrainPlan | None = None
        self.unfinished: TrainPlan | None = None
        self.finished.connect(self._trained)

    def start(self, plan: TrainPlan, workspace: Any) -> None:
        """Begin or go on, unless one is going on. The curve of an older training goes.

        Args:
            workspace: the open one; learned from where the plan has no files.
        """

        def run(so_far: SoFar, cancelled: CancelledCheck, report: ProgressCallback) -> Curve:
            return train(plan, workspace, so_far, report, cancelled)

        if not self.active:
            self.plan = plan
            self._measure(run)

    def load(self, path: Path) -> None:
        """Show the curve of a training that has ended."""
        self._load(lambda: curve_file.load_curve(path))

    def set_unfinished(self, plan: TrainPlan | None) -> None:
        """What can go on."""
        if plan != self.unfinished:
            self.unfinished = plan
            self.unfinishedChanged.emit()

    @Slot(object)
    def _progress_reported(self, progress: Progress) -> None:
        if progress.unit != READING:
            self.set_unfinished(self.plan)
        super()._progress_reported(progress)

    @Slot(object)
    def _trained(self, curve: Curve | None) -> None:
        if curve is not None:
            self.set_unfinished(None)
