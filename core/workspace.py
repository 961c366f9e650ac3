"""A workspace: a folder that holds one local index and its metadata. The face of the engine.

Everything the window and the command line do goes through :class:`Workspace`. Searching needs no lock and may run in
any thread or process; indexing takes the writer lock.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from rankscope.core import budgets, catalog, generation, opening
from rankscope.core.budgets import Budget
from rankscope.core.encoding.registry import OFFLINE_DEFAULT
from rankscope.core.errors import Cancelled, UsageError, WorkspaceError
from rankscope.core.library import Library, load_encoder
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.ranking import explain as explaining
from rankscope.core.ranking import fate as fates
from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.filters import Filters
from rankscope.core.ranking.passages import passage_infos
from rankscope.core.ranking.trace import Alignment, Fate, Trace
from rankscope.core.records import BegunIndex, CompactReport, VerifyReport, WorkspaceInfo
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.layout import KINDS
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.paths import given

DEFAULT_PIPELINE = pipelines.DEFAULT
CHUNKING = opening.CHUNKING
_LATER = "searches do without until “rankscope index” completes it."


class Workspace(Library):
    """An open workspace; make one with :meth:`open`. Also a context manager."""

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        create: bool = False,
        encoder: str = OFFLINE_DEFAULT,
        device: str = "auto",
        vectors: str = generation.VECTORS,
        codec: str = generation.CODEC,
    ) -> Workspace:
        """Open a workspace, or make one.

        Args:
            path: its folder.
            create: make it when there is none yet; ``encoder`` names the model of a new workspace.
            device: what to encode on ("auto", "cuda", "mps", "xpu", "cpu").
            vectors, codec: what a new workspace stores of each passage: "levels" (anchored levels, for every budget),
                "levels16" (for budgets up to r_c = 16) or "tokens" (every token's vector), and in which codec.

        Raises:
            UsageError: there is no workspace and ``create`` is False, or the folder holds something else.
            WorkspaceError: it is damaged, or the disk refuses; WorkspaceTooNew: a newer Rankscope wrote it.
        """
        opened = opening.open_files(given(path), create, encoder, vectors, codec)
        return cls(opened.folder, opened.manifest, opened.database, opened.notes, device)

    def pipelines(self) -> list[str]:
        """The names of the pipelines that ship with Rankscope, the default first."""
        return list(pipelines.PRESETS)

    def warm_up(self) -> None:
        """Load what the first search would wait for."""
        self.encoder()
        self.search("warm up", k=1)

    def search(
        self,
        query: str,
        *,
        pipeline: str = DEFAULT_PIPELINE,
        k: int = 10,
        filters: Filters | None = None,
        budget: Budget | None = None,
        cancelled: CancelledCheck = never,
        progress: ProgressCallback = silent,
    ) -> Trace:
        """Rank passages for a query.

        Args:
            pipeline: a preset's name or the path of a TOML file.
            budget: how many vectors take part in late interaction; None for what the pipeline says. Without effect
                where the workspace holds token vectors.
            k: how many results; more than there are passages means all.
            progress: hears of an index that this search has to make first ("plaid" and "fde", when first used).

        Raises:
            UsageError: an empty query, k below 1, an unknown pipeline. Cancelled.
        """
        chosen = pipelines.find(pipeline)
        with self._context(query, k, filters, cancelled, budget, progress) as search:
            if chosen.needs_encoder:
                search.encoder()  # loading a model is not part of a query's time
            start = time.perf_counter()
            stages = pipelines.run(chosen, search)
            shown = {int(i) for stage in stages for i in stage.output.ids[: search.k]}
            infos = passage_infos(search.connection, shown)
            total_ms = (time.perf_counter() - start) * 1e3
            return Trace(
                search.query,
                chosen.name,
                k,
                stages,
                infos,
                search.encode_ms,
                total_ms,
                search.filters.as_dict(),
                tuple(search.notes),
            )

    def evidence(self, trace: Trace, passage_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
        """The words of each passage that match the query best, strongest first."""
        # A file pipeline is known by its stem only; its evidence is that of late interaction.
        name = trace.pipeline if trace.pipeline in pipelines.PRESETS else DEFAULT_PIPELINE
        found: dict[int, tuple[str, ...]] = {}
        with self._context(trace.query, 1, None, never) as search:
            for passage_id in passage_ids:
                passage = trace.passages.get(passage_id)
                if passage is None:
                    continue
                try:
                    alignment = explaining.explain(pipelines.preset(name), search, passage_id)
                except (UsageError, WorkspaceError):  # gone since the search, or its vectors are damaged
                    continue
                found[passage_id] = explaining.best_words(alignment, passage.text, passage.start)
        return found

    def explain(
        self, query: str, passage_id: int, *, pipeline: str = DEFAULT_PIPELINE, budget: Budget | None = None
    ) -> Alignment:
        """Why a passage has its score.

        Raises:
            UsageError: an unknown passage or an empty query. WorkspaceError: its vectors are damaged.
        """
        with self._context(query, 1, None, never, budget) as search:
            return explaining.explain(pipelines.find(pipeline), search, passage_id)

    def fate(
        self,
        query: str,
        document: int | str,
        *,
        pipeline: str = DEFAULT_PIPELINE,
        k: int = 10,
        filters: Filters | None = None,
        budget: Budget | None = None,
    ) -> Fate:
        """Where a document went for a query. ``document`` is its id, its path, or the end of its path."""
        found = catalog.find_document(self.database, document)
        if isinstance(found, Fate):
            return found
        with self._context(query, k, filters, never, budget) as search:
            rows = search.connection.exec_driver_sql(
                "SELECT id FROM passages WHERE document_id = ? ORDER BY id", (found.document_id,)
            ).fetchall()
            passages = np.array([row[0] for row in rows], np.int64)
            if not len(passages):
                return Fate(found.path, "Its passages are missing; bring the index up to date.", ())
            return fates.fate(pipelines.find(pipeline), search, found.path, passages)

    def verify(self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> VerifyReport:
        """Check every file against its checksum (see :func:`rankscope.core.verify.verify`)."""
        from rankscope.core.verify import verify

        return verify(self.path, progress, cancelled)

    def compact(
        self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never, forget_removed: bool = False
    ) -> CompactReport:
        """Tidy the workspace: few segments instead of many, and no space for what is gone. Searching goes on.

        Args:
            forget_removed: also delete what was removed lately and could still be brought back.

        Raises:
            WorkspaceBusy. Cancelled, WorkspaceError (a full disk): nothing is lost.
        """
        from rankscope.core.compacting import compact

        with WriterLock(self.path):
            self._follow()
            self._sync_candidates(progress, cancelled, tidy=True)
            return compact(self.path, self.database, self._vectors, self._dense, progress, cancelled, forget_removed)

    def switch_encoder(
        self, name: str, progress: ProgressCallback = silent, cancelled: CancelledCheck = never
    ) -> WorkspaceInfo:
        """Encode everything anew with another encoder (see :func:`rankscope.core.switching.switch_encoder`).

        The old index serves until the new one is complete. With the present encoder's name, a switch that was begun
        is given up. A codec that has learned from the old encoder's vectors gives way to float16. Returns the figures
        of the workspace as it is then.

        Raises:
            ModelError: there is no such encoder. WorkspaceBusy.
            Cancelled, WorkspaceError: nothing has changed, and the next call goes on from here. As with
            :meth:`convert`, neither is raised once the new index serves.
        """

        def target(now: Manifest) -> tuple[str, str, str]:
            spec, _, learned = now.codec.partition(":")
            keeps = name == now.encoder["name"] or not learned
            return name, now.vectors, spec if keeps else generation.CODEC

        return self._switch(target, progress, cancelled)

    def convert(
        self,
        vectors: str | None = None,
        codec: str | None = None,
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
    ) -> WorkspaceInfo:
        """Store the vectors in another way: a new index is built beside the old one and takes its place.

        Nothing is encoded anew where the new vectors can be made from those that are there: from float32 and float16.
        What another codec has lost does not come back. With what is there already, a conversion that was begun is
        given up.

        Args:
            vectors: "levels", "levels16" or "tokens"; None for what is there.
            codec: see :mod:`rankscope.core.storage.codecs`.

        Raises:
            UsageError: there is no such kind or codec, or it does not fit. WorkspaceBusy.
            Cancelled, WorkspaceError: nothing has changed, and the next call goes on from here. Once the new index
            serves, neither is raised: ``notes`` of what is returned say what is left for the next run.
        """

        def target(now: Manifest) -> tuple[str, str, str]:
            return now.encoder["name"], vectors or now.vectors, codec or now.codec.partition(":")[0]

        return self._switch(target, progress, cancelled)

    def _switch(
        self,
        target: Callable[[Manifest], tuple[str, str, str]],
        progress: ProgressCallback,
        cancelled: CancelledCheck,
    ) -> WorkspaceInfo:
        """Switch to the encoder, kind of vectors and codec that ``target`` names, given what holds now."""
        from rankscope.core.switching import switch_encoder

        with WriterLock(self.path):
            self._follow()
            name, vectors, codec = target(self.manifest)
            load = partial(load_encoder, device=self._wanted_device)
            switch_encoder(self.path, self.database, self.manifest, name, load, progress, cancelled, vectors, codec)
            self._follow()
            notes = self._linked(progress, cancelled)
        return replace(self.info(), notes=notes)

    def give_up(self) -> WorkspaceInfo:
        """Drop what a switch or conversion has built that was begun and not finished; the present index serves on.

        Raises:
            WorkspaceBusy. WorkspaceError: the disk refuses; the next call goes on.
        """
        from rankscope.core import switching

        with WriterLock(self.path), disk_errors("giving up the new index", self.path):
            switching.give_up(self.path, self.database)
        return self.info()

    def begun(self) -> BegunIndex | None:
        """The index that is being built beside the one that serves, where a switch or conversion is unfinished."""
        from rankscope.core import switching

        target = switching.begun(self.path, self.database)
        if target is None:
            return None
        return BegunIndex(target.encoder["name"], target.vectors, generation.spec_of(target))

    def _linked(self, progress: ProgressCallback, cancelled: CancelledCheck) -> tuple[str, ...]:
        """Bring the derived indexes up to date after a switch, or say that it was left for later."""
        try:
            self._dense.sync(self._vectors.current(), progress, cancelled)
            self._sync_candidates(progress, cancelled)
        except Cancelled:
            return (f"The new vectors are in place. Linking them was stopped: {_LATER}",)
        except OSError as error:
            return (f"The new vectors are in place. Linking them failed ({error.strerror}): {_LATER}",)
        return ()

    @contextlib.contextmanager
    def _context(
        self,
        query: str,
        k: int,
        filters: Filters | None,
        cancelled: CancelledCheck,
        budget: Budget | None = None,
        progress: ProgressCallback = silent,
    ) -> Iterator[SearchContext]:
        if not query.strip():
            raise UsageError("The query is empty.", "Type a question or a few words.")
        if k < 1:
            raise UsageError(f"k is {k}; there is no ranking of so few results.", "Ask for at least 1.")
        # What a shell passes on as lone surrogates is no text that a tokenizer takes.
        query = query.encode("utf-8", "replace").decode()
        with self._vectors.reading() as (connection, vectors):
            manifest, dense, candidates = self._serving(connection)
            yield SearchContext(
                query=query,
                k=min(k, max(vectors.n_passages, 1)),
                filters=filters or Filters(),
                connection=connection,
                vectors=vectors,
                dense=dense,
                candidates=candidates,
                encoder=partial(self._encoder_of, manifest),
                cancelled=cancelled,
                progress=progress,
                budget=budgets.checked(budget) if budget is not None else None,
                largest_r_c=KINDS[manifest.vectors],
            )
