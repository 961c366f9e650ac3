"""Limits of size and time, and the setting that the engine recommends within them, with its reasons."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from rankscope.app.models.sweep import SweepOutcome, amount, recommend
from rankscope.app.theme import SPACE_M, SPACE_S, Theme
from rankscope.app.widgets.controls import toned
from rankscope.core.api import UsageError

_FIELD_WIDTH = 72


class SweepLimits(QWidget):
    """``recommended`` brings a row's number, -1 for none, and whether a person has just asked for it."""

    recommended = Signal(int, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._outcome: SweepOutcome | None = None
        self.megabytes = self._field(self.tr("At most so many megabytes of vectors for this collection"))
        self.milliseconds = self._field(self.tr("At most so many milliseconds for the median query"))
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.why.setAccessibleName(self.tr("Recommended setting"))
        self._words = [QLabel(self.tr("Best within")), QLabel(self.tr("MB and")), QLabel(self.tr("ms"))]
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE_S)
        for widget in (self._words[0], self.megabytes, self._words[1], self.milliseconds, self._words[2]):
            row.addWidget(widget)
        row.addSpacing(SPACE_M)
        row.addWidget(self.why, 1)
        for field in (self.megabytes, self.milliseconds):
            field.textChanged.connect(self._typed)
        self.restyle()
        self._show(asked=False)

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        for label in (*self._words, self.why):
            label.setFont(self._theme.font("small"))
        self.why.setMinimumHeight(2 * QFontMetrics(self._theme.font("small")).lineSpacing())
        for field in (self.megabytes, self.milliseconds):
            field.setFont(self._theme.font("body"))

    def set_outcome(self, outcome: SweepOutcome | None) -> None:
        """Recommend among these settings."""
        self._outcome = outcome
        self._show(asked=False)

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setFixedWidth(_FIELD_WIDTH)
        field.setPlaceholderText(self.tr("any"))
        field.setAccessibleName(name)
        field.setToolTip(name)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        return field

    @Slot()
    def _typed(self) -> None:
        self._show(asked=True)

    def _show(self, *, asked: bool) -> None:
        row, text, tone = -1, self.tr("Type a limit to see the best setting within it."), "dim"
        try:
            limits = amount(self.megabytes.text()), amount(self.milliseconds.text())
            if self._outcome is not None and any(limit is not None for limit in limits):
                row, text = recommend(self._outcome, *limits)
                tone = ""
        except UsageError as error:
            text, tone = f"{error.message} {error.remedy}", "warning"
        self.why.setText(text)
        toned(self.why, tone)
        self.recommended.emit(row, asked)
