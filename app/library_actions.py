"""What the user does to workspaces and sources, with the questions that belong to it.

Dialogs are imported where they are used: making their classes takes time that the window's start does not have.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from rankscope.app.samples import SAMPLE_WORKSPACE, samples_folder
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme
from rankscope.core.api import SourceInfo, default_workspace


class LibraryActions(QObject):
    """Handlers of the commands of the File menu, and of the library's own requests."""

    def __init__(self, session: Session, settings: Settings, theme: Theme, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._theme = theme
        self._window = window

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

    @Slot(object)
    def show_failures(self, source: SourceInfo) -> None:
        """Show which files of a source could not be read, and why."""
        from rankscope.app.widgets.dialogs import FailuresDialog

        dialog = FailuresDialog(source.path, self._theme, self._window)
        dialog.retryRequested.connect(self.update_library)
        source_id = source.source_id
        self._session.request(
            "failures",
            lambda workspace: workspace.documents(source_id=source_id, status="failed"),
            dialog.set_documents,
        )
        dialog.show()

    @Slot(object)
    def remove_source(self, source: SourceInfo) -> None:
        """Ask, and take a source out of the library."""
        from PySide6.QtWidgets import QMessageBox

        question = QMessageBox(self._window)
        question.setWindowTitle(self.tr("Remove from the library"))
        question.setText(self.tr("Remove “{name}” from the library?").format(name=Path(source.path).name))
        question.setInformativeText(self.tr("Its files stay where they are; only what Rankscope read of them goes."))
        remove = question.addButton(self.tr("Remove"), QMessageBox.ButtonRole.AcceptRole)
        question.addButton(QMessageBox.StandardButton.Cancel)
        question.exec()
        if question.clickedButton() is remove:
            self._session.remove_source(source.source_id)
