"""What to sweep: a collection, and which budgets, codecs and first stages; with the way to begin and to stop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIntValidator
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models import wording
from rankscope.app.models.codecs import SENTENCES
from rankscope.app.models.sweep import DEPTH, SweepPlan
from rankscope.app.sweeping import Sweeper
from rankscope.app.theme import SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.budget_control import budget_text
from rankscope.app.widgets.controls import line_field, push_button, scrolled, toned
from rankscope.app.widgets.flow_layout import FlowLayout
from rankscope.app.widgets.run_controls import RunControls
from rankscope.core.api import BUDGETS

WIDTH = 272
DEEPEST = 1_000_000
_USUAL_CODEC, _USUAL_STAGE = "float16", "dense"


class SweepSetup(QWidget):
    """The form, and below it how the sweep goes on. ``runRequested`` brings a :class:`SweepPlan`."""

    runRequested = Signal(object)

    def __init__(self, sweeper: Sweeper, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sweeper = sweeper
        self._theme = theme
        self._labels: list[QLabel] = []
        self.setAcceptDrops(True)
        self.folder = line_field(self.tr("Folder of a BEIR or TREC collection"), self.tr("Drop a folder here"))
        self.choose_button = push_button(self.tr("Choose…"), self.tr("Choose the folder of a collection"))
        self.split = line_field(self.tr("Split, by the name of its judgments"), self.tr("test"))
        self.candidates = line_field(self.tr("How many candidates the first stage proposes"))
        self.candidates.setText(str(DEPTH))
        self.candidates.setValidator(QIntValidator(1, DEEPEST, self))
        self.budgets = {budget: self._box(budget_text(budget), on=True) for budget in BUDGETS}
        self.tokens = self._box(self.tr("all tokens"))
        self.tokens.setToolTip(self.tr("Late interaction over every token’s vector; they are encoded once more"))
        self.codecs = {codec: self._box(codec, on=codec == _USUAL_CODEC) for codec in SENTENCES}
        self.more_codecs = line_field(
            self.tr("More codecs, with commas between them"), self.tr("more: pca192+int8, pq48")
        )
        self.first_stages: dict[str, QCheckBox] = {}
        self._stages_row = FlowLayout(spacing=SPACE_XS)
        self._controls = controls = RunControls(
            sweeper, theme, self.tr("Measure these settings"), self.tr("Stop measuring; what is measured stays")
        )
        self.run_button, self.stop_button, self.summary = controls.run_button, controls.stop_button, controls.summary
        self.bar, self.progress = controls.bar, controls.progress
        self._build()
        self._listen()
        self.set_first_stages((_USUAL_STAGE,))

    @property
    def plan(self) -> SweepPlan:
        """What the form says."""
        more = [name.strip() for name in self.more_codecs.text().split(",")]
        codecs = [name for name, box in self.codecs.items() if box.isChecked()]
        return SweepPlan(
            folder=Path(self.folder.text().strip()).expanduser(),
            split=self.split.text().strip(),
            budgets=tuple(budget for budget, box in self.budgets.items() if box.isChecked()),
            codecs=tuple(dict.fromkeys([*codecs, *filter(None, more)])),
            first_stages=tuple(name for name, box in self.first_stages.items() if box.isChecked()),
            tokens=self.tokens.isChecked(),
            depth=int(self.candidates.text() or 0),
        )

    def set_folder(self, folder: Path) -> None:
        """Put a collection into the form."""
        self.folder.setText(str(folder))

    def set_first_stages(self, names: Sequence[str]) -> None:
        """Offer these; what was ticked stays so."""
        for name in names:
            if name not in self.first_stages:
                box = self.first_stages[name] = self._box(name, on=name == _USUAL_STAGE)
                box.toggled.connect(self._show_summary)
                self._stages_row.addWidget(box)
                box.show()
        self._show_summary()

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        body, small = self._theme.font("body"), self._theme.font("small")
        for kind in (QCheckBox, QLineEdit, QPushButton):
            for widget in self.findChildren(kind):
                widget.setFont(body)
        for label in self._labels:
            label.setFont(small)
        self._controls.restyle()

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, SPACE_S, 0)
        column.setSpacing(SPACE_XS)
        column.addWidget(self._title(self.tr("Collection")))
        chosen = QHBoxLayout()
        chosen.setSpacing(SPACE_S)
        chosen.addWidget(self.folder, 1)
        chosen.addWidget(self.choose_button)
        column.addLayout(chosen)
        pair = QGridLayout()
        pair.setHorizontalSpacing(SPACE_S)
        pair.setVerticalSpacing(SPACE_XS)
        pair.addWidget(self._title(self.tr("Split")), 0, 0)
        pair.addWidget(self._title(self.tr("Candidates")), 0, 1)
        pair.addWidget(self.split, 1, 0)
        pair.addWidget(self.candidates, 1, 1)
        column.addLayout(pair)
        column.addWidget(self._title(self.tr("Budgets")))
        column.addWidget(self._flow([*self.budgets.values(), self.tokens]))
        column.addWidget(self._title(self.tr("Codecs")))
        column.addWidget(self._flow(list(self.codecs.values())))
        column.addWidget(self.more_codecs)
        column.addWidget(self._title(self.tr("First stages")))
        stages = QWidget()
        stages.setLayout(self._stages_row)
        column.addWidget(stages)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_S)
        outer.addWidget(scrolled(form), 1)
        outer.addWidget(self._controls)

    def _listen(self) -> None:
        self.choose_button.clicked.connect(self.choose_folder)
        self._controls.asked.connect(self.run)
        for field in (self.folder, self.split, self.candidates, self.more_codecs):
            field.textChanged.connect(self._show_summary)
            field.returnPressed.connect(self.run)
        for box in (*self.budgets.values(), self.tokens, *self.codecs.values()):
            box.toggled.connect(self._show_summary)
        self._sweeper.changed.connect(self._show_summary)

    def _title(self, text: str) -> QLabel:
        label = toned(QLabel(text), "dim")
        self._labels.append(label)
        return label

    def _box(self, text: str, *, on: bool = False) -> QCheckBox:
        box = QCheckBox(text)
        box.setChecked(on)
        box.setFont(self._theme.font("body"))
        return box

    @staticmethod
    def _flow(boxes: Sequence[QCheckBox]) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder, SPACE_XS)
        for box in boxes:
            flow.addWidget(box)
        return holder

    # -- what it says ----------------------------------------------------------------------------------------------

    @Slot()
    def _show_summary(self) -> None:
        plan = self.plan
        lacking = self._lacking(plan)
        text = wording.plural(plan.settings, self.tr("1 setting"), self.tr("{count} settings"))
        self._controls.set_ready(ready=not lacking, summary=lacking or text)

    def _lacking(self, plan: SweepPlan) -> str:
        """What has to be filled in before it can begin, or ""."""
        if not self.folder.text().strip():
            return self.tr("Choose a collection.")
        if not plan.depth:
            return self.tr("How many candidates?")
        if not plan.budgets and not plan.tokens:
            return self.tr("Tick a budget.")
        if not plan.codecs:
            return self.tr("Tick a codec.")
        return "" if plan.first_stages else self.tr("Tick a first stage.")

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot()
    def choose_folder(self) -> None:
        """Ask for the folder of a collection."""
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a collection"), self.folder.text())
        if folder:
            self.set_folder(Path(folder))

    @Slot()
    def run(self) -> None:
        """Begin with what the form says, where it is complete."""
        if self.run_button.isEnabled():
            self.runRequested.emit(self.plan)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = self._dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.set_folder(folder)

    @staticmethod
    def _dropped_folder(event: QDropEvent) -> Path | None:
        urls = event.mimeData().urls()
        if len(urls) != 1 or not urls[0].isLocalFile():
            return None
        path = Path(urls[0].toLocalFile())
        return path if path.is_dir() else None
