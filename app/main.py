"""Starts the window."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

# Libraries that the engine loads later must not reach for the network; they read this when they are imported.
for _name in ("ORT_DISABLE_TELEMETRY", "HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_OFFLINE"):
    os.environ.setdefault(_name, "1")

# How long a thread may keep the interpreter before another one gets it, in seconds: short, so that the window answers
# while the engine runs Python code.
SWITCH_INTERVAL = 0.001


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line of the window."""
    parser = argparse.ArgumentParser(prog="rankscope-gui", description="Open the Rankscope window.")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="workspace to open; made when it does not exist")
    return parser.parse_args(argv)


def has_display() -> bool:
    """Whether a window can be shown; Qt would end the process instead of telling."""
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window and run until it is closed. Returns the exit status."""
    arguments = parse_arguments(argv)
    if not has_display():
        sys.stderr.write(
            "There is no display here to open a window on. The command line works without: rankscope --help\n"
        )
        return 1
    from PySide6.QtWidgets import QApplication

    from rankscope.app.main_window import MainWindow
    from rankscope.app.session import Session
    from rankscope.app.settings import Settings
    from rankscope.app.theme import Theme

    sys.setswitchinterval(SWITCH_INTERVAL)
    # Ctrl+C in the terminal ends the window at once; Qt's loop would not let Python's own handler run.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application = QApplication(sys.argv[:1])
    QApplication.setApplicationName("rankscope")
    QApplication.setApplicationDisplayName("Rankscope")
    QApplication.setDesktopFileName("rankscope")
    QApplication.setStyle("Fusion")
    settings = Settings()
    theme = Theme(settings.theme)
    QApplication.setFont(theme.font("body"))
    session = Session()
    session.pipeline, session.k, session.budget = settings.pipeline, settings.k, settings.budget
    window = MainWindow(session, settings, theme)
    if arguments.workspace is not None:
        window.open_later(arguments.workspace.expanduser().absolute(), create=True)
    elif settings.last_workspace is not None:
        window.open_later(settings.last_workspace, create=False)
    # Qt quits with the last window only if it was still visible when it closed; ours hides before it stops its work.
    window.closed.connect(application.quit)
    window.show()
    status = application.exec()
    if not window.closed_cleanly:
        # Something that cannot be interrupted (a library being imported) still runs in a thread; taking the
        # interpreter down under it can crash. All that was committed is on disk.
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
