"""What was taken out of the library and can be brought back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHeaderView, QMessageBox, QWidget

from rankscope.app.dialogs.base import LibraryDialog, choose_rows, chosen_rows, plain_table
from rankscope.app.models import wording
from rankscope.app.models.removed import FILE, NAME, PLACE, WHEN, Removed, RemovedModel, gather
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.app.widgets.card import Card


class RemovedDialog(LibraryDialog):
    """The list, newest first."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Recently removed"))
        self._lines: Sequence[Removed] = ()
        self._read = False
        self.resize(860, 500)
        self._about = self.add_head(self.windowTitle(), self.tr("Looking…"))
        self.filter = self.filter_field(self.tr("Show only paths that contain…"))
        self.filter.textChanged.connect(self._filter)
        self.column.addWidget(self.filter)
        self.model = RemovedModel(theme, self)
        self._build_table()
        self.back_button = self.button(self.tr("Bring back"), "primary")
        self.back_button.clicked.connect(self.bring_chosen_back)
        self.all_button = self.button(self.tr("Bring all back"))
        self.all_button.clicked.connect(self.bring_all_back)
        self.forget_button = self.button(self.tr("Forget all…"))
        self.forget_button.setToolTip(self.tr("Delete what Rankscope still keeps of these documents"))
        self.forget_button.clicked.connect(self.forget_all)
        self.add_buttons(self.back_button, self.all_button, self.forget_button)
        session.libraryChanged.connect(self.refresh)
        self.refresh()
        self._show_buttons()

    def _build_table(self) -> None:
        card = Card(self)
        self.table = table = plain_table(self.theme, self.windowTitle(), card)
        table.setModel(self.model)
        header = table.horizontalHeader()
        header.resizeSection(WHEN, 140)
        header.resizeSection(NAME, 290)
        header.resizeSection(FILE, 90)
        header.setSectionResizeMode(PLACE, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(self._show_buttons)
        self.model.modelReset.connect(self._show_buttons)
        table.doubleClicked.connect(self.bring_chosen_back)
        card.column.addWidget(table)
        self.column.addWidget(card, 1)

    @Slot()
    def refresh(self) -> None:
        """Read the list again."""
        sources = {source.source_id for source in self.session.sources}
        self.ask("list", lambda engine, cancelled: gather(engine.removed(), sources), self.set_lines)

    @Slot(object)
    def set_lines(self, lines: Sequence[Removed]) -> None:
        """Show these."""
        if self._read and lines == self._lines:
            return
        self._read, self._lines = True, lines
        self._filter()

    @Slot()
    def _filter(self) -> None:
        wanted = self.filter.text().strip().casefold()
        chosen = {id(line) for line in self._chosen()}
        self.model.set_lines([line for line in self._lines if wanted in line.path.casefold()])
        if chosen:
            choose_rows(self.table, [row for row, line in enumerate(self.model.lines) if id(line) in chosen])
        if self._lines:
            text = self.tr("Documents that were removed, or whose files went away. Bringing them back reads no file.")
        else:
            text = self.tr("Nothing was removed in the last 30 days.")
        self._about.setText(text)
        self._show_buttons()

    def _chosen(self) -> list[Removed]:
        return [self.model.lines[row] for row in chosen_rows(self.table)]

    @Slot()
    def _show_buttons(self) -> None:
        self.back_button.setEnabled(self.table.selectionModel().hasSelection())
        self.all_button.setEnabled(self.model.rowCount() > 0)
        self.forget_button.setEnabled(bool(self._lines) and not self.session.tidier.active)

    @Slot()
    def bring_chosen_back(self) -> None:
        """Put the chosen lines back into the library."""
        self._bring_back(self._chosen())

    @Slot()
    def bring_all_back(self) -> None:
        """Put all lines that are shown back into the library."""
        self._bring_back(self.model.lines)

    def _bring_back(self, lines: Sequence[Removed]) -> None:
        if not lines:
            return
        documents = [line.document_id for line in lines if line.document_id is not None]
        sources = [line.source_id for line in lines if line.source_id is not None]
        number = sum(line.documents for line in lines)
        text = wording.plural(number, self.tr("1 document is back."), self.tr("{count} documents are back."))
        self.say(self.tr("Bringing back…"))
        self.session.bring_back(documents, sources, done=self.while_open(lambda: self.say(text)))

    @Slot()
    def forget_all(self) -> None:
        """Ask, because this cannot be undone, and delete them for good."""
        question = QMessageBox(self)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setWindowTitle(self.tr("Forget removed documents"))
        question.setText(self.tr("Delete what Rankscope keeps of all removed documents?"))
        question.setInformativeText(
            self.tr("They can then no longer be brought back. Files on your disk are not touched.")
        )
        forget = question.addButton(self.tr("Forget all"), QMessageBox.ButtonRole.DestructiveRole)
        question.addButton(QMessageBox.StandardButton.Cancel)
        forget.clicked.connect(self._forget_for_good)
        question.open()

    @Slot()
    def _forget_for_good(self) -> None:
        self.session.tidy_up(forget_removed=True)
