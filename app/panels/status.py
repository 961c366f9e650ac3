"""The status bar: on the left what is, on the right what is happening."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QPushButton, QStatusBar, QWidget

from rankscope.app.models import wording
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.app.widgets.card import make_label

NOTICE_MS = 10_000
STEPS = 1000


class StatusPanel(QStatusBar):
    """Passages, bytes and the last query by stage; indexing with its speed, time left and a way to stop it."""

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
        self._bar.setAccessibleName(self.tr("Indexing progress"))
        self._stop = QPushButton(self.tr("Cancel"), self)
        self._stop.setProperty("role", "link")
        self._stop.setFont(theme.font("small"))
        self._stop.setAccessibleName(self.tr("Cancel indexing"))
        self._stop.clicked.connect(session.cancel_indexing)
        self.addWidget(self._left, 1)
        for widget in (self._right, self._bar, self._stop):
            self.addPermanentWidget(widget)
        self._bar.hide()
        self._stop.hide()
        self._forget = QTimer(self)
        self._forget.setSingleShot(True)
        self._forget.setInterval(NOTICE_MS)
        self._forget.timeout.connect(self._forget_notice)
        for signal in (session.libraryChanged, session.traceChanged, session.workspaceChanged):
            signal.connect(self._show_left)
        session.indexingChanged.connect(self._show_right)
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
        indexer = self._session.indexer
        self._bar.setVisible(indexer.active)
        self._stop.setVisible(indexer.active and not indexer.stopping)
        if indexer.active:
            self._right.setText(self._indexing_text())
            fraction = indexer.activity.fraction if indexer.activity is not None else None
            self._bar.setRange(0, STEPS if fraction is not None else 0)
            if fraction is not None:
                self._bar.setValue(round(fraction * STEPS))
        elif self._session.opening:
            self._right.setText(self.tr("Opening the workspace…"))
        elif self._searching:
            self._right.setText(self.tr("Searching…"))
        else:
            self._right.setText(self._notice)

    def _indexing_text(self) -> str:
        indexer = self._session.indexer
        activity = indexer.activity
        if indexer.stopping:
            return self.tr("Stopping…")
        if activity is None:
            return self.tr("Starting to index…")
        parts = [elide(wording.doing(activity.what), 50)]
        if activity.total:
            parts.append(f"{wording.count(activity.done)} / {wording.count(activity.total)} {activity.unit}")
        elif activity.done:
            parts.append(f"{wording.count(activity.done)} {activity.unit}")
        if activity.rate is not None:
            parts.append(wording.speed(activity))
        if activity.seconds_left is not None:
            parts.append(self.tr("{time} left").format(time=wording.time_left(activity.seconds_left)))
        if indexer.waiting:
            parts.append(self.tr("{count} more waiting").format(count=indexer.waiting))
        return " · ".join(parts)


def elide(text: str, limit: int) -> str:
    """The text with its middle left out when it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    half = (limit - 1) // 2
    return f"{text[:half]}…{text[-half:]}"
