"""Converting the vectors of a workspace: which kind, which codec, how large, and what it takes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QButtonGroup, QHeaderView, QRadioButton, QWidget

from rankscope.app.dialogs.base import LibraryDialog, choose_rows, chosen_rows, plain_table
from rankscope.app.models import wording
from rankscope.app.models.codecs import ALL, CODEC, LEVELS, TOKENS, VECTOR, WHAT, CodecsModel, plan, vector_sizes
from rankscope.app.session import Session
from rankscope.app.theme import ROW_ONE_LINE, SPACE_S, Theme
from rankscope.app.widgets.card import Card, make_label
from rankscope.core.api import WorkspaceInfo


class ConvertDialog(LibraryDialog):
    """Begins the conversion and closes; the status bar shows how far it is, and stops it."""

    def __init__(self, session: Session, theme: Theme, info: WorkspaceInfo, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, "", parent)
        self.setWindowTitle(self.tr("Convert vectors"))
        self._info = info
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
        self._add_question(self.tr("What to store of each passage"))
        self._kinds = QButtonGroup(self)
        self.levels_button = self._kind_button(self.tr("Levels: at most 63 vectors, for every budget"), LEVELS)
        self.tokens_button = self._kind_button(self.tr("Tokens: a vector for every word piece, always all"), TOKENS)
        self._kinds.buttonClicked.connect(self._kind_chosen)
        self.model = CodecsModel(theme, info, self)
        self._add_question(self.tr("In which codec"))
        self._build_table()
        self._about = make_label("", theme, "body", "dim", self, wrap=True)
        self.column.addWidget(self._about)
        self.convert_button = self.button(self.tr("Convert"), "primary")
        self.convert_button.clicked.connect(self.convert)
        self.add_buttons(right=(self.convert_button,))
        session.indexingChanged.connect(self._show_plan)
        self._show_plan()
        self.ask("sizes", lambda engine, cancelled: vector_sizes(info), self._show_sizes)

    def _kind_button(self, text: str, kind: str) -> QRadioButton:
        button = QRadioButton(text, self)
        button.setFont(self.theme.font("body"))
        button.setChecked(kind == self._info.kind)
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
        choose_rows(self.table, [self.model.codecs.index(wording.codec_name(self._info.codec))])
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

    @Slot()
    def convert(self) -> None:
        """Begin, and leave the rest to the status bar."""
        kind, codec = self.kind, self.codec
        self.close()
        self.session.convert_vectors(kind, codec)
