"""How long the window's own thread stands still while a folder is indexed and searched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.figures import ROOT, Figure, Settings, below, info, say
from tests.benchmarks.material import queries, write_folder

_TICK_MS = 10
_SEARCH_SECONDS = 1.5
_GIVE_UP_SECONDS = 900


def run(settings: Settings) -> list[Figure]:
    """Index a folder in the real window, offscreen, and ask something every one and a half seconds meanwhile."""
    folder = settings.work / "stalls"
    material = write_folder(folder / "documents", settings.choose(250, 1_500))
    environment = os.environ | {
        "RANKSCOPE_CONFIG_DIR": str(folder / "config"),
        "RANKSCOPE_DATA_DIR": str(folder / "data"),
    }
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    say(f"indexing {material.n_passages} passages in the window")
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.stalls", str(folder / "workspace"), str(material.folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_GIVE_UP_SECONDS + 60,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the window failed: {done.stderr[-500:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found["passages"] != material.n_passages:
        raise RuntimeError(f"the window indexed {found['passages']} of {material.n_passages} passages")
    how = (
        f"a {_TICK_MS} ms heartbeat in the real window (Inspect layout, offscreen) over {found['seconds']:.0f} s in which "
        f"it indexed {material.n_passages:,} passages and showed {found['traces']} of {found['searches']} searches; "
        f"{found['beats']:,} intervals less {_TICK_MS} ms"
    )
    return [
        below("UI stall while indexing, p99", found["p99"], 50.0, "ms", how, **found),
        info("UI stall while indexing, p50", found["p50"], "ms", how),
        info("UI stall while indexing, longest", found["max"], "ms", f"{how}; loading the engine included"),
        info("UI stall with the engine loaded, longest", found["max_loaded"], "ms", how),
    ]


def _child(workspace: str, folder: str) -> None:
    """Run the real program with a heartbeat in it, and print what the heartbeat saw."""
    import numpy as np
    from PySide6.QtCore import QObject, Qt, QTimer

    from rankscope.app import main_window
    from rankscope.app.main import main

    asked = queries(60)

    class Heart(QObject):
        """Beats in the window's thread, drives the program, and ends it."""

        def __init__(self, window: main_window.MainWindow) -> None:
            super().__init__(window)
            self.window = window
            self.session = window.session
            self.stalls: list[tuple[bool, float]] = []  # the engine was loaded; ms
            self.searches = self.traces = 0
            self.indexing = False
            self.started = self.last = self.searched = time.perf_counter()
            self.session.traceChanged.connect(self.count)
            self.timer = QTimer(self)
            self.timer.setTimerType(Qt.TimerType.PreciseTimer)
            self.timer.timeout.connect(self.beat)
            self.timer.start(_TICK_MS)

        def count(self) -> None:
            self.traces += self.session.trace is not None

        def beat(self) -> None:
            now = time.perf_counter()
            if self.indexing:
                self.stalls.append((self.session.device != "", max(0.0, (now - self.last) * 1e3 - _TICK_MS)))
            self.last = now
            session = self.session
            if not self.indexing and session.workspace is not None and session.library is not None:
                self.window.show_inspect_layout()
                session.add_sources([Path(folder)])
                self.indexing, self.started = True, now
                self.last = time.perf_counter()
            elif self.indexing and not session.indexer.active:
                self.finish()
            elif self.indexing and now - self.searched > _SEARCH_SECONDS:
                self.searched = now
                session.search(asked[self.searches % len(asked)])
                self.searches += 1
            if now - self.started > _GIVE_UP_SECONDS:
                sys.stderr.write("indexing in the window did not end\n")
                os._exit(1)

        def finish(self) -> None:
            self.timer.stop()
            assert self.session.workspace is not None
            everything = np.array([stall for _, stall in self.stalls])
            loaded = [stall for is_loaded, stall in self.stalls if is_loaded]
            found = {
                "p50": float(np.percentile(everything, 50)),
                "p99": float(np.percentile(everything, 99)),
                "max": float(everything.max()),
                "max_loaded": max(loaded, default=0.0),
                "over_50": int((everything > 50).sum()),
                "beats": len(everything),
                "seconds": time.perf_counter() - self.started,
                "searches": self.searches,
                "traces": self.traces,
                "passages": self.session.workspace.info().passages,
            }
            print(json.dumps(found), flush=True)
            self.window.close()

    shown = main_window.MainWindow.showEvent
    hearts: list[Heart] = []

    def show_event(self: main_window.MainWindow, event: object) -> None:
        shown(self, event)  # type: ignore[arg-type]
        if not hearts:
            hearts.append(Heart(self))

    main_window.MainWindow.showEvent = show_event  # type: ignore[assignment,method-assign]
    sys.exit(main(["--workspace", workspace]))


if __name__ == "__main__":
    _child(*sys.argv[1:3])
