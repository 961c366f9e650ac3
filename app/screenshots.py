"""Pictures of the real window, drawn without a screen: for the README, and to look at after a change."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rankscope.core.api import BUDGETS, Budget, RankscopeError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from rankscope.app.main_window import MainWindow

SIZE = (1440, 900)
QUERY = "how does late interaction score a passage?"
FIRST_QUERY = "passages that answer a question"
TIMEOUT = 120.0  # seconds; the first search loads the model
SETTLED = 0.4  # seconds without work after which a picture is complete
LAYOUTS = ("search", "inspect", "budget", "trace", "fate", "sweep", "train", "first-run")
# What the pictures of a sweep show; they are left out where it is missing. It was saved, as measuring takes minutes.
SWEEP = Path(__file__).resolve().parents[1] / "docs" / "sweeps" / "cisi.json"
SWEEP_MEGABYTES = 5
# What the picture of a training shows: that of the meta tokens that are shipped. It is left out where they are missing.
CURVE = Path(__file__).resolve().parents[1] / "resources" / "models" / "all-MiniLM-L6-v2-meta" / "training.json"
SAVED = {"sweep": SWEEP, "train": CURVE}
SMALL_BUDGET = BUDGETS[1]
PICTURES = (
    ("search", "light"),
    ("inspect", "light"),
    ("inspect", "dark"),
    ("budget", "dark"),
    ("trace", "light"),
    ("fate", "light"),
    ("sweep", "light"),
    ("sweep", "dark"),
    ("train", "light"),
    ("first-run", "light"),
)


class NotReady(RankscopeError):
    """The window did not get as far as it should have in time."""


class Studio:
    """One real window with settings of its own, to be photographed. Use as a context manager.

    Args:
        workspace: the workspace to open, or None for the first run.
        size: of the window, in pixels.
    """

    def __init__(self, workspace: Path | None, size: tuple[int, int] = SIZE) -> None:
        self._workspace = workspace
        self._size = size

    def __enter__(self) -> Studio:
        self._application = make_application()
        from rankscope.app.main_window import MainWindow
        from rankscope.app.session import Session
        from rankscope.app.settings import Settings
        from rankscope.app.theme import Theme

        self._folder = tempfile.TemporaryDirectory(prefix="rankscope-pictures-")
        self._failure = ""
        settings = Settings(Path(self._folder.name))
        settings.watch_folders = False  # a picture changes nothing
        self._theme = Theme("light")
        session = Session()
        session.failed.connect(self._failed)
        self.window: MainWindow = MainWindow(session, settings, self._theme)
        self.window.resize(*self._size)
        if self._workspace is not None:
            self.window.open_later(self._workspace, create=False)
        self.window.show()
        try:
            self.wait(lambda: self.window.complete, "the panels")
            if self._workspace is not None:
                self.wait(lambda: session.library is not None and bool(session.device), "the workspace")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.window.close()
        self.window.deleteLater()
        self._application.processEvents()
        self._folder.cleanup()

    def search(self, query: str) -> None:
        """Type the query, press Enter, wait until everything that belongs to the answer has arrived.

        Another query goes before it, which reads from disk what later ones find in memory.
        """
        session = self.window.session
        for words in (FIRST_QUERY, query):
            self.window.query.line.setText(words)
            self.window.query.search()
            self.wait(partial(self._answered, words), "the results")
        self.window.activateWindow()
        self.window.query.line.setFocus()
        if session.selected is not None:
            self.wait(lambda: session.alignment is not None and session.document is not None, "the evidence")
        self.settle()

    def arrange(self, layout: str, theme: str) -> None:
        """Show a layout of ``LAYOUTS`` in a theme."""
        self._theme.set_mode(theme)
        window = self.window
        if layout in ("search", "first-run"):
            window.show_search_layout()
        elif layout == "sweep":
            self._show_sweep()
        elif layout == "train":
            self._show_training()
        else:
            window.show_inspect_layout()
            window.docks["heatmap" if layout in ("inspect", "budget") else layout].raise_()
        self._choose_budget(SMALL_BUDGET if layout == "budget" else BUDGETS[-1])
        if layout == "fate":
            self._ask_for_a_fate()
        self.settle()

    def save(self, path: Path) -> None:
        """Write what the window shows now as PNG. Raises NotReady when the file cannot be written."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.window.grab().save(str(path)):
            raise NotReady(f"The picture {path} could not be written.", "Check the folder and the space on the disk.")

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Handle events until the condition holds. Raises NotReady after ``TIMEOUT`` seconds or on a failure."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if self._failure:
                raise NotReady(self._failure)
            if time.monotonic() > deadline:
                raise NotReady(f"Waited {TIMEOUT:.0f} seconds for {what} in vain.")
            self._turn()

    def settle(self) -> None:
        """Handle events until nothing has been worked on for a moment."""
        quiet = time.monotonic()
        while time.monotonic() - quiet < SETTLED:
            if self.window.session.jobs.busy():
                quiet = time.monotonic()
            self._turn()

    def _turn(self) -> None:
        self._application.processEvents()
        time.sleep(0.005)

    def _answered(self, query: str) -> bool:
        session = self.window.session
        return session.trace is not None and session.trace.query == query and not session.jobs.running("search")

    def _choose_budget(self, budget: Budget) -> None:
        session = self.window.session
        session.set_budget(budget)
        self.wait(lambda: not session.jobs.running("search"), "the results")
        if session.selected is not None:
            self.wait(lambda: session.alignment is not None, "the evidence")

    def _show_sweep(self) -> None:
        """Open the saved sweep, let a setting be recommended, and point at it."""
        from rankscope.app.panels.sweep import SweepPanel

        self.window.show_sweep_panel()
        (panel,), sweeper = self.window.findChildren(SweepPanel), self.window.session.sweeper
        if sweeper.outcome is None:
            sweeper.load(SWEEP)
            self.wait(lambda: sweeper.outcome is not None, "the sweep")
        panel.setup.set_folder(Path(sweeper.outcome.collection if sweeper.outcome is not None else ""))
        panel.limits.megabytes.setText(str(SWEEP_MEGABYTES))
        panel.plot.setFocus()

    def _show_training(self) -> None:
        """Open the curve of the meta tokens that are shipped, where they are there."""
        from rankscope.app.panels.train import TrainPanel

        self.window.show_train_panel()
        (panel,), trainer = self.window.findChildren(TrainPanel), self.window.session.trainer
        panel.setup.source.from_workspace.setChecked(True)
        panel.mrr_button.click()
        if trainer.outcome is None and CURVE.is_file():
            trainer.load(CURVE)
            self.wait(lambda: trainer.outcome is not None, "the curve")
        panel.result.hide()  # it names folders of the machine that the picture is made on
        panel.plot.setFocus()

    def _ask_for_a_fate(self) -> None:
        """Ask for a document that is not among the results, a neighbour of the first one: the question people have."""
        session = self.window.session
        trace = session.trace
        if trace is None or not trace.stages:
            return
        final = [trace.passages[int(passage)].document for passage in trace.final.ids]
        every = [info.path for info in session.workspace.documents(status="indexed")] if session.workspace else []
        folder = str(Path(final[0]).parent) if final else ""
        lost = sorted(set(every) - set(final), key=lambda path: (not path.startswith(folder), path))
        session.ask_fate(lost[0] if lost else final[-1])
        self.wait(lambda: session.fate is not None, "the fate")

    def _failed(self, message: str, remedy: str, details: str) -> None:
        self._failure = f"{message} {remedy}".strip()


def make_application() -> QApplication:
    """The application, without a screen where there is none."""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform in ("win32", "darwin")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    QApplication.setStyle("Fusion")
    return application


def render(output: Path, workspace: Path, query: str, *, theme: str, layout: str, size: tuple[int, int] = SIZE) -> None:
    """Write one picture of the window.

    Args:
        output: the PNG file.
        workspace: the workspace to search (not used for "first-run").
        query: what to search for.
        theme: "light" or "dark".
        layout: one of ``LAYOUTS``.
        size: of the window, in pixels.

    Raises:
        ValueError: an unknown layout. NotReady: the window did not get there.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}")
    with Studio(None if layout == "first-run" else workspace, size) as studio:
        if layout != "first-run":
            studio.search(query)
        studio.arrange(layout, theme)
        studio.save(output)


def render_all(folder: Path, workspace: Path, query: str = QUERY, size: tuple[int, int] = SIZE) -> list[Path]:
    """Write all of ``PICTURES`` into a folder, with one window for those that search. Returns the files."""
    written = []
    with Studio(workspace, size) as studio:
        studio.search(query)
        for layout, theme in PICTURES:
            if layout != "first-run" and (layout not in SAVED or SAVED[layout].is_file()):
                studio.arrange(layout, theme)
                written.append(folder / f"{layout}-{theme}.png")
                studio.save(written[-1])
    for layout, theme in PICTURES:
        if layout == "first-run":
            written.append(folder / f"{layout}-{theme}.png")
            render(written[-1], workspace, query, theme=theme, layout=layout, size=size)
    return written


def main(argv: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m rankscope.app.screenshots", description=__doc__)
    parser.add_argument("output", type=Path, help="folder for the PNG files")
    parser.add_argument("--workspace", type=Path, required=True, metavar="DIR", help="workspace to search")
    parser.add_argument("--query", default=QUERY)
    arguments = parser.parse_args(argv)
    try:
        files = render_all(arguments.output, arguments.workspace, arguments.query)
    except RankscopeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
