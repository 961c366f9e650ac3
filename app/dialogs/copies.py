"""Files of the same content, which results show as one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from rankscope.app.dialogs.base import LibraryDialog
from rankscope.app.models import wording
from rankscope.app.models.copies import NAME, PLACE, SIZE, CopiesModel
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.app.widgets.card import Card
from rankscope.core.api import Duplicates, SourceInfo

EXPAND_ALL = 200  # groups; more are shown folded, which costs nothing


class CopiesDialog(LibraryDialog):
    """The groups, with what can be done with the chosen file. With a source: the groups that have a file in it."""

    def __init__(
        self, session: Session, theme: Theme, source: SourceInfo | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Copies"))
        self._source = source.path if source is not None else ""
        self._every: Sequence[Duplicates] = ()
        self._read = False
        self.resize(820, 520)
        self._about = self.add_head(self.tr("Files with the same content"), self.tr("Looking…"))
        self.filter = self.filter_field(self.tr("Show only paths that contain…"))
        self.filter.textChanged.connect(self._filter)
        self.column.addWidget(self.filter)
        self.model = CopiesModel(theme, self)
        self._build_tree()
        self.copy_button = self.button(self.tr("Copy all"))
        self.copy_button.clicked.connect(self.copy)
        self.open_button = self.button(self.tr("Open"))
        self.open_button.clicked.connect(self.open_chosen)
        self.folder_button = self.button(self.tr("Show in folder"))
        self.folder_button.clicked.connect(self.show_chosen_in_folder)
        self.add_buttons(self.open_button, self.folder_button, self.copy_button)
        session.libraryChanged.connect(self.refresh)
        self.refresh()
        self._show_chosen()

    def _build_tree(self) -> None:
        card = Card(self)
        self.tree = tree = QTreeView(card)
        tree.setModel(self.model)
        tree.setFont(self.theme.font("body"))
        tree.setAccessibleName(self.tr("Groups of files with the same content"))
        tree.setUniformRowHeights(True)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setExpandsOnDoubleClick(False)
        header = tree.header()
        header.setAccessibleName(tree.accessibleName())
        header.setFont(self.theme.font("small"))
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(NAME, 330)
        header.setSectionResizeMode(PLACE, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(SIZE, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(SIZE, 80)
        tree.selectionModel().selectionChanged.connect(self._show_chosen)
        self.model.modelReset.connect(self._show_chosen)
        tree.doubleClicked.connect(self.open_chosen)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._open_menu)
        card.column.addWidget(tree)
        self.column.addWidget(card, 1)

    @Slot()
    def refresh(self) -> None:
        """Read the groups again."""
        self.ask("groups", lambda engine, cancelled: self._concerning(engine.duplicates()), self.set_groups)

    def _concerning(self, groups: Sequence[Duplicates]) -> Sequence[Duplicates]:
        """In the background: those of the groups that have to do with the source."""
        return [group for group in groups if any(map(self._inside, group.paths))] if self._source else groups

    @Slot(object)
    def set_groups(self, fresh: Sequence[Duplicates]) -> None:
        """Show these groups."""
        if self._read and fresh == self._every:
            return
        self._read, self._every = True, fresh
        self._filter()

    def _inside(self, path: str) -> bool:
        return path == self._source or path.startswith(self._source.rstrip(os.sep) + os.sep)

    @Slot()
    def _filter(self) -> None:
        wanted = self.filter.text().strip().casefold()
        shown = [group for group in self._every if any(wanted in path.casefold() for path in group.paths)]
        self.model.set_groups(shown)
        if len(shown) <= EXPAND_ALL:
            self.tree.expandAll()
        self._about.setText(self._summary())
        self.copy_button.setEnabled(bool(shown))

    def _summary(self) -> str:
        if not self._every:
            text = self.tr("There are no copies: every file has content of its own.")
        else:
            further = sum(len(group.paths) - 1 for group in self._every)
            text = self.tr("{count} files are copies of others and take {size}. Results show each group once.")
            if further == 1:
                text = self.tr("One file is a copy of another one and takes {size}. Results show the two as one.")
            taken = sum((len(group.paths) - 1) * group.size for group in self._every)
            text = text.format(count=wording.count(further), size=wording.size(taken))
        return f"{self._source}\n{text}" if self._source else text

    @Slot()
    def _show_chosen(self) -> None:
        for button in (self.open_button, self.folder_button):
            button.setEnabled(bool(self._chosen()))

    def _chosen(self) -> str:
        chosen = self.tree.selectedIndexes()
        return self.model.path(chosen[0]) if chosen else ""

    @Slot()
    def open_chosen(self) -> None:
        """Open the chosen file in its own program."""
        if path := self._chosen():
            self.open_file(path)

    @Slot()
    def show_chosen_in_folder(self) -> None:
        """Show the chosen file in the file manager."""
        if path := self._chosen():
            self.show_file(path)

    @Slot()
    def copy(self) -> None:
        """Put all paths on the clipboard."""
        self.copy_text(self.model.as_text())

    @Slot(QPoint)
    def _open_menu(self, position: QPoint) -> None:
        if self._chosen():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(self.open_button.text()).triggered.connect(self.open_chosen)
            menu.addAction(self.folder_button.text()).triggered.connect(self.show_chosen_in_folder)
            menu.popup(self.tree.viewport().mapToGlobal(position))
