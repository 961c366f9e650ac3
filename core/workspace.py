"""A workspace: a folder that holds one local index and its metadata. The face of the engine.

Everything the window and the command line do goes through :class:`Workspace`. Searching needs no lock and may run in
any thread or process; indexing takes the writer lock.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np

from rankscope.core import catalog, opening
from rankscope.core.documents.model import PageView
from rankscope.core.documents.reading import ReaderPool
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.registry import OFFLINE_DEFAULT, resolve
from rankscope.core.errors import ModelError, UsageError
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.indexing import Indexer, delete_documents
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.ranking import explain as explaining
from rankscope.core.ranking import fate as fates
from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.filters import Filters
from rankscope.core.ranking.passages import passage_infos
from rankscope.core.ranking.trace import Alignment, Fate, Trace
from rankscope.core.records import (
    DocumentInfo,
    DocumentText,
    Facet,
    IndexReport,
    SourceInfo,
    VerifyReport,
    WorkspaceInfo,
)
from rankscope.core.storage.database import Database
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.paths import given
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.writing import BatchWriter, drop_unnamed_segments

DEFAULT_PIPELINE = pipelines.DEFAULT
CHUNKING = opening.CHUNKING


class Workspace:
    """An open workspace; make one with :meth:`open`. Also a context manager."""

    def __init__(self, path: Path, manifest: Manifest, database: Database, notes: Sequence[str], device: str) -> None:
        self.path = path
        self.manifest = manifest
        self.database = database
        self.notes = tuple(notes)
        self._wanted_device = device
        self._vectors = VectorStore(path, database)
        self._dense = DenseIndex(path, manifest.encoder["sha256"], manifest.encoder["dim"])
        self._encoder: Encoder | None = None
        self._pages: ReaderPool | None = None
        self._lock = Lock()

    # -- opening and closing -------------------------------------------------------------------------------------

    @classmethod
    def open(
        cls, path: Path | str, *, create: bool = False, encoder: str = OFFLINE_DEFAULT, device: str = "auto"
    ) -> Workspace:
        """Open a workspace, or make one.

        Args:
            path: its folder.
            create: make it when there is none yet; ``encoder`` names the model of a new workspace.
            device: what to encode on ("auto", "cuda", "mps", "xpu", "cpu").

        Raises:
            UsageError: there is no workspace and ``create`` is False, or the folder holds something else.
            WorkspaceError: it is damaged, or the disk refuses; WorkspaceTooNew: a newer Rankscope wrote it.
        """
        opened = opening.open_files(given(path), create, encoder)
        return cls(opened.folder, opened.manifest, opened.database, opened.notes, device)

    def close(self) -> None:
        """Release the database, the models and the reading process. Nothing committed depends on it."""
        with self._lock:
            pages, self._pages = self._pages, None
        if pages is not None:
            pages.close()
        self.database.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what is in it -------------------------------------------------------------------------------------------

    @property
    def device(self) -> str:
        """What encodes, in words ("CPU bf16"); empty until a model was needed."""
        return self._encoder.device.label if self._encoder else ""

    def info(self) -> WorkspaceInfo:
        """Counts and sizes."""
        return catalog.info(self.path, self.manifest, self.database, self.device)

    def sources(self) -> list[SourceInfo]:
        """The folders and files that were added."""
        return catalog.sources(self.database)

    def documents(self, source_id: int | None = None, status: str | None = None) -> list[DocumentInfo]:
        """The documents of one source or all; ``status`` "indexed" or "failed" limits them."""
        return catalog.list_documents(self.database, source_id, status)

    def facets(self) -> dict[str, list[Facet]]:
        """What can be filtered by, with counts: keys "type" and "year"."""
        return catalog.facets(self.database)

    def document_text(self, document_id: int) -> DocumentText:
        """The extracted text of a document. Raises UsageError when there is none."""
        return catalog.document_text(self.database, document_id)

    def page_view(self, document_id: int, page: int, width: int) -> PageView:
        """A page of a document, rendered in a worker process.

        Raises:
            UsageError: the document has no such page. RankscopeError: it cannot be rendered.
        """
        document = catalog.document_text(self.database, document_id)
        if page not in {p.number for p in document.pages}:
            raise UsageError(f"{document.path} has no page {page}.")
        with self._lock:
            if self._pages is None:
                self._pages = self._reader_pool()
            pool = self._pages
        return pool.page_view(catalog.stored_path(self.database, document_id), page, width)

    # -- indexing ------------------------------------------------------------------------------------------------

    def index(
        self,
        paths: Iterable[Path | str] = (),
        *,
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
    ) -> IndexReport:
        """Add sources and bring everything up to date (see :class:`rankscope.core.indexing.Indexer`).

        Raises:
            WorkspaceBusy: another process or thread is writing.
            UsageError, Cancelled, WorkspaceError: what was committed before stays.
        """
        with WriterLock(self.path):
            indexer = Indexer(
                self.path,
                self.database,
                self._vectors,
                self._dense,
                self.encoder,
                self._reader_pool,
                progress,
                cancelled,
            )
            return indexer.run([Path(path) for path in paths])

    @contextlib.contextmanager
    def writing(self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> Iterator[BatchWriter]:
        """Add documents that are not files (an evaluation collection): a batch writer under the writer lock.

        At the end of the block the last batch is committed and the dense index brought up to date. Raises
        WorkspaceBusy.
        """
        with WriterLock(self.path):
            drop_unnamed_segments(self.path, self.database)
            writer = BatchWriter(self.path, self.database, self.encoder, cancelled)
            yield writer
            writer.flush()
            self._dense.sync(self._vectors.current(), progress, cancelled)

    def remove_source(self, source_id: int) -> None:
        """Forget a source with its documents; its files are not touched. Raises WorkspaceBusy."""
        with WriterLock(self.path), self.database.write() as connection:
            rows = connection.exec_driver_sql("SELECT id FROM documents WHERE source_id = ?", (source_id,))
            delete_documents(connection, [row[0] for row in rows])
            connection.exec_driver_sql("DELETE FROM sources WHERE id = ?", (source_id,))

    # -- searching -----------------------------------------------------------------------------------------------

    def pipelines(self) -> list[str]:
        """The names of the pipelines that ship with Rankscope, the default first."""
        return list(pipelines.PRESETS)

    def encoder(self) -> Encoder:
        """The workspace's encoder, loaded at first use. Raises ModelError when it is not the one of the vectors."""
        if self._encoder is None:
            wanted = self.manifest.encoder
            encoder = _load_encoder(wanted["name"], self._wanted_device)
            if encoder.identity.sha256 != wanted["sha256"]:
                raise ModelError(
                    f"The model “{wanted['name']}” has changed since the workspace {self.path} was made.",
                    "Make a new workspace, or bring the former model back.",
                )
            self._encoder = encoder
        return self._encoder

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
        cancelled: CancelledCheck = never,
    ) -> Trace:
        """Rank passages for a query.

        Args:
            pipeline: a preset's name or the path of a TOML file.
            k: how many results; more than there are passages means all.

        Raises:
            UsageError: an empty query, k below 1, an unknown pipeline. Cancelled.
        """
        chosen = pipelines.find(pipeline)
        with self._context(query, k, filters, cancelled) as search:
            if chosen.needs_encoder:
                self.encoder()  # loading a model is not part of a query's time
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
                except UsageError:  # gone since the search
                    continue
                found[passage_id] = explaining.best_words(alignment, passage.text, passage.start)
        return found

    def explain(self, query: str, passage_id: int, *, pipeline: str = DEFAULT_PIPELINE) -> Alignment:
        """Why a passage has its score. Raises UsageError for an unknown passage or an empty query."""
        with self._context(query, 1, None, never) as search:
            return explaining.explain(pipelines.find(pipeline), search, passage_id)

    def fate(
        self,
        query: str,
        document: int | str,
        *,
        pipeline: str = DEFAULT_PIPELINE,
        k: int = 10,
        filters: Filters | None = None,
    ) -> Fate:
        """Where a document went for a query. ``document`` is its id, its path, or the end of its path."""
        found = catalog.find_document(self.database, document)
        if isinstance(found, Fate):
            return found
        with self._context(query, k, filters, never) as search:
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

    @contextlib.contextmanager
    def _context(
        self, query: str, k: int, filters: Filters | None, cancelled: CancelledCheck
    ) -> Iterator[SearchContext]:
        if not query.strip():
            raise UsageError("The query is empty.", "Type a question or a few words.")
        if k < 1:
            raise UsageError(f"k is {k}; there is no ranking of so few results.", "Ask for at least 1.")
        # What a shell passes on as lone surrogates is no text that a tokenizer takes.
        query = query.encode("utf-8", "replace").decode()
        with self.database.read() as connection:
            n = int(connection.exec_driver_sql("SELECT count(*) FROM passages").scalar() or 0)
            yield SearchContext(
                query=query,
                k=min(k, max(n, 1)),
                filters=filters or Filters(),
                connection=connection,
                vectors=self._vectors.current(connection),
                dense=self._dense,
                encoder=self.encoder,
                cancelled=cancelled,
            )

    def _reader_pool(self) -> ReaderPool:
        files = resolve(self.manifest.encoder["name"])
        return ReaderPool(files.tokenizer_json, **self.manifest.chunking)


_loading = Lock()


def _load_encoder(name: str, device: str) -> Encoder:
    """One encoder per name and device in a process, however many workspaces use it."""
    with _loading:
        return _loaded(name, device)


_loaded: Callable[[str, str], Encoder] = lru_cache(maxsize=2)(Encoder.load)
