"""Reading documents in processes of their own, and what is inside them one by one.

A parser that crashes, hangs or eats all memory costs one document and a time limit, never the program.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rankscope.core.documents.failures import NeedsRecognition, Unreadable, os_failure
from rankscope.core.documents.model import Failure, Member, PageView, ReadDocument
from rankscope.core.documents.passwords import set_passwords
from rankscope.core.documents.reading import is_archive, read_document
from rankscope.core.documents.registry import FORMATS, format_of
from rankscope.core.documents.scan import FoundFile
from rankscope.core.documents.spool import Spool, clear
from rankscope.core.documents.text import shown
from rankscope.core.documents.unpacking import Allowance, take_out
from rankscope.core.documents.workers import WorkerCrashed, WorkerPool, WorkerTimeout
from rankscope.core.errors import Cancelled

if TYPE_CHECKING:
    from rankscope.core.documents.chunking import Chunker

MEMORY_LIMIT = 4 * 1024**3
RECOGNITION_TIMEOUT = 900.0  # seconds that OCR may take for one document; a page takes one to three

# What a file may unpack to whose name promises no container: several of them are read at once.
_UNEXPECTED_BYTES, _UNEXPECTED_FILES = 16_000_000, 1000

_chunker: Chunker | None = None  # the worker process's own


def _prepare_worker(
    tokenizer_json: str,
    max_tokens: int,
    target_tokens: int | None,
    overlap_tokens: int | None,
    passwords: tuple[str, ...],
) -> None:
    from rankscope.core.documents.chunking import Chunker

    global _chunker
    set_passwords(passwords)
    _chunker = Chunker(tokenizer_json, max_tokens, target_tokens, overlap_tokens)


def _read_in_worker(path: str, spool: str, allowance: Allowance, recognise: bool) -> ReadDocument:
    assert _chunker is not None
    return read_document(path, _chunker, Path(spool), allowance, recognise=recognise)


def _render_in_worker(path: str, member: str, page: int, width: int, spool: str) -> PageView:
    from rankscope.core.documents.pages import render_page

    try:
        return render_page(take_out(Path(path), member, Path(spool)) if member else Path(path), page, width)
    except OSError as error:
        raise Unreadable(os_failure(path, error)) from None


@dataclass(slots=True)
class _Budget:
    """What unpacking one file on disk may still cost, however deep what is inside it nests. What one archive in it
    takes, the next one lacks: a bomb of bombs ends as soon as a single one."""

    n_bytes: int
    files: int

    def spend(self, members: tuple[Member, ...]) -> None:
        self.n_bytes = max(0, self.n_bytes - sum(member.size for member in members))
        self.files = max(0, self.files - len(members))


@dataclass
class _Reading:
    """One document to read. ``place`` is where its bytes lie, ``depth`` how many levels of containers may follow.

    ``answer`` is None until a worker was asked; from then on ``spool`` is the document's own folder.
    """

    found: FoundFile
    place: str
    budget: _Budget
    depth: int
    answer: Future[ReadDocument] | ReadDocument | None = None
    spool: Path | None = None

    @cached_property
    def can_wait(self) -> bool:
        """Archives are unpacked when it is their turn: each may use all that is left of the budget, and what they
        unpack to, up to a gigabyte, should not lie on the disk several times over."""
        try:
            return is_archive(Path(self.place))
        except OSError:
            return False

    def allowance(self, seconds: float) -> Allowance:
        """What unpacking it may cost. A mail unpacks to no more than its own size."""
        name = format_of(self.found.path)
        if self.can_wait or (name is not None and FORMATS[name].container):
            return Allowance(self.budget.n_bytes, self.budget.files, self.depth, seconds)
        n_bytes, files = min(self.budget.n_bytes, _UNEXPECTED_BYTES), min(self.budget.files, _UNEXPECTED_FILES)
        return Allowance(n_bytes, files, self.depth, seconds)


class ReaderPool:
    """Reads documents in worker processes, and draws pages in another, so that a page never waits for a document.

    Args:
        tokenizer_json: the encoder's tokenizer; with the next three, what :class:`Chunker` takes.
        spool: where files that are found inside files are unpacked while they are read; nothing of them stays, and
            what a killed program left there is removed. It belongs to this pool alone. The system's folder for
            temporary files if not given.
        passwords: tried on protected files.
        workers: the number of processes that read.
        timeout: seconds that one document may take.
        recognition_timeout: the same where it has to be read by OCR.
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
        spool: Path | None = None,
        passwords: tuple[str, ...] = (),
        workers: int = 1,
        timeout: float = 60.0,
        recognition_timeout: float = RECOGNITION_TIMEOUT,
        page_timeout: float = 20.0,
        recycle_after: int = 1000,
    ) -> None:
        self._timeout = timeout
        self._recognition_timeout = recognition_timeout
        self._page_timeout = page_timeout
        self._spool = Spool(spool)
        self._readers = WorkerPool(
            workers,
            _prepare_worker,
            (os.fspath(tokenizer_json), max_tokens, target_tokens, overlap_tokens, passwords),
            recycle_after=recycle_after,
            memory_limit=MEMORY_LIMIT,
        )
        self._painters = WorkerPool(
            1, set_passwords, (passwords,), recycle_after=recycle_after, memory_limit=MEMORY_LIMIT
        )

    def start(self) -> None:
        """Starts the reading processes now instead of with the first document; returns at once."""
        self._readers.start()

    def read(self, path: str) -> ReadDocument:
        """One document. What is inside it is read, too, and not returned. Raises as :meth:`results`."""
        *_, (_, document) = self.results([FoundFile(path)])
        return document

    def results(self, found: Iterable[FoundFile], ahead: int = 8) -> Iterator[tuple[FoundFile, ReadDocument]]:
        """Reads files as they are found, in their order, at most ``ahead`` at once being read or waiting to be taken.

        The files inside a file come before it, each with the outermost file as its ``container`` and a path of the
        form ``container/name inside``: once a container is taken, all that it holds has been.

        Raises:
            Cancelled: the pool was closed meanwhile.
            ModelError: the tokenizer cannot be loaded.
        """
        allowance = Allowance()
        readings = (
            _Reading(file, file.path, _Budget(allowance.n_bytes, allowance.files), allowance.depth) for file in found
        )
        return self._read(readings, ahead)

    def page_view(self, path: str, page: int, width: int, member: str = "") -> PageView:
        """Draws a page, see :func:`rankscope.core.documents.pages.render_page`.

        Args:
            member: the name inside the container ``path``, where the document is such a member.

        Raises:
            Unreadable: it cannot be drawn; ``failure`` says why.
            Cancelled: the pool was closed meanwhile.
        """
        spool = self._spool.folder()
        if spool is None:
            raise Cancelled
        arguments = (path, member, page, width, str(spool))
        future = self._painters.submit(_render_in_worker, *arguments, timeout=self._page_timeout)
        try:
            view: PageView = future.result()
        except WorkerTimeout:
            raise Unreadable(_timed_out(path, self._page_timeout)) from None
        except WorkerCrashed:
            raise Unreadable(_crashed(path)) from None
        except CancelledError:
            raise Cancelled from None
        finally:
            clear(spool)
        return view

    def process_ids(self) -> list[int]:
        """The ids of the processes that run now."""
        return self._readers.process_ids() + self._painters.process_ids()

    def close(self) -> None:
        """Stops all processes at once, also those at work. May be called twice."""
        self._readers.close()
        self._painters.close()
        self._spool.close()

    def __enter__(self) -> ReaderPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, readings: Iterator[_Reading], ahead: int) -> Iterator[tuple[FoundFile, ReadDocument]]:
        waiting: deque[_Reading] = deque()
        try:
            for reading in readings:
                waiting.append(reading)
                if reading.found.problem is not None:
                    reading.answer = ReadDocument("", failure=reading.found.problem)
                elif not reading.can_wait:
                    self._begin(reading)
                if len(waiting) >= ahead:
                    yield from self._taken(waiting.popleft(), ahead)
            while waiting:
                yield from self._taken(waiting.popleft(), ahead)
        finally:
            for reading in waiting:
                if isinstance(reading.answer, Future):
                    reading.answer.cancel()
                clear(reading.spool)

    def _begin(self, reading: _Reading, recognise: bool = False) -> Future[ReadDocument]:
        reading.spool = self._spool.folder()
        if reading.spool is None:
            raise Cancelled
        limit = self._recognition_timeout if recognise else self._timeout
        arguments = (reading.place, str(reading.spool), reading.allowance(limit / 2), recognise)
        reading.answer = future = self._readers.submit(_read_in_worker, *arguments, timeout=limit)
        return future

    def _taken(self, reading: _Reading, ahead: int) -> Iterator[tuple[FoundFile, ReadDocument]]:
        """What is inside the document, then the document itself."""
        try:
            document = self._outcome(reading)
            reading.budget.spend(document.members)
            yield from self._read(self._inside(reading, document.members), ahead)
        finally:
            clear(reading.spool)  # also what a process that died left of it
        yield reading.found, document

    @staticmethod
    def _inside(reading: _Reading, members: tuple[Member, ...]) -> Iterator[_Reading]:
        outermost = reading.found.container or reading.found.path
        for member in members:
            path = f"{reading.found.path}/{member.name}"
            found = FoundFile(path, member.size, reading.found.mtime_ns, member.problem, outermost)
            yield _Reading(found, member.path, reading.budget, reading.depth - 1)

    def _outcome(self, reading: _Reading) -> ReadDocument:
        """The document, or what became of the process that read it as the document's failure."""
        limit = self._timeout
        try:
            try:
                answer = reading.answer if reading.answer is not None else self._begin(reading)
                return answer.result() if isinstance(answer, Future) else answer
            except NeedsRecognition:
                clear(reading.spool)
                limit = self._recognition_timeout
                return self._begin(reading, recognise=True).result()
        except CancelledError:
            raise Cancelled from None
        except WorkerTimeout:
            return ReadDocument("", failure=_timed_out(reading.found.path, limit), seconds=limit)
        except WorkerCrashed:
            return ReadDocument("", failure=_crashed(reading.found.path))


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
