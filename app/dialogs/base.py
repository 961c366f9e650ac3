"""What the dialogs of the library share: their frame, their questions to the engine, what can be done with files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.session import Session
from rankscope.app.theme import ROW_ONE_LINE, SPACE_L, SPACE_M, SPACE_S, Theme
from rankscope.app.widgets.card import make_label
from rankscope.app.widgets.controls import ElidedLabel
from rankscope.app.widgets.opening import open_document, show_in_folder

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


class LibraryDialog(QDialog):
    """A window beside the main one, about the workspace that is open now; it closes with it.

    ``column`` is its layout, to be filled from top to bottom; :meth:`add_buttons` makes the last row.
    """

    def __init__(self, session: Session, theme: Theme, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        self._topics: set[str] = set()
        self._workspace = session.workspace
        self._left = False
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        self.column.setSpacing(SPACE_M)
        self.note = ElidedLabel(Qt.TextElideMode.ElideRight, self)
        self.note.setFont(theme.font("small"))
        self.note.setProperty("role", "dim")
        session.workspaceChanged.connect(self._workspace_changed)
        theme.changed.connect(self.recolour)
        self.finished.connect(self._forget)

    # -- asking ----------------------------------------------------------------------------------------------------

    def ask(
        self,
        name: str,
        function: Callable[[Workspace, Callable[[], bool]], Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Ask the workspace in the background; the answer comes only while the dialog is there."""
        if self._left:
            return
        topic = f"{type(self).__name__} {id(self)} {name}"
        self._topics.add(topic)
        self.session.ask(topic, function, done, failed=failed)

    def while_open(self, function: Callable[..., None]) -> Callable[..., None]:
        """The function as a callback for the session: it does nothing once the dialog is gone."""

        def call(*arguments: Any) -> None:
            if not self._left:
                function(*arguments)

        return call

    @Slot()
    def _forget(self) -> None:
        self._left = True
        for topic in self._topics:
            self.session.jobs.drop(topic)

    @Slot()
    def _workspace_changed(self) -> None:
        if self.session.workspace is not self._workspace:
            self.leave()

    def leave(self) -> None:
        """Close because what it is about is gone; nothing is asked."""
        self.done(QDialog.DialogCode.Rejected)

    @Slot()
    def recolour(self) -> None:
        """The theme changed; the style sheet does most of it."""
        for view in self.findChildren(QAbstractItemView):
            view.viewport().update()

    # -- building --------------------------------------------------------------------------------------------------

    def add_head(self, title: str, about: str = "") -> QLabel:
        """A title, and a line or two that say what this shows. Returns the label of those."""
        self.column.addWidget(make_label(title, self.theme, "title", parent=self))
        label = make_label(about, self.theme, "body", "dim", self, wrap=True)
        label.setVisible(bool(about))
        self.column.addWidget(label)
        self.column.setSpacing(SPACE_S)
        return label

    def add_buttons(self, *left: QWidget, right: tuple[QWidget, ...] = ()) -> None:
        """The last row: what can be done, a note, and the way out."""
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        for widget in left:
            row.addWidget(widget)
        row.addSpacing(SPACE_S)
        row.addWidget(self.note, 1)
        for widget in right:
            row.addWidget(widget)
        close = self.button(self.tr("Close"))
        close.clicked.connect(self.close)
        row.addWidget(close)
        self.column.addSpacing(SPACE_S)
        self.column.addLayout(row)

    def button(self, text: str, role: str = "") -> QPushButton:
        """A button that Enter does not press from elsewhere; ``role`` "primary" or "link"."""
        button = QPushButton(text, self)
        button.setFont(self.theme.font("body"))
        button.setAutoDefault(False)
        if role:
            button.setProperty("role", role)
        return button

    def filter_field(self, hint: str) -> QLineEdit:
        """A field to type part of a name into."""
        field = QLineEdit(self)
        field.setFont(self.theme.font("body"))
        field.setPlaceholderText(hint)
        field.setAccessibleName(hint)
        field.setClearButtonEnabled(True)
        return field

    def say(self, text: str) -> None:
        """A word about what was just done, in the last row."""
        self.note.setText(text)

    # -- files -----------------------------------------------------------------------------------------------------

    def open_file(self, path: str) -> None:
        """Open it in its own program."""
        self.say("" if open_document(path) else self.tr("It could not be opened. The file may be gone."))

    def show_file(self, path: str) -> None:
        """Show it in the file manager."""
        self.say("" if show_in_folder(path) else self.tr("Its folder is not there."))

    def copy_text(self, text: str) -> None:
        """Put it on the clipboard."""
        QGuiApplication.clipboard().setText(text)
        self.say(self.tr("Copied."))


def plain_table(theme: Theme, name: str, parent: QWidget) -> QTableView:
    """A table of rows that are chosen as a whole, each as high as one line, without a grid."""
    table = QTableView(parent)
    table.setFont(theme.font("body"))
    table.setAccessibleName(name)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.verticalHeader().setDefaultSectionSize(ROW_ONE_LINE)
    table.setCornerButtonEnabled(False)
    header = table.horizontalHeader()
    header.setAccessibleName(name)
    header.setFont(theme.font("small"))
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    return table


def chosen_rows(view: QAbstractItemView) -> list[int]:
    """The chosen rows of a table, from top to bottom; quick even when there are very many."""
    ranges = view.selectionModel().selection()
    blocks = [ranges.at(place) for place in range(ranges.count())]
    return sorted({row for block in blocks for row in range(block.top(), block.bottom() + 1)})


def choose_rows(view: QAbstractItemView, rows: Sequence[int]) -> None:
    """Choose exactly these rows of a table; the first one becomes the current one."""
    model, selection = view.model(), QItemSelection()
    last = model.columnCount() - 1
    start = None
    ordered = sorted(rows)
    for row, following in zip_longest(ordered, ordered[1:]):
        start = row if start is None else start
        if following != row + 1:
            selection.select(model.index(start, 0), model.index(row, last))
            start = None
    if ordered:
        current = model.index(ordered[0], 0)
        view.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
    view.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
