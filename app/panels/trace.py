"""Trace: the stages one query went through, and where its time went. A stage that is clicked is what Results shows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

from rankscope.app.theme import SPACE_S, SPACE_XL, Theme
from rankscope.app.widgets.controls import Notice, toned
from rankscope.app.widgets.evidence_panel import EvidencePanel
from rankscope.app.widgets.stage_flow import StageFlow, Waterfall


class TracePanel(EvidencePanel):
    """See the module."""

    def __init__(self, session: Any, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(session, theme, parent)
        self.flow = StageFlow(theme)
        self.waterfall = Waterfall(theme)
        self.notice = Notice(theme)
        self._notes = toned(QLabel(), "dim")
        self._build()
        session.traceChanged.connect(self._trace_changed)
        session.stagesChanged.connect(self._stages_changed)
        self.flow.chosen.connect(self._choose)
        self.restyle()
        self._trace_changed()

    def restyle(self) -> None:
        super().restyle()
        self._notes.setFont(self.theme.font("small"))
        self.notice.restyle()
        for card in self.flow.cards.values():
            card.update()
        self.flow.update()
        self.waterfall.update()

    def _build(self) -> None:
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.flow)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setStyleSheet("QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; }")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._notes.setWordWrap(True)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_S)
        row = QHBoxLayout()
        row.setSpacing(SPACE_XL)
        row.addWidget(self._scroll, 5)
        row.addWidget(self.waterfall, 2)
        column.addLayout(row, 1)
        column.addWidget(self._notes)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(content)
        self._stack.addWidget(self.notice)

    @Slot()
    def _trace_changed(self) -> None:
        trace = self.session.trace
        self.flow.set_trace(trace)
        self.waterfall.set_trace(trace)
        self._stages_changed()
        notes = [] if trace is None else [*trace.notes, *(stage.note for stage in trace.stages if stage.note)]
        self._notes.setText(" · ".join(notes))
        self._notes.setVisible(bool(notes))
        if trace is None or not trace.stages:
            self.notice.say(
                self.tr("Nothing to trace yet"),
                self.tr("Ask something: every stage that the query goes through appears here, with its time."),
            )
        self._stack.setCurrentIndex(1 if trace is None or not trace.stages else 0)

    @Slot()
    def _stages_changed(self) -> None:
        self.flow.mark(self.session.before, self.session.after)
        self.waterfall.mark(self.session.after)

    @Slot(str)
    def _choose(self, name: str) -> None:
        """Show what a stage made of its input; a second click on one with several inputs takes the next of them."""
        inputs = self.session.trace.stage(name).inputs
        before = inputs[0] if inputs else None
        if self.session.after == name and self.session.before in inputs:
            before = inputs[(inputs.index(self.session.before) + 1) % len(inputs)]
        self.session.set_stages(before, name)
