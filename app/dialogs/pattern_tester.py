"""The list that shows, while patterns are typed, which files they take."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QHeaderView, QLineEdit, QToolButton, QVBoxLayout, QWidget

from rankscope.app.dialogs.base import plain_table
from rankscope.app.models import wording
from rankscope.app.models.tested import FILE, MARK, WHY, TestedModel
from rankscope.app.theme import SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.app.widgets.controls import BusyLine
from rankscope.core.api import TestedFile

LIMIT = 2_000  # files that are looked at


class PatternTester(Card):
    """Counts, a filter and the list. Whoever owns it asks the engine, and tells it what came out."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.model = TestedModel(theme, self)
        head = QHBoxLayout()
        head.setSpacing(SPACE_XS)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._counts = make_label(self.tr("Looking…"), theme, "title", parent=self)
        self._more = make_label("", theme, "small", "dim", self)
        words.addWidget(self._counts)
        words.addWidget(self._more)
        head.addLayout(words, 1)
        self._choice = QButtonGroup(self)
        names = ((self.tr("All"), None), (self.tr("Taken"), True), (self.tr("Left out"), False))
        self.choices: dict[bool | None, QToolButton] = {}
        for name, taken in names:
            button = QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.setProperty("role", "choice")
            button.setFont(theme.font("small"))
            button.setAccessibleName(self.tr("Show: {choice}").format(choice=name))
            self._choice.addButton(button)
            self.choices[taken] = button
            head.addWidget(button)
        self.choices[None].setChecked(True)
        self._choice.buttonClicked.connect(self._filter)
        self.column.addLayout(head)
        self.filter = QLineEdit(self)
        self.filter.setFont(theme.font("body"))
        self.filter.setPlaceholderText(self.tr("Show only files whose name or folder contains…"))
        self.filter.setAccessibleName(self.tr("Filter the list of files"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.column.addWidget(self.filter)
        self.busy = BusyLine(theme, self)
        self.column.addWidget(self.busy)
        self.table = plain_table(theme, self.tr("Files, and whether they are taken"), self)
        self.table.setModel(self.model)
        header = self.table.horizontalHeader()
        header.hide()
        header.setMinimumSectionSize(24)
        header.resizeSection(MARK, 26)
        header.setSectionResizeMode(FILE, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(WHY, 170)
        self.column.addWidget(self.table, 1)
        self.column.setSpacing(SPACE_S)

    def counts_text(self) -> str:
        """What the head says."""
        return self._counts.text()

    def look(self) -> None:
        """A new answer is on its way."""
        self.busy.set_busy(True)

    def show_files(self, files: Sequence[TestedFile]) -> None:
        """The answer."""
        self.busy.set_busy(False)
        self.model.set_files(files)
        counts = {"taken": wording.count(self.model.taken), "out": wording.count(self.model.left_out)}
        self._counts.setText(self.tr("{taken} taken, {out} left out").format(**counts))
        notes = []
        if self.model.folders_left_out:
            one, many = self.tr("1 folder is left out as a whole."), self.tr("{count} folders are left out as a whole.")
            notes.append(wording.plural(self.model.folders_left_out, one, many))
        if len(files) >= LIMIT:
            notes.append(self.tr("These are the first {count} files.").format(count=wording.count(LIMIT)))
        self._more.setText(" ".join(notes))
        self._more.setVisible(bool(notes))

    def show_trouble(self) -> None:
        """There is no answer; whoever owns it says why."""
        self.busy.set_busy(False)
        self.model.set_files(())
        self._counts.setText(self.tr("Nothing to show"))
        self._more.setText(self.tr("The message on the left says why."))
        self._more.show()

    @Slot()
    def _filter(self) -> None:
        taken = next((taken for taken, button in self.choices.items() if button.isChecked()), None)
        self.model.set_filter(self.filter.text(), taken)
