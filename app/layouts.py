"""The saved layouts of the window: Search for reading, Inspect for understanding, Evaluate for measuring."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QObject, Qt, Signal, Slot

from rankscope.app.settings import Settings
from rankscope.app.widgets.dock_area import CardDock, DockArea

SEARCH = "search"
INSPECT = "inspect"
EVALUATE = "evaluate"
LAYOUTS = (SEARCH, INSPECT, EVALUATE)
BOTTOM = ("heatmap", "trace", "fate", "sweep", "train")
TALL = ("sweep", "train")  # need more height than Inspect has below
# The tab that is in front below, and how high that is at first.
FRONT = {INSPECT: "heatmap", EVALUATE: "sweep"}
DEFAULT_SIZES = {"library": 216, "preview": 430}
BOTTOM_HEIGHT = {INSPECT: 290, EVALUATE: 520}


class Layouts(QObject):
    """Switches between layouts, remembering where the docks of each stood. ``changed`` brings the new one's name."""

    changed = Signal(str)

    def __init__(self, area: DockArea, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._area = area
        self._settings = settings
        self.current = ""
        self._unseen = False  # the present layout was put up while nobody could see it
        area.appeared.connect(self.settle)

    def show(self, name: str) -> None:
        """Switch to a layout. Raises ValueError for an unknown one."""
        if name not in LAYOUTS:
            raise ValueError(f"unknown layout {name!r}")
        if name == self.current:
            return
        self.remember()
        self.current = name
        self._unseen = not self._area.isVisible()
        self._settings.layout = name
        state = self._settings.arrangement(name)
        if state is None or not self._area.restoreState(state):
            self.arrange_default()
        self.changed.emit(name)

    def remember(self) -> None:
        """Keep where the docks of the present layout stand."""
        if self.current and not self._unseen:
            self._settings.set_arrangement(self.current, self._area.saveState())

    def reset(self) -> None:
        """Put the docks of the present layout where they stood at first."""
        self._settings.set_arrangement(self.current, None)
        self.arrange_default()
        self.changed.emit(self.current)

    def arrange_default(self) -> None:
        """Library left, preview right, and for Inspect the evidence as tabs below; for Evaluate these alone."""
        area = self._area
        docks = {dock.objectName(): dock for dock in area.docks()}
        places = {"library": Qt.DockWidgetArea.LeftDockWidgetArea, "preview": Qt.DockWidgetArea.RightDockWidgetArea}
        for name, place in places.items():
            self._put(docks[name], place)
            docks[name].setVisible(self.current != EVALUATE)
        for name in BOTTOM:
            self._put(docks[name], Qt.DockWidgetArea.BottomDockWidgetArea)
            docks[name].setVisible(self.current == EVALUATE or (self.current == INSPECT and name not in TALL))
        for left, right in pairwise(BOTTOM):
            area.tabifyDockWidget(docks[left], docks[right])
        if self.current in FRONT:
            docks[FRONT[self.current]].raise_()
        self.size_default()

    def size_default(self) -> None:
        """Give the docks their default sizes, as far as the window has room; has an effect once it is visible."""
        docks = {dock.objectName(): dock for dock in self._area.docks()}
        sides = [docks[name] for name in DEFAULT_SIZES]
        self._area.resizeDocks(sides, list(DEFAULT_SIZES.values()), Qt.Orientation.Horizontal)
        if self.current in FRONT:
            front = docks[FRONT[self.current]]
            self._area.resizeDocks([front], [BOTTOM_HEIGHT[self.current]], Qt.Orientation.Vertical)

    @Slot()
    def settle(self) -> None:
        """Give the docks their sizes again: while the area is hidden they are lost."""
        state = self._settings.arrangement(self.current) if self.current else None
        if self.current and state is None:
            self.size_default()
        elif state is not None and self._unseen:
            self._area.restoreState(state)
        self._unseen = False

    def _put(self, dock: CardDock, place: Qt.DockWidgetArea) -> None:
        dock.setFloating(False)
        if self._area.dockWidgetArea(dock) != place:
            self._area.addDockWidget(place, dock)
