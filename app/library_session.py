"""The part of the session that keeps the library: what is taken, removing and bringing back, tidying, converting."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from rankscope.app.converting import Converter
from rankscope.app.indexing_session import IndexingSession
from rankscope.app.jobs import Jobs
from rankscope.app.models import wording
from rankscope.app.models.library import LibrarySnapshot
from rankscope.app.tidying import Tidier
from rankscope.app.work import Work
from rankscope.app.workspace_session import Opener, open_with_engine
from rankscope.core import api
from rankscope.core.api import SourceInfo

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

log = logging.getLogger(__name__)

Done = Callable[[], None]


class LibrarySession(IndexingSession):
    """See the module.

    ``undoOffered`` brings a sentence about a source that was removed and can be brought back with
    :meth:`undo_removal`; ``announced`` a result that a person waited for.
    """

    undoOffered = Signal(str)
    announced = Signal(str)

    def __init__(
        self, parent: QObject | None = None, *, jobs: Jobs | None = None, opener: Opener = open_with_engine
    ) -> None:
        super().__init__(parent, jobs=jobs, opener=opener)
        self.tidier = Tidier(self.jobs, self)
        self.converter = Converter(self.jobs, self)
        self.removing: frozenset[int] = frozenset()  # sources on their way out, no longer to be shown
        self.removals: list[SourceInfo] = []  # sources that can be brought back, the last one removed last
        self._numbers = itertools.count()
        self._unwritten: dict[str, Callable[[], Any]] = {}  # by topic: short tasks that have not begun
        self.tidier.finished.connect(self._tidied)
        self.converter.finished.connect(self._converted)
        for work in (self.tidier, self.converter):
            work.changed.connect(self.indexingChanged)
            work.failed.connect(self._work_failed)

    @property
    def work(self) -> Work | None:
        """Tidying up or converting, or else indexing."""
        return next((work for work in (self.tidier, self.converter) if work.active), super().work)

    @property
    def sources(self) -> tuple[SourceInfo, ...]:
        """The sources to show."""
        every = self.library.sources if self.library is not None else ()
        return tuple(source for source in every if source.source_id not in self.removing)

    def cancel_work(self) -> None:
        """Stop what :attr:`work` shows."""
        if self.tidier.active:
            self.tidier.cancel()
        elif self.converter.active:
            self.converter.cancel()
        else:
            super().cancel_work()

    def workspace_left(self) -> None:
        """Nothing of it can be undone any more."""
        super().workspace_left()
        self.tidier.cancel()
        self.converter.cancel()
        self.removing = frozenset()
        self.removals.clear()

    def library_read(self, snapshot: LibrarySnapshot) -> None:
        """Sources that are gone need not be hidden any more."""
        super().library_read(snapshot)
        self.removing &= frozenset(source.source_id for source in snapshot.sources)

    # -- sources ---------------------------------------------------------------------------------------------------

    def configure_source(
        self,
        source_id: int,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        watch: bool | None = None,
        done: Done | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Change what is taken from a source (which is then brought up to date), or whether it is watched."""

        def configure(engine: Workspace, cancelled: Any) -> None:
            engine.configure_source(source_id, include=include, exclude=exclude, watch=watch)

        def configured(_: object) -> None:
            if include is not None or exclude is not None:
                self.indexer.make_way()  # what runs now still goes by the old patterns
                self.update_source(source_id)
            self.refresh_library()
            if done is not None:
                done()

        self.ask(f"configure {next(self._numbers)}", configure, configured, failed=failed)

    def remove_source(self, source: SourceInfo) -> None:
        """Take a source and its passages out of the workspace, and offer to undo it. Its files are not touched."""
        if self.workspace is None or source.source_id in self.removing:
            return
        number = source.source_id
        self.removing |= {number}
        self.removals.append(source)
        self.libraryChanged.emit()
        self._write(
            f"remove {next(self._numbers)}",
            lambda engine: engine.remove_source(number),
            failed=lambda error: self._removal_failed(source, error),
        )
        self.undoOffered.emit(
            self.tr("“{name}” was removed from the library. Its files stay where they are.").format(
                name=Path(source.path).name or source.path
            )
        )

    def undo_removal(self) -> None:
        """Bring the source back that was removed last."""
        if not self.removals:
            return
        source = self.removals.pop()
        self.bring_back((), (source.source_id,))

    def bring_back(self, document_ids: Sequence[int], source_ids: Sequence[int] = (), done: Done | None = None) -> None:
        """Bring removed documents and sources back, without reading their files."""
        self.removing -= frozenset(source_ids)
        self.removals = [source for source in self.removals if source.source_id not in source_ids]
        self.libraryChanged.emit()

        def bring_back(engine: Workspace) -> None:
            for source_id in source_ids:
                engine.bring_back_source(source_id)
            if document_ids:
                engine.bring_back(document_ids)

        def brought_back() -> None:
            self._look_for_changes(frozenset(source_ids))  # what happened to its files meanwhile
            if done is not None:
                done()

        self._write(f"bring back {next(self._numbers)}", bring_back, done=brought_back)

    def _removal_failed(self, source: SourceInfo, error: BaseException) -> None:
        self.removing -= {source.source_id}
        self.removals = [other for other in self.removals if other is not source]
        self.libraryChanged.emit()
        self.report_failure(error)

    def _write(
        self,
        topic: str,
        function: Callable[[Workspace], Any],
        *,
        done: Done | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Let a short task write now, in front of the indexing that goes on, and read everything again after it."""

        workspace = self.workspace
        if workspace is None:
            return

        def write(engine: Workspace, cancelled: Any) -> None:
            self._unwritten.pop(topic, None)
            function(engine)

        def written(_: object) -> None:
            self.refresh_library()
            self.contents_changed()
            if done is not None:
                done()

        self._unwritten[topic] = partial(function, workspace)
        for work in (self.indexer, self.tidier, self.converter):
            work.make_way()
        self.ask(topic, write, written, failed=failed, lane="writer")

    def work_ending(self) -> Callable[[float], bool]:
        """Also write, once all else has stopped, what a person asked for and no job came to write."""
        wait_for_others = super().work_ending()

        def wait(seconds: float) -> bool:
            ended = wait_for_others(seconds)
            while self._unwritten:
                topic, write = self._unwritten.popitem()
                try:
                    write()
                except Exception as error:  # the window is closing; there is nobody left to tell
                    log.warning("“%s” was not done: %s", topic, error)
            return ended

        return wait

    # -- tidying up ------------------------------------------------------------------------------------------------

    def tidy_up(self, *, forget_removed: bool = False) -> None:
        """Make the workspace small and quick again; with ``forget_removed``, removed documents go for good."""
        if self.workspace is not None:
            if forget_removed:
                self.removals.clear()
            self.tidier.start(self.workspace, forget_removed=forget_removed)

    @Slot(object)
    def _tidied(self, report: api.CompactReport | None) -> None:
        self.refresh_library()
        if report is None:
            self.noticed.emit(self.tr("Stopped. Nothing is lost."))
            return
        sizes = {"before": wording.size(report.bytes_before), "after": wording.size(report.bytes_after)}
        if sizes["before"] == sizes["after"]:
            text = self.tr("The workspace is tidy. It takes {after}, as before.").format(**sizes)
        else:
            text = self.tr("The workspace is tidy. It took {before} and now takes {after}.").format(**sizes)
        if report.forgotten:
            text += " " + wording.plural(
                report.forgotten,
                self.tr("One removed document can no longer be brought back."),
                self.tr("{count} removed documents can no longer be brought back."),
            )
        self.announced.emit(" ".join((text, *report.notes)))

    # -- converting ------------------------------------------------------------------------------------------------

    def convert_vectors(self, vectors: str, codec: str) -> None:
        """Store the vectors as this kind ("levels", "tokens") and in this codec."""
        if self.workspace is not None:
            self.converter.start(self.workspace, vectors, codec)

    @Slot(object)
    def _converted(self, info: api.WorkspaceInfo | None) -> None:
        self.refresh_library()
        if info is None:
            self.noticed.emit(self.tr("Stopped. The vectors are stored as before."))
            return
        self.contents_changed()
        text = self.tr("The vectors are converted: {kind} in {codec}. The workspace takes {size}.").format(
            kind=info.kind, codec=wording.codec_name(info.codec), size=wording.size(info.bytes_total)
        )
        self.announced.emit(" ".join((text, *info.notes)))

    def give_up_conversion(self) -> None:
        """Drop what a conversion has built that was stopped; the vectors stay as they are stored now."""
        self._write(f"give up {next(self._numbers)}", lambda engine: engine.give_up(), done=self._given_up)

    @Slot()
    def _given_up(self) -> None:
        self.noticed.emit(self.tr("Given up. The vectors are stored as before."))

    @Slot(object)
    def _work_failed(self, error: BaseException) -> None:
        self.refresh_library()
        self.report_failure(error)
