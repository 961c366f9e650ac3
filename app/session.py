"""The state that all panels share: the workspace, the current query and its trace, the selected passage.

Panels change it by calling its methods and redraw when its signals tell them to; no panel talks to another one.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.jobs import Jobs
from rankscope.app.library_session import LibrarySession
from rankscope.app.models import budgets, wording
from rankscope.app.models.library import LibrarySnapshot
from rankscope.app.models.sweep import SweepOutcome
from rankscope.app.models.training import Curve
from rankscope.app.sweeping import Sweeper
from rankscope.app.training import Trainer
from rankscope.app.workspace_session import Opener, open_with_engine
from rankscope.core.api import Alignment, Budget, DocumentText, Fate, Filters, PageView, Trace

QUERY_TOPICS = ("search", "evidence", "alignment", "fate")


class Session(LibrarySession):
    """See the module. Attributes are read by panels and written here only."""

    settingsChanged = Signal()
    traceChanged = Signal()
    selectionChanged = Signal()
    evidenceChanged = Signal()
    alignmentChanged = Signal()
    documentChanged = Signal()
    stagesChanged = Signal()
    fateChanged = Signal()
    searching = Signal(bool)

    def __init__(
        self, parent: QObject | None = None, *, jobs: Jobs | None = None, opener: Opener = open_with_engine
    ) -> None:
        super().__init__(parent, jobs=jobs, opener=opener)
        self.query = ""
        self.pipeline = "hybrid"
        self.k = 10
        self.budget = budgets.LARGEST
        self.filters = Filters()
        self.trace: Trace | None = None
        self.before: str | None = None
        self.after: str | None = None
        self.selected: int | None = None
        self.evidence: dict[int, tuple[str, ...]] = {}
        self.alignment: Alignment | None = None
        self.document: DocumentText | None = None
        self.fate: Fate | None = None
        self.fate_document: str | None = None
        self._alignments: dict[int, Alignment] = {}
        self._chosen_stages: tuple[str, str | None, str] | None = None  # pipeline, before, after
        self.sweeper = Sweeper(self.jobs, self)  # belongs to no workspace
        self.sweeper.finished.connect(self._swept)
        self.sweeper.failed.connect(self.report_failure)
        self.trainer = Trainer(self.jobs, self)
        self.trainer.finished.connect(self._trained)
        self.trainer.failed.connect(self.report_failure)

    # -- what the workspace tells ----------------------------------------------------------------------------------

    def contents_changed(self) -> None:
        """Run the query again: its answer may be another one now."""
        self.document = None
        self._repeat_search()

    def workspace_left(self) -> None:
        """Forget everything that came from the workspace; the words of the query stay."""
        super().workspace_left()
        for topic in (*QUERY_TOPICS, "document", "page"):
            self.jobs.drop(topic)
        self.searching.emit(False)
        self.filters = Filters()
        self.settingsChanged.emit()
        self._set_trace(None)

    def library_read(self, snapshot: LibrarySnapshot) -> None:
        """Fall back to a pipeline that exists."""
        super().library_read(snapshot)
        names = snapshot.pipelines
        if names and self.pipeline not in names:
            self.set_pipeline("hybrid" if "hybrid" in names else names[0])

    # -- the query -------------------------------------------------------------------------------------------------

    def search(self, query: str | None = None) -> None:
        """Run the query (the present one when None); an empty query clears the results."""
        if query is not None:
            self.query = query.strip()
        for topic in QUERY_TOPICS:
            self.jobs.drop(topic)
        if not self.query:
            self.searching.emit(False)
            self._set_trace(None)
            return
        if self.workspace is None:
            return
        text, pipeline, k, filters, budget = self.query, self.pipeline, self.k, self.filters, self.budget
        self.searching.emit(True)
        self.ask(
            "search",
            lambda engine, cancelled: engine.search(
                text, pipeline=pipeline, k=k, filters=filters, budget=budget, cancelled=cancelled
            ),
            self._searched,
            failed=self._search_failed,
            lane="interactive",
        )

    def set_pipeline(self, name: str) -> None:
        """Rank with another pipeline; runs the query again."""
        if name != self.pipeline:
            self.pipeline = name
            self.settingsChanged.emit()
            self._repeat_search()

    def set_k(self, k: int) -> None:
        """Ask for another number of results; runs the query again."""
        if k != self.k:
            self.k = k
            self.settingsChanged.emit()
            self._repeat_search()

    @property
    def budget_obstacle(self) -> str:
        """Why no budget can be chosen now, or "" (see :func:`rankscope.app.models.budgets.obstacle`)."""
        info = self.library.info if self.library is not None else None
        return budgets.obstacle(info, self.pipeline, self.trace)

    def set_budget(self, budget: Budget) -> None:
        """Choose how many vectors take part in late interaction; runs the query again.

        Of a fast series of changes only the last is ranked: a search that waits is replaced, one that runs is stopped.
        """
        if budget != self.budget:
            self.budget = budget
            self.settingsChanged.emit()
            self._repeat_search()

    def set_filters(self, filters: Filters) -> None:
        """Limit the search; runs the query again."""
        if filters != self.filters:
            self.filters = filters
            self.settingsChanged.emit()
            self._repeat_search()

    def set_stages(self, before: str | None, after: str) -> None:
        """Choose the two stages that Results compares. Raises KeyError when the trace has no such stage."""
        if self.trace is None or (before, after) == (self.before, self.after):
            return
        for name in (before, after):
            if name is not None:
                self.trace.stage(name)
        self.before, self.after = before, after
        self._chosen_stages = (self.trace.pipeline, before, after)
        self.stagesChanged.emit()
        self._ask_evidence()

    def select(self, passage_id: int | None) -> None:
        """Select a passage everywhere."""
        if passage_id == self.selected:
            return
        self.selected = passage_id
        self.selectionChanged.emit()
        self._ask_alignment()
        self._ask_document()

    def ask_fate(self, document_path: str) -> None:
        """Find out where a document went for the present query; asked again for every later query."""
        self.fate_document = document_path.strip() or None
        self._set_fate(None)
        self._ask_fate()

    def request_page(self, document_id: int, page: int, width: int, callback: Callable[[PageView], None]) -> None:
        """Draw a page ``width`` pixels wide and call back with it; only the newest request is answered."""
        self.ask("page", lambda engine, cancelled: engine.page_view(document_id, page, width), callback)

    # -- measuring -------------------------------------------------------------------------------------------------

    @Slot(object)
    def _swept(self, outcome: SweepOutcome | None) -> None:
        if outcome is None:
            self.noticed.emit(self.tr("Stopped. What was measured stays."))
            return
        settings = wording.plural(len(outcome.rows), self.tr("1 setting"), self.tr("{count} settings"))
        self.noticed.emit(
            self.tr("The sweep is done: {settings} on {name}.").format(settings=settings, name=outcome.collection)
        )

    @Slot(object)
    def _trained(self, curve: Curve | None) -> None:
        if curve is None:
            self.noticed.emit(self.tr("Stopped. The training can go on later."))
        else:
            self.noticed.emit(self.tr("The training is done: {folder}.").format(folder=curve.folder))

    # -- answers ---------------------------------------------------------------------------------------------------

    @Slot(object)
    def _searched(self, trace: Trace) -> None:
        self.searching.emit(False)
        self._set_trace(trace)

    @Slot(object)
    def _search_failed(self, error: BaseException) -> None:
        self.searching.emit(False)
        self.report_failure(error)

    def _set_trace(self, trace: Trace | None) -> None:
        if trace is None and self.trace is None:
            return
        same_query = trace is not None and self.trace is not None and trace.query == self.trace.query
        self.trace = trace
        self.evidence = {}
        self._alignments.clear()
        explained, self.alignment = self.alignment is not None, None  # no panel draws the old one under the new trace
        self.before, self.after = self._stages_to_show(trace)
        final = [int(passage) for passage in trace.final.ids] if trace is not None else []
        # Another pipeline or filter on the same words keeps the passage that the user looks at.
        if not (same_query and self.selected in final):
            self.selected = final[0] if final else None
        self._set_fate(None)
        self.traceChanged.emit()
        self.stagesChanged.emit()
        self.evidenceChanged.emit()
        self.selectionChanged.emit()
        if explained:
            self.alignmentChanged.emit()
        self._ask_alignment()
        self._ask_document()
        self._ask_evidence()
        self._ask_fate()

    def _stages_to_show(self, trace: Trace | None) -> tuple[str | None, str | None]:
        if trace is None or not trace.stages:
            return None, None
        if self._chosen_stages is not None:
            pipeline, before, after = self._chosen_stages
            names = {stage.name for stage in trace.stages}
            if pipeline == trace.pipeline and after in names and (before is None or before in names):
                return before, after
        default = trace.before
        return (default.name if default is not None else None), trace.stages[-1].name

    def _ask_evidence(self) -> None:
        trace = self.trace
        if trace is None:
            return
        wanted: dict[int, None] = {}
        for name in (self.after, self.before):
            if name is not None:
                wanted.update(dict.fromkeys(int(i) for i in trace.stage(name).output.ids[: trace.k]))
        missing = [passage for passage in wanted if passage not in self.evidence]
        if missing:
            self.ask(
                "evidence",
                lambda engine, cancelled: engine.evidence(trace, missing),
                self._evidence_found,
                lane="interactive",
            )

    @Slot(object)
    def _evidence_found(self, words: dict[int, tuple[str, ...]]) -> None:
        self.evidence = {**self.evidence, **words}
        self.evidenceChanged.emit()

    def _ask_alignment(self) -> None:
        trace, passage = self.trace, self.selected
        self.jobs.drop("alignment")
        known = self._alignments.get(passage) if passage is not None else None
        if known is not self.alignment:
            self.alignment = known
            self.alignmentChanged.emit()
        if trace is None or passage is None or known is not None:
            return
        budget = budgets.budget_of(trace)
        self.ask(
            "alignment",
            lambda engine, cancelled: engine.explain(trace.query, passage, pipeline=trace.pipeline, budget=budget),
            self._aligned,
            lane="interactive",
        )

    @Slot(object)
    def _aligned(self, alignment: Alignment) -> None:
        self._alignments[alignment.passage_id] = alignment
        self.alignment = alignment
        self.alignmentChanged.emit()

    def _ask_document(self) -> None:
        info = self.trace.passages.get(self.selected) if self.trace is not None and self.selected is not None else None
        document_id = info.document_id if info is not None else None
        if self.document is not None and self.document.document_id == document_id:
            return
        self.jobs.drop("document")
        if self.document is not None:
            self.document = None
            self.documentChanged.emit()
        if document_id is not None:
            self.ask("document", lambda engine, cancelled: engine.document_text(document_id), self._document_read)

    @Slot(object)
    def _document_read(self, document: DocumentText) -> None:
        self.document = document
        self.documentChanged.emit()

    def _ask_fate(self) -> None:
        trace, document, filters = self.trace, self.fate_document, self.filters
        if trace is None or document is None:
            self.jobs.drop("fate")
            return
        budget = budgets.budget_of(trace)
        self.ask(
            "fate",
            lambda engine, cancelled: engine.fate(
                trace.query, document, pipeline=trace.pipeline, k=trace.k, filters=filters, budget=budget
            ),
            self._set_fate,
        )

    @Slot(object)
    def _set_fate(self, fate: Fate | None) -> None:
        if fate is not self.fate:
            self.fate = fate
            self.fateChanged.emit()

    def _repeat_search(self) -> None:
        if self.query:
            self.search()
