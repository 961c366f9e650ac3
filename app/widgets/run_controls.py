"""Beginning and stopping work that takes minutes, and how far it is: a bar, a line of words, two buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from rankscope.app.measuring import Measuring
from rankscope.app.models import wording
from rankscope.app.theme import SPACE_M, SPACE_S, Theme
from rankscope.app.widgets.controls import ElidedLabel, push_button, toned

_STEPS = 1_000
_SECOND_MS = 1_000


class RunControls(QWidget):
    """``asked`` tells that the button to begin was pressed.

    Args:
        begin, stop: what the buttons do, for tooltips and screen readers.
    """

    asked = Signal()

    def __init__(self, work: Measuring, theme: Theme, begin: str, stop: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._theme = theme
        self._ready = False
        self.run_button = push_button(self.tr("Run"), begin, primary=True)
        self.stop_button = push_button(self.tr("Stop"), stop)
        self.summary = toned(ElidedLabel(Qt.TextElideMode.ElideRight), "dim")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.progress = toned(ElidedLabel(Qt.TextElideMode.ElideRight), "dim")
        self.progress.setAccessibleName(self.tr("What is being done"))
        self._clock = QTimer(self)
        self._clock.setInterval(_SECOND_MS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        column.addWidget(self.bar)
        column.addWidget(self.progress)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_M)
        buttons.addWidget(self.run_button)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.summary, 1)
        column.addLayout(buttons)
        self.run_button.clicked.connect(self.asked)
        self.stop_button.clicked.connect(work.cancel)
        work.changed.connect(self._show_work)
        self._clock.timeout.connect(self._show_work)
        self._show_work()

    def set_ready(self, *, ready: bool, summary: str) -> None:
        """Whether it can begin, and a word about what it would be or what is lacking."""
        self._ready = ready
        self.summary.setText(summary)
        self.run_button.setEnabled(ready and not self._work.active)

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        for button in (self.run_button, self.stop_button):
            button.setFont(self._theme.font("body"))
        for label in (self.summary, self.progress):
            label.setFont(self._theme.font("small"))

    @Slot()
    def _show_work(self) -> None:
        work, active = self._work, self._work.active
        for widget in (self.bar, self.progress):
            widget.setVisible(active)
        self.run_button.setVisible(not active)
        self.run_button.setEnabled(self._ready and not active)
        self.stop_button.setVisible(active)
        self.stop_button.setEnabled(not work.stopping)
        if not active:
            self._clock.stop()
            return
        if not self._clock.isActive():
            self._clock.start()
        fraction = work.activity.fraction if work.activity is not None else None
        self.bar.setRange(0, _STEPS if fraction is not None else 0)
        if fraction is not None:
            self.bar.setValue(round(fraction * _STEPS))
        self.progress.setText(self._progress_text())

    def _progress_text(self) -> str:
        work, activity = self._work, self._work.activity
        if work.stopping:
            return self.tr("Stopping…")
        if work.waiting:
            return self.tr("Waits until other measuring has ended…")
        parts = [activity.what if activity is not None else self.tr("Starting…")]
        if activity is not None and activity.total:
            parts.insert(0, f"{wording.count(activity.done)} / {wording.count(activity.total)} {activity.unit}")
        if activity is not None and activity.seconds_left is not None:
            parts.append(self.tr("{time} left").format(time=wording.time_left(activity.seconds_left)))
        elif work.seconds >= 1:
            parts.append(self.tr("for {time}").format(time=wording.time_left(work.seconds - 1)))
        return " · ".join(parts)
