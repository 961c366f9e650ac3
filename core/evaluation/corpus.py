"""The workspace of a collection's corpus: made once, kept under the user's cache folder, filled on from where it was.

It is keyed by the corpus' bytes, the encoder's weights and how entries are cut, so that a changed file or another
encoder never meets old vectors.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import insert, select

from rankscope.core.documents.chunking import Chunker
from rankscope.core.documents.model import Extraction, PassageSpan, ReadDocument
from rankscope.core.documents.tokens import TokenCounter
from rankscope.core.encoding.registry import OFFLINE_DEFAULT, EncoderFiles
from rankscope.core.errors import WorkspaceBusy, WorkspaceError, WorkspaceTooNew
from rankscope.core.evaluation.collections import Collection
from rankscope.core.evaluation.formats import Entry
from rankscope.core.generation import VECTORS, encoder_files
from rankscope.core.places import cache_folder
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.storage import schema
from rankscope.core.storage.files import disk_errors
from rankscope.core.storage.lock import WriterLock
from rankscope.core.storage.manifest import FORMAT_VERSION
from rankscope.core.workspace import CHUNKING, Workspace
from rankscope.core.writing import PendingDocument

FORMAT = "entry"
# Raised when entries are cut or stored in another way, so that older caches are left alone.
_LAYOUT = 1
_COMPLETE = "collection_complete"

_Cut = Callable[[Entry], ReadDocument]


def corpus_workspace(
    collection: Collection,
    *,
    chunk: bool = False,
    device: str = "auto",
    vectors: str = VECTORS,
    encoder: str | None = None,
    progress: ProgressCallback = silent,
    cancelled: CancelledCheck = never,
) -> Workspace:
    """The workspace that holds every entry of the corpus, encoded; the caller closes it.

    Each entry is one document whose path is the entry's id. Without ``chunk`` it is one passage, its title in front,
    of which the encoder reads as much as it can; with ``chunk`` it is cut as documents are. ``vectors`` is what is
    stored of each: "levels" or "tokens"; ``encoder`` the name of another encoder than the default.

    Raises:
        Cancelled: the next call goes on from the last batch that was committed.
        CollectionError, WorkspaceError, WorkspaceBusy (another process is filling it).
    """
    files = encoder_files(encoder or OFFLINE_DEFAULT)
    folder = corpus_folder(collection, files, chunk, vectors)
    workspace = _open(folder, device, vectors, files)
    try:
        if workspace.notes:  # something in it is damaged, and a gap would lower every figure
            workspace.close()
            _discard(folder)
            workspace = _open(folder, device, vectors, files)
        if not _is_complete(workspace):
            cut = _chunked(files) if chunk else _whole(files)
            _fill(workspace, collection, cut, progress, cancelled)
    except BaseException:
        workspace.close()
        raise
    return workspace


def corpus_folder(collection: Collection, files: EncoderFiles, chunk: bool, vectors: str = VECTORS) -> Path:
    """Where the workspace of this corpus, encoder, way of cutting and kind of vectors lies."""
    cutting = json.dumps(CHUNKING, sort_keys=True) if chunk else "whole"
    parts = (
        _LAYOUT,
        FORMAT_VERSION,
        collection.corpus_sha256,
        files.identity.sha256,
        files.identity.max_tokens,
        cutting,
        vectors,
    )
    key = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:24]
    return cache_folder() / "collections" / key


def _open(folder: Path, device: str, vectors: str, files: EncoderFiles) -> Workspace:
    with disk_errors("making the cache of collections", folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Workspace.open(folder, create=True, device=device, vectors=vectors, encoder=files.identity.name)
    except (WorkspaceBusy, WorkspaceTooNew):
        raise
    except WorkspaceError as error:
        raise WorkspaceError(error.message, f"It is a cache: delete the folder {folder} and start again.") from error


def _discard(folder: Path) -> None:
    with WriterLock(folder), disk_errors("clearing the cache", folder):
        for entry in folder.iterdir():
            if entry.name.startswith("writer."):
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()


# -- filling ---------------------------------------------------------------------------------------------------------


def _fill(
    workspace: Workspace, collection: Collection, cut: _Cut, progress: ProgressCallback, cancelled: CancelledCheck
) -> None:
    with workspace.writing(progress, cancelled) as writer:
        source = _source(workspace)
        with workspace.database.read() as connection:
            there = {row.path for row in connection.execute(select(schema.documents.c.path))}
        for done, entry in enumerate(collection.entries()):
            stop_if(cancelled)
            progress(Progress(done, collection.n_entries, collection.name, "entries"))
            if entry.id in there:
                continue
            size = len(entry.text.encode())
            writer.add(PendingDocument(source, entry.id, FORMAT, size, mtime_ns=0, scan=1, read=cut(entry)))
    with workspace.database.write() as connection:  # another process may have been as far in the same moment
        connection.execute(insert(schema.meta).prefix_with("OR REPLACE"), {"key": _COMPLETE, "value": "yes"})
    progress(Progress(collection.n_entries, collection.n_entries, collection.name, "entries"))


def _is_complete(workspace: Workspace) -> bool:
    with workspace.database.read() as connection:
        return connection.execute(select(schema.meta.c.value).where(schema.meta.c.key == _COMPLETE)).first() is not None


def _source(workspace: Workspace) -> int:
    """The one source: no folder, so that nothing ever looks for files."""
    name = f"collection:{workspace.path.name}"
    with workspace.database.write() as connection:
        found = connection.execute(select(schema.sources.c.id).where(schema.sources.c.path == name)).scalar()
        if found is None:
            result = connection.execute(insert(schema.sources), {"path": name})
            assert result.inserted_primary_key is not None
            found = result.inserted_primary_key[0]
    return int(found)


# -- cutting ---------------------------------------------------------------------------------------------------------


def _whole(files: EncoderFiles) -> _Cut:
    counter = TokenCounter(files.tokenizer_json)
    limit = files.identity.max_tokens

    def cut(entry: Entry) -> ReadDocument:
        text = entry.passage
        extraction = Extraction(text, FORMAT, entry.title)
        if not text:
            return ReadDocument(_hash(text), extraction)
        # The whole text is the passage, for the words; the encoder stops at its limit.
        span = PassageSpan(0, len(text), "", None, min(counter.count(text), limit))
        return ReadDocument(_hash(text), extraction, (span,))

    return cut


def _chunked(files: EncoderFiles) -> _Cut:
    chunker = Chunker(files.tokenizer_json, **CHUNKING)

    def cut(entry: Entry) -> ReadDocument:
        only_title = not entry.text.strip()
        extraction = Extraction(entry.title if only_title else entry.text, FORMAT, "" if only_title else entry.title)
        return ReadDocument(_hash(extraction.text), extraction, chunker.passages(extraction))

    return cut


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
