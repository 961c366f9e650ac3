"""Where trained meta tokens lie, and what to type to use them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from rankscope.app.models.training import use_command
from rankscope.app.theme import SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import ElidedLabel, flat_button, toned
from rankscope.app.widgets.opening import show_in_folder


class TrainResult(QWidget):
    """Hidden until there is a folder to speak of."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._folder: Path | None = None
        self._command = ""
        self.where = ElidedLabel()
        self.show_button = flat_button(self.tr("Show folder"), "link")
        self._use = toned(QLabel(), "dim")
        self.command = ElidedLabel()
        self.command.setAccessibleName(self.tr("The command that uses the meta tokens"))
        self.copy_button = flat_button(self.tr("Copy command"), "link")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        for widgets in ((self.where, self.show_button), (self._use, self.command, self.copy_button)):
            row = QHBoxLayout()
            row.setSpacing(SPACE_S)
            for widget in widgets:
                row.addWidget(widget, int(isinstance(widget, ElidedLabel)))
            column.addLayout(row)
        self.show_button.clicked.connect(self.show_folder)
        self.copy_button.clicked.connect(self.copy_command)
        self.restyle()
        self.hide()

    def set_folder(self, folder: Path | None, workspace: Path | None) -> None:
        """Say how to use what lies in this folder: on the open workspace, else on a new one."""
        self._folder = folder
        self.setVisible(folder is not None)
        if folder is None:
            return
        self._command = use_command(folder, workspace)
        self.where.setText(self.tr("The meta tokens lie in {folder}").format(folder=folder))
        self._use.setText(
            self.tr("Index with them:") if workspace is None else self.tr("Encode this workspace with them:")
        )
        self.command.setText(self._command)
        self.copy_button.setText(self.tr("Copy command"))

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        small = self._theme.font("small")
        for widget in (self.where, self.show_button, self._use, self.copy_button):
            widget.setFont(small)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPointSizeF(small.pointSizeF())
        self.command.setFont(mono)
        self.command.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    @Slot()
    def show_folder(self) -> None:
        """Show the folder in the file manager."""
        if self._folder is not None and not show_in_folder(str(self._folder)):
            self.where.setText(self.tr("The folder {folder} is not there any more.").format(folder=self._folder))

    @Slot()
    def copy_command(self) -> None:
        """Put the command on the clipboard."""
        QGuiApplication.clipboard().setText(self._command)
        self.copy_button.setText(self.tr("Copied"))
