"""What a workspace holds, and keeping it up to date: the half of its face that has nothing to do with searching."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from rankscope.core import catalog, shelf, sources
from rankscope.core.documents.model import PageView
from rankscope.core.documents.patterns import Patterns
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.scan import TestedFile, tested
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.registry import resolve
from rankscope.core.errors import ModelError, UsageError, WorkspaceError
from rankscope.core.generation import layout_of
from rankscope.core.indexes.candidates import CandidateIndexes
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.indexing import UNPACKED, Indexer, Wishes
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.records import (
    DocumentInfo,
    DocumentText,
    Duplicates,
    Facet,
    IndexReport,
    RemovedDocument,
    SourceInfo,
    WorkspaceInfo,
)
from rankscope.core.storage.database import Database
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import Manifest, stored_manifest
from rankscope.core.storage.paths import existing
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.watching import Watcher
from rankscope.core.writing import BatchWriter, drop_unnamed_segments


class Library:
    """An open workspace's documents; see :class:`rankscope.core.workspace.Workspace`. Also a context manager."""

    def __init__(self, path: Path, manifest: Manifest, database: Database, notes: Sequence[str], device: str) -> None:
        self.path = path
        self.manifest = manifest
        self.database = database
        self.notes = tuple(notes)
        self._wanted_device = device
        self._vectors = VectorStore(path, database)
        self._dense = DenseIndex(path, manifest.encoder["sha256"], manifest.encoder["dim"])
        self._candidates = CandidateIndexes(path, manifest.encoder["sha256"])
        self._elsewhere: _Served | None = None
        self._encoder: Encoder | None = None
        self._pages: ReaderPool | None = None
        self._passwords: tuple[str, ...] = ()
        self._lock = Lock()

    def close(self) -> None:
        """Release the database, the models and the reading process. Nothing committed depends on it."""
        with self._lock:
            pages, self._pages = self._pages, None
        if pages is not None:
            pages.close()
        self.database.close()

    def __enter__(self) -> Self:
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
        with self.database.read() as connection:  # another program may have given it other vectors
            manifest = stored_manifest(connection, self.path) or self.manifest
        return catalog.info(self.path, manifest, self.database, self.device)

    def sources(self) -> list[SourceInfo]:
        """The folders and files that were added."""
        return sources.described(self.database)

    def documents(self, source_id: int | None = None, status: str | None = None) -> list[DocumentInfo]:
        """The documents of one source or all; ``status`` "indexed", "failed" or "copy" limits them."""
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
                self._pages = self._reader_pool(self._passwords, spool=None)
            pool = self._pages
        file, member = catalog.stored_path(self.database, document_id)
        return pool.page_view(file, page, width, member)

    def duplicates(self) -> list[Duplicates]:
        """Files of the same content, of which results show one."""
        return catalog.duplicates(self.database)

    def removed(self) -> list[RemovedDocument]:
        """The documents that were removed and can be brought back, the last removed first."""
        return catalog.removed(self.database)

    # -- indexing ------------------------------------------------------------------------------------------------

    def index(
        self,
        paths: Iterable[Path | str] = (),
        *,
        patterns: Patterns | None = None,
        again: Iterable[int] = (),
        only: Iterable[int] | None = None,
        passwords: Iterable[str] = (),
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
    ) -> IndexReport:
        """Add sources and bring everything up to date (see :class:`rankscope.core.indexing.Indexer`).

        Args:
            patterns: which files of ``paths`` to take; None leaves known sources as they are.
            again: documents (ids) to read anew although their files have not changed.
            only: look only at these sources (ids).
            passwords: tried on protected files, and kept in memory for showing their pages.

        Raises:
            WorkspaceBusy: another process or thread is writing.
            UsageError, Cancelled, WorkspaceError: what was committed before stays.
        """
        self._remember_passwords(tuple(passwords))
        wishes = Wishes(
            tuple(Path(path) for path in paths),
            patterns,
            frozenset(again),
            self._passwords,
            None if only is None else frozenset(only),
        )
        with WriterLock(self.path):
            self._follow()
            indexer = Indexer(
                self.path,
                self.database,
                self._vectors,
                self._dense,
                layout_of(self.manifest, self.path),
                partial(self._encoder_of, self.manifest),
                self._indexing_pool,
                wishes,
                progress,
                cancelled,
            )
            report = indexer.run()
            self._sync_candidates(progress, cancelled)
            return report

    @property
    def unfinished(self) -> bool:
        """Whether the last indexing run was cut off: by a crash, a kill, or because it was cancelled or paused."""
        return self._flag("unfinished")

    @property
    def paused(self) -> bool:
        """Whether the user wants indexing to rest, also after a restart. Nothing here obeys it but the callers."""
        return self._flag("paused")

    def set_paused(self, paused: bool) -> None:
        """Remember whether indexing rests."""
        with self.database.write() as connection:
            if paused:
                connection.exec_driver_sql("INSERT OR REPLACE INTO meta(key, value) VALUES ('paused', '1')")
            else:
                connection.exec_driver_sql("DELETE FROM meta WHERE key = 'paused'")

    def _flag(self, key: str) -> bool:
        with self.database.read() as connection:
            return connection.exec_driver_sql("SELECT 1 FROM meta WHERE key = ?", (key,)).scalar() is not None

    @contextlib.contextmanager
    def writing(self, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> Iterator[BatchWriter]:
        """Add documents that are not files (an evaluation collection): a batch writer under the writer lock.

        At the end of the block the last batch is committed and the dense index brought up to date. Raises
        WorkspaceBusy.
        """
        with WriterLock(self.path):
            self._follow()
            drop_unnamed_segments(self.path, self.database)
            encoder = partial(self._encoder_of, self.manifest)
            writer = BatchWriter(self.path, self.database, layout_of(self.manifest, self.path), encoder, cancelled)
            yield writer
            writer.flush()
            self._dense.sync(self._vectors.current(), progress, cancelled)
            self._sync_candidates(progress, cancelled)

    # -- sources and what was removed ----------------------------------------------------------------------------

    def configure_source(
        self,
        source_id: int,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        watch: bool | None = None,
    ) -> None:
        """Change which files are taken from a source, or whether it is watched; the next run obeys.

        Raises:
            UsageError: no such source, or a pattern that makes no sense.
        """
        sources.configure(self.database, source_id, include, exclude, watch)

    def test_patterns(
        self, folder: Path | str, patterns: Patterns, *, limit: int = 2_000, cancelled: CancelledCheck = never
    ) -> list[TestedFile]:
        """Which files below a folder the patterns take, and why not the others; the first ``limit`` of them."""
        return list(tested(existing(folder), patterns, limit, cancelled))

    def remove_source(self, source_id: int) -> None:
        """Take a source with its documents out of the index; its files are not touched. Raises WorkspaceBusy."""
        with WriterLock(self.path):
            sources.remove(self.database, source_id)

    def bring_back_source(self, source_id: int) -> None:
        """Undo :meth:`remove_source`. Raises UsageError when it is too late, WorkspaceBusy."""
        with WriterLock(self.path):
            sources.bring_back(self.database, source_id)

    def remove_documents(self, document_ids: Iterable[int]) -> None:
        """Take documents out of the index. While its file is there and not excluded, the next run brings it back."""
        with WriterLock(self.path), self.database.write() as connection:
            shelf.shelve(connection, list(document_ids))

    def bring_back(self, document_ids: Iterable[int]) -> None:
        """Bring removed documents back, without reading or encoding; they stay even if their files are gone."""
        with WriterLock(self.path), self.database.write() as connection:
            shelf.restore(connection, list(document_ids), kept=True)

    def watcher(self, on_change: Callable[[frozenset[int]], None], *, polling: bool | None = None) -> Watcher:
        """A watcher, not yet started, over the sources that are to be watched; it names those that changed.

        ``polling`` as in :class:`rankscope.core.watching.Watcher`.
        """
        watched = [one for one in sources.followed(self.database) if one.watch]
        return Watcher(
            {one.source_id: one.path for one in watched},
            on_change,
            polling=polling,
            patterns={one.source_id: one.patterns for one in watched},
        )

    # -- the encoder and the reading processes -------------------------------------------------------------------

    def encoder(self) -> Encoder:
        """The workspace's encoder, loaded at first use. Raises ModelError when it is not the one of the vectors."""
        return self._encoder_of(self.manifest)

    def _encoder_of(self, manifest: Manifest) -> Encoder:
        wanted = manifest.encoder
        encoder = load_encoder(wanted["name"], self._wanted_device)
        if encoder.identity.sha256 != wanted["sha256"]:
            raise ModelError(
                f"The model “{wanted['name']}” has changed since the workspace {self.path} was made.",
                "Make a new workspace, or bring the former model back.",
            )
        self._encoder = encoder
        return encoder

    def _follow(self) -> None:
        """Take over the encoder, or the way of storing vectors, that another program has given the workspace.

        For the one writer: a search may still see the state before that, and must not turn back what is written.
        """
        with self.database.read() as connection:
            served = self._serving(connection)
        with self._lock:
            self.manifest, self._dense, self._candidates = served
            self._elsewhere = None

    def _sync_candidates(self, progress: ProgressCallback, cancelled: CancelledCheck, *, tidy: bool = False) -> None:
        """Bring PLAID's and MUVERA's indexes up to date if anybody has used them; under the writer lock."""
        # What cannot be saved, or no longer suits the codec, is for the search that needs it to say.
        with contextlib.suppress(OSError, WorkspaceError, UsageError):
            self._candidates.sync(self._vectors.current(), progress, cancelled, tidy=tidy)

    def _serving(self, connection: Connection) -> _Served:
        """The manifest and the indexes that go with the vectors that this connection sees."""
        manifest = stored_manifest(connection, self.path) or self.manifest
        with self._lock:
            if manifest == self.manifest:
                return self.manifest, self._dense, self._candidates
            # Of before a switch that this program made, or of after one that another program made.
            if self._elsewhere is None or self._elsewhere[0] != manifest:
                sha256, dim = manifest.encoder["sha256"], manifest.encoder["dim"]
                dense, candidates = DenseIndex(self.path, sha256, dim), CandidateIndexes(self.path, sha256)
                self._elsewhere = (manifest, dense, candidates)
            return self._elsewhere

    def _indexing_pool(self, passwords: tuple[str, ...]) -> ReaderPool:
        return self._reader_pool(passwords, self.path / UNPACKED)

    def _reader_pool(self, passwords: tuple[str, ...], spool: Path | None) -> ReaderPool:
        files = resolve(self.manifest.encoder["name"])
        return ReaderPool(files.tokenizer_json, **self.manifest.chunking, spool=spool, passwords=passwords)

    def _remember_passwords(self, passwords: tuple[str, ...]) -> None:
        """Keep passwords for this session, in memory only; pages are drawn by a new process that knows them."""
        fresh = tuple(password for password in passwords if password and password not in self._passwords)
        if not fresh:
            return
        self._passwords += fresh
        with self._lock:
            pages, self._pages = self._pages, None
        if pages is not None:
            pages.close()


_loading = Lock()
_Served = tuple[Manifest, DenseIndex, CandidateIndexes]


def load_encoder(name: str, device: str) -> Encoder:
    """One encoder per name and device in a process, however many workspaces use it."""
    import scipy.cluster.hierarchy  # noqa: F401 -- what a query's clusters need, loaded with what it is encoded with

    with _loading:
        return _loaded(name, device)


_loaded: Callable[[str, str], Encoder] = lru_cache(maxsize=2)(Encoder.load)
