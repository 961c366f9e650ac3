"""Watching sources for changes: told by the system where it can tell, looking from time to time where it cannot.

Nothing is read here and nothing indexed: whoever watches learns in which sources something changed.
"""

from __future__ import annotations

import atexit
import hashlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace, TracebackType

from watchfiles import Change, watch

from rankscope.core.documents.patterns import EVERYTHING, Patterns
from rankscope.core.documents.scan import has_reader, is_hidden_name, scan
from rankscope.core.documents.text import shown
from rankscope.core.errors import Cancelled
from rankscope.core.mounts import needs_polling

log = logging.getLogger(__name__)

_STOP_WITHIN = 1.0  # seconds
_CROWD = 2_000  # changes at once, from which on the system may have dropped some
_TRIES = 3  # how often to ask the system to tell, when folders vanish while it is asked


class Watcher:
    """Calls ``on_change`` with the ids of the sources in which something changed, from a thread of its own.

    It is called once ``quiet`` seconds have passed without a further change, at the latest after ten times that, never
    twice at the same time, and again for what changes during a call. Hidden files, files that no reader takes, and
    files that the patterns leave out do not count. A source that is not there is looked for, and counts as changed
    when it vanishes and when it comes.

    What changes before the watch is up is not noticed: start the watcher, then bring the workspace up to date.

    Args:
        folders: source id -> folder or file; sources may lie inside each other.
        quiet: seconds.
        poll_every: seconds between two looks, for sources that are polled and for those that are not there.
        polling: True to poll all sources, False to poll only where the system refuses to tell; None to decide for each
            by :func:`needs_polling`.
        patterns: source id -> what is taken; a source that is missing here takes everything.
    """

    def __init__(
        self,
        folders: Mapping[int, Path | str],
        on_change: Callable[[frozenset[int]], None],
        quiet: float = 2.0,
        poll_every: float = 30.0,
        polling: bool | None = None,
        patterns: Mapping[int, Patterns] | None = None,
    ) -> None:
        self._on_change = on_change
        self._quiet = quiet
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._changed: set[int] = set()
        self._first = self._last = 0.0  # when the changes not yet told of began, and when the latest of them was
        limits = patterns or {}
        self._sources = [
            _Source(
                os.path.abspath(folder),  # noqa: PTH100 - a link that is the source stays one: it may be changed
                limits.get(source_id, EVERYTHING),
                _Pace(quiet, poll_every, polling),
                self._stopping,
                partial(self._note_change, source_id),
            )
            for source_id, folder in folders.items()
        ]
        self._threads = [
            threading.Thread(target=work, name="rankscope-watch", daemon=True)
            for work in (self._tell, *(source.run for source in self._sources))
        ]

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should know of how the sources are watched; complete once the watch is up."""
        return tuple(source.note for source in self._sources if source.note)

    def start(self) -> None:
        """Begin to watch, and return at once; a second call does nothing."""
        if self._stopping.is_set() or self._threads[0].ident is not None:
            return
        atexit.register(self.stop)  # a thread inside the library must not outlive the interpreter
        for thread in self._threads:
            thread.start()

    def wait_until_watching(self, timeout: float) -> bool:
        """Wait until changes in every source are noticed, at most so many seconds; False when that was too short."""
        end = time.monotonic() + timeout
        return all(source.ready.wait(max(0.0, end - time.monotonic())) for source in self._sources)

    def stop(self) -> None:
        """Stop watching, within about a second; a call of ``on_change`` under way is not waited for longer."""
        with self._news:
            self._stopping.set()
            self._news.notify_all()
        atexit.unregister(self.stop)
        end = time.monotonic() + _STOP_WITHIN
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def __enter__(self) -> Watcher:
        """Start, and wait a little while for the watch to be up."""
        self.start()
        self.wait_until_watching(5.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _note_change(self, source_id: int) -> None:
        with self._news:
            self._last = time.monotonic()
            if not self._changed:
                self._first = self._last
                self._news.notify_all()
            self._changed.add(source_id)

    def _tell(self) -> None:
        while (changed := self._next()) is not None:
            try:
                self._on_change(changed)
            except Exception:
                log.exception("Whoever was told of changed sources failed.")

    def _next(self) -> frozenset[int] | None:
        """The sources to tell of, as soon as it is time to; None when the watcher stops."""
        with self._news:
            while not self._stopping.is_set():
                if not self._changed:
                    self._news.wait()
                    continue
                due = min(self._last + self._quiet, self._first + 10 * self._quiet) - time.monotonic()
                if due <= 0:
                    changed = frozenset(self._changed)
                    self._changed.clear()
                    return changed
                self._news.wait(due)
        return None


@dataclass(frozen=True, slots=True)
class _Pace:
    quiet: float
    poll_every: float
    polling: bool | None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a source lies on the disk just now: the folder to watch, and the name in it when the source is a file."""

    root: str
    real: str
    folder: str
    file: str
    identity: tuple[int, int]

    @classmethod
    def of(cls, root: str) -> _Place | None:
        """None when the source is not there, or nobody lets us look."""
        try:
            real = os.path.realpath(root, strict=True)
            folder, file = (real, "") if Path(real).is_dir() else os.path.split(real)
            status = Path(folder).stat()
        except (OSError, ValueError):
            return None
        return cls(root, real, folder, file, (status.st_dev, status.st_ino))

    def is_the_same(self) -> bool:
        """False once the source is gone or another one; a file may be away for a moment, while it is saved."""
        now = _Place.of(self.root)
        if now is None and self.file:
            parent = _Place.of(self.folder)
            return parent is not None and parent.identity == self.identity
        return now == self

    def relative(self, path: str) -> str:
        """The path with "/", relative to the watched folder; "" for that folder itself, and outside."""
        inside = path.startswith(self.folder.rstrip(os.sep) + os.sep)
        return path[len(self.folder.rstrip(os.sep)) + 1 :].replace(os.sep, "/") if inside else ""


class _Weight(IntEnum):
    """Whether something that happened counts."""

    NO = 0
    PERHAPS = 1
    YES = 2


class _Source:
    """One source, followed by a thread of its own, so that a drive that hangs holds up no other source."""

    def __init__(
        self, root: str, patterns: Patterns, pace: _Pace, stopping: threading.Event, changed: Callable[[], None]
    ) -> None:
        self.ready = threading.Event()
        self.note = ""
        self._root = root
        self._patterns = patterns
        self._pace = pace
        self._stopping = stopping
        self._changed = changed
        self._refused = 0  # how often the system refused to tell
        self._missed = False  # something may have changed while nobody watched
        self._known: bytes | None = None  # the state of the source as last told; None when it has to be looked up
        self._weight = _Weight.NO  # of what happened since then
        self._looked = self._latest = 0.0
        self._crowded = False

    def run(self) -> None:
        while not self._stopping.is_set():
            place = _Place.of(self._root)
            if place is None:
                self.ready.set()
                self._missed = True
                self._stopping.wait(self._pace.poll_every)
                continue
            self._follow(place)
            self._stopping.wait(self._pace.quiet / 10)  # whatever happens, this goes round at leisure

    def _follow(self, place: _Place) -> None:
        """Report changes until the source is another one, or has to be followed in another way."""
        polling = self._pace.polling if self._pace.polling is not None else needs_polling(place.folder)
        try:
            if polling or self._refused >= _TRIES:
                self._poll()
            else:
                self._listen(place)
        except Cancelled:
            return
        except (OSError, RuntimeError, UnicodeError) as error:
            # Where something vanished just then (it may be the source itself), the next try may succeed.
            self._refused = self._refused + 1 if isinstance(error, FileNotFoundError) else _TRIES
            self._missed = True
            if self._refused >= _TRIES:
                self.note = _refusal(self._root, error, self._pace.poll_every)

    def _begin(self) -> None:
        """From now on every change is noticed."""
        if self._missed:
            self._changed()
        self._missed = False
        self.ready.set()

    def _lost(self) -> None:
        """The source is gone, or another one has its name."""
        self._changed()
        self._missed = True

    def _poll(self) -> None:
        before = None
        while True:
            start = time.monotonic()
            state = self._state()
            if _Place.of(self._root) is None:
                self._lost()
                return
            if before is None:
                self._begin()
            elif state != before:
                self._changed()
            before = state
            # A folder that takes long to look through is not looked through all the time.
            if self._stopping.wait(max(self._pace.poll_every, 10 * (time.monotonic() - start))):
                return

    def _state(self) -> bytes:
        """The names, sizes and dates of all files that count, in a few bytes. Raises Cancelled."""
        digest = hashlib.blake2b(digest_size=16)
        for found in scan(Path(self._root), self._stopping.is_set, self._patterns):
            reason = found.problem.reason if found.problem else ""
            digest.update(
                f"{found.path}\0{found.size}\0{found.mtime_ns}\0{reason}\0".encode("utf-8", "surrogateescape")
            )
        return digest.digest()

    def _listen(self, place: _Place) -> None:
        """Let the system tell, until the source is another one, or changes may have been missed.

        Raises:
            FileNotFoundError: the place, or a folder in it, vanished just then.
            OSError, RuntimeError, UnicodeError: the system or the library cannot tell of this place.
            Cancelled: the watcher stops.
        """
        self._looked = 0.0
        self._crowded = False
        step = int(min(200.0, max(20.0, self._pace.quiet * 100)))  # milliseconds
        for batch in _told(place.folder, lambda: self._is_over(place), step, self._pace.quiet, not place.file):
            self._latest = time.monotonic()
            self._crowded |= len(batch) >= _CROWD
            weight = self._weight_of(place, batch)
            self._weight = max(self._weight, weight)
            if weight is _Weight.YES:
                self._changed()
            if not place.is_the_same():
                break
        if not self._stopping.is_set() and not place.is_the_same():
            self._lost()

    def _is_over(self, place: _Place) -> bool:
        """Asked by the library several times a second; everything else is done here, in between."""
        if self._stopping.is_set():
            return True
        now = time.monotonic()
        if not self._looked:
            self._looked = now
            self._refused, self.note = 0, ""
            self._begin()
        if now - self._looked > self._pace.poll_every:
            self._looked = now
            return not place.is_the_same()
        if now - self._latest < self._pace.quiet / 2:
            return False
        if self._crowded:  # begin anew: folders of which the system told nothing are not watched
            self._missed = self._weight is _Weight.YES
            self._weight = max(self._weight, _Weight.PERHAPS)
            return True
        if self._known is None or self._weight:
            self._look_up(place)
        return False

    def _look_up(self, place: _Place) -> None:
        """In a quiet moment: learn the state of the source, and whether what perhaps counted did.

        Raises:
            OSError, RuntimeError: the system watches no further folder, so that it may not watch a new one.
            Cancelled: the watcher stops.
        """
        if self._weight and sys.platform == "linux":  # where a limit that is reached later on is not told
            list(_told(place.folder, lambda: True, 1, 0.0, recursive=False))
        known, weight = self._known, self._weight
        self._known, self._weight = self._state(), _Weight.NO
        if weight is _Weight.PERHAPS and self._known != known:
            self._changed()

    def _weight_of(self, place: _Place, batch: Iterable[tuple[Change, str]]) -> _Weight:
        real = cache(os.path.realpath)
        heaviest = _Weight.NO
        for change, path in batch:
            relative = place.relative(path)
            if place.file:
                weight = _Weight.YES if relative == place.file else _Weight.NO
            elif self._is_entered(relative):
                weight = self._weight_in_folder(change, path, relative)
            else:
                # What two names lead to is told of under one of them, maybe a link that is hidden.
                folder, name = os.path.split(path)
                path = os.path.join(real(folder), name)  # noqa: PTH118 - a string all the way
                relative = place.relative(path)
                entered = self._is_entered(relative)
                weight = self._weight_in_folder(change, path, relative) if entered else _Weight.NO
            heaviest = max(heaviest, weight)
            if heaviest is _Weight.YES:
                break
        return heaviest

    def _is_entered(self, relative: str) -> bool:
        """Whether a scan comes to the folder in which this file or folder lies, and does not skip its name."""
        if not relative or any(is_hidden_name(part) for part in relative.split("/")):
            return False
        return self._patterns.enters(relative.rpartition("/")[0])

    def _weight_in_folder(self, change: Change, path: str, relative: str) -> _Weight:
        is_document = has_reader(relative.rpartition("/")[2]) and self._patterns.judged(relative).taken
        if change is not Change.deleted and not Path(path).is_dir():
            return _Weight.YES if is_document else _Weight.NO
        if is_document and change is Change.deleted:
            return _Weight.YES
        if change is Change.modified or self._patterns.excluding(relative):
            return _Weight.NO
        # A folder came; or something went that may have been a folder, of which only the name is told.
        return _Weight.YES if change is Change.added else _Weight.PERHAPS


def _told(
    folder: str, stop: Callable[[], bool], step: int, quiet: float, recursive: bool
) -> Iterator[set[tuple[Change, str]]]:
    """What the system tells of a folder, until ``stop``, which is asked every ``step`` milliseconds, says True."""
    return watch(
        folder,
        watch_filter=None,
        step=step,
        debounce=max(step, int(quiet * 250)),  # milliseconds, shorter than what counts as a quiet moment
        rust_timeout=0,
        stop_event=SimpleNamespace(is_set=stop),
        raise_interrupt=False,
        force_polling=False,
        recursive=recursive,
        ignore_permission_denied=False,  # True hides every refusal, and leaves the folders after it unwatched
    )


def _refusal(root: str, error: Exception, poll_every: float) -> str:
    """Why a source is polled after all, in words."""
    if isinstance(error, UnicodeError) or "decode" in str(error):
        why, remedy = "holds names that are not UTF-8", "Renaming them helps."
    elif isinstance(error, PermissionError) or "os error 13" in str(error):
        why, remedy = "holds folders that you have no permission to look into", ""
    elif "limit" in str(error) or "os error 24" in str(error) or "os error 28" in str(error):
        why = "has more folders than the system watches"
        remedy = "On Linux, raising fs.inotify.max_user_watches and max_user_instances helps."
    else:
        why, remedy = "lies where the system does not tell of changes", ""
    return f"{shown(root)} {why}; it is looked through every {poll_every:g} seconds instead. {remedy}".strip()
