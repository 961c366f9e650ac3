"""The files that could not be read: why, and what can be done about each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QLineEdit, QMenu, QWidget

from rankscope.app.dialogs.base import LibraryDialog, choose_rows, chosen_rows, plain_table
from rankscope.app.models import wording
from rankscope.app.models.failures import FILE, MESSAGE, REASON, REMEDY, Failure, FailuresModel, file_text, prepare
from rankscope.app.session import Session
from rankscope.app.theme import SPACE_S, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.app.widgets.controls import ElidedLabel
from rankscope.core.api import DocumentInfo, SourceInfo

PROTECTED = "encrypted"


class FailuresDialog(LibraryDialog):
    """The list above, the chosen file with all that is known of it below. Without a source: those of all sources."""

    def __init__(
        self, session: Session, theme: Theme, source: SourceInfo | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Files that could not be read"))
        self._source_id = source.source_id if source is not None else None
        self._read = False
        self._shown: Sequence[Failure] = ()
        self._tried: set[int] = set()  # documents that are being read again
        self.resize(920, 560)
        self.add_head(self.windowTitle(), source.path if source is not None else "")
        self.model = FailuresModel(parent=self)
        self._build_table()
        self._build_details()
        self._build_password()
        self._kinds = make_label("", theme, "small", "dim", self, wrap=True)
        self.column.addWidget(self._kinds)
        self.copy_button = self.button(self.tr("Copy all"))
        self.copy_button.clicked.connect(self.copy)
        self.all_button = self.button(self.tr("Try all again"))
        self.all_button.clicked.connect(self.try_all)
        self.add_buttons(self.copy_button, self.all_button)
        session.libraryChanged.connect(self.refresh)
        self.refresh()
        self._show_chosen()

    def _build_table(self) -> None:
        card = Card(self)
        self.table = table = plain_table(self.theme, self.windowTitle(), card)
        table.setModel(self.model)
        table.setSortingEnabled(True)
        table.sortByColumn(REASON, Qt.SortOrder.AscendingOrder)
        header = table.horizontalHeader()
        header.resizeSection(FILE, 260)
        header.resizeSection(REASON, 170)
        header.setSectionResizeMode(REMEDY, QHeaderView.ResizeMode.Stretch)
        table.setColumnHidden(MESSAGE, True)  # it stands below, in full
        table.selectionModel().selectionChanged.connect(self._show_chosen)
        self.model.modelReset.connect(self._show_chosen)
        table.doubleClicked.connect(self.open_chosen)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        card.column.addWidget(table)
        self.column.addWidget(card, 1)

    def _build_details(self) -> None:
        self._details = card = Card(self)
        self._path = ElidedLabel(Qt.TextElideMode.ElideMiddle, card)
        self._path.setFont(self.theme.font("small"))
        self._path.setProperty("role", "dim")
        self._message = make_label("", self.theme, parent=card, wrap=True)
        self._remedy = make_label("", self.theme, "body", "dim", card, wrap=True)
        for label in (self._path, self._message, self._remedy):
            card.column.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self.again_button = self.button(self.tr("Try again"))
        self.again_button.clicked.connect(self.try_chosen)
        self.open_button = self.button(self.tr("Open"))
        self.open_button.clicked.connect(self.open_chosen)
        self.folder_button = self.button(self.tr("Show in folder"))
        self.folder_button.clicked.connect(self.show_chosen_in_folder)
        self.password_button = self.button(self.tr("Enter password…"))
        self.password_button.clicked.connect(self.ask_password)
        for button in (self.again_button, self.open_button, self.folder_button, self.password_button):
            row.addWidget(button)
        row.addStretch(1)
        card.column.addLayout(row)
        self.column.addWidget(card)

    def _build_password(self) -> None:
        self._password_card = card = Card(self)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        self._password_for = make_label("", self.theme, parent=card)
        self.password = QLineEdit(card)
        self.password.setFont(self.theme.font("body"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(self.tr("Password"))
        self.password.returnPressed.connect(self.use_password)
        self.use_button = self.button(self.tr("Use it"), "primary")
        self.use_button.clicked.connect(self.use_password)
        row.addWidget(self._password_for)
        row.addWidget(self.password, 1)
        row.addWidget(self.use_button)
        card.column.addLayout(row)
        hint = self.tr("It is tried on all protected files, remembered until Rankscope closes, and never written down.")
        card.column.addWidget(make_label(hint, self.theme, "small", "dim", card, wrap=True))
        card.hide()
        self.column.addWidget(card)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @Slot()
    def refresh(self) -> None:
        """Read the list again."""
        source_id, at_rest = self._source_id, not self.session.indexer.active

        def listed(failures: Sequence[Failure]) -> None:
            self.set_failures(failures)
            if at_rest:
                self._tell_outcome()

        self.ask("list", lambda engine, _: prepare(engine.documents(source_id=source_id, status="failed")), listed)
        self._show_kinds()

    @Slot(object)
    def set_failures(self, failures: Sequence[Failure]) -> None:
        """Show these failures; those that were chosen stay chosen."""
        if self._read and failures == self._shown:
            return
        self._read, self._shown = True, failures
        chosen = {document.document_id for document in self.chosen()}
        self.model.set_failures(failures)
        choose_rows(self.table, self.model.rows(chosen) or ([0] if failures else []))
        self._show_chosen()

    def chosen(self) -> list[DocumentInfo]:
        """The chosen documents."""
        return [self.model.document(row) for row in chosen_rows(self.table)]

    @Slot()
    def _show_chosen(self) -> None:
        chosen, any_left = self.chosen(), self.model.rowCount() > 0
        one = chosen[0] if len(chosen) == 1 else None
        self._path.setVisible(one is not None)
        self._remedy.setVisible(one is not None)
        if one is not None:
            self._path.setText(one.path)
            self._message.setText(one.message)
            self._remedy.setText(one.remedy)
        elif chosen:
            self._message.setText(self.tr("{count} files are chosen.").format(count=wording.count(len(chosen))))
        elif any_left:
            self._message.setText(self.tr("Choose a file to see what can be done."))
        else:
            self._message.setText(
                self.tr("Every file of a kind that Rankscope reads was read.") if self._read else self.tr("Looking…")
            )
        self.again_button.setEnabled(bool(chosen))
        for button in (self.open_button, self.folder_button):
            button.setEnabled(one is not None)
        for button in (self.again_button, self.open_button, self.folder_button):
            button.setVisible(any_left)
        self.password_button.setVisible(any(document.reason == PROTECTED for document in chosen))
        self.copy_button.setEnabled(any_left)
        self.all_button.setEnabled(any_left)

    def _show_kinds(self) -> None:
        library = self.session.library
        sources = library.sources if library is not None else ()
        files: dict[str, int] = {}
        for source in sources:
            if self._source_id in (None, source.source_id):
                for suffix, number in source.skipped:
                    files[suffix] = files.get(suffix, 0) + number
        most_first = sorted(files.items(), key=lambda item: (-item[1], item[0]))
        text = self.tr("{kinds} files are of kinds that Rankscope does not read.")
        if sum(files.values()) == 1:
            text = self.tr("{kinds} file is of a kind that Rankscope does not read.")
        self._kinds.setText(text.format(kinds=wording.kinds(most_first)))
        self._kinds.setVisible(bool(files))

    # -- what can be done ------------------------------------------------------------------------------------------

    @Slot()
    def try_chosen(self) -> None:
        """Read the chosen files again."""
        self._try([document.document_id for document in self.chosen()])

    @Slot()
    def try_all(self) -> None:
        """Read all of them again."""
        self._try([failure.document.document_id for failure in self._shown])

    def _try(self, document_ids: list[int], passwords: tuple[str, ...] = ()) -> None:
        if document_ids:
            self._tried = set(document_ids)
            self.session.read_again(document_ids, passwords)
            one, many = self.tr("Reading 1 file again…"), self.tr("Reading {count} files again…")
            self.say(wording.plural(len(document_ids), one, many))

    def _tell_outcome(self) -> None:
        """After another try: how many of the files still cannot be read."""
        left = sum(failure.document.document_id in self._tried for failure in self._shown)
        if left:
            one, many = self.tr("1 file still cannot be read."), self.tr("{count} files still cannot be read.")
            self.say(wording.plural(left, one, many))
        elif self._tried:
            self.say(wording.plural(len(self._tried), self.tr("1 file was read."), self.tr("{count} files were read.")))
        self._tried = set()

    @Slot()
    def open_chosen(self) -> None:
        """Open the chosen file in its own program."""
        for document in self.chosen()[:1]:
            self.open_file(document.file)

    @Slot()
    def show_chosen_in_folder(self) -> None:
        """Show the chosen file in the file manager."""
        for document in self.chosen()[:1]:
            self.show_file(document.file)

    @Slot()
    def ask_password(self) -> None:
        """Let a password be typed for the chosen files."""
        protected = self._protected()
        if len(protected) == 1:
            text = self.tr("Password of {name}").format(name=file_text(protected[0]))
        else:
            text = self.tr("Password of {count} files").format(count=wording.count(len(protected)))
        self._password_for.setText(text)
        self._password_card.show()
        self.password.setFocus()

    @Slot()
    def use_password(self) -> None:
        """Read the protected files again with it."""
        password = self.password.text()
        if password:
            self._try([document.document_id for document in self._protected()], (password,))
            self.password.clear()
            self._password_card.hide()

    def _protected(self) -> list[DocumentInfo]:
        """The chosen protected files, or all when none is chosen."""
        every = [failure.document for failure in self._shown if failure.document.reason == PROTECTED]
        return [document for document in self.chosen() if document.reason == PROTECTED] or every

    @Slot()
    def copy(self) -> None:
        """Put the whole list on the clipboard."""
        self.copy_text(self.model.as_text())

    @Slot(QPoint)
    def _open_menu(self, position: QPoint) -> None:
        chosen = self.chosen()
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.again_button.text()).triggered.connect(self.try_chosen)
        if any(document.reason == PROTECTED for document in chosen):
            menu.addAction(self.password_button.text()).triggered.connect(self.ask_password)
        if len(chosen) == 1:
            menu.addAction(self.open_button.text()).triggered.connect(self.open_chosen)
            menu.addAction(self.folder_button.text()).triggered.connect(self.show_chosen_in_folder)
        menu.popup(self.table.viewport().mapToGlobal(position))
