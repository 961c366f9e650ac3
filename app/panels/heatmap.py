"""The heatmap panel: query words against passage words, what each row adds, and the same as a table."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.grid import Grid, build_grid
from rankscope.app.models.heatmap import HeatmapModel
from rankscope.app.theme import SPACE_L, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import ElidedLabel, Notice, flat_button
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.heat import SHARED, HeatScale
from rankscope.app.widgets.heat_canvas import HeatCanvas
from rankscope.app.widgets.heat_layout import ALL, MATCHED, OVERVIEW
from rankscope.app.widgets.legend import HeatLegend, PartsLegend

_LEGENDS_WIDTH = 1180  # pixels of the panel from which there is room for both legends
_FADE_MS = 180  # a new alignment usually comes sooner; until then the old one stays as it is


class HeatmapPanel(EvidencePanel):
    """``wordActivated`` carries the document offset of a passage word that was clicked, for the preview to show."""

    wordActivated = Signal(int)

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.model = HeatmapModel(self)
        self.canvas = HeatCanvas(self.model, theme)
        self.table = QTableView()
        self.legend = HeatLegend(theme)
        self.parts_legend = PartsLegend(theme)
        self.notice = Notice(theme)
        self.readout = ElidedLabel(Qt.TextElideMode.ElideRight)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(_FADE_MS)
        self._build()
        self._listen()
        self.restyle()
        self._alignment_changed()

    def restyle(self) -> None:
        super().restyle()
        palette = self.theme.palette
        for button in self._buttons:
            button.setFont(self.theme.font("small"))
        self.readout.setFont(self.theme.font("small"))
        self.readout.setProperty("tone", "dim")
        self.table.setFont(self.theme.font("small"))
        self.table.setStyleSheet(
            f"QTableView {{ background: {palette.panel}; color: {palette.text}; border: none;"
            f" gridline-color: {palette.line}; selection-background-color: {palette.selection};"
            f" selection-color: {palette.text}; }}"
            f"QHeaderView::section, QTableCornerButton::section {{ background: {palette.panel}; color: {palette.dim};"
            f" border: none; border-bottom: 1px solid {palette.line}; padding: 3px 6px; }}"
        )
        self.notice.restyle()
        self.legend.update()
        self.parts_legend.update()
        self.canvas.refresh()

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._modes = QButtonGroup(self)
        self._mode_names = (MATCHED, ALL, OVERVIEW)
        self.mode_buttons = (
            flat_button(self.tr("Matched words"), "toggle"),
            flat_button(self.tr("All words"), "toggle"),
            flat_button(self.tr("Overview"), "toggle"),
        )
        for number, button in enumerate(self.mode_buttons):
            self._modes.addButton(button, number)
        self.mode_buttons[0].setChecked(True)
        self.merge_button = flat_button(self.tr("Whole words"), "toggle")
        self.merge_button.setToolTip(self.tr("Join word pieces: the cell is the highest of them, the row their sum"))
        self.merge_button.setChecked(True)
        self.hidden_button = flat_button(self.tr("Hidden tokens"), "toggle")
        self.hidden_button.setToolTip(self.tr("Show the special tokens, and the title and headings before the passage"))
        self.own_scale_button = flat_button(self.tr("Own scale"), "toggle")
        self.own_scale_button.setToolTip(
            self.tr("Spread the colours over this passage's own range. Off: one scale for all passages, comparable")
        )
        self.table_button = flat_button(self.tr("Table"), "toggle")
        self.table_button.setToolTip(self.tr("The same figures as a table, to read aloud or to copy"))
        self._buttons = (
            *self.mode_buttons, self.merge_button, self.hidden_button, self.own_scale_button, self.table_button,
        )  # fmt: skip
        tools = QHBoxLayout()
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(SPACE_XS)
        for button in self.mode_buttons:
            tools.addWidget(button)
        tools.addSpacing(SPACE_L)
        tools.addWidget(self.merge_button)
        tools.addWidget(self.hidden_button)
        tools.addSpacing(SPACE_L)
        tools.addWidget(self.readout, 1)
        tools.addWidget(self.legend)
        tools.addWidget(self.parts_legend)
        self.parts_legend.hide()
        tools.addWidget(self.own_scale_button)
        tools.addWidget(self.table_button)
        self.table.setModel(self.model)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self.table.setAccessibleName(self.tr("Similarities as a table"))
        self.table.horizontalHeader().setDefaultSectionSize(64)
        self.table.verticalHeader().setDefaultSectionSize(26)
        self._copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        self._copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        content = QWidget()
        inside = self._content_layout = QVBoxLayout(content)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE_S)
        inside.addLayout(tools)
        # A stacked layout shows its first widget at once: without a parent that would be a window of its own.
        self._views = QStackedLayout()
        inside.addLayout(self._views, 1)
        self._views.addWidget(self.canvas)
        self._views.addWidget(self.table)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(content)
        self._stack.addWidget(self.notice)

    def _listen(self) -> None:
        session = self.session
        session.alignmentChanged.connect(self._alignment_changed)
        session.traceChanged.connect(self._alignment_changed)
        session.selectionChanged.connect(self._alignment_changed)
        session.failed.connect(self._failed)
        self._modes.idClicked.connect(self._choose_mode)
        self.canvas.modeChanged.connect(self._mode_changed)
        self.canvas.columnActivated.connect(self._column_activated)
        self.canvas.cellChanged.connect(self._cell_changed)
        self.merge_button.toggled.connect(self._show_alignment)
        self.hidden_button.toggled.connect(self._show_alignment)
        self.own_scale_button.toggled.connect(self._rescale)
        self.table_button.toggled.connect(self._show_table)
        self.table.activated.connect(self._table_activated)
        self._copy.activated.connect(self._copy_table)
        self._fade.timeout.connect(self._fade_now)

    # -- what the session tells ------------------------------------------------------------------------------------

    @Slot()
    def _alignment_changed(self) -> None:
        if self.session.alignment is not None:
            self._show_alignment()
        elif self.session.selected is None:
            self._fade.stop()
            self.model.set_grid(None)
            self.notice.say(
                self.tr("No result selected"),
                self.tr("Select a result to see which of its words answer which words of the query."),
            )
            self._stack.setCurrentIndex(1)
        elif self.model.grid is None:
            self.notice.say(self.tr("Comparing words"), self.tr("The alignment of this passage is on its way."))
            self._stack.setCurrentIndex(1)
        elif not self._fade.isActive():
            self._fade.start()

    @Slot()
    def _show_alignment(self) -> None:
        alignment, trace = self.session.alignment, self.session.trace
        if alignment is None:
            return
        self._fade.stop()
        self.canvas.set_faded(False)
        info = trace.passages.get(alignment.passage_id) if trace is not None else None
        grid = build_grid(
            alignment,
            merge=self.merge_button.isChecked(),
            hidden=self.hidden_button.isChecked(),
            passage=info.text if info is not None else "",
            passage_start=info.start if info is not None else 0,
        )
        self._stack.setCurrentIndex(0)
        self._show_parts_legend(grid)
        self._content_layout.activate()  # the canvas knows its size before it places the columns
        self.model.set_grid(grid)
        self._rescale()
        self._cell_changed(-1, -1)

    def _show_parts_legend(self, grid: Grid | None) -> None:
        has_parts = grid is not None and grid.anchors is not None
        self.parts_legend.setVisible(has_parts and self.width() >= _LEGENDS_WIDTH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_parts_legend(self.model.grid)

    @Slot()
    def _rescale(self) -> None:
        grid = self.model.grid
        own = self.own_scale_button.isChecked() and grid is not None
        scale = HeatScale.of(grid.values) if own and grid is not None else SHARED
        self.canvas.set_scale(scale)
        self.legend.set_scale(scale)

    @Slot()
    def _fade_now(self) -> None:
        self.canvas.set_faded(self.session.alignment is None)

    @Slot()
    def _failed(self) -> None:
        if self.session.alignment is None and self.session.selected is not None:
            self._fade.stop()
            self.model.set_grid(None)
            self.notice.say(
                self.tr("No alignment for this passage"),
                self.tr("It could not be worked out. Select the result again to try once more."),
            )
            self._stack.setCurrentIndex(1)

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot(int)
    def _choose_mode(self, number: int) -> None:
        self.canvas.set_mode(self._mode_names[number])

    @Slot(str)
    def _mode_changed(self, mode: str) -> None:
        self.mode_buttons[self._mode_names.index(mode)].setChecked(True)

    @Slot(bool)
    def _show_table(self, table: bool) -> None:
        self._views.setCurrentIndex(1 if table else 0)

    @Slot(int)
    def _column_activated(self, column: int) -> None:
        grid = self.model.grid
        if grid is None or not 0 <= column < len(grid.columns):
            return
        start = grid.columns[column].start
        if start >= 0:
            self.wordActivated.emit(start)
            if hasattr(self.session, "wordActivated"):
                self.session.wordActivated.emit(start)

    @Slot(QModelIndex)
    def _table_activated(self, index: QModelIndex) -> None:
        self._column_activated(index.column())

    @Slot()
    def _copy_table(self) -> None:
        """Copy the selected cells with their headers, or the whole table when only one is selected."""
        selection: QItemSelectionModel = self.table.selectionModel()
        indexes = selection.selectedIndexes()
        rows, columns = sorted({index.row() for index in indexes}), sorted({index.column() for index in indexes})
        whole = len(indexes) < 2
        text = self.model.as_text(None if whole else rows, None if whole else columns)
        QGuiApplication.clipboard().setText(text)

    @Slot(int, int)
    def _cell_changed(self, row: int, column: int) -> None:
        if row >= 0:
            self.readout.setText(self.model.sentence(row, column))
            return
        grid = self.model.grid
        notes = []
        if grid is not None and grid.hidden_rows:
            notes.append(self.tr("{count} query tokens hidden").format(count=grid.hidden_rows))
        if grid is not None and grid.hidden_columns:
            notes.append(self.tr("{count} title and special tokens hidden").format(count=grid.hidden_columns))
        self.readout.setText(", ".join(notes))
