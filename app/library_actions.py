"""What the user does to workspaces and sources, with the questions that belong to it.

Dialogs are imported where they are used: making their classes takes time that the window's start does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from rankscope.app.samples import SAMPLE_WORKSPACE, samples_folder
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme
from rankscope.core.api import SourceInfo, default_workspace

if TYPE_CHECKING:
    from rankscope.app.dialogs.base import LibraryDialog


class LibraryActions(QObject):
    """Handlers of the commands of the File menu, and of the library's own requests."""

    def __init__(self, session: Session, settings: Settings, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._theme = theme
        self._window = window
        self._dialogs: dict[str, LibraryDialog] = {}

    @Slot()
    def add_folder(self) -> None:
        """Ask for a folder and add it."""
        from PySide6.QtWidgets import QFileDialog

        folder = QFileDialog.getExistingDirectory(self._window, self.tr("Add a folder to the library"))
        if folder:
            self.add_paths([Path(folder)])

    @Slot()
    def add_files(self) -> None:
        """Ask for files and add them."""
        from PySide6.QtWidgets import QFileDialog

        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Add files to the library"))
        if names:
            self.add_paths([Path(name) for name in names])

    def add_paths(self, paths: list[Path]) -> None:
        """Add folders and files; without a workspace, to one made for them."""
        if self._session.workspace is None and not self._session.opening:
            self._session.open_workspace(default_workspace(), create=True, add=paths)
        else:
            self._session.add_sources(paths)

    @Slot()
    def try_samples(self) -> None:
        """Open the workspace of the sample documents; make and index it the first time."""
        self._session.open_workspace(default_workspace(SAMPLE_WORKSPACE), create=True, add=[samples_folder()])

    @Slot()
    def update_library(self) -> None:
        """Bring all sources up to date."""
        self._session.add_sources([])

    @Slot()
    def stop_indexing(self) -> None:
        """Stop indexing."""
        self._session.cancel_indexing()

    @Slot()
    def pause_indexing(self) -> None:
        """Let indexing rest."""
        self._session.pause_indexing()

    @Slot()
    def resume_indexing(self) -> None:
        """Go on where indexing was paused."""
        self._session.resume_indexing()

    @Slot()
    def tidy_up(self) -> None:
        """Make the workspace small and quick again."""
        self._session.tidy_up()

    @Slot()
    def undo_removal(self) -> None:
        """Bring back the source that was removed last."""
        self._session.undo_removal()

    @Slot(bool)
    def set_watching(self, on: bool) -> None:
        """Watch folders for changes, or none at all; remembered."""
        self._settings.watch_folders = on
        self._session.set_watching(on)

    @Slot()
    def new_workspace(self) -> None:
        """Ask where, and make an empty workspace there."""
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("New workspace"), str(default_workspace(self.tr("New workspace")))
        )
        if name:
            self._session.open_workspace(Path(name), create=True)

    @Slot()
    def open_workspace(self) -> None:
        """Ask which, and open it."""
        from PySide6.QtWidgets import QFileDialog

        folder = QFileDialog.getExistingDirectory(
            self._window, self.tr("Open a workspace"), str(default_workspace().parent)
        )
        if folder:
            self.open_path(Path(folder))

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Open a workspace that exists; one that is gone is told, and offered no more."""
        if not path.exists():
            self._settings.forget_recent_workspace(path)
        self._session.open_workspace(path)

    # -- dialogs ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def show_source(self, source: SourceInfo) -> None:
        """Show the settings of a source."""
        from rankscope.app.dialogs.source import SourceDialog

        def make() -> SourceDialog:
            dialog = SourceDialog(self._session, self._theme, source, self._window)
            dialog.failuresRequested.connect(self.show_failures)
            dialog.copiesRequested.connect(self.show_copies)
            return dialog

        self._show(f"source {source.source_id}", make)

    @Slot()
    def show_all_failures(self) -> None:
        """Show which files could not be read, and why."""
        self._show_failures(None)

    @Slot(object)
    def show_failures(self, source: SourceInfo) -> None:
        """Show which files of a source could not be read, and why."""
        self._show_failures(source)

    def _show_failures(self, source: SourceInfo | None) -> None:
        from rankscope.app.dialogs.failures import FailuresDialog

        key = f"failures {source.source_id if source is not None else ''}"
        self._show(key, lambda: FailuresDialog(self._session, self._theme, source, self._window))

    @Slot()
    def show_all_copies(self) -> None:
        """Show which files have the same content."""
        self._show_copies(None)

    @Slot(object)
    def show_copies(self, source: SourceInfo) -> None:
        """Show which files of a source have the same content as another one."""
        self._show_copies(source)

    def _show_copies(self, source: SourceInfo | None) -> None:
        from rankscope.app.dialogs.copies import CopiesDialog

        key = f"copies {source.source_id if source is not None else ''}"
        self._show(key, lambda: CopiesDialog(self._session, self._theme, source, self._window))

    @Slot()
    def show_removed(self) -> None:
        """Show what can be brought back."""
        from rankscope.app.dialogs.removed import RemovedDialog

        self._show("removed", lambda: RemovedDialog(self._session, self._theme, self._window))

    @Slot()
    def convert_vectors(self) -> None:
        """Ask how the vectors are to be stored."""
        self._show_convert(None)

    @Slot(str, str)
    def convert_to(self, kind: str, codec: str) -> None:
        """Ask the same, and propose an answer."""
        self._show_convert((kind, codec))

    def _show_convert(self, wish: tuple[str, str] | None) -> None:
        from rankscope.app.dialogs.convert import ConvertDialog

        library = self._session.library
        if library is not None:
            key = f"convert {wish}"
            self._show(key, lambda: ConvertDialog(self._session, self._theme, library.info, self._window, wish))

    def close_dialogs(self) -> None:
        """Close them all; the window closes."""
        for dialog in list(self._dialogs.values()):
            dialog.leave()

    def _show(self, key: str, make: Callable[[], LibraryDialog]) -> None:
        """Show a dialog, or bring the one that is open to the front."""
        dialog = self._dialogs.get(key)
        if dialog is None:
            dialog = self._dialogs[key] = make()
            dialog.finished.connect(lambda: self._dialogs.pop(key, None))
            dialog.show()
        dialog.raise_()
        dialog.activateWindow()
