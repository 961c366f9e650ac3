"""How to train: from what, where to, with which settings; with the way to begin, to stop and to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.training import SETTINGS, TrainPlan, parse
from rankscope.app.theme import SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.controls import flat_button, line_field, push_button, scrolled, toned
from rankscope.app.widgets.run_controls import RunControls
from rankscope.app.widgets.train_source import TrainSource, pairs_among
from rankscope.core.api import UsageError

WIDTH = 272
_SHOWN = ("steps", "every")  # the other settings are folded away
_MOST, _ENCODER = "most", "encoder"


class TrainSetup(QWidget):
    """The form, and below it how the training goes on. ``runRequested`` brings a :class:`TrainPlan`.

    A field without text stands for the usual value, which it shows as a hint.
    """

    runRequested = Signal(object)

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._trainer = session.trainer
        self._theme = theme
        self._labels: list[QLabel] = []
        self.setAcceptDrops(True)
        self.source = TrainSource(theme)
        self.output = line_field(self.tr("Folder for the trained meta tokens"), self.tr("a new folder"))
        self.choose_button = push_button(self.tr("Choose…"), self.tr("Choose the folder for the trained meta tokens"))
        meanings = self._meanings()
        self.fields = {name: line_field(meanings[name][1]) for name in meanings}
        self.fold = flat_button("", "link", self.tr("Show or hide the other settings"))
        self.fold.setCheckable(True)
        self.fold.setStyleSheet("QToolButton { padding: 3px 4px 3px 0; }")  # its arrow stands under the titles
        self._folded = QWidget()
        self._controls = controls = RunControls(
            self._trainer, theme, self.tr("Train meta tokens"), self.tr("Stop; training can go on later")
        )
        self.run_button, self.stop_button, self.summary = controls.run_button, controls.stop_button, controls.summary
        self.bar, self.progress = controls.bar, controls.progress
        self._build({name: title for name, (title, _) in meanings.items()})
        self._listen()
        self._show_fold()
        self._show_summary()

    def _meanings(self) -> dict[str, tuple[str, str]]:
        """Of every setting its title and what it is."""
        return {
            "steps": (self.tr("Steps"), self.tr("How many steps to train")),
            "every": (self.tr("A point every"), self.tr("After how many steps the curve gets another point")),
            "batch": (self.tr("Batch"), self.tr("How many queries a step sees")),
            "rate": (self.tr("Learning rate"), self.tr("The highest learning rate; it rises first and then falls")),
            "rank": (self.tr("Rank"), self.tr("Of the matrices that learn: more of it learns more, and is larger")),
            "blocks": (self.tr("Blocks"), self.tr("How many layers read the text after the first look at it")),
            "distillation": (
                self.tr("Distillation"),
                self.tr("What it weighs to rank like late interaction over all tokens; 0 switches it off"),
            ),
            "temperature": (self.tr("Temperature"), self.tr("Of the scores in the loss; lower is stricter")),
            "seed": (self.tr("Seed"), self.tr("The same seed, pairs and settings give the same weights")),
            _MOST: (self.tr("Most pairs"), self.tr("At most so many pairs of each file or of the workspace")),
            _ENCODER: (self.tr("Encoder"), self.tr("A name or a folder: the encoder whose texts are read; it stays")),
        }

    # -- what it says ----------------------------------------------------------------------------------------------

    @property
    def plan(self) -> TrainPlan:
        """What the form says. Raises UsageError where a field holds no number."""
        own = self.source.from_workspace.isChecked()
        workspace = self._session.workspace
        most = parse({_MOST: self.fields[_MOST].text()})
        return TrainPlan(
            output=Path(self.output.text().strip()).expanduser(),
            files=() if own else self.source.files,
            workspace=Path(workspace.path) if own and workspace is not None else None,
            values=parse({name: self.fields[name].text() for name in SETTINGS}),
            most=int(most[_MOST]) if most else None,
            encoder=self.fields[_ENCODER].text().strip(),
        )

    def set_plan(self, plan: TrainPlan) -> None:
        """Put a plan into the form."""
        self.source.set_files(plan.files)
        self.source.from_workspace.setChecked(plan.workspace is not None)
        self.output.setText(str(plan.output))
        for name in SETTINGS:
            self.fields[name].setText(f"{plan.values[name]:g}" if name in plan.values else "")
        self.fields[_MOST].setText(str(plan.most) if plan.most is not None else "")
        self.fields[_ENCODER].setText(plan.encoder)

    def set_usual(self, usual: Mapping[str, str], output: Path) -> None:
        """Show the usual settings as hints, and propose a folder where none is named."""
        for name, text in usual.items():
            self.fields[name].setPlaceholderText(text)
        if not self.output.text():
            self.output.setText(str(output))

    def focus_first(self) -> None:
        """Give the keyboard to the first choice."""
        self.source.from_files.setFocus()

    def restyle(self) -> None:
        """Take fonts from the theme again."""
        body, small = self._theme.font("body"), self._theme.font("small")
        for kind in (QLineEdit, QPushButton, QToolButton):
            for widget in self.findChildren(kind):
                widget.setFont(body)
        for label in self._labels:
            label.setFont(small)
        self.source.restyle()
        self._controls.restyle()

    # -- building --------------------------------------------------------------------------------------------------

    def _build(self, titles: Mapping[str, str]) -> None:
        form = QWidget()
        column = QVBoxLayout(form)
        column.setContentsMargins(0, 0, SPACE_S, 0)
        column.setSpacing(SPACE_XS)
        column.addWidget(self._title(self.tr("Learn from")))
        column.addWidget(self.source)
        column.addSpacing(SPACE_XS)
        column.addWidget(self._title(self.tr("Keep in")))
        chosen = QHBoxLayout()
        chosen.setSpacing(SPACE_S)
        chosen.addWidget(self.output, 1)
        chosen.addWidget(self.choose_button)
        column.addLayout(chosen)
        column.addLayout(self._grid({name: titles[name] for name in _SHOWN}))
        column.addWidget(self.fold)
        rest = {name: title for name, title in titles.items() if name not in (*_SHOWN, _ENCODER)}
        folded = QVBoxLayout(self._folded)
        folded.setContentsMargins(0, 0, 0, 0)
        folded.setSpacing(SPACE_XS)
        folded.addLayout(self._grid(rest))
        folded.addWidget(self._title(titles[_ENCODER]))
        folded.addWidget(self.fields[_ENCODER])
        column.addWidget(self._folded)
        column.addStretch(1)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(SPACE_S)
        outer.addWidget(scrolled(form), 1)
        outer.addWidget(self._controls)

    def _grid(self, titles: Mapping[str, str]) -> QGridLayout:
        """Two fields side by side, each under its title."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE_S)
        grid.setVerticalSpacing(SPACE_XS)
        for place, (name, title) in enumerate(titles.items()):
            row, column = divmod(place, 2)
            grid.addWidget(self._title(title), 2 * row, column)
            grid.addWidget(self.fields[name], 2 * row + 1, column)
        return grid

    def _title(self, text: str) -> QLabel:
        label = toned(QLabel(text), "dim")
        self._labels.append(label)
        return label

    def _listen(self) -> None:
        self.choose_button.clicked.connect(self.choose_folder)
        self._controls.asked.connect(self.run)
        self.fold.toggled.connect(self._show_fold)
        self.source.changed.connect(self._show_summary)
        for field in (self.output, *self.fields.values()):
            field.textChanged.connect(self._show_summary)
            field.returnPressed.connect(self.run)
        for signal in (
            self._trainer.changed,
            self._trainer.unfinishedChanged,
            self._trainer.outcomeChanged,
            self._session.libraryChanged,
        ):
            signal.connect(self._show_summary)

    @Slot()
    def _show_fold(self) -> None:
        opened = self.fold.isChecked()
        self._folded.setVisible(opened)
        changed = sum(bool(field.text().strip()) for name, field in self.fields.items() if name not in _SHOWN)
        note = self.tr(" ({count} changed)").format(count=changed) if changed and not opened else ""
        self.fold.setText(("▾ " if opened else "▸ ") + self.tr("Settings") + note)

    @Slot()
    def _show_summary(self) -> None:
        library = self._session.library
        self.source.set_workspace(possible=library is not None and library.info.passages > 0)
        plan, lacking = None, ""
        try:
            plan = self.plan
            lacking = self._lacking(plan)
        except UsageError as error:
            lacking = error.message
        goes_on = plan is not None and plan == self._trainer.unfinished
        self.run_button.setText(self.tr("Go on") if goes_on else self.tr("Train"))
        self._controls.set_ready(
            ready=not lacking, summary=lacking or (self.tr("Not finished yet.") if goes_on else "")
        )
        self._show_fold()

    def _lacking(self, plan: TrainPlan) -> str:
        """What has to be filled in before it can begin, or ""."""
        if not plan.files and plan.workspace is None:
            return self.tr("Add a file.") if self.source.from_files.isChecked() else self.tr("Open a workspace.")
        if not self.output.text().strip():
            return self.tr("Choose a folder to keep it in.")
        outcome = self._trainer.outcome
        if outcome is not None and outcome.folder == plan.output:
            return self.tr("Trained. To train again, choose another folder.")
        return ""

    # -- what the user does ----------------------------------------------------------------------------------------

    @Slot()
    def choose_folder(self) -> None:
        """Ask for the folder of the trained meta tokens."""
        text = QFileDialog.getExistingDirectory(self, self.tr("Keep the meta tokens in"), self.output.text())
        if text:
            self.output.setText(text)

    @Slot()
    def run(self) -> None:
        """Begin with what the form says, where it is complete."""
        if self.run_button.isEnabled():
            self.runRequested.emit(self.plan)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dropped_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = self._dropped_files(event)
        if files:
            event.acceptProposedAction()
            self.source.add_files(files)

    @staticmethod
    def _dropped_files(event: QDropEvent) -> list[Path]:
        return pairs_among([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
