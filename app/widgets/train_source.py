"""What to learn from: files of pairs, or the documents of the open workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPalette, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.theme import RADIUS_CONTROL, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import push_button

_LIST_HEIGHT = 66
_PATH = int(Qt.ItemDataRole.UserRole)
_ENDINGS = (".jsonl", ".jsonl.gz")


class _FileList(QListWidget):
    """A list that says what belongs into it while it is empty."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.count():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(self.viewport().rect(), int(Qt.AlignmentFlag.AlignCenter), self._hint)


class TrainSource(QWidget):
    """``changed`` tells that something else was chosen."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.from_files = QRadioButton(self.tr("Files of pairs"))
        self.from_files.setToolTip(
            self.tr("JSON lines with “query” and “positive”, perhaps “title”; .jsonl or .jsonl.gz")
        )
        self.from_workspace = QRadioButton(self.tr("This workspace’s own documents"))
        self.list = _FileList(self.tr("Drop .jsonl files here"))
        self.list.setAccessibleName(self.tr("Files of pairs"))
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.list.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.add_button = push_button(self.tr("Add files…"), self.tr("Add files of pairs"))
        self.remove_button = push_button(self.tr("Remove"), self.tr("Take the selected files out of the list"))
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        buttons.addWidget(self.add_button)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        column.addWidget(self.from_files)
        column.addWidget(self.list)
        column.addLayout(buttons)
        column.addWidget(self.from_workspace)
        self.from_files.setChecked(True)
        self.from_files.toggled.connect(self._show_state)
        self.from_files.toggled.connect(self.changed)
        self.list.itemSelectionChanged.connect(self._show_state)
        self.add_button.clicked.connect(self.choose_files)
        self.remove_button.clicked.connect(self.remove_selected)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.remove_selected)
        self._show_state()

    @property
    def files(self) -> tuple[Path, ...]:
        """The files in the list."""
        return tuple(Path(self.list.item(row).data(_PATH)) for row in range(self.list.count()))

    def add_files(self, files: Sequence[Path]) -> None:
        """Add files that are not there yet, and learn from files."""
        known = set(self.files)
        for file in dict.fromkeys(files):
            if file not in known:
                item = QListWidgetItem(file.name, self.list)
                item.setData(_PATH, str(file))
                item.setToolTip(str(file))
        self.from_files.setChecked(True)
        self._show_state()
        self.changed.emit()

    def set_files(self, files: Sequence[Path]) -> None:
        """Put these files into the list instead of others."""
        self.list.clear()
        self.add_files(files)

    def set_workspace(self, *, possible: bool) -> None:
        """Whether there are documents of one's own to learn from."""
        self.from_workspace.setEnabled(possible)
        self.from_workspace.setToolTip(
            self.tr("Headings, titles and sentences stand for questions; no judgments are needed")
            if possible
            else self.tr("Open a workspace with documents first")
        )

    def restyle(self) -> None:
        """Take colours and fonts from the theme again."""
        body = self._theme.font("body")
        for widget in (self.from_files, self.from_workspace, self.list, self.add_button, self.remove_button):
            widget.setFont(body)
        palette = self._theme.palette
        self.list.setStyleSheet(
            f"QListWidget {{ background: {palette.panel}; border: 1px solid {palette.line};"
            f" border-radius: {RADIUS_CONTROL}px; color: {palette.text}; padding: 3px; }}"
            f"QListWidget:focus {{ border-color: {palette.accent}; }}"
            f"QListWidget:disabled {{ color: {palette.dim}; }}"
            "QListWidget::item { padding: 1px 5px; }"
            f"QListWidget::item:selected {{ background: {palette.selection}; color: {palette.text}; }}"
        )

    @Slot()
    def choose_files(self) -> None:
        """Ask for files of pairs."""
        names, _ = QFileDialog.getOpenFileNames(
            self,
            self.tr("Add files of pairs"),
            str(self.files[-1].parent) if self.files else "",
            self.tr("Pairs (*.jsonl *.jsonl.gz);;All files (*)"),
        )
        if names:
            self.add_files([Path(name) for name in names])

    @Slot()
    def remove_selected(self) -> None:
        """Take the selected files out."""
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._show_state()
        self.changed.emit()

    @Slot()
    def _show_state(self) -> None:
        on = self.from_files.isChecked()
        self.list.setEnabled(on)
        self.add_button.setEnabled(on)
        self.remove_button.setEnabled(on and bool(self.list.selectedItems()))


def pairs_among(paths: Sequence[Path]) -> list[Path]:
    """Those that are named like files of pairs."""
    return [path for path in paths if path.name.lower().endswith(_ENDINGS)]
