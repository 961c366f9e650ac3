"""Reading one document into passages, and doing so in processes of their own.

A parser that crashes, hangs or eats all memory costs one document and a time limit, never the program.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING

from rankscope.core.documents.detect import HEAD_BYTES, real_format
from rankscope.core.documents.failures import Unreadable, os_failure, unreadable
from rankscope.core.documents.model import Extraction, Failure, PageView, PassageSpan, ReadDocument
from rankscope.core.documents.registry import format_of, reader
from rankscope.core.documents.scan import FoundFile
from rankscope.core.documents.text import has_content, shown
from rankscope.core.documents.workers import WorkerCrashed, WorkerPool, WorkerTimeout
from rankscope.core.errors import Cancelled

if TYPE_CHECKING:
    from rankscope.core.documents.chunking import Chunker

MAX_BYTES = 200_000_000
MEMORY_LIMIT = 4 * 1024**3
_TRIES = 3


def read_document(path: str | Path, chunker: Chunker) -> ReadDocument:
    """Reads a file and cuts it into passages; whatever goes wrong becomes the document's failure.

    Only process exits and interrupts are raised. A file that changes while it is read is read again.
    """
    started = time.perf_counter()
    file = Path(path)
    digest = ""
    extraction: Extraction | None = None
    passages: tuple[PassageSpan, ...] = ()
    failure: Failure | None = None
    try:
        for _ in range(_TRIES):
            before = _checked_status(file)
            digest, head = _fingerprint(file)
            extraction = _extract(file, head)
            after = file.stat()
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                break
        assert extraction is not None
        passages = chunker.passages(extraction)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in a library's Rust code is no Exception
        extraction = None
        failure = _failure(file, error)
    return ReadDocument(digest, extraction, passages, failure, time.perf_counter() - started)


def _checked_status(file: Path) -> os.stat_result:
    """The file's status, if it is one to read: never a pipe or device, which could block for ever."""
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise unreadable("unsupported", f"{shown(file)} is no ordinary file.", "Name a file or a folder of files.")
    if status.st_size == 0:
        raise unreadable(
            "empty", f"{shown(file)} is empty: it has no bytes.", "Restore it from a backup, or delete it."
        )
    if status.st_size > MAX_BYTES:
        raise unreadable(
            "too large",
            f"{shown(file)} has {status.st_size // 1_000_000:,} MB, and {MAX_BYTES // 1_000_000} is the limit.",
            "Split it into smaller files.",
        )
    return status


def _fingerprint(file: Path) -> tuple[str, bytes]:
    """The SHA-256 of the file's bytes in hex, and its first bytes."""
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest(), head


def _extract(file: Path, head: bytes) -> Extraction:
    promised = format_of(file)
    if promised is None:
        raise unreadable("unsupported", f"{shown(file)} is of a kind that Rankscope does not read.")
    extraction = reader(real_format(file, promised, head))(file)
    if not has_content(extraction.text):
        raise unreadable("no text", f"{shown(file)} holds no text.", "There is nothing in it to search.")
    return extraction


def _failure(file: Path, error: BaseException) -> Failure:
    name = shown(file)
    if isinstance(error, Unreadable):
        return error.failure
    if isinstance(error, OSError):
        return os_failure(file, error)
    if isinstance(error, MemoryError):
        return Failure("too large", f"There is not enough memory to read {name}.", "Split it into smaller files.")
    if isinstance(error, RecursionError):
        return Failure("damaged", f"{name} is nested too deeply to be read.", "Save it anew in its own program.")
    return Failure(
        "damaged",
        f"{name} cannot be understood: its content breaks the rules of its format.",
        "Open it in its own program and save it anew; if that does not help, please report it.",
    )


_chunker: Chunker | None = None  # the worker process's own


def _prepare_worker(
    tokenizer_json: str, max_tokens: int, target_tokens: int | None, overlap_tokens: int | None
) -> None:
    from rankscope.core.documents.chunking import Chunker

    global _chunker
    _chunker = Chunker(tokenizer_json, max_tokens, target_tokens, overlap_tokens)


def _read_in_worker(path: str) -> ReadDocument:
    assert _chunker is not None
    return read_document(path, _chunker)


def _render_in_worker(path: str, page: int, width: int) -> PageView:
    from rankscope.core.documents.pages import render_page

    try:
        return render_page(Path(path), page, width)
    except OSError as error:
        raise Unreadable(os_failure(path, error)) from None


class ReaderPool:
    """Reads documents in worker processes, and draws pages in another, so that a page never waits for a document.

    Args:
        tokenizer_json: the encoder's tokenizer; with the next three, what :class:`Chunker` takes.
        workers: the number of processes that read.
        timeout: seconds that one document may take.
        page_timeout: seconds that drawing one page may take.

    Use as a context manager, or call :meth:`close`.
    """

    def __init__(
        self,
        tokenizer_json: Path | str,
        max_tokens: int = 256,
        target_tokens: int | None = None,
        overlap_tokens: int | None = None,
        *,
        workers: int = 1,
        timeout: float = 60.0,
        page_timeout: float = 20.0,
        recycle_after: int = 1000,
    ) -> None:
        self._timeout = timeout
        self._page_timeout = page_timeout
        self._readers = WorkerPool(
            workers,
            _prepare_worker,
            (os.fspath(tokenizer_json), max_tokens, target_tokens, overlap_tokens),
            recycle_after=recycle_after,
            memory_limit=MEMORY_LIMIT,
        )
        self._painters = WorkerPool(recycle_after=recycle_after, memory_limit=MEMORY_LIMIT)

    def start(self) -> None:
        """Starts the reading processes now instead of with the first document; returns at once."""
        self._readers.start()

    def submit(self, path: str) -> Future[ReadDocument]:
        """The future of one document. Crashes and time limits are failures of the document, not exceptions; the
        future raises only what hinders all reading: a tokenizer that cannot be loaded, or a closed pool."""
        outer: Future[ReadDocument] = Future()
        inner = self._readers.submit(_read_in_worker, path, timeout=self._timeout)

        def hand_over(done: Future[ReadDocument]) -> None:
            if not outer.set_running_or_notify_cancel():
                return
            try:
                outer.set_result(self._outcome(path, done))
            except BaseException as error:
                outer.set_exception(error)

        inner.add_done_callback(hand_over)
        return outer

    def results(self, found: Iterable[FoundFile], ahead: int = 8) -> Iterator[tuple[FoundFile, ReadDocument]]:
        """Reads files as they are found, in their order, at most ``ahead`` at once being read or waiting to be taken.

        Raises:
            Cancelled: the pool was closed meanwhile.
            ModelError: the tokenizer cannot be loaded.
        """
        waiting: deque[tuple[FoundFile, Future[ReadDocument] | ReadDocument]] = deque()
        try:
            for file in found:
                if file.problem is not None:
                    waiting.append((file, ReadDocument("", failure=file.problem)))
                else:
                    waiting.append((file, self._readers.submit(_read_in_worker, file.path, timeout=self._timeout)))
                if len(waiting) >= ahead:
                    yield self._taken(waiting)
            while waiting:
                yield self._taken(waiting)
        finally:
            for _, answer in waiting:
                if isinstance(answer, Future):
                    answer.cancel()

    def _taken(
        self, waiting: deque[tuple[FoundFile, Future[ReadDocument] | ReadDocument]]
    ) -> tuple[FoundFile, ReadDocument]:
        file, answer = waiting.popleft()
        if isinstance(answer, ReadDocument):
            return file, answer
        try:
            return file, self._outcome(file.path, answer)
        except CancelledError:
            raise Cancelled from None

    def _outcome(self, path: str, future: Future[ReadDocument]) -> ReadDocument:
        """The document, or what became of the process that read it as the document's failure."""
        try:
            return future.result()
        except WorkerTimeout:
            return ReadDocument("", failure=_timed_out(path, self._timeout), seconds=self._timeout)
        except WorkerCrashed:
            return ReadDocument("", failure=_crashed(path))

    def page_view(self, path: str, page: int, width: int) -> PageView:
        """Draws a page, see :func:`rankscope.core.documents.pages.render_page`.

        Raises:
            Unreadable: it cannot be drawn; ``failure`` says why.
            Cancelled: the pool was closed meanwhile.
        """
        future = self._painters.submit(_render_in_worker, path, page, width, timeout=self._page_timeout)
        try:
            view: PageView = future.result()
        except WorkerTimeout:
            raise Unreadable(_timed_out(path, self._page_timeout)) from None
        except WorkerCrashed:
            raise Unreadable(_crashed(path)) from None
        except CancelledError:
            raise Cancelled from None
        return view

    def process_ids(self) -> list[int]:
        """The ids of the processes that run now."""
        return self._readers.process_ids() + self._painters.process_ids()

    def close(self) -> None:
        """Stops all processes at once, also those at work. May be called twice."""
        self._readers.close()
        self._painters.close()

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _timed_out(path: str, limit: float) -> Failure:
    return Failure(
        "timed out",
        f"{shown(path)} was given up: reading it took longer than {limit:g} seconds.",
        "Split it, or save it anew in its own program.",
    )


def _crashed(path: str) -> Failure:
    return Failure(
        "crashed",
        f"{shown(path)} made the program that reads it stop.",
        "It may be damaged or need more memory than there is: open it in its own program and save it anew.",
    )
