"""How the Sweep panel is reached: the commands of the Evaluate menu, and what the panel asks of the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from rankscope.app.library_actions import LibraryActions
from rankscope.app.models.sweep import SweepPlan
from rankscope.app.settings import Settings

if TYPE_CHECKING:
    from rankscope.app.panels.sweep import SweepPanel


class SweepActions(QObject):
    """Handlers of the commands "evaluate.sweep" and "evaluate.open-sweep". ``show`` brings the panel to the front."""

    def __init__(
        self, settings: Settings, library_actions: LibraryActions, show: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._library_actions = library_actions
        self._show = show
        self._panel: SweepPanel | None = None

    def follow(self, panel: SweepPanel) -> None:
        """Serve this panel, which begins with the collection that was swept last."""
        self._panel = panel
        if self._settings.sweep_folder:
            panel.setup.set_folder(Path(self._settings.sweep_folder))
        panel.setup.runRequested.connect(self._remember)
        panel.convertRequested.connect(self._library_actions.convert_to)

    @Slot()
    def show_sweep(self) -> None:
        """Go to the panel."""
        self._show()
        if self._panel is not None:
            self._panel.setup.folder.setFocus()

    @Slot()
    def open_sweep(self) -> None:
        """Ask for a saved sweep and show it."""
        self._show()
        if self._panel is not None:
            self._panel.ask_open()

    @Slot(object)
    def _remember(self, plan: SweepPlan) -> None:
        self._settings.sweep_folder = str(plan.folder)
