"""Fate: where a document went for the present query, stage by stage, with the verdict in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QStringListModel, Qt, QUrl, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFont, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QCompleter,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.fate import CUT, KEPT, RANK, SCORE, STAGE, WHERE, FateModel
from rankscope.app.theme import RADIUS_CONTROL, ROW_ONE_LINE, SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import BusyLine, Notice, flat_button, weighted
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.fate_delegate import FateDelegate

_WIDTHS = {STAGE: 150, RANK: 80, SCORE: 130, CUT: 80, KEPT: 160}


class FatePanel(EvidencePanel):
    """See the module. A file dropped on the panel is asked for."""

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.model = FateModel(self)
        self.edit = QLineEdit()
        self.ask_button = QPushButton(self.tr("Where did it go?"))
        self.verdict = QLabel()
        self.show_button = flat_button(self.tr("Show its best passage"), "link")
        self.table = QTableView()
        self.busy = BusyLine(theme)
        self.notice = Notice(theme)
        self._documents = QStringListModel(self)
        self._asked = False
        self._build()
        self._listen()
        self.restyle()
        self._trace_changed()
        self._fate_changed()

    def restyle(self) -> None:
        super().restyle()
        palette = self.theme.palette
        self.edit.setFont(self.theme.font("body"))
        self.edit.setStyleSheet(
            f"QLineEdit {{ background: {palette.background}; color: {palette.text}; border: 1px solid {palette.line};"
            f" border-radius: {RADIUS_CONTROL}px; padding: 5px 9px; }}"
            f"QLineEdit:focus {{ border-color: {palette.accent}; }}"
        )
        self.ask_button.setFont(self.theme.font("body"))
        self.verdict.setFont(weighted(self.theme.font("body"), QFont.Weight.DemiBold))
        self.show_button.setFont(self.theme.font("small"))
        self.table.setStyleSheet(
            f"QTableView {{ background: transparent; border: none; color: {palette.text}; }}"
            f"QHeaderView, QHeaderView::section {{ background: transparent; color: {palette.dim}; border: none; }}"
            f"QHeaderView::section {{ border-bottom: 1px solid {palette.line}; padding: 4px 8px; }}"
        )
        self.table.horizontalHeader().setFont(self.theme.font("small"))
        self.notice.restyle()
        self.table.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Question and verdict side by side where there is room, else one below the other."""
        super().resizeEvent(event)
        wide = event.size().width() >= 860
        self._top.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.edit.setPlaceholderText(self.tr("Type a document’s name, or drop a file here"))
        self.edit.setAccessibleName(self.tr("Document to look for"))
        self.edit.setClearButtonEnabled(True)
        self.edit.setAcceptDrops(False)  # a dropped file belongs to the panel, which takes its path
        completer = QCompleter(self._documents, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.edit.setCompleter(completer)
        self.ask_button.setProperty("kind", "primary")
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_table()
        asked = QHBoxLayout()
        asked.setSpacing(SPACE_S)
        asked.addWidget(self.edit, 1)
        asked.addWidget(self.ask_button)
        said = QHBoxLayout()
        said.addWidget(self.verdict, 1)
        said.addWidget(self.show_button)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(SPACE_M)
        self._top.addLayout(asked, 2)
        self._top.addLayout(said, 3)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_XS)
        outer.addLayout(self._top)
        outer.addWidget(self.busy)
        # A stacked layout shows its first widget at once: without a parent that would be a window of its own.
        self._stack = QStackedLayout()
        outer.addLayout(self._stack, 1)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.notice)

    def _build_table(self) -> None:
        table = self.table
        table.setModel(self.model)
        table.setItemDelegate(FateDelegate(self.theme, table))
        table.setAccessibleName(self.tr("The document in every stage"))
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_ONE_LINE - 2)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(WHERE, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width)

    def _listen(self) -> None:
        session = self.session
        session.fateChanged.connect(self._fate_changed)
        session.traceChanged.connect(self._trace_changed)
        session.failed.connect(self._failed)
        self.edit.returnPressed.connect(self._ask)
        self.edit.textChanged.connect(self._text_changed)
        self.ask_button.clicked.connect(self._ask)
        self.show_button.clicked.connect(self._show_passage)
        completer = self.edit.completer()
        if completer is not None:
            completer.activated.connect(self._ask)

    # -- what the session tells ------------------------------------------------------------------------------------

    @Slot()
    def _trace_changed(self) -> None:
        trace = self.session.trace
        documents = sorted({info.document for info in trace.passages.values()}) if trace is not None else []
        self._documents.setStringList(documents)
        self._text_changed()
        self._fate_changed()

    @Slot()
    def _fate_changed(self) -> None:
        fate = self.session.fate
        self.model.set_fate(fate)
        if fate is None:
            self.verdict.clear()
            self.show_button.hide()
        else:
            self._asked = False
            self.busy.set_busy(False)
            self.verdict.setText(fate.verdict)
            trace = self.session.trace
            known = trace is not None and fate.passage_id in trace.passages
            self.show_button.setVisible(known)
            if not self.edit.text():
                # Folder and name say which one; the whole path is a long way to read.
                self.edit.setText("/".join(fate.document.split("/")[-2:]))
                self.edit.setToolTip(fate.document)
            self._stack.setCurrentIndex(0)
            return
        if self.session.trace is None:
            self.notice.say(
                self.tr("Ask something first"),
                self.tr("Then this tells for any document at which stage of that query it was lost, and by how much."),
            )
        elif not self._asked:
            self.notice.say(
                self.tr("Missing a document?"),
                self.tr("Name it above: every stage says at which rank it stood, where the cut was, and if it got on."),
            )
        self._stack.setCurrentIndex(1)

    @Slot()
    def _failed(self) -> None:
        if self._asked:
            self._asked = False
            self.busy.set_busy(False)
            self._fate_changed()

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot()
    def _ask(self) -> None:
        document = self.edit.text().strip()
        if not document or self.session.trace is None:
            return
        self._asked = True
        self.busy.set_busy(True)
        self.notice.say(self.tr("Looking for it"), self.tr("Every stage is asked where this document stood."))
        self.session.ask_fate(document)

    @Slot()
    def _text_changed(self) -> None:
        self.ask_button.setEnabled(bool(self.edit.text().strip()) and self.session.trace is not None)

    @Slot()
    def _show_passage(self) -> None:
        fate = self.session.fate
        if fate is not None and fate.passage_id is not None:
            self.session.select(fate.passage_id)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped_file(event.mimeData().urls()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        file = self._dropped_file(event.mimeData().urls())
        if file is not None:
            event.acceptProposedAction()
            self.edit.setText(file)
            self._ask()

    @staticmethod
    def _dropped_file(urls: list[QUrl]) -> str | None:
        """The path of the one file that is dropped; a folder is left to the window, which adds it to the library."""
        if len(urls) != 1 or not urls[0].isLocalFile():
            return None
        path = Path(urls[0].toLocalFile())
        return None if path.is_dir() else str(path)
