"""The query: one line to type in, and under it the words it is made of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from rankscope.app.examples import example_questions
from rankscope.app.models.wording import word_chips
from rankscope.app.samples import shows_samples
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import SPACE_S, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.app.widgets.flow_layout import FlowLayout

CHIP_LIMIT = 40


class QueryPanel(Card):
    """A card with the line and its chips. In the Search layout (:meth:`set_compact`) there are no chips."""

    def __init__(self, session: Session, theme: Theme, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._settings = settings
        self._compact = False
        self._place: int | None = None  # in the history; None while the user's own words stand in the line
        self._draft = ""
        self._shown: object = None

        self.line = QLineEdit(self)
        self.line.setProperty("role", "query")
        self.line.setFont(theme.font("query"))
        self.line.setFixedHeight(38)
        self.line.setPlaceholderText(self.tr("Ask a question, or type words to look for"))
        self.line.setAccessibleName(self.tr("Query"))
        self.line.setAccessibleDescription(self.tr("Enter searches; up and down go through earlier queries"))
        self.line.returnPressed.connect(self.search)
        self.line.textEdited.connect(self._edited)
        self.line.installEventFilter(self)
        self.column.addWidget(self.line)

        self._below = QWidget(self)
        row = QHBoxLayout(self._below)
        row.setContentsMargins(0, 2, 0, 0)
        row.setSpacing(SPACE_S)
        self._chips = QWidget(self._below)
        self._flow = FlowLayout(self._chips, spacing=5)
        self._hint = make_label("", theme, "small", "dim", self._below)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._hint.setFixedHeight(26)
        row.addWidget(self._chips, 1)
        row.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addWidget(self._below)

        session.alignmentChanged.connect(self._refresh)
        session.traceChanged.connect(self._trace_changed)
        session.libraryChanged.connect(self._refresh)
        self._refresh()

    def set_compact(self, compact: bool) -> None:
        """Leave out what only matters for inspecting."""
        self._compact = compact
        self._refresh()

    def chip_texts(self) -> list[str]:
        """The words of the chips now shown."""
        return [widget.text() for widget in self._flow.widgets() if isinstance(widget, QLabel)]

    def suggestions(self) -> list[QPushButton]:
        """The example questions now offered."""
        return [widget for widget in self._flow.widgets() if isinstance(widget, QPushButton)]

    @Slot()
    def search(self) -> None:
        """Run what stands in the line."""
        text = self.line.text().strip()
        self._place = None
        if text:
            self._settings.add_to_history(text)
        self._session.search(text)

    @Slot()
    def focus_line(self) -> None:
        """Put the cursor into the line with its text selected."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down go through the history."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Up:
                self._step(1)
                return True
            if event.key() == Qt.Key.Key_Down:
                self._step(-1)
                return True
        return False

    def _step(self, by: int) -> None:
        history = self._settings.history
        if self._place is None:
            self._draft = self.line.text()
            place = 0 if by > 0 else -1
            if history and history[0] == self._draft and by > 0:
                place = 1
        else:
            place = self._place + by
        if place < 0:
            if self._place is not None:
                self.line.setText(self._draft)
            self._place = None
        elif place < len(history):
            self._place = place
            self.line.setText(history[place])

    @Slot()
    def _edited(self) -> None:
        self._place = None

    @Slot()
    def _trace_changed(self) -> None:
        query = self._session.query
        if query and not self.line.hasFocus():
            self.line.setText(query)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        trace, alignment, library = self._session.trace, self._session.alignment, self._session.library
        if trace is None:
            offer = library is not None and library.info.passages > 0 and shows_samples(library.sources)
            self._show_suggestions(offer)
        elif self._compact:
            self._show_chips((), "")
        elif alignment is not None and alignment.query == trace.query:
            tokens = alignment.query_tokens
            hint = self.tr("1 token") if len(tokens) == 1 else self.tr("{count} tokens").format(count=len(tokens))
            self._show_chips(tuple(word_chips(alignment.query, tokens)), hint)
        elif not len(trace.final) or self.suggestions():
            self._show_chips((), "")
        # Otherwise the alignment is on its way: the chips of the query before stay until it comes.

    def _show_suggestions(self, offer: bool) -> None:
        if self._shown == ("suggestions", offer):
            return
        self._shown = ("suggestions", offer)
        self._flow.clear()
        self._below.setVisible(offer)
        self._hint.setText("")
        if offer:
            lead = make_label(self.tr("Try:"), self._theme, "body", "dim", self._chips)
            lead.setFixedHeight(28)
            self._flow.addWidget(lead)
            for question in example_questions():
                button = QPushButton(question, self._chips)
                button.setProperty("role", "suggestion")
                button.setFont(self._theme.font("body"))
                button.setCursor(Qt.CursorShape.PointingHandCursor)
                button.clicked.connect(self._ask_suggestion)
                self._flow.addWidget(button)

    @Slot()
    def _ask_suggestion(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.line.setText(button.text())
            self.search()

    def _show_chips(self, chips: tuple[tuple[str, bool], ...], hint: str) -> None:
        if self._shown == (chips, hint):
            return
        self._shown = (chips, hint)
        self._flow.clear()
        self._below.setVisible(bool(chips))
        self._hint.setText(hint)
        for text, ordinary in chips[:CHIP_LIMIT]:
            self._flow.addWidget(self._chip(text, "chip" if ordinary else "hollow-chip"))
        if len(chips) > CHIP_LIMIT:
            more = self.tr("and {count} more").format(count=len(chips) - CHIP_LIMIT)
            self._flow.addWidget(self._chip(more, "hollow-chip"))

    def _chip(self, text: str, role: str) -> QLabel:
        label = make_label(text if len(text) <= 40 else f"{text[:39]}…", self._theme, "small", role, self._chips)
        label.setFixedHeight(26)
        if role == "hollow-chip" and text.startswith("["):
            label.setToolTip(self.tr("A special token: the encoder adds it to every query, and it scores like a word"))
        return label
