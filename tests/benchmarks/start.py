"""From starting the program to the window on the screen, against a bare window of PySide6."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

from tests.benchmarks.figures import ROOT, Figure, Settings, at_most, info

_REPEATS = 5
# What must not be imported before the window is visible.
_HEAVY = ("torch", "transformers", "sentence_transformers", "sqlalchemy", "hnswlib")


def run(settings: Settings) -> list[Figure]:
    """Start both programs in turns; the first round only fills the disk cache."""
    folder = settings.work / "start"
    rounds = 1 + settings.choose(3, _REPEATS)
    seconds: dict[str, list[float]] = {"bare": [], "rankscope": []}
    heavy: set[str] = set()
    for number in range(rounds):
        for what, values in seconds.items():
            environment = os.environ | {
                "RANKSCOPE_CONFIG_DIR": str(folder / "config"),
                "RANKSCOPE_DATA_DIR": str(folder / "data"),
                "STARTED": repr(time.time()),
            }
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
            done = subprocess.run(
                [sys.executable, "-m", "tests.benchmarks.start", what, str(folder / "workspace")],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            if done.returncode != 0:
                raise RuntimeError(f"the {what} window did not start: {done.stderr[-500:]}")
            found = json.loads(done.stdout.splitlines()[-1])
            if number:
                values.append(found["seconds"])
            if what == "rankscope":
                heavy |= set(found["heavy"])
    bare, ours = statistics.median(seconds["bare"]), statistics.median(seconds["rankscope"])
    how = f"from the start of the process to the first turn of the event loop after the window is shown; medians of {rounds - 1} starts in turns, platform “{os.environ.get('QT_QPA_PLATFORM', 'offscreen')}”"
    return [
        at_most("window visible ÷ bare PySide6 window", ours / bare, 3.0, "×", how, seconds=seconds),
        info("window visible", ours, "s", how),
        info("bare PySide6 window visible", bare, "s", how),
        at_most(
            "heavy modules at first show",
            len(heavy),
            0,
            "",
            f"of {', '.join(_HEAVY)} in sys.modules: {', '.join(sorted(heavy)) or 'none'}",
        ),
    ]


def _child(what: str, workspace: str) -> None:
    """Show one window, tell how long it took, and end."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QMainWindow

    def visible() -> None:
        passed = time.time() - float(os.environ["STARTED"])
        print(json.dumps({"seconds": passed, "heavy": [name for name in _HEAVY if name in sys.modules]}), flush=True)
        os._exit(0)

    def watch(window_class: type[QMainWindow]) -> None:
        shown = window_class.showEvent

        def show_event(self: QMainWindow, event: object) -> None:
            shown(self, event)  # type: ignore[arg-type]
            QTimer.singleShot(0, visible)

        window_class.showEvent = show_event  # type: ignore[assignment,method-assign]

    if what == "bare":
        from PySide6.QtWidgets import QApplication, QLabel

        application = QApplication(sys.argv[:1])

        class Bare(QMainWindow):
            pass

        watch(Bare)
        window = Bare()
        window.setCentralWidget(QLabel("Hello"))
        window.resize(1440, 900)
        window.show()
        application.exec()
        return
    from rankscope.app import main_window
    from rankscope.app.main import main

    watch(main_window.MainWindow)
    main(["--workspace", workspace])


if __name__ == "__main__":
    _child(*sys.argv[1:3])
