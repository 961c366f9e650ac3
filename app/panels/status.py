"""The status bar: on the left what is, on the right what is happening."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QPushButton, QStatusBar, QWidget

from rankscope.app.models import wording
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.app.widgets.card import make_label
from rankscope.app.work import Work

NOTICE_MS = 10_000
STEPS = 1000


class StatusPanel(QStatusBar):
    """Passages, bytes and the last query by stage; work with its speed and time left, and ways to pause or stop it."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._compact = False
        self._searching = False
        self._notice = ""
        self.setSizeGripEnabled(False)
        self.setContentsMargins(12, 0, 12, 4)
        self._left = make_label("", theme, "small", "dim", self)
        self._left.setAccessibleName(self.tr("Workspace and last query"))
        self._right = make_label("", theme, "small", "dim", self)
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._right.setAccessibleName(self.tr("What is happening"))
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(140)
        self._bar.setAccessibleName(self.tr("Progress"))
        self.pause_button = self._link(self.tr("Pause"), self.tr("Pause indexing"), theme)
        self.pause_button.clicked.connect(session.pause_indexing)
        self.resume_button = self._link(self.tr("Resume"), self.tr("Resume indexing"), theme)
        self.resume_button.clicked.connect(session.resume_indexing)
        self.stop_button = self._link(self.tr("Cancel"), self.tr("Cancel"), theme)
        self.stop_button.clicked.connect(session.cancel_work)
        self.addWidget(self._left, 1)
        for widget in (self._right, self._bar, self.pause_button, self.resume_button, self.stop_button):
            self.addPermanentWidget(widget)
            if widget is not self._right:
                widget.hide()
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(NOTICE_MS)
        self._forget.timeout.connect(self._forget_notice)
        for signal in (session.libraryChanged, session.traceChanged, session.workspaceChanged):
            signal.connect(self._show_left)
        session.indexingChanged.connect(self._show_right)
        session.libraryChanged.connect(self._show_right)
        session.workspaceChanged.connect(self._show_right)
        session.searching.connect(self._set_searching)
        session.noticed.connect(self.notice)
        self._show_left()
        self._show_right()

    def set_compact(self, compact: bool) -> None:
        """Without the stages of the last query."""
        self._compact = compact
        self._show_left()

    def left_text(self) -> str:
        """What the left side says."""
        return self._left.text()

    def right_text(self) -> str:
        """What the right side says."""
        return self._right.text()

    @Slot(str)
    def notice(self, text: str) -> None:
        """Say something on the right for ten seconds."""
        self._notice = text
        self._forget.start()
        self._show_right()

    @Slot()
    def _forget_notice(self) -> None:
        self._notice = ""
        self._show_right()

    @Slot(bool)
    def _set_searching(self, searching: bool) -> None:
        self._searching = searching
        self._show_right()

    @Slot()
    def _show_left(self) -> None:
        library, trace = self._session.library, self._session.trace
        if library is None:
            self._left.setText("")
            return
        parts = [
            self.tr("{count} passages").format(count=wording.count(library.info.passages)),
            wording.size(library.info.bytes_total),
        ]
        if trace is not None:
            last = self.tr("last query {time}").format(time=wording.milliseconds(trace.total_ms))
            stages = wording.stage_times(trace)
            parts.append(last if self._compact or not stages else f"{last} ({stages})")
        self._left.setText(" · ".join(parts))

    @Slot()
    def _show_right(self) -> None:
        session, work = self._session, self._session.work
        self._bar.setVisible(work is not None)
        self.stop_button.setVisible(work is not None and not work.stopping)
        self.pause_button.setVisible(work is session.indexer and not session.indexer.stopping)
        self.resume_button.setVisible(session.paused and work is None)
        if work is not None:
            self._right.setText(self._work_text(work))
            fraction = work.activity.fraction if work.activity is not None else None
            self._bar.setRange(0, STEPS if fraction is not None else 0)
            if fraction is not None:
                self._bar.setValue(round(fraction * STEPS))
        elif session.opening:
            self._right.setText(self.tr("Opening the workspace…"))
        elif self._searching:
            self._right.setText(self.tr("Searching…"))
        elif session.paused:
            paused = self.tr("Paused, changes waiting ·") if session.changes_waiting else self.tr("Paused ·")
            self._right.setText(f"{self._notice} {paused}".strip())
        else:
            self._right.setText(self._notice)

    def _work_text(self, work: Work) -> str:
        session, activity = self._session, work.activity
        if work.stopping:
            return self.tr("Pausing…") if session.paused and work is session.indexer else self.tr("Stopping…")
        if activity is None:
            if work is session.indexer:
                return self.tr("Starting to index…")
            return self.tr("Starting to convert…") if work is session.converter else self.tr("Starting to tidy up…")
        parts = [elide(wording.doing(activity.what), 50)]
        if activity.total:
            parts.append(f"{wording.count(activity.done)} / {wording.count(activity.total)} {activity.unit}")
        elif activity.done:
            parts.append(f"{wording.count(activity.done)} {activity.unit}")
        if activity.rate is not None:
            parts.append(wording.speed(activity))
        if activity.seconds_left is not None:
            parts.append(self.tr("{time} left").format(time=wording.time_left(activity.seconds_left)))
        if work is session.indexer and session.indexer.waiting:
            parts.append(self.tr("{count} more waiting").format(count=session.indexer.waiting))
        return " · ".join(parts)

    def _link(self, text: str, name: str, theme: Theme) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setFont(theme.font("small"))
        button.setAccessibleName(name)
        return button


def elide(text: str, limit: int) -> str:
    """The text with its middle left out when it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]}…{text[-half:]}"
