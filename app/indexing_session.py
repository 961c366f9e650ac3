"""The part of the session that brings the workspace up to date: on request, on its own, or not while it is paused.

What a person asks for happens even while indexing is paused, and ends the pause; what Rankscope would do on its own
waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from rankscope.app.indexing import Indexer, Request
from rankscope.app.jobs import Jobs
from rankscope.app.models import wording
from rankscope.app.models.library import LibrarySnapshot, watched_folders, watched_sources
from rankscope.app.pausing import PauseMark
from rankscope.app.watching import FolderWatch
from rankscope.app.work import Work
from rankscope.app.workspace_session import Opener, WorkspaceSession, open_with_engine
from rankscope.core import api
from rankscope.core.api import WorkspaceBusy

if TYPE_CHECKING:
    from rankscope.core.api import Workspace

log = logging.getLogger(__name__)

GROWTH_SECONDS = 2.0  # how often the figures are read again while indexing goes on
BUSY_MS = 30_000  # after which to try again when another program was writing


class IndexingSession(WorkspaceSession):
    """See the module. ``indexingChanged`` tells that indexing, or its pause, changed."""

    indexingChanged = Signal()

    def __init__(
        self, parent: QObject | None = None, *, jobs: Jobs | None = None, opener: Opener = open_with_engine
    ) -> None:
        super().__init__(parent, jobs=jobs, opener=opener)
        self.indexer = Indexer(self.jobs, self)
        self.watch = FolderWatch(self.jobs, self)
        self.watching = True  # the user's setting for all folders
        self._changed_sources: frozenset[int] = frozenset()  # heard of while paused
        self._mark: PauseMark | None = None
        self._pause_known = False
        self._asked = False  # a person asked for something to be indexed since the workspace was opened
        self._watched: object = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(BUSY_MS)
        self._later.timeout.connect(self._watch_begun)
        self.indexer.changed.connect(self.indexingChanged)
        self.indexer.changed.connect(self._show_growth)
        self.indexer.finished.connect(self._indexing_finished)
        self.indexer.stopped.connect(self._indexing_stopped)
        self.indexer.failed.connect(self._indexing_failed)
        self.watch.up.connect(self._watch_begun)
        self.watch.changed.connect(self._sources_changed)
        self.watch.noted.connect(self.noticed)

    # -- what is going on ------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether indexing rests because the user wants it to."""
        return self.indexer.paused

    @property
    def changes_waiting(self) -> bool:
        """Whether there is something to do once indexing goes on."""
        unfinished = self.library is not None and self.library.unfinished
        return self.paused and bool(self._changed_sources or self.indexer.waiting or unfinished)

    @property
    def work(self) -> Work | None:
        """What is worth showing progress of. A quiet run shows once it has something to tell."""
        indexer = self.indexer
        return indexer if indexer.active and not (indexer.quiet and indexer.activity is None) else None

    # -- following the workspace -----------------------------------------------------------------------------------

    def workspace_opened(self, workspace: Workspace, add: Sequence[Path] | None) -> None:
        """Add what was asked for; everything else waits for the first figures."""
        self._mark = PauseMark(workspace)
        self._pause_known = False
        self._asked = add is not None
        if add is not None:
            self.indexer.add(Request(workspace, tuple(add)))

    def workspace_left(self) -> None:
        """Stop everything that has to do with the workspace."""
        super().workspace_left()
        self._later.stop()
        self.indexer.cancel()
        self.indexer.paused = False
        self.watch.follow(None)
        self._watched = None
        self._changed_sources = frozenset()
        mark, self._mark = self._mark, None
        if mark is not None:  # in front of the closing, which is about to be put on the same lane
            self.jobs.start(f"mark {id(mark)}", lambda cancelled, report: mark.write(), lane="writer")
        self.indexingChanged.emit()

    def library_read(self, snapshot: LibrarySnapshot) -> None:
        """With the first figures, bring everything up to date; with all of them, watch what is to be watched."""
        super().library_read(snapshot)
        if not self._pause_known:
            self._pause_known = True
            self._begin(snapshot)
        self._follow_folders(snapshot)

    def _begin(self, snapshot: LibrarySnapshot) -> None:
        if self._asked:
            if snapshot.paused:
                self._remember_pause(False)
        elif snapshot.paused:
            self.indexer.pause()
        elif snapshot.unfinished and not (self.watching and watched_sources(snapshot.sources)):
            self._look_for_changes(None)  # otherwise once the watch is up

    def _look_for_changes(self, only: frozenset[int] | None) -> None:
        """Bring sources (None: all) up to date without a word, unless indexing rests or there is nothing to look at."""
        if self.workspace is not None and not self.paused and (only is None or only):
            self.indexer.add(Request(self.workspace, only=only, quiet=True))

    def _follow_folders(self, snapshot: LibrarySnapshot) -> None:
        wanted = watched_folders(snapshot.sources) if self.watching else ()
        if wanted != (self._watched or ()):
            self._watched = wanted
            self.watch.follow(self.workspace if wanted else None)

    def set_watching(self, on: bool) -> None:
        """Watch the folders that are to be watched, or none at all."""
        if on == self.watching:
            return
        self.watching = on
        if self.library is not None:
            self._follow_folders(self.library)
        self.libraryChanged.emit()

    @Slot()
    def _watch_begun(self) -> None:
        """From now on changes are heard of; look for those that came before, and for what an earlier run left."""
        if self.library is not None:
            everything = self.library.unfinished and not self.indexer.active
            self._look_for_changes(None if everything else watched_sources(self.library.sources))

    @Slot(object)
    def _sources_changed(self, source_ids: frozenset[int]) -> None:
        """The watcher says so."""
        if self.paused:
            self._changed_sources |= source_ids
            self.indexingChanged.emit()
        else:
            self._look_for_changes(source_ids)

    @Slot()
    def _show_growth(self) -> None:
        """While indexing goes on, let the figures follow from time to time."""
        due = self.library_age > GROWTH_SECONDS
        if due and self.indexer.activity is not None and not self.jobs.running("library"):
            self.refresh_library()

    # -- indexing --------------------------------------------------------------------------------------------------

    def add_sources(self, paths: Iterable[Path | str]) -> None:
        """Index folders or files as sources; without any, bring all sources up to date."""
        wanted = tuple(Path(path) for path in paths)
        if self.workspace is not None:
            self._index(Request(self.workspace, wanted))
        elif self.opening:
            self._paths_after_opening = [*(self._paths_after_opening or []), *wanted]

    def update_source(self, source_id: int) -> None:
        """Bring one source up to date."""
        if self.workspace is not None:
            self._index(Request(self.workspace, only=frozenset((source_id,))))

    def read_again(self, document_ids: Iterable[int], passwords: Iterable[str] = ()) -> None:
        """Read documents anew although their files have not changed, trying these passwords on protected ones."""
        if self.workspace is not None:
            self._index(Request(self.workspace, again=frozenset(document_ids), passwords=tuple(passwords)))

    def cancel_indexing(self) -> None:
        """Stop indexing; what was committed stays."""
        self.indexer.cancel()

    def cancel_work(self) -> None:
        """Stop what :attr:`work` shows."""
        self.cancel_indexing()

    def pause_indexing(self) -> None:
        """Let indexing rest until it is resumed, also after a restart; what was committed stays."""
        if self.workspace is None or self.paused:
            return
        self._remember_pause(True)
        self.indexer.pause()

    def resume_indexing(self) -> None:
        """Go on where indexing was paused."""
        if self.workspace is None or not self.paused:
            return
        if not self.indexer.waiting and not self.indexer.active:
            self.indexer.add(Request(self.workspace))
        self._end_pause(self.workspace)

    def _index(self, request: Request) -> None:
        """Do what a person asked for; that also ends a pause."""
        self._asked = True
        self.indexer.add(request)
        if self.paused:
            self._end_pause(request.workspace)

    def _end_pause(self, workspace: Workspace) -> None:
        heard, self._changed_sources = self._changed_sources, frozenset()
        unfinished = self.library is not None and self.library.unfinished
        if heard or unfinished:
            self.indexer.add(Request(workspace, only=None if unfinished else heard, quiet=True))
        self._remember_pause(False)
        self.indexer.resume()

    def _remember_pause(self, paused: bool) -> None:
        mark = self._mark
        if mark is not None:
            mark.wish(paused)
            self.ask("pause", lambda engine, cancelled: mark.write(), lambda _: None)

    @Slot(object, bool)
    def _indexing_finished(self, report: api.IndexReport, quiet: bool) -> None:
        self.refresh_library()
        changed = bool(report.added or report.changed or report.removed or report.restored)
        if changed or not quiet:
            notes = () if quiet else report.notes
            text = self._describe(report) or self.tr("Everything is up to date.")
            self.noticed.emit(" ".join((text, *notes)))
        if changed:
            self.contents_changed()

    @Slot()
    def _indexing_stopped(self) -> None:
        self.refresh_library()
        if not self.paused:
            self.noticed.emit(self.tr("Stopped. What was read so far stays."))

    @Slot(object, bool)
    def _indexing_failed(self, error: BaseException, quiet: bool) -> None:
        self.refresh_library()
        if quiet and isinstance(error, WorkspaceBusy):
            self.noticed.emit(self.tr("Another program is writing to this workspace. Changes are taken in after it."))
            self._later.start()
        else:
            self.report_failure(error)

    def _describe(self, report: api.IndexReport) -> str:
        """What a run changed, in one or two sentences; nothing when it changed nothing."""
        parts = []
        if report.added or report.changed:
            files, passages = report.added + report.changed, report.encoded
            text = self.tr("Read {files}, {passages}, in {seconds:.0f} s.").format(
                files=wording.plural(files, self.tr("1 file"), self.tr("{count} files")),
                passages=wording.plural(passages, self.tr("1 passage"), self.tr("{count} passages")),
                seconds=report.seconds,
            )
            parts.append(text)
        for number, one, many in (
            (report.failed, self.tr("1 could not be read."), self.tr("{count} could not be read.")),
            (report.copies, self.tr("1 is a copy."), self.tr("{count} are copies.")),
            (report.renamed, self.tr("1 moved."), self.tr("{count} moved.")),
            (report.removed, self.tr("1 file is gone."), self.tr("{count} files are gone.")),
            (report.restored, self.tr("1 file came back."), self.tr("{count} files came back.")),
        ):
            if number:
                parts.append(wording.plural(number, one, many))
        return " ".join(parts)

    # -- closing ---------------------------------------------------------------------------------------------------

    def work_ending(self) -> Callable[[float], bool]:
        """Stop the watcher beside the jobs, and write down a pause that no job came to write."""
        ending: threading.Thread = self.watch.end()
        mark = self._mark

        def wait(seconds: float) -> bool:
            ending.join(seconds)
            if mark is not None:
                try:
                    mark.write()
                except Exception as error:  # the window is closing; there is nobody left to tell
                    log.warning("the pause could not be remembered: %s", error)
            return not ending.is_alive()

        return wait
