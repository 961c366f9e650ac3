"""The settings of a source: whether it is watched, and which of its files are taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QMessageBox, QPlainTextEdit, QWidget

from rankscope.app.dialogs.base import LibraryDialog
from rankscope.app.dialogs.pattern_tester import LIMIT, PatternTester
from rankscope.app.models import wording
from rankscope.app.session import Session
from rankscope.app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.app.widgets.controls import ElidedLabel
from rankscope.core.api import Patterns, RankscopeError, SourceInfo, TestedFile

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

TYPING_PAUSE_MS = 300
PATTERN_WIDTH = 340


class SourceDialog(LibraryDialog):
    """What is known of a source above, its patterns and what they take below.

    ``failuresRequested`` and ``copiesRequested`` bring the SourceInfo whose files are to be listed.
    """

    failuresRequested = Signal(object)
    copiesRequested = Signal(object)

    def __init__(self, session: Session, theme: Theme, source: SourceInfo, parent: QWidget | None = None) -> None:
        name = Path(source.path).name or source.path
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Settings of {name}").format(name=name))
        self.source = source
        self._tested = False
        self.resize(940, 640)
        self._build_head(name)
        body = QHBoxLayout()
        body.setSpacing(SPACE_M)
        self._build_patterns(body)
        self.tester = PatternTester(theme, self)
        body.addWidget(self.tester, 1)
        self.column.addLayout(body, 1)
        self.update_button = self.button(self.tr("Update now"))
        self.update_button.setToolTip(self.tr("Read what is new or has changed in this source"))
        self.update_button.clicked.connect(self.update_source)
        self.folder_button = self.button(self.tr("Show in folder"))
        self.folder_button.clicked.connect(self.show_in_folder)
        self.apply_button = self.button(self.tr("Apply"), "primary")
        self.apply_button.clicked.connect(self.apply)
        self.add_buttons(self.update_button, self.folder_button, right=(self.apply_button,))
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.test)
        for edit in (self.include, self.exclude):
            edit.textChanged.connect(self._typed)
        session.libraryChanged.connect(self._library_changed)
        session.indexingChanged.connect(self._show_buttons)
        self._show_source()
        self._show_buttons()
        self.test()
        self.exclude.setFocus()

    # -- building --------------------------------------------------------------------------------------------------

    def _build_head(self, name: str) -> None:
        self.column.addWidget(make_label(name, self.theme, "title", parent=self))
        path = ElidedLabel(Qt.TextElideMode.ElideMiddle, self)
        path.setText(self.source.path)
        path.setFont(self.theme.font("small"))
        path.setProperty("role", "dim")
        self.column.addWidget(path)
        facts = QHBoxLayout()
        facts.setSpacing(SPACE_M)
        self._facts = make_label("", self.theme, parent=self)
        self._missing = make_label(self.tr("The folder is not there."), self.theme, "body", "error", self)
        self.failures_link = self.button("", "link")
        self.failures_link.clicked.connect(self._ask_for_failures)
        self.copies_link = self.button("", "link")
        self.copies_link.clicked.connect(self._ask_for_copies)
        for widget in (self._facts, self._missing, self.failures_link, self.copies_link):
            facts.addWidget(widget)
        facts.addStretch(1)
        self.column.addLayout(facts)
        self._skipped = make_label("", self.theme, "small", "dim", self, wrap=True)
        self.column.addWidget(self._skipped)
        self.watch = QCheckBox(self.tr("Watch it for changes, and take them in as they happen"), self)
        self.watch.setFont(self.theme.font("body"))
        self.watch.clicked.connect(self._watch_clicked)
        self.column.addWidget(self.watch)
        self._unwatched = make_label(
            self.tr("Watching is switched off for all folders at the moment, in the Library menu."),
            self.theme,
            "small",
            "dim",
            self,
            wrap=True,
        )
        self.column.addWidget(self._unwatched)
        self.column.addSpacing(SPACE_XS)

    def _build_patterns(self, body: QHBoxLayout) -> None:
        self._patterns = card = Card(self)
        card.setFixedWidth(PATTERN_WIDTH)
        self.include = self._editor(self.tr("Take only"), self.tr("Everything is taken while this is empty."))
        self.exclude = self._editor(self.tr("Leave out"), self.tr("Nothing is left out while this is empty."))
        self.include.setPlainText("\n".join(self.source.include))
        self.exclude.setPlainText("\n".join(self.source.exclude))
        self.trouble = make_label("", self.theme, "body", "error", card, wrap=True)
        self.trouble.hide()
        card.column.addWidget(self.trouble)
        card.column.addWidget(make_label(self.tr("One per line, for example:"), self.theme, "small", "dim", card))
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_M)
        grid.setVerticalSpacing(SPACE_XS)
        grid.setColumnStretch(1, 1)
        examples = (
            ("*.pdf", self.tr("all PDF files")),
            ("drafts/", self.tr("folders called “drafts”")),
            ("!important.pdf", self.tr("an exception to a line above")),
        )
        for row, (pattern, meaning) in enumerate(examples):
            grid.addWidget(make_label(pattern, self.theme, "small", parent=card), row, 0)
            grid.addWidget(make_label(meaning, self.theme, "small", "dim", card), row, 1)
        card.column.addLayout(grid)
        body.addWidget(card)

    def _editor(self, title: str, hint: str) -> QPlainTextEdit:
        card = self._patterns
        card.column.addWidget(make_label(title, self.theme, "title", parent=card))
        edit = QPlainTextEdit(card)
        edit.setFont(self.theme.font("body"))
        edit.setPlaceholderText(hint)
        edit.setAccessibleName(title)
        edit.setTabChangesFocus(True)
        edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        edit.setMinimumHeight(64)
        card.column.addWidget(edit, 2)
        card.column.addSpacing(SPACE_S)
        return edit

    # -- what is shown ---------------------------------------------------------------------------------------------

    @Slot()
    def _library_changed(self) -> None:
        fresh = next((one for one in self.session.sources if one.source_id == self.source.source_id), None)
        if fresh is None:
            if self.session.library is not None:
                self.leave()
            return
        came_back = fresh.reachable and not self.source.reachable
        self.source = fresh
        self._show_source()
        self._show_buttons()
        if came_back:
            self.test()

    def _show_source(self) -> None:
        source = self.source
        facts = [
            wording.plural(source.documents, self.tr("1 file"), self.tr("{count} files")),
            wording.plural(source.passages, self.tr("1 passage"), self.tr("{count} passages")),
            self.tr("last read {when}").format(when=wording.moment(source.last_scan))
            if source.last_scan
            else self.tr("never read"),
        ]
        self._facts.setText("  ·  ".join(facts))
        self._missing.setVisible(not source.reachable)
        self.failures_link.setText(
            wording.plural(source.errors, self.tr("1 file not read"), self.tr("{count} files not read"))
        )
        self.failures_link.setVisible(source.errors > 0)
        self.copies_link.setText(wording.plural(source.copies, self.tr("1 copy"), self.tr("{count} copies")))
        self.copies_link.setVisible(source.copies > 0)
        skipped = self.tr("Not of a kind that Rankscope reads: {kinds}").format(kinds=wording.kinds(source.skipped))
        self._skipped.setText(skipped)
        self._skipped.setVisible(bool(source.skipped))
        self.watch.setChecked(source.watch)
        self._unwatched.setVisible(source.watch and not self.session.watching)

    @Slot()
    def _show_buttons(self) -> None:
        self.apply_button.setEnabled(self._changed())
        self.update_button.setEnabled(not self.session.indexer.active and self.source.reachable)

    def _changed(self) -> bool:
        """Whether the patterns that are typed are not those of the source."""
        return (_lines(self.include), _lines(self.exclude)) != (self.source.include, self.source.exclude)

    # -- patterns --------------------------------------------------------------------------------------------------

    @Slot()
    def _typed(self) -> None:
        self.tester.look()
        self._pause.start()
        self._show_buttons()

    @Slot()
    def test(self) -> None:
        """Find out which files the patterns take; an older test that still runs is given up."""
        path, include, exclude = self.source.path, _lines(self.include), _lines(self.exclude)
        self.tester.look()

        def test(engine: Workspace, cancelled: Callable[[], bool]) -> tuple[bool, Sequence[TestedFile]]:
            files = engine.test_patterns(path, Patterns(include, exclude), limit=LIMIT, cancelled=cancelled)
            return Path(path).is_file(), files

        self.ask("test", test, self._tested_now, self._test_failed)

    @Slot(object)
    def _tested_now(self, answer: tuple[bool, Sequence[TestedFile]]) -> None:
        alone, files = answer
        self._patterns.setVisible(not alone)  # a single file is taken whatever they say
        self.apply_button.setVisible(not alone)
        self.trouble.hide()
        self.tester.show_files(files)

    @Slot(object)
    def _test_failed(self, error: BaseException) -> None:
        self.tester.show_trouble()
        self._tell_trouble(error)

    def _tell_trouble(self, error: BaseException) -> None:
        if isinstance(error, RankscopeError):
            self.trouble.setText(error.message)  # what to do stands below: the examples
            self.trouble.show()
        else:
            self.session.report_failure(error)

    @Slot()
    def apply(self) -> None:
        """Set the patterns; the source is brought up to date with them."""
        self._configure(self.while_open(self._applied), self.while_open(self._tell_trouble))

    def _configure(self, done: Callable[[], None] | None, failed: Callable[[BaseException], None] | None) -> None:
        include, exclude = _lines(self.include), _lines(self.exclude)
        self.session.configure_source(self.source.source_id, include=include, exclude=exclude, done=done, failed=failed)

    def _applied(self) -> None:
        self.say(self.tr("Set. The source is being brought up to date."))

    @Slot(bool)
    def _watch_clicked(self, on: bool) -> None:
        self.session.configure_source(self.source.source_id, watch=on)

    # -- elsewhere -------------------------------------------------------------------------------------------------

    @Slot()
    def update_source(self) -> None:
        """Bring the source up to date."""
        self.session.update_source(self.source.source_id)

    @Slot()
    def show_in_folder(self) -> None:
        """Show the source in the file manager."""
        self.show_file(self.source.path)

    @Slot()
    def _ask_for_failures(self) -> None:
        self.failuresRequested.emit(self.source)

    @Slot()
    def _ask_for_copies(self) -> None:
        self.copiesRequested.emit(self.source)

    def reject(self) -> None:
        """Close, but not with patterns that were typed and not applied."""
        if not self._changed():
            super().reject()
            return
        question = QMessageBox(self)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.setWindowTitle(self.windowTitle())
        question.setText(self.tr("The patterns were changed but not applied."))
        apply = question.addButton(self.tr("Apply"), QMessageBox.ButtonRole.AcceptRole)
        discard = question.addButton(self.tr("Discard"), QMessageBox.ButtonRole.DestructiveRole)
        question.addButton(QMessageBox.StandardButton.Cancel)
        apply.clicked.connect(self._apply_and_leave)
        discard.clicked.connect(self.leave)
        question.open()

    @Slot()
    def _apply_and_leave(self) -> None:
        self._configure(None, None)
        self.leave()


def _lines(edit: QPlainTextEdit) -> tuple[str, ...]:
    """The patterns in an editor."""
    return tuple(line.strip() for line in edit.toPlainText().splitlines() if line.strip())
