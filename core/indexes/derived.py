"""An index made from the multi-vectors of every passage: made at first use, then following what is committed.

Whoever never uses it pays nothing for it. Making one takes long, so it is made in small steps, which the search that
needs it drives: between two of them it may be cancelled, and what is done by then waits for the next one. It is kept
in one file under ``indexes``: on one core, making PLAID's takes 3 to 5 milliseconds a passage and MUVERA's a quarter
of one, loading either 10 to 60 microseconds. A file that is damaged, or belongs to another encoder, codec or kind of
vectors, is made anew. A passage keeps its vectors for as long as it keeps its id, so the ids tell what is missing.
"""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import ClassVar, Generic, TypeVar

import numpy as np

from rankscope.core.indexes.dense import FOLDER
from rankscope.core.indexes.saved import load_arrays, save_arrays
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.storage.codecs.fitted import checksum
from rankscope.core.storage.vectors import Vectors

T = TypeVar("T")
Learned = dict[str, np.ndarray]

SUFFIX = ".index"
_FORMAT = 1  # raised when the arrays in the file mean something else
_AT_ONCE = 64  # passages of one step: up to 4,032 vectors, a fifth of a second against 4,096 centroids
_WAIT = 0.05  # seconds between two looks at whether the search is still wanted
_SAVED_FROM = 0.1  # a search saves when so large a share of the passages is not in the file


@dataclass(frozen=True, slots=True)
class Rows:
    """What an index keeps of each passage: ``ids`` int64 [n], rising; passage i owns
    ``values[offsets[i]:offsets[i + 1]]`` (offsets int64 [n + 1], values of any type and width)."""

    ids: np.ndarray
    offsets: np.ndarray
    values: np.ndarray

    def of(self, positions: np.ndarray) -> Rows:
        """Those at these positions (int64), in their order."""
        starts, lengths = self.offsets[positions], np.diff(self.offsets)[positions]
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        taken = np.arange(ends[-1]) + np.repeat(starts - ends[:-1], lengths)
        return Rows(self.ids[positions], ends, self.values[taken])

    def joined(self, others: list[Rows]) -> Rows:
        """Together with others, ordered by id."""
        every = [self, *others]
        shifts = np.cumsum([0, *(len(rows.values) for rows in every[:-1])])
        together = Rows(
            np.concatenate([rows.ids for rows in every]),
            np.concatenate([[0], *(rows.offsets[1:] + shift for rows, shift in zip(every, shifts, strict=True))]),
            np.concatenate([rows.values for rows in every]),
        )
        rising = bool((np.diff(together.ids) > 0).all())
        return together if rising else together.of(np.argsort(together.ids))


class Recipe(ABC, Generic[T]):
    """How one kind of index is made. Never changes, so threads may share it."""

    stem: ClassVar[str]  # what its files are called

    @abstractmethod
    def settings(self) -> dict[str, object]:
        """All that the arrays depend on beside the vectors."""

    @abstractmethod
    def learn(self, vectors: Vectors) -> Generator[Progress, None, Learned]:
        """Step by step, what has to be learned from all vectors together."""

    @abstractmethod
    def outgrown(self, learned: Learned, vectors: Vectors) -> bool:
        """Whether to learn anew, because there are many more passages than then."""

    @abstractmethod
    def rows(self, learned: Learned, vectors: Vectors, ids: np.ndarray) -> Rows:
        """What is kept of these passages; of no passages as well, for the type and width of the values."""

    @abstractmethod
    def index(self, learned: Learned, rows: Rows, generation: tuple[int, int]) -> T:
        """The index itself."""


@dataclass(frozen=True, slots=True)
class Made(Generic[T]):
    """An index, and the vectors whose passages it holds."""

    key: str
    vectors: Vectors
    learned: Learned
    rows: Rows
    index: T


class Derived(Generic[T]):
    """One derived index of a workspace. Thread-safe; a search that waits for another's work may be cancelled.

    Args:
        folder: the workspace's; None keeps the index in memory only.
        encoder_sha256: of the encoder that made the vectors.
    """

    def __init__(self, folder: Path | None, encoder_sha256: str, recipe: Recipe[T]) -> None:
        self.recipe = recipe
        self._file = None if folder is None else folder / FOLDER / f"{recipe.stem}{SUFFIX}"
        self._encoder = encoder_sha256
        self._working = Lock()
        self._made: Made[T] | None = None
        self._begun: tuple[str, Generator[Progress, None, Made[T]]] | None = None
        self._unsaved = 0  # passages that came or went since the file was read or written

    @property
    def used(self) -> bool:
        """Whether anybody has needed this index, now or earlier."""
        return self._made is not None or (self._file is not None and self._file.exists())

    def current(self, vectors: Vectors, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> T:
        """The index of exactly these passages.

        Raises:
            Cancelled: what was made so far is gone on with by the next call. UsageError: the recipe does not suit the
            vectors.
        """
        return self._current(vectors, progress, cancelled, _SAVED_FROM * len(vectors))

    def sync(self, vectors: Vectors, progress: ProgressCallback = silent, cancelled: CancelledCheck = never) -> T:
        """As :meth:`current`, and whatever has changed is saved. Raises Cancelled."""
        return self._current(vectors, progress, cancelled, 0)

    def _current(self, vectors: Vectors, progress: ProgressCallback, cancelled: CancelledCheck, unsaved: float) -> T:
        made = self._made
        if made is not None and made.vectors is vectors and self._unsaved <= unsaved:
            return made.index
        while not self._working.acquire(timeout=_WAIT):
            stop_if(cancelled)
        try:
            found = self._following(vectors, progress, cancelled)
            if self._unsaved > unsaved:
                self._save()
            return found.index
        finally:
            self._working.release()

    def _following(self, vectors: Vectors, progress: ProgressCallback, cancelled: CancelledCheck) -> Made[T]:
        key = self._key(vectors)
        if self._begun is not None and self._begun[0] != key:
            self._begun = None
        if self._begun is not None:  # of an earlier search; the passages may have changed since
            self._remember(self._driven(progress, cancelled))
        base = self._made if self._made is not None and self._made.key == key else self._loaded(key, vectors)
        if base is not None and np.array_equal(base.rows.ids, vectors.ids):
            found = replace(base, vectors=vectors)
            self._remember(found)
            return found
        self._begun = (key, self._steps(key, base, vectors))
        found = self._driven(progress, cancelled)
        changed = len(found.rows.ids) if base is None else len(np.setxor1d(base.rows.ids, found.rows.ids))
        self._remember(found, changed)
        return found

    def _driven(self, progress: ProgressCallback, cancelled: CancelledCheck) -> Made[T]:
        assert self._begun is not None
        while True:
            stop_if(cancelled)
            try:
                progress(next(self._begun[1]))
            except StopIteration as done:
                self._begun = None
                made: Made[T] = done.value
                return made
            except BaseException:
                self._begun = None  # a generator that has failed goes on no more
                raise

    def _steps(self, key: str, base: Made[T] | None, vectors: Vectors) -> Generator[Progress, None, Made[T]]:
        recipe, doing = self.recipe, f"Preparing {self.recipe.stem.upper()}"
        if base is None or recipe.outgrown(base.learned, vectors):
            learned = yield from recipe.learn(vectors)
            rows = recipe.rows(learned, vectors, np.empty(0, np.int64))
        else:
            learned = base.learned
            there = np.isin(base.rows.ids, vectors.ids)
            rows = base.rows if there.all() else base.rows.of(np.flatnonzero(there))
        missing = vectors.ids[~np.isin(vectors.ids, rows.ids)]
        parts = []
        for start in range(0, len(missing), _AT_ONCE):
            yield Progress(start, len(missing), doing, "passages")
            parts.append(recipe.rows(learned, vectors, missing[start : start + _AT_ONCE]))
        yield Progress(len(missing), len(missing), doing, "passages")
        rows = rows.joined(parts)
        return Made(key, vectors, learned, rows, recipe.index(learned, rows, vectors.generation))

    def _remember(self, found: Made[T], changed: int = 0) -> None:
        """Keep what was found, unless it is for a search that began before the last commit."""
        known = self._made
        if known is not None and known.key == found.key and found.vectors.generation < known.vectors.generation:
            return
        self._unsaved = min(self._unsaved + changed, max(len(found.rows.ids), changed))
        self._made = found

    def _key(self, vectors: Vectors) -> str:
        made_from = {**self.made_from(vectors), "settings": self.recipe.settings(), "format": _FORMAT}
        return json.dumps(made_from, sort_keys=True)

    def made_from(self, vectors: Vectors) -> dict[str, str]:
        """Which vectors these are: two states of one workspace say the same until its encoder or codec changes."""
        codec = vectors.codec
        known = checksum(str(codec.spec), codec.to_arrays())
        return {"encoder": self._encoder, "vectors": vectors.kind, "codec": known}

    def _loaded(self, key: str, vectors: Vectors) -> Made[T] | None:
        found = None if self._file is None else load_arrays(self._file)
        if found is None or found[0] != key:
            return None
        learned = found[1]
        rows = Rows(*(learned.pop(f"rows.{name}") for name in ("ids", "offsets", "values")))
        self._unsaved = 0
        return Made(key, vectors, learned, rows, self.recipe.index(learned, rows, vectors.generation))

    def _save(self) -> None:
        made = self._made
        if self._file is None or made is None:
            return
        rows = {f"rows.{name}": getattr(made.rows, name) for name in ("ids", "offsets", "values")}
        self._unsaved = 0  # also where it fails: one attempt will do
        with contextlib.suppress(OSError):  # a full or read-only disk: it is made again by the next program
            save_arrays(self._file, made.key, {**made.learned, **rows})
