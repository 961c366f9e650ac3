"""Results: the ranking before a stage and after it, joined by lines; or, for the Search layout, one calm list."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.comparison import EMPTY, Comparison, compare, format_score
from rankscope.app.models.results import ResultsModel
from rankscope.app.theme import ROW_TWO_LINES, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import BusyLine, ElidedLabel, Notice, toned, weighted
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.opening import open_document
from rankscope.app.widgets.result_delegate import PAD, ResultDelegate
from rankscope.app.widgets.slope import SlopeLane
from rankscope.core.api import Filters, PassageInfo


class ResultList(QListView):
    """One column. Arrows, Home and End move; Enter opens, Space goes to the preview, Left and Right change column."""

    openRequested = Signal(int)
    previewRequested = Signal()
    sideRequested = Signal()
    hoverChanged = Signal(object)  # passage id or None

    def __init__(self, model: ResultsModel, delegate: ResultDelegate, name: str) -> None:
        super().__init__()
        self._model = model
        self._delegate = delegate
        self.setModel(model)
        self.setItemDelegate(delegate)
        delegate.setParent(self)
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setStyleSheet("QListView { background: transparent; border: none; outline: none; }")

    @property
    def delegate(self) -> ResultDelegate:
        return self._delegate

    def show_passage(self, passage_id: int | None) -> None:
        """Make a passage's row the current one, without telling anyone; none when the column does not show it."""
        row = self._model.row_of(passage_id)
        blocked = self.selectionModel().blockSignals(True)
        if row is None:
            self.setCurrentIndex(QModelIndex())
            self.clearSelection()
        else:
            self.setCurrentIndex(self._model.index(row))
            self.scrollTo(self._model.index(row))
        self.selectionModel().blockSignals(blocked)
        self.viewport().update()

    def set_hovered(self, passage_id: int | None) -> None:
        """Mark the row of the passage that the mouse is on in either column."""
        if passage_id != self._delegate.hovered:
            self._delegate.hovered = passage_id
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        passage = self._model.passage_at(self.currentIndex())
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and passage is not None:
            self.openRequested.emit(passage)
        elif key == Qt.Key.Key_Space:
            self.previewRequested.emit()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.sideRequested.emit()
        elif not self.currentIndex().isValid() and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            # Nothing selected in this column yet: start at its first row in sight.
            self.setCurrentIndex(self.indexAt(QPoint(PAD, 2)))
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self.hoverChanged.emit(self._model.passage_at(self.indexAt(event.position().toPoint())))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        passage = self._model.passage_at(self.indexAt(event.position().toPoint()))
        if passage is not None and event.button() == Qt.MouseButton.LeftButton:
            self.openRequested.emit(passage)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hoverChanged.emit(None)


class ResultsPanel(EvidencePanel):
    """See the module. ``previewRequested`` asks the window to put the keyboard into the preview."""

    previewRequested = Signal()

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self._comparison: Comparison = EMPTY
        self._compact = False
        self._following = False
        self._before_model, self._after_model = ResultsModel(self), ResultsModel(self)
        self.before_view = ResultList(self._before_model, ResultDelegate(theme, "before"), self.tr("Ranking before"))
        self.after_view = ResultList(self._after_model, ResultDelegate(theme, "after"), self.tr("Ranking after"))
        self.before_view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.lane = SlopeLane(theme, ROW_TWO_LINES)
        self.lane.scroll_with(self.after_view)
        self._before_title, self._after_title = ElidedLabel(), ElidedLabel()
        for label in (self._before_title, self._after_title):
            toned(label, "dim")
        self._lane_title = QLabel()
        self.busy = BusyLine(theme)
        self.notice = Notice(theme)
        self._build()
        self._listen()
        self.restyle()
        self._trace_changed()

    @property
    def comparison(self) -> Comparison:
        return self._comparison

    def set_compact(self, compact: bool) -> None:
        """One column without scores and stages (the Search layout), or both with everything (Inspect)."""
        if compact != self._compact:
            self._compact = compact
            self.after_view.delegate.side = "compact" if compact else "after"
            self._rebuild()

    def focus_list(self) -> None:
        """Put the keyboard into the ranking."""
        self.after_view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def restyle(self) -> None:
        super().restyle()
        heading = weighted(self.theme.font("small"), QFont.Weight.DemiBold)
        for label in (self._before_title, self._after_title):
            label.setFont(heading)
        self.notice.restyle()
        for view in (self.before_view, self.after_view):
            view.viewport().update()

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        headings = QHBoxLayout()
        headings.setSpacing(0)
        headings.setContentsMargins(PAD, 0, 0, SPACE_XS)
        headings.addWidget(self._before_title, 1)
        headings.addWidget(self._lane_title)
        headings.addWidget(self._after_title, 1)
        columns = QHBoxLayout()
        columns.setSpacing(0)
        columns.addWidget(self.before_view, 1)
        columns.addWidget(self.lane)
        columns.addWidget(self.after_view, 1)
        content = QWidget()
        inside = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(headings)
        inside.addLayout(columns, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_S - 2)
        outer.addWidget(self.busy)
        # A stacked layout shows its first widget at once: without a parent that would be a window of its own.
        self._stack = QStackedLayout()
        outer.addLayout(self._stack, 1)
        self._stack.addWidget(content)
        self._stack.addWidget(self.notice)

    def _listen(self) -> None:
        session = self.session
        session.traceChanged.connect(self._trace_changed)
        session.stagesChanged.connect(self._rebuild)
        session.evidenceChanged.connect(self._evidence_changed)
        session.selectionChanged.connect(self._selection_changed)
        session.workspaceChanged.connect(self._trace_changed)
        session.searching.connect(self.busy.set_busy)
        self.notice.acted.connect(self._act)
        for view, other in ((self.before_view, self.after_view), (self.after_view, self.before_view)):
            view.selectionModel().currentChanged.connect(self._current_changed)
            view.openRequested.connect(self._open)
            view.previewRequested.connect(self.previewRequested)
            view.sideRequested.connect(self._change_side)
            view.hoverChanged.connect(self._hovered)
            view.verticalScrollBar().valueChanged.connect(self._scrolled)
            view.verticalScrollBar().rangeChanged.connect(self._scrolled)
            self.setTabOrder(view, other)

    # -- what the session tells ------------------------------------------------------------------------------------

    @Slot()
    def _trace_changed(self) -> None:
        self._rebuild()

    @Slot()
    def _rebuild(self) -> None:
        trace = self.session.trace
        comparison = EMPTY
        if trace is not None:
            before, after = (None, None) if self._compact else (self.session.before, self.session.after)
            comparison = compare(trace, before, after)  # the calm list is always the final ranking
        self._comparison = comparison
        self._before_model.set_rows(comparison.before)
        self._after_model.set_rows(comparison.after)
        self.lane.set_moves(comparison.moves.values())
        two = comparison.has_before
        for widget in (self.before_view, self._before_title, self.lane, self._lane_title):
            widget.setVisible(two)
        self._fit_lane()
        self._head()
        self._evidence_changed()
        self._selection_changed()
        empty = trace is None or not (comparison.after or comparison.before)
        if empty:
            self._explain()
        self._stack.setCurrentIndex(1 if empty else 0)

    @Slot()
    def _evidence_changed(self) -> None:
        self._before_model.set_evidence(self.session.evidence)
        self._after_model.set_evidence(self.session.evidence)

    @Slot()
    def _selection_changed(self) -> None:
        selected = self.session.selected
        self.before_view.show_passage(selected)
        self.after_view.show_passage(selected)
        self.lane.set_focus(self.after_view.delegate.hovered, selected)

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot(QModelIndex, QModelIndex)
    def _current_changed(self, current: QModelIndex | QPersistentModelIndex, _previous: QModelIndex) -> None:
        model = current.model()
        if current.isValid() and isinstance(model, ResultsModel):
            self.session.select(model.passage_at(current))

    @Slot(object)
    def _hovered(self, passage_id: int | None) -> None:
        self.before_view.set_hovered(passage_id)
        self.after_view.set_hovered(passage_id)
        self.lane.set_focus(passage_id, self.session.selected)

    @Slot()
    def _scrolled(self) -> None:
        before, after = self.before_view.verticalScrollBar(), self.after_view.verticalScrollBar()
        if not self._following:
            self._following = True
            source, target = (before, after) if self.sender() is before else (after, before)
            target.setValue(source.value())
            self._following = False
        self.lane.set_offsets(before.value(), after.value())

    @Slot()
    def _change_side(self) -> None:
        if not self._comparison.has_before:
            return
        target = self.after_view if self.sender() is self.before_view else self.before_view
        target.setFocus(Qt.FocusReason.TabFocusReason)

    @Slot(int)
    def _open(self, passage_id: int) -> None:
        info: PassageInfo | None = self.session.trace.passages.get(passage_id) if self.session.trace else None
        if info is None:
            return
        document = self.session.document
        path = document.path if document is not None and document.document_id == info.document_id else info.document
        if not open_document(path):
            self.session.failed.emit(
                self.tr("{path} could not be opened.").format(path=path),
                self.tr("Check that the file is still there and that a program for its type is installed."),
                "",
            )

    @Slot()
    def _act(self) -> None:
        """The one button of the empty state."""
        if self.session.filters:
            self.session.set_filters(Filters())
        else:
            self.session.set_pipeline("hybrid")

    # -- words -----------------------------------------------------------------------------------------------------

    def _head(self) -> None:
        comparison = self._comparison
        if self._compact:
            self._after_title.setText(self.tr("{count} passages").format(count=len(comparison.after)))
            self._after_title.setAccessibleDescription("")
            return
        self._before_title.setText(self.tr("Before: {stage}").format(stage=comparison.before_title))
        head = self.tr("After: {stage}") if comparison.has_before else self.tr("Ranking: {stage}")
        self._after_title.setText(head.format(stage=comparison.after_title))
        for label, scale in (
            (self._before_title, comparison.before_scale),
            (self._after_title, comparison.after_scale),
        ):
            label.set_note(
                self.tr("Bars go from 0 to this column's highest score, {score} {kind}.").format(
                    score=format_score(*scale), kind=scale[1]
                )
            )

    def _explain(self) -> None:
        session = self.session
        if session.trace is None:
            self.notice.say(
                self.tr("No question asked yet"),
                self.tr("Type what you are looking for in the line above and press Enter."),
            )
        elif session.filters:
            self.notice.say(
                self.tr("Nothing matches within the filters"),
                self.tr("The filters leave no passage for “{query}”.").format(query=session.trace.query),
                self.tr("Clear the filters"),
            )
        elif session.trace.pipeline == "lexical":
            self.notice.say(
                self.tr("No passage has these words"),
                self.tr("Only exact words were looked for. A search by meaning finds other ways to say it, too."),
                self.tr("Search by meaning too"),
            )
        else:
            self.notice.say(
                self.tr("Nothing found"),
                self.tr("No passage is near “{query}”. Add a folder to the library, or try other words.").format(
                    query=session.trace.query
                ),
            )

    def _fit_lane(self) -> None:
        width = max(92, min(136, int(self.width() * 0.125)))
        self._lane_title.setFixedWidth(width)
        self.lane.setFixedWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_lane()
