"""How thoroughly to search, for people who do not want to hear of budgets: three commands that set one."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from rankscope.app.models import budgets
from rankscope.app.session import Session
from rankscope.core.api import BUDGET_PRESETS


class EffortActions(QObject):
    """Handlers of the commands "search.fast", "search.balanced" and "search.thorough", which it keeps checked."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._actions: dict[str, QAction] = {}

    def follow(self, actions: dict[str, QAction]) -> None:
        """Keep the check marks of these commands where the session's budget is."""
        self._actions = {name: actions[f"search.{name}"] for name in BUDGET_PRESETS}
        self._session.settingsChanged.connect(self._show)
        self._show()

    @Slot()
    def search_fast(self) -> None:
        """Compare few vectors."""
        self._session.set_budget(BUDGET_PRESETS["fast"])

    @Slot()
    def search_balanced(self) -> None:
        """Compare a fair number of them."""
        self._session.set_budget(BUDGET_PRESETS["balanced"])

    @Slot()
    def search_thorough(self) -> None:
        """Compare as many as there are."""
        self._session.set_budget(BUDGET_PRESETS["thorough"])

    @Slot()
    def _show(self) -> None:
        chosen = budgets.preset_of(self._session.budget)
        for name, action in self._actions.items():
            action.setChecked(name == chosen)
