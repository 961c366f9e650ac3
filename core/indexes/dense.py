"""The dense first stage: nearest pooled vectors, exact for small or filtered searches, HNSW for the rest.

HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
Small World graphs", TPAMI 2020; hnswlib's implementation. The graph is derived: its file may be deleted at any time,
and is loaded only when its checksum and settings are the ones written beside it, because hnswlib itself loads a
damaged or foreign file without a word.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import numpy as np

from rankscope.core.indexes.narrowing import Narrowing, is_wanted
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.storage.files import sync_folder, write_atomically

FOLDER = "indexes"
STEM = "dense"
EXACT_BELOW = 5_000  # measured: up to here a full scan is as fast as the graph
M = 16
EF_CONSTRUCTION = 200
# Searches wait for one step of linking at most; and with much still to link, looking at everything is quicker.
_ADD_AT_ONCE = 50
_TAIL_AT_MOST = 1_000
_ROUNDING = 1e-5  # more than float32 loses in an inner product of unit vectors
_REBUILD_WHEN_DEAD = 0.3  # share of deleted vectors above which the graph is built anew


class Searched(Protocol):
    """One state of what the index searches: a vector per passage, of length 1 at most. Never changes.

    :class:`rankscope.core.storage.vectors.Vectors` is one; so is what MUVERA makes of multi-vectors.
    """

    @property
    def ids(self) -> np.ndarray:
        """int64 [n], rising passage ids."""

    @property
    def generation(self) -> tuple[int, int]:
        """Rises with every commit."""

    def __len__(self) -> int: ...

    def pooled(self, ids: np.ndarray) -> np.ndarray:
        """The vectors of these passages: float32 [len(ids), dim]."""

    def pooled_scores(self, query: np.ndarray) -> np.ndarray:
        """The inner product of a query (float32 [dim]) with every passage: float32 [n]; its last bits may depend on
        where the vectors lie."""

    def exact_scores(self, ids: np.ndarray, query: np.ndarray) -> np.ndarray:
        """The inner products with these passages: float32 [len(ids)], the same in any company."""


@dataclass(frozen=True, slots=True)
class DenseHits:
    """``ids`` int64 [n] by falling ``scores`` (cosine, float32 [n]), ties by rising id; ``exact`` says how."""

    ids: np.ndarray
    scores: np.ndarray
    exact: bool


class DenseIndex:
    """Nearest neighbours by inner product: cosine over the pooled vectors. Thread-safe.

    Args:
        folder: the workspace's; the graph's two files lie in its ``indexes``. None for an index without a graph.
        encoder_sha256: what made the vectors; a graph over others is not loaded.
        stem: the files' name.
        exact_below: fewer passages are searched exactly, without a graph; None for :data:`EXACT_BELOW`.
    """

    def __init__(
        self, folder: Path | None, encoder_sha256: str, dim: int, stem: str = STEM, exact_below: int | None = None
    ) -> None:
        self._folder = folder
        self._stem = stem
        self._exact_below = exact_below
        self._settings = {"encoder": encoder_sha256, "dim": dim, "M": M, "ef_construction": EF_CONSTRUCTION}
        self._dim = dim
        self._lock = RLock()
        self._graph: Any = None
        self._narrowing = Narrowing(dim)
        self._labels = np.empty(0, np.int64)
        self._dead: set[int] = set()
        self._tail = np.empty(0, np.int64)  # passages that the graph does not hold yet
        self._followed: Searched | None = None  # the state that the graph's marks and the tail are of
        self._newest = (-1, -1)  # generation of the newest vectors seen: the graph only follows forward
        self._looked_on_disk = folder is None

    @property
    def _file(self) -> Path:
        assert self._folder is not None
        return graph_file(self._folder, self._stem)

    @property
    def _note(self) -> Path:
        return self._file.with_suffix(".json")

    def search(self, query: np.ndarray, vectors: Searched, depth: int, allowed: np.ndarray | None = None) -> DenseHits:
        """The ``depth`` nearest passages; may be fewer.

        Args:
            query: float32 [dim], L2-normalised.
            vectors: the state to search; what the graph does not hold yet is searched exactly.
            allowed: passage ids to choose from (int64), or None for all; limited searches are exact.
        """
        if allowed is not None or self._is_small(vectors):
            return self.exact(query, vectors, depth, allowed)
        if self._looked_on_disk and len(vectors) - len(self._labels) > _TAIL_AT_MOST:
            return self.exact(query, vectors, depth, allowed)
        with self._lock:
            self._load(vectors)
            # A search that began before the last commit would take what was linked since for deleted.
            if self._graph is None or vectors.generation < self._newest:
                return self.exact(query, vectors, depth, allowed)
            self._newest = vectors.generation
            self._follow(vectors)
            if len(self._tail) > _TAIL_AT_MOST:
                return self.exact(query, vectors, depth, allowed)
            ids = np.concatenate([self._nearest(query, depth), self._tail])
        ids, scores = _readable(ids, vectors.exact_scores(ids, query))
        order = top(ids, scores, depth)
        return DenseHits(ids[order], scores[order], exact=False)

    def exact(self, query: np.ndarray, vectors: Searched, depth: int, allowed: np.ndarray | None = None) -> DenseHits:
        """As :meth:`search`, over every vector: the oracle for the graph."""
        ids, scores = vectors.ids, vectors.pooled_scores(query)
        if allowed is not None:
            chosen = np.isin(ids, allowed)
            ids, scores = ids[chosen], scores[chosen]
        ids, scores = _readable(ids, scores)
        if depth < len(ids):
            # Those that could be among the first; how they are summed must not decide which of two like ones is.
            ids = ids[scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth] - _ROUNDING]
        scores = vectors.exact_scores(ids, query)
        order = top(ids, scores, depth)
        return DenseHits(ids[order], scores[order], exact=True)

    def sync(
        self,
        vectors: Searched,
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
        *,
        tidy: bool = False,
    ) -> None:
        """Bring the graph up to date with the vectors and save it. For the one writer.

        Args:
            tidy: build it anew if it holds anything deleted, however little.

        Raises:
            Cancelled: asked to stop; the graph in memory stays usable, the file is the old one.
            OSError: the disk refuses; the graph in memory is complete and nothing but the file is missing.
        """
        if self._folder is None:
            return
        with self._lock:
            self._newest = max(self._newest, vectors.generation)
            if self._is_small(vectors):
                self._drop()
                return
            self._load(vectors)
            if self._graph is not None:
                self._follow(vectors)
                outgrown = self._narrowing.is_exact and is_wanted(self._dim, len(vectors))
                if outgrown or len(self._dead) > (0 if tidy else _REBUILD_WHEN_DEAD * len(self._labels)):
                    self._forget()
            missing = vectors.ids[~np.isin(vectors.ids, self._labels)]
            if not len(missing) and self._file.exists():
                return
        self._add(missing, vectors, progress, cancelled)
        with self._lock:
            self._save()

    def problem_on_disk(self) -> str:
        """Why the saved graph would not be loaded; empty when it is whole or there is none."""
        if self._folder is None or not self._file.exists():
            return ""
        return "" if self._saved_is_whole() else "it does not match its checksum or settings"

    def _is_small(self, vectors: Searched) -> bool:
        return len(vectors) < (EXACT_BELOW if self._exact_below is None else self._exact_below)

    def _add(self, ids: np.ndarray, vectors: Searched, progress: ProgressCallback, cancelled: CancelledCheck) -> None:
        import hnswlib

        with self._lock:
            if self._graph is None:
                self._narrowing = Narrowing.fitted(self._dim, vectors)
                self._graph = hnswlib.Index("ip", self._narrowing.width)
                self._graph.init_index(max(len(ids), 1), M=M, ef_construction=EF_CONSTRUCTION, random_seed=0)
            need = len(self._labels) + len(ids)
            if need > self._graph.get_max_elements():
                self._graph.resize_index(need)
        for start in range(0, len(ids), _ADD_AT_ONCE):
            stop_if(cancelled)
            part = ids[start : start + _ADD_AT_ONCE]
            # In small steps, so that a search waits for one step at most. One thread: the same graph every time.
            with self._lock:
                self._graph.add_items(self._narrowing.apply(vectors.pooled(part)), part, num_threads=1)
                self._labels = np.sort(np.concatenate([self._labels, part]), kind="stable")  # nearly sorted already
                self._followed = None
            progress(Progress(start + len(part), len(ids), "Linking vectors", "passages"))

    def _nearest(self, query: np.ndarray, depth: int) -> np.ndarray:
        alive = len(self._labels) - len(self._dead)
        wanted = min(depth, alive)
        if not wanted:
            return np.empty(0, np.int64)
        ef = max(2 * wanted, self._narrowing.least_ef)
        self._graph.set_ef(ef)
        if not self._narrowing.is_exact:  # all that were looked at, for the whole vectors to decide
            wanted = min(ef, alive)
        try:
            labels, _ = self._graph.knn_query(self._narrowing.apply(query[None]), k=wanted, num_threads=1)
        except RuntimeError:  # fewer than k reachable: look at all of them instead of failing
            return self._labels[~np.isin(self._labels, list(self._dead))]
        return labels[0].astype(np.int64)

    def _follow(self, vectors: Searched) -> None:
        """Mark in the graph what is gone, and note what is new; costs nothing when nothing has changed."""
        if self._followed is vectors:
            return
        gone = set(self._labels[~np.isin(self._labels, vectors.ids)].tolist())
        for label in gone - self._dead:
            self._graph.mark_deleted(label)
        for label in self._dead - gone:  # brought back
            self._graph.unmark_deleted(label)
        self._dead = gone
        self._tail = vectors.ids[~np.isin(vectors.ids, self._labels)]
        self._followed = vectors

    def _load(self, vectors: Searched) -> None:
        if self._looked_on_disk:
            return
        self._looked_on_disk = True
        if not self._saved_is_whole():
            return
        import hnswlib

        self._narrowing = Narrowing.from_text(self._dim, self._noted().get("basis", ""))
        graph = hnswlib.Index("ip", self._narrowing.width)
        graph.load_index(str(self._file), max_elements=len(vectors))
        self._graph, self._followed = graph, None
        self._labels = np.sort(np.array(graph.get_ids_list(), np.int64))
        # Deletion marks are in the file, but cannot be asked for: unmark all and mark anew from the vectors.
        for label in self._labels.tolist():
            try:
                graph.unmark_deleted(label)
            except RuntimeError:
                continue

    def _save(self) -> None:
        beside = self._file.with_name(self._file.name + ".new")
        self._file.parent.mkdir(exist_ok=True)
        try:
            self._graph.save_index(str(beside))
            # hnswlib does not look at its stream: a file cut short by a full disk shows only in its size.
            if beside.stat().st_size != self._graph.index_file_size():
                raise OSError(28, "No space left on device")
            # The note first, good for both files: whichever a kill leaves is whole.
            before, basis = self._noted(), self._narrowing.to_text()
            same = before.get("basis", "") == basis  # else the old graph would be read with the new basis
            note = {**self._settings, "sha256": _sha256(beside), "before": before.get("sha256", "") if same else ""}
            note["basis"] = basis
            write_atomically(self._note, json.dumps(note, indent=2).encode())
            beside.replace(self._file)
            sync_folder(self._file.parent)
        except RuntimeError as error:
            raise OSError(5, str(error)) from error
        finally:
            beside.unlink(missing_ok=True)

    def _saved_is_whole(self) -> bool:
        note = self._noted()
        try:
            return bool(note) and _sha256(self._file) in (note.get("sha256"), note.get("before"))
        except OSError:
            return False

    def _noted(self) -> dict[str, Any]:
        """What was noted of the saved graph; nothing if that was made with other settings."""
        try:
            note = json.loads(self._note.read_text("utf-8"))
            Narrowing.from_text(self._dim, note.get("basis", ""))
            return note if all(note.get(key) == value for key, value in self._settings.items()) else {}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _forget(self) -> None:
        """Let go of the graph in memory; what is linked next makes another one."""
        self._graph, self._labels, self._dead, self._followed = None, np.empty(0, np.int64), set(), None

    def _drop(self) -> None:
        self._forget()
        self._looked_on_disk = True
        assert self._folder is not None
        drop_saved(self._folder, self._stem)


def graph_file(folder: Path, stem: str = STEM) -> Path:
    """Where the graph of a workspace is saved; beside it, in JSON, what it was made with and its checksum."""
    return folder / FOLDER / f"{stem}.hnsw"


def drop_saved(folder: Path, stem: str = STEM) -> None:
    """Delete the saved graph of the workspace in this folder; it is made again. Raises OSError."""
    graph = graph_file(folder, stem)
    for path in (graph, graph.with_suffix(".json")):  # in this order: a note without a graph means nothing
        path.unlink(missing_ok=True)


def saved_problem(folder: Path, stem: str) -> str:
    """Why nobody would load a saved graph, whatever its settings; empty when it is whole or there is none."""
    graph = graph_file(folder, stem)
    if not graph.exists():
        return ""
    try:
        note = json.loads(graph.with_suffix(".json").read_text("utf-8"))
        whole = _sha256(graph) in (note["sha256"], note["before"])
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    return "" if whole else "it does not match its checksum"


def _readable(ids: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without the passages whose vectors are damaged so that their scores are no numbers."""
    finite = np.isfinite(scores)
    return (ids, scores) if finite.all() else (ids[finite], scores[finite])


def top(ids: np.ndarray, scores: np.ndarray, depth: int) -> np.ndarray:
    """The positions of the ``depth`` highest scores, in order, ties by rising id: int64 [min(depth, n)]."""
    if depth < len(scores):
        # Everything that ties with the last one stays in until the ids decide.
        threshold = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        chosen = np.flatnonzero(scores >= threshold)
    else:
        chosen = np.arange(len(scores))
    return chosen[np.lexsort((ids[chosen], -scores[chosen]))][:depth]


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
