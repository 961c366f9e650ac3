"""What the evidence panels have in common: the session, the theme, and a new coat when the theme changes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from rankscope.app.theme import Theme
from rankscope.app.widgets.controls import control_style


class EvidencePanel(QWidget):
    """A panel without a border of its own. Subclasses build in ``__init__`` and take fonts in :meth:`restyle`."""

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        theme.changed.connect(self._theme_changed)

    def restyle(self) -> None:
        """Take colours and fonts from the theme; called once at the end of ``__init__`` and at every change."""
        self.setStyleSheet(control_style(self.theme.palette))

    @Slot()
    def _theme_changed(self) -> None:
        self.restyle()
        self.update()
