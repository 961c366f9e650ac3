"""Train: meta tokens learned from pairs or from one's own documents, with the curves of every budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from rankscope.app.models import curve_file, wording
from rankscope.app.models.curve_plot import LOSS, MRR, axes, budget_name, series, written
from rankscope.app.models.training import Curve, TrainPlan, proposed_output, usual_settings
from rankscope.app.theme import SPACE_L, SPACE_M, SPACE_XS, Theme
from rankscope.app.widgets.controls import ElidedLabel, Notice, flat_button, toned
from rankscope.app.widgets.curve_table import CurveTable
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.plot import Plot
from rankscope.app.widgets.train_result import TrainResult
from rankscope.app.widgets.train_setup import WIDTH, TrainSetup
from rankscope.core.api import BUDGETS

_USUAL = "usual settings of training"
_TABLE_AND_PLOT = [456, 672]  # pixels, as far as there is room


class TrainPanel(EvidencePanel):
    """See the module."""

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.trainer = session.trainer
        self.setup = TrainSetup(session, theme)
        self.table = CurveTable(theme)
        self.plot = Plot(theme)
        self.result = TrainResult(theme)
        self.notice = Notice(theme)
        self.title = ElidedLabel(Qt.TextElideMode.ElideRight)
        self.left_out = ElidedLabel(Qt.TextElideMode.ElideRight)
        toned(self.left_out, "warning")
        self._asked_usual = False
        self._build()
        self._listen()
        self.restyle()
        self._show_outcome()

    @property
    def quantity(self) -> str:
        """What table and chart show: LOSS or MRR."""
        return LOSS if self.loss_button.isChecked() else MRR

    def restyle(self) -> None:
        super().restyle()
        small = self.theme.font("small")
        for button in (self.loss_button, self.mrr_button, self.copy_button, self.open_button):
            button.setFont(small)
        self.title.setFont(self.theme.font("title"))
        self.left_out.setFont(small)
        for part in (self.setup, self.table, self.result, self.notice):
            part.restyle()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask the engine for its usual settings, once somebody looks."""
        super().showEvent(event)
        if not self._asked_usual:
            self._asked_usual = True
            self.session.jobs.start(
                _USUAL,
                lambda cancelled, report: (usual_settings(), proposed_output()),
                done=lambda found: self.setup.set_usual(*found),
                failed=self.session.report_failure,
            )

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._quantities = QButtonGroup(self)
        self.loss_button = flat_button(
            self.tr("Loss"), "toggle", self.tr("What is trained: the mean since the last point")
        )
        self.mrr_button = flat_button(
            self.tr("MRR@10"), "toggle", self.tr("How well pairs that are held out find their passage: 1 is perfect")
        )
        for button in (self.loss_button, self.mrr_button):
            self._quantities.addButton(button)
        self.loss_button.setChecked(True)
        self.copy_button = flat_button(self.tr("Copy table"), "link", self.tr("Copy loss and MRR@10 of all points"))
        self.open_button = flat_button(
            self.tr("Open a curve…"), "link", self.tr("Open the training.json of trained meta tokens")
        )
        self.plot.setAccessibleName(self.tr("Loss or MRR@10 over steps"))
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
        column.addWidget(self.result)
        stacked = QWidget()
        # A stacked layout shows its first widget at once: without a parent that would be a window of its own.
        self._stack = QStackedLayout(stacked)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(content)
        self._stack.addWidget(self.notice)
        right = QVBoxLayout()
        right.setSpacing(SPACE_XS)
        right.addWidget(self.left_out)
        right.addWidget(stacked, 1)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_L)
        outer.addWidget(self.setup)
        outer.addLayout(right, 1)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(SPACE_XS)
        row.addWidget(self.title, 1)
        row.addWidget(self.loss_button)
        row.addWidget(self.mrr_button)
        row.addSpacing(SPACE_L)
        row.addWidget(self.open_button)
        row.addWidget(self.copy_button)
        return row

    def _listen(self) -> None:
        trainer = self.trainer
        trainer.outcomeChanged.connect(self._show_outcome)
        trainer.changed.connect(self._show_state)
        self.session.workspaceChanged.connect(self._show_result)
        self.setup.runRequested.connect(self.run)
        self.table.chosen.connect(self.plot.select)
        self.plot.chosen.connect(self.table.choose)
        self._quantities.buttonClicked.connect(self._show_curve)
        self.copy_button.clicked.connect(self.copy)
        self.open_button.clicked.connect(self.ask_open)
        self.notice.acted.connect(self.ask_open)

    # -- what was found --------------------------------------------------------------------------------------------

    @Slot()
    def _show_outcome(self) -> None:
        self._show_curve()
        self._show_result()
        self._show_state()

    @Slot()
    def _show_curve(self) -> None:
        curve = self.trainer.outcome
        self.table.show_curve(curve, self.quantity)
        if curve is None:
            self.plot.select(-1)
        else:
            self.plot.show_series(series(curve, self.quantity), *axes(self.quantity))

    @Slot()
    def _show_result(self) -> None:
        curve, workspace = self.trainer.outcome, self.session.workspace
        folder = curve.folder if curve is not None else None
        self.result.set_folder(folder, Path(workspace.path) if workspace is not None else None)

    @Slot()
    def _show_state(self) -> None:
        curve, active = self.trainer.outcome, self.trainer.active
        self._show_left_out(curve)
        if curve is not None and curve.points:
            self.title.setText(self._title(curve))
        elif active:
            self.notice.say(
                self.tr("Training"),
                self.tr(
                    "The encoder reads every text once, and what it finds is kept. Then the steps begin, and the "
                    "first points of the curve come."
                ),
            )
        elif curve is not None and self.trainer.unfinished is not None:
            self.notice.say(
                self.tr("Stopped before the first point"),
                self.tr("What the encoder has read is kept. Press “Go on” to go on from there."),
                self.tr("Open a curve…"),
            )
        else:
            self.notice.say(
                self.tr("Vectors that have learned your documents"),
                self.tr(
                    "Meta tokens describe a passage in up to 64 nested vectors that are trained to find it. They "
                    "learn from pairs of a question and its passage, or without any, from headings and sentences. "
                    "The encoder itself stays as it is."
                ),
                self.tr("Open a curve…"),
            )
        shows_curve = curve is not None and bool(curve.points)
        self._stack.setCurrentIndex(0 if shows_curve else 1)
        self.open_button.setEnabled(not active)
        self.notice.button.setVisible(not shows_curve and not active)

    def _title(self, curve: Curve) -> str:
        """ "2,700 pairs · 500 of 3,000 steps in 1:20 · MRR@10 0.7120 at (16, 64), 0.6900 untrained"."""
        last = curve.points[-1]
        parts = []
        if curve.pairs:
            parts.append(wording.plural(curve.pairs, self.tr("1 pair"), self.tr("{count} pairs")))
        steps = (
            self.tr("{done} of {steps} steps in {time}")
            if last.step < curve.steps
            else self.tr("{steps} steps in {time}")
        )
        parts.append(
            steps.format(
                done=wording.count(last.step), steps=wording.count(curve.steps), time=wording.clock(last.seconds)
            )
        )
        parts.append(
            self.tr("MRR@10 {best} at {budget}, {pooled} at {small}").format(
                best=written(last.mrr[-1]),
                budget=budget_name(BUDGETS[-1]),
                pooled=written(last.mrr[0]),
                small=budget_name(BUDGETS[0]),
            )
        )
        return " · ".join(parts)

    def _show_left_out(self, curve: Curve | None) -> None:
        """Lines of the files that could not be used, as long as their training is shown."""
        lines = curve.n_refused if curve is not None else 0
        self.left_out.setVisible(lines > 0)
        if curve is not None and lines:
            text = wording.plural(lines, self.tr("1 line was left out"), self.tr("{count} lines were left out"))
            self.left_out.setText(f"{text}: {'; '.join(curve.refused)}{'; …' if lines > len(curve.refused) else ''}")
            self.left_out.set_note("\n".join(curve.refused))

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot(object)
    def run(self, plan: TrainPlan) -> None:
        """Train, or go on."""
        self.trainer.start(plan, self.session.workspace)

    @Slot()
    def copy(self) -> None:
        """Put the whole table on the clipboard."""
        self.table.copy_all()
        self.session.noticed.emit(self.tr("The table is copied."))

    @Slot()
    def ask_open(self) -> None:
        """Ask for the curve of an earlier training, and show it."""
        text, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open a curve"),
            self.setup.output.text(),
            self.tr("Curves ({name})").format(name=curve_file.NAME),
        )
        if text:
            self.trainer.load(Path(text))
