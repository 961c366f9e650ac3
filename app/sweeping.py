"""Measuring settings on a collection: minutes of work beside the workspace, followed and stopped like its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from rankscope.app.jobs import Jobs
from rankscope.app.measuring import Measuring, SoFar
from rankscope.app.models import sweep_files
from rankscope.app.models.sweep import SweepOutcome, SweepPlan, measure
from rankscope.core.api import CancelledCheck, ProgressCallback


class Sweeper(Measuring):
    """Its ``outcome`` is a SweepOutcome. ``saved`` brings the file that was written."""

    saved = Signal(object)
    outcome: SweepOutcome | None

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(jobs, "sweeping", parent)

    def start(self, plan: SweepPlan) -> None:
        """Begin, unless one is going on. The rows of an older sweep go."""

        def run(so_far: SoFar, cancelled: CancelledCheck, report: ProgressCallback) -> SweepOutcome:
            return measure(plan, so_far, report, cancelled)

        if not self.active:
            self._measure(run)

    def load(self, path: Path) -> None:
        """Show a sweep that was saved."""
        self._load(lambda: sweep_files.load_sweep(path))

    def save(self, path: Path) -> None:
        """Write what is shown: as CSV where the name ends so, else as JSON."""
        outcome = self.outcome
        if outcome is not None:
            self._jobs.start(
                f"{self._files} {path}",
                lambda cancelled, report: sweep_files.save_sweep(outcome, path),
                done=self.saved.emit,
                failed=self._file_failed,
            )
