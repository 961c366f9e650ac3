"""The window is visible before anything heavy is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from rankscope.app import main_window
from rankscope.app.main import main

HEAVY = ("torch", "sqlalchemy", "hnswlib", "transformers", "sentence_transformers", "tokenizers", "pyqtgraph", "lxml")
seen = {}
shown = main_window.MainWindow.showEvent

def show_event(self, event):
    shown(self, event)
    seen.setdefault("visible", self.isVisible())
    seen.setdefault("at show", [name for name in HEAVY if name in sys.modules])
    QTimer.singleShot(100, lambda: (seen.update(later=[n for n in HEAVY if n in sys.modules]), self.close()))

main_window.MainWindow.showEvent = show_event
status = main(sys.argv[1:])
print(json.dumps({"status": status, **seen}))
"""


@pytest.mark.parametrize("arguments", [[], ["--workspace", "some/place"]], ids=["first run", "with a workspace"])
def test_nothing_heavy_is_imported_before_the_window_is_visible(tmp_path: Path, arguments: list[str]) -> None:
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "RANKSCOPE_CONFIG_DIR": str(tmp_path / "config"),
        "RANKSCOPE_DATA_DIR": str(tmp_path / "data"),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == {"status": 0, "visible": True, "at show": [], "later": []}


THREADS = """
import json, sys, threading, time
from PySide6.QtCore import QTimer
from rankscope.app import main_window
from rankscope.app.main import main

elsewhere = []

class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.startswith(("PySide6", "pyqtgraph", "rankscope.app")):
            if threading.current_thread() is not threading.main_thread():
                elsewhere.append(name)

sys.meta_path.insert(0, Watch)
shown = main_window.MainWindow.showEvent

def show_event(self, event):
    shown(self, event)
    started = time.monotonic()
    def look():
        if self.complete or time.monotonic() - started > 60:
            print(json.dumps({"complete": self.complete, "elsewhere": elsewhere}))
            self.close()
        else:
            QTimer.singleShot(20, look)
    look()

main_window.MainWindow.showEvent = show_event
main([])
"""


def test_qt_is_imported_on_the_main_thread_only(tmp_path: Path) -> None:
    """PySide makes its classes when they are first asked for; two threads doing so crash the process."""
    environment = os.environ | {
        "QT_QPA_PLATFORM": "offscreen",
        "RANKSCOPE_CONFIG_DIR": str(tmp_path / "config"),
        "RANKSCOPE_DATA_DIR": str(tmp_path / "data"),
    }
    done = subprocess.run([sys.executable, "-c", THREADS], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"complete": True, "elsewhere": []}


def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "-m", "rankscope.app.main"], env=environment, capture_output=True, text=True, timeout=60
    )
    if sys.platform not in ("win32", "darwin"):
        assert done.returncode == 1
        assert "no display" in done.stderr and "Traceback" not in done.stderr


def test_the_command_line_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rankscope.app.main", "--help"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "--workspace" in done.stdout
