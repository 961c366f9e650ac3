"""Sweep: what every budget, codec and first stage is worth on a collection, as a table and as a chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from rankscope.app.models import wording
from rankscope.app.models.sweep import SweepPlan, first_stages
from rankscope.app.models.sweep_plot import SIZE, TIME, axes, series
from rankscope.app.models.sweep_use import use_of, use_text
from rankscope.app.theme import SPACE_L, SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import ElidedLabel, Notice, flat_button, push_button, toned
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.plot import Plot
from rankscope.app.widgets.sweep_limits import SweepLimits
from rankscope.app.widgets.sweep_setup import WIDTH, SweepSetup
from rankscope.app.widgets.sweep_table import SweepTable

_OPTIONS = "sweep options"
_TABLE_AND_PLOT = [648, 480]  # pixels, as far as there is room


class SweepPanel(EvidencePanel):
    """``convertRequested`` brings the kind and the codec in which the vectors of the workspace should be stored."""

    convertRequested = Signal(str, str)

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.sweeper = session.sweeper
        self.setup = SweepSetup(self.sweeper, theme)
        self.table = SweepTable(theme)
        self.plot = Plot(theme)
        self.limits = SweepLimits(theme)
        self.notice = Notice(theme)
        self.title = ElidedLabel(Qt.TextElideMode.ElideRight)
        self.said = ElidedLabel(Qt.TextElideMode.ElideRight)
        self._asked_options = False
        self._convert: tuple[str, str] | None = None
        self._build()
        self._listen()
        self.restyle()
        self._show_outcome()

    def restyle(self) -> None:
        super().restyle()
        small = self.theme.font("small")
        for button in (self.time_button, self.size_button, self.save_button, self.open_button, self.convert_button):
            button.setFont(small)
        self.use_button.setFont(self.theme.font("body"))
        self.title.setFont(self.theme.font("title"))
        self.said.setFont(small)
        for part in (self.setup, self.table, self.limits, self.notice):
            part.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the engine what there is to choose, once somebody looks."""
        super().showEvent(event)
        if not self._asked_options:
            self._asked_options = True
            self.session.jobs.start(
                _OPTIONS,
                lambda cancelled, report: first_stages(),
                done=self.setup.set_first_stages,
                failed=self.session.report_failure,
            )

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._against = QButtonGroup(self)
        self.time_button = flat_button(self.tr("Against time"), "toggle")
        self.size_button = flat_button(self.tr("Against size"), "toggle")
        for button in (self.time_button, self.size_button):
            self._against.addButton(button)
        self.time_button.setChecked(True)
        self.save_button = flat_button(self.tr("Save…"), "link", self.tr("Save the table as JSON or CSV"))
        self.open_button = flat_button(self.tr("Open…"), "link", self.tr("Open a sweep that was saved as JSON"))
        self.convert_button = flat_button(self.tr("Convert vectors…"), "link")
        self.use_button = push_button(
            self.tr("Use this setting"),
            self.tr("Rank with this budget and first stage. How many candidates there are, the pipeline says."),
            primary=True,
        )
        self.plot.setAccessibleName(self.tr("Quality against time or size"))
        toned(self.said, "dim")
        self.setup.setFixedWidth(WIDTH)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        column.addLayout(self._tools())
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(SPACE_M)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.table)
        self.splitter.addWidget(self.plot)
        self.splitter.setSizes(_TABLE_AND_PLOT)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.limits)
        column.addLayout(self._last_row())
        right = QWidget()
        # A stacked layout shows its first widget at once: without a parent that would be a window of its own.
        self._stack = QStackedLayout(right)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(content)
        self._stack.addWidget(self.notice)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_L)
        outer.addWidget(self.setup)
        outer.addWidget(right, 1)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_XS)
        row.addWidget(self.title, 1)
        row.addWidget(self.time_button)
        row.addWidget(self.size_button)
        row.addSpacing(SPACE_L)
        row.addWidget(self.open_button)
        row.addWidget(self.save_button)
        return row

    def _last_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self.use_button)
        row.addWidget(self.said, 1)
        row.addWidget(self.convert_button)
        return row

    def _listen(self) -> None:
        sweeper = self.sweeper
        sweeper.outcomeChanged.connect(self._show_outcome)
        sweeper.changed.connect(self._show_state)
        sweeper.saved.connect(self._saved)
        self.session.libraryChanged.connect(self._show_buttons)
        self.setup.runRequested.connect(self.run)
        self.table.chosen.connect(self._chosen_in_table)
        self.table.used.connect(self.use)
        self.plot.chosen.connect(self.table.choose)
        self.plot.activated.connect(self.use)
        self.limits.recommended.connect(self._show_recommended)
        self._against.buttonClicked.connect(self._show_plot)
        self.use_button.clicked.connect(self._use_chosen)
        self.save_button.clicked.connect(self.ask_save)
        self.open_button.clicked.connect(self.ask_open)
        self.notice.acted.connect(self.ask_open)
        self.convert_button.clicked.connect(self._ask_convert)

    # -- what was found ---------------------------------------------------------------------------------------------

    @Slot()
    def _show_outcome(self) -> None:
        outcome = self.sweeper.outcome
        self.table.set_outcome(outcome)
        self.limits.set_outcome(outcome)
        if outcome is None:
            self._say("")
            self.plot.select(-1)
        self._show_plot()
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        outcome, active = self.sweeper.outcome, self.sweeper.active
        if outcome is not None:
            count = wording.plural(len(outcome.rows), self.tr("1 setting"), self.tr("{count} settings"))
            passages = wording.plural(outcome.passages, self.tr("1 passage"), self.tr("{count} passages"))
            encoders = ", ".join(dict.fromkeys(row.encoder for row in outcome.rows))
            self.title.setText(" · ".join((outcome.collection, passages, count, encoders)))
        elif active:
            self.notice.say(
                self.tr("Measuring"),
                self.tr("The first row comes once the collection is encoded; that is done once and kept."),
            )
        else:
            self.notice.say(
                self.tr("What is a setting worth?"),
                self.tr(
                    "Choose a collection with judgments and tick what to compare. Every budget, codec and first stage "
                    "is measured: quality, milliseconds, bytes."
                ),
                self.tr("Open a saved sweep…"),
            )
        self._stack.setCurrentIndex(1 if outcome is None else 0)
        self._show_buttons()

    @Slot()
    def _show_plot(self) -> None:
        outcome = self.sweeper.outcome
        if outcome is None:
            return
        against = TIME if self.time_button.isChecked() else SIZE
        self.plot.show_series(series(outcome, against), *axes(outcome, against))

    @Slot(int, bool)
    def _show_recommended(self, row: int, select: bool) -> None:
        self.table.model_of_rows.recommend(row)
        self.plot.recommend(row)
        if select and row >= 0:
            self.table.choose(row)

    @Slot(int)
    def _chosen_in_table(self, row: int) -> None:
        self.plot.select(row)
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        usable = self.session.library is not None
        self.use_button.setEnabled(usable and self.table.chosen_row >= 0)
        self.save_button.setEnabled(self.sweeper.outcome is not None)
        self.open_button.setEnabled(not self.sweeper.active)
        self.notice.button.setVisible(self.sweeper.outcome is None and not self.sweeper.active)

    def _say(self, text: str, convert: tuple[str, str] | None = None) -> None:
        self.said.setText(text)
        self._convert = convert
        self.convert_button.setVisible(convert is not None)

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot(object)
    def run(self, plan: SweepPlan) -> None:
        """Measure."""
        self.sweeper.start(plan)

    @Slot()
    def _use_chosen(self) -> None:
        if self.table.chosen_row >= 0:
            self.use(self.table.chosen_row)

    @Slot(int)
    def use(self, row: int) -> None:
        """Apply a row to the open workspace, and say what that changed and what it did not."""
        outcome, library = self.sweeper.outcome, self.session.library
        if outcome is None or not 0 <= row < len(outcome.rows):
            return
        if library is None:
            self._say(self.tr("Open a workspace to use a setting there."))
            return
        setting = outcome.rows[row]
        use = use_of(setting, library.info, library.pipelines)
        if use.pipeline is not None:
            self.session.set_pipeline(use.pipeline)
        if use.budget is not None:
            self.session.set_budget(use.budget)
        self._say(use_text(setting, use, library.info, self.session.pipeline), use.convert)

    @Slot()
    def _ask_convert(self) -> None:
        if self._convert is not None:
            self.convertRequested.emit(*self._convert)

    @Slot()
    def ask_save(self) -> None:
        """Ask where, and save what is shown."""
        outcome = self.sweeper.outcome
        if outcome is None:
            return
        name = f"sweep-{outcome.collection.replace('/', '-')}.json"
        text, chosen = QFileDialog.getSaveFileName(
            self, self.tr("Save the sweep"), name, self.tr("JSON (*.json);;CSV table (*.csv)")
        )
        if text:
            path = Path(text)
            if not path.suffix:
                path = path.with_name(f"{path.name}{'.csv' if '.csv' in chosen else '.json'}")
            self.sweeper.save(path)

    @Slot()
    def ask_open(self) -> None:
        """Ask which, and show a sweep that was saved."""
        text, _ = QFileDialog.getOpenFileName(self, self.tr("Open a saved sweep"), "", self.tr("JSON (*.json)"))
        if text:
            self.sweeper.load(Path(text))

    @Slot(object)
    def _saved(self, path: Path) -> None:
        self._say(self.tr("Saved as {path}").format(path=path))
