"""How the Train panel is reached: the commands of the Evaluate menu, and what the window remembers of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from rankscope.app.models.training import TrainPlan, plan_of
from rankscope.app.settings import Settings
from rankscope.app.training import Trainer

if TYPE_CHECKING:
    from rankscope.app.panels.train import TrainPanel


class TrainActions(QObject):
    """Handlers of the commands "evaluate.train" and "evaluate.open-curve". ``show`` brings the panel to the front."""

    def __init__(self, trainer: Trainer, settings: Settings, show: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._trainer = trainer
        self._settings = settings
        self._show = show
        self._panel: TrainPanel | None = None

    def follow(self, panel: TrainPanel) -> None:
        """Serve this panel, which begins with what was trained last."""
        self._panel = panel
        plan = plan_of(self._settings.train_plan)
        if plan is not None:
            panel.setup.set_plan(plan)
            self._trainer.set_unfinished(plan if self._settings.train_unfinished else None)
        panel.setup.runRequested.connect(self._remember)
        self._trainer.unfinishedChanged.connect(self._remember_unfinished)

    @Slot()
    def show_train(self) -> None:
        """Go to the panel."""
        self._show()
        if self._panel is not None:
            self._panel.setup.focus_first()

    @Slot()
    def open_curve(self) -> None:
        """Ask for the curve of an earlier training and show it."""
        self._show()
        if self._panel is not None:
            self._panel.ask_open()

    @Slot(object)
    def _remember(self, plan: TrainPlan) -> None:
        self._settings.train_plan = plan.as_text()
        self._settings.train_unfinished = plan == self._trainer.unfinished

    @Slot()
    def _remember_unfinished(self) -> None:
        plan = self._trainer.unfinished
        if plan is not None:
            self._settings.train_plan = plan.as_text()
        self._settings.train_unfinished = plan is not None
        self._settings.save()  # so that it is known even when the process is killed
