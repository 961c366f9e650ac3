"""Converting the vectors of a workspace: which kind, which codec, how large, and what it takes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QHBoxLayout, QHeaderView, QRadioButton, QWidget

from rankscope.app.dialogs.base import LibraryDialog, choose_rows, chosen_rows, plain_table
from rankscope.app.models import wording
from rankscope.app.models.codecs import (
    ALL,
    CODEC,
    LEVELS,
    TOKENS,
    VECTOR,
    WHAT,
    CodecsModel,
    kind_to_keep,
    plan,
    vector_sizes,
)
from rankscope.app.session import Session
from rankscope.app.theme import ROW_ONE_LINE, SPACE_S, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.core.api import BegunIndex, WorkspaceInfo


class ConvertDialog(LibraryDialog):
    """Begins the conversion and closes; the status bar shows how far it is, and stops it.

    ``wish`` is the kind and codec to begin with; what there is now when None.
    """

    def __init__(
        self,
        session: Session,
        theme: Theme,
        info: WorkspaceInfo,
        parent: QWidget | None = None,
        wish: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Convert vectors"))
        self._info = info
        self._wish = wish if wish is not None else (info.kind, wording.codec_name(info.codec))
        self.resize(800, 580)
        self.add_head(
            self.windowTitle(),
            self.tr("Now {kind} in {codec}: {count} vectors, {size}. A new index is built beside the old one.").format(
                kind=info.kind,
                codec=wording.codec_name(info.codec),
                count=wording.count(info.vectors),
                size=wording.size(info.vectors * info.row_bytes),
            ),
        )
        self._begun: BegunIndex | None = None
        self._build_begun()
        self._add_question(self.tr("What to store of each passage"))
        self._kinds = QButtonGroup(self)
        self.levels_button = self._kind_button(self.tr("Levels: at most 63 vectors, for every budget"), LEVELS)
        self.tokens_button = self._kind_button(self.tr("Tokens: a vector for every word piece, always all"), TOKENS)
        self._kinds.buttonClicked.connect(self._kind_chosen)
        self.model = CodecsModel(theme, info, self)
        self.model.set_kind(self.kind)
        self._add_question(self.tr("In which codec"))
        self._build_table()
        self._about = make_label("", theme, "body", "dim", self, wrap=True)
        self.column.addWidget(self._about)
        self.convert_button = self.button(self.tr("Convert"), "primary")
        self.convert_button.clicked.connect(self.convert)
        self.add_buttons(right=(self.convert_button,))
        session.indexingChanged.connect(self._show_plan)
        self._show_plan()
        codec = self._wish[1]
        self.ask("sizes", lambda engine, cancelled: vector_sizes(info, codec), self._show_sizes)
        self.ask("begun", lambda engine, cancelled: engine.begun(), self._show_begun)

    def _kind_button(self, text: str, kind: str) -> QRadioButton:
        button = QRadioButton(text, self)
        button.setFont(self.theme.font("body"))
        button.setChecked(kind == self._wish[0])
        self._kinds.addButton(button)
        self.column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return button

    def _add_question(self, text: str) -> None:
        self.column.addSpacing(SPACE_S)
        self.column.addWidget(make_label(text, self.theme, "title", parent=self))

    def _build_table(self) -> None:
        card = Card(self)
        self.table = table = plain_table(self.theme, self.tr("Codecs"), card)
        table.setModel(self.model)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setMinimumHeight(9 * ROW_ONE_LINE)
        header = table.horizontalHeader()
        for column, width in ((CODEC, 130), (VECTOR, 96), (ALL, 150)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(self._show_plan)
        card.column.addWidget(table)
        self.column.addWidget(card, 1)

    @property
    def kind(self) -> str:
        """The kind of vectors that is chosen."""
        return LEVELS if self.levels_button.isChecked() else TOKENS

    @property
    def codec(self) -> str:
        """The codec that is chosen; "" while none is."""
        rows = chosen_rows(self.table)
        return self.model.codecs[rows[0]] if rows else ""

    @Slot(object)
    def _show_sizes(self, sizes: dict[str, int]) -> None:
        self.model.set_sizes(sizes)
        codec = self._wish[1]
        choose_rows(self.table, [row for row, name in enumerate(self.model.codecs) if name == codec])
        self._show_plan()

    @Slot()
    def _kind_chosen(self) -> None:
        self.model.set_kind(self.kind)
        self._show_plan()

    @Slot()
    def _show_plan(self) -> None:
        if self.session.work is not None:
            possible, text = False, self.tr("Something else is being written now. Wait until it has ended.")
        elif not self.codec:
            possible, text = False, self.tr("Choose a codec.")
        else:
            chosen = plan(self._info, self.kind, self.codec)
            possible, text = chosen.possible, chosen.text
        self._about.setText(text)
        self.convert_button.setEnabled(possible)
        for button in (self.go_on_button, self.give_up_button):
            button.setEnabled(self.session.work is None)

    @Slot()
    def convert(self) -> None:
        """Begin, and leave the rest to the status bar."""
        kind, codec = kind_to_keep(self._info, self.kind), self.codec
        self.close()
        self.session.convert_vectors(kind, codec)

    # -- one that was begun and stopped ------------------------------------------------------------------------------

    def _build_begun(self) -> None:
        self._begun_card = card = Card(self)
        self._begun_about = make_label("", self.theme, "body", parent=card, wrap=True)
        self.go_on_button = self.button(self.tr("Go on"), "primary")
        self.go_on_button.clicked.connect(self.go_on)
        self.give_up_button = self.button(self.tr("Give up"))
        self.give_up_button.clicked.connect(self.give_up)
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self._begun_about, 1)
        row.addWidget(self.give_up_button)
        row.addWidget(self.go_on_button)
        card.column.addLayout(row)
        self.column.addWidget(card)
        card.hide()

    @Slot(object)
    def _show_begun(self, begun: BegunIndex | None) -> None:
        self._begun = begun
        self._begun_card.setVisible(begun is not None)
        if begun is None:
            return
        same = begun.encoder == self._info.encoder
        text = (
            self.tr("A conversion to {kind} in {codec} was begun and stopped. It takes space until it goes on.")
            if same
            else self.tr("A switch to the encoder {encoder} was begun and stopped. It takes space until it goes on.")
        )
        self._begun_about.setText(text.format(kind=begun.vectors, codec=begun.codec, encoder=begun.encoder))
        self.go_on_button.setVisible(same)  # encoders are switched on the command line
        self._show_plan()

    @Slot()
    def go_on(self) -> None:
        """Go on where the conversion was stopped."""
        begun = self._begun
        if begun is not None:
            self.close()
            self.session.convert_vectors(begun.vectors, begun.codec)

    @Slot()
    def give_up(self) -> None:
        """Drop what was built; the vectors stay as they are."""
        self._show_begun(None)
        self.session.give_up_conversion()
