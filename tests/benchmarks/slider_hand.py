"""The hand on the budget slider: runs the real program in a process of its own, see :mod:`tests.benchmarks.slider`."""

from __future__ import annotations

import json
import os
import sys
import time

TICK_MS = 10
MOVE_MS = 30  # between two positions of the mouse
DRAG_SECONDS = 8.0
GIVE_UP_SECONDS = 300
QUERY = "the use of digital computers in the design of band pass filters"

if __name__ == "__main__":  # the numbers above are wanted where Qt is not
    import numpy as np
    from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from rankscope.app import main_window
    from rankscope.app.main import main
    from rankscope.app.main_window import MainWindow
    from rankscope.app.models.budgets import budget_of

    class Hand(QObject):
        """Holds the slider's handle, and a watch."""

        def __init__(self, window: MainWindow, pipeline: str) -> None:
            super().__init__(window)
            self.window, self.session, self.pipeline = window, window.session, pipeline
            self.stalls: list[float] = []
            self.rankings = self.moves = 0
            self.state = "opening"
            self.started = self.last = self.moved = time.perf_counter()
            self.is_searching = False
            self.session.traceChanged.connect(self.count)
            self.session.searching.connect(self.note_search)
            self.timer = QTimer(self)
            self.timer.setTimerType(Qt.TimerType.PreciseTimer)
            self.timer.timeout.connect(self.beat)
            self.timer.start(TICK_MS)

        def count(self) -> None:
            self.rankings += self.session.trace is not None

        def note_search(self, at_work: bool) -> None:
            self.is_searching = at_work

        def beat(self) -> None:
            now = time.perf_counter()
            if self.state in ("dragging", "settling"):
                self.stalls.append(max(0.0, (now - self.last) * 1e3 - TICK_MS))
            self.last = now
            getattr(self, self.state)(now)
            if now - self.started > GIVE_UP_SECONDS:
                sys.stderr.write("the slider benchmark did not end\n")
                os._exit(1)

        def opening(self, now: float) -> None:
            if self.session.workspace is not None and self.session.library is not None:
                self.window.show_inspect_layout()
                self.session.set_pipeline(self.pipeline)
                self.session.search(QUERY)
                self.state = "searching"

        def searching(self, now: float) -> None:
            if self.session.pipeline != self.pipeline:  # the window has restored the one of last time
                self.session.set_pipeline(self.pipeline)
            elif self.session.trace is not None and not self.is_searching:
                self.rankings, self.began = 0, now
                self.press(QEvent.Type.MouseButtonPress, 0)
                self.state = "dragging"

        def dragging(self, now: float) -> None:
            if now - self.began > DRAG_SECONDS:
                self.ended = now
                self.state = "settling"
            elif (now - self.moved) * 1e3 >= MOVE_MS:
                self.moved = now
                stops = self.window.toolbar.budget.slider.maximum()
                step = self.moves % (2 * stops)  # there and back
                self.press(QEvent.Type.MouseMove, step if step <= stops else 2 * stops - step)
                self.moves += 1

        def settling(self, now: float) -> None:
            trace = self.session.trace
            shown = budget_of(trace) if trace is not None else None
            if not self.is_searching and shown == self.session.budget:
                self.finish((now - self.moved) * 1e3)

        def press(self, kind: QEvent.Type, stop: int) -> None:
            slider = self.window.toolbar.budget.slider
            place = QPointF(slider.bar_rect(stop).center())
            button = Qt.MouseButton.LeftButton
            event = QMouseEvent(kind, place, slider.mapToGlobal(place), button, button, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(slider, event)

        def finish(self, settled_ms: float) -> None:
            self.timer.stop()
            found = {
                "moves": self.moves,
                "rankings": self.rankings,
                "candidates": self.session.trace.stages[-1].entered,
                "seconds": self.ended - self.began,
                "settled_ms": settled_ms,
                "p99": float(np.percentile(self.stalls, 99)),
                "max": max(self.stalls),
            }
            print(json.dumps(found), flush=True)
            self.window.close()

    shown = MainWindow.showEvent
    hands: list[Hand] = []

    def show_event(self: MainWindow, event: object) -> None:
        shown(self, event)  # type: ignore[arg-type]
        if not hands:
            hands.append(Hand(self, sys.argv[2]))

    main_window.MainWindow.showEvent = show_event  # type: ignore[assignment,method-assign]
    sys.exit(main(["--workspace", sys.argv[1]]))
