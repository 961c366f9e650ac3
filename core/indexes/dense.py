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
from typing import Any

import numpy as np

from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.storage.files import sync_folder, write_atomically
from rankscope.core.storage.vectors import Vectors

FOLDER = "indexes"
EXACT_BELOW = 5_000  # measured: up to here a full scan is as fast as the graph
M = 16
EF_CONSTRUCTION = 200
# Searches wait for one step of linking at most; and with much still to link, looking at everything is quicker.
_ADD_AT_ONCE = 50
_TAIL_AT_MOST = 1_000
_ROUNDING = 1e-5  # more than float32 loses in an inner product of unit vectors
_REBUILD_WHEN_DEAD = 0.3  # share of deleted vectors above which the graph is built anew


@dataclass(frozen=True, slots=True)
class DenseHits:
    """``ids`` int64 [n] by falling ``scores`` (cosine, float32 [n]), ties by rising id; ``exact`` says how."""

    ids: np.ndarray
    scores: np.ndarray
    exact: bool


class DenseIndex:
    """Nearest neighbours by cosine over the pooled vectors. Thread-safe."""

    def __init__(self, folder: Path, encoder_sha256: str, dim: int) -> None:
        self._file = folder / FOLDER / "dense.hnsw"
        self._note = folder / FOLDER / "dense.json"
        self._settings = {"encoder": encoder_sha256, "dim": dim, "M": M, "ef_construction": EF_CONSTRUCTION}
        self._dim = dim
        self._lock = RLock()
        self._graph: Any = None
        self._labels = np.empty(0, np.int64)
        self._dead: set[int] = set()
        self._tail = np.empty(0, np.int64)  # passages that the graph does not hold yet
        self._followed: tuple[object, int] | None = None
        self._newest = (-1, -1)  # generation of the newest vectors seen: the graph only follows forward
        self._looked_on_disk = False

    def search(self, query: np.ndarray, vectors: Vectors, depth: int, allowed: np.ndarray | None = None) -> DenseHits:
        """The ``depth`` nearest passages; may be fewer.

        Args:
            query: float32 [dim], L2-normalised.
            vectors: the state to search; what the graph does not hold yet is searched exactly.
            allowed: passage ids to choose from (int64), or None for all; limited searches are exact.
        """
        if allowed is not None or len(vectors) < EXACT_BELOW:
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
        scores = vectors.exact_scores(ids, query)
        order = top(ids, scores, depth)
        return DenseHits(ids[order], scores[order], exact=False)

    def exact(self, query: np.ndarray, vectors: Vectors, depth: int, allowed: np.ndarray | None = None) -> DenseHits:
        """As :meth:`search`, over every vector: the oracle for the graph."""
        ids, scores = vectors.ids, vectors.pooled_scores(query)
        if allowed is not None:
            chosen = np.isin(ids, allowed)
            ids, scores = ids[chosen], scores[chosen]
        if depth < len(ids):
            # Those that could be among the first; how they are summed must not decide which of two like ones is.
            ids = ids[scores >= np.partition(scores, len(scores) - depth)[len(scores) - depth] - _ROUNDING]
        scores = vectors.exact_scores(ids, query)
        order = top(ids, scores, depth)
        return DenseHits(ids[order], scores[order], exact=True)

    def sync(
        self,
        vectors: Vectors,
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
        with self._lock:
            self._newest = max(self._newest, vectors.generation)
            if len(vectors) < EXACT_BELOW:
                self._drop()
                return
            self._load(vectors)
            if self._graph is not None:
                self._follow(vectors)
                if len(self._dead) > (0 if tidy else _REBUILD_WHEN_DEAD * len(self._labels)):
                    self._graph, self._labels, self._dead = None, np.empty(0, np.int64), set()
            missing = vectors.ids[~np.isin(vectors.ids, self._labels)]
            if not len(missing) and self._file.exists():
                return
        self._add(missing, vectors, progress, cancelled)
        with self._lock:
            self._save()

    def problem_on_disk(self) -> str:
        """Why the saved graph would not be loaded; empty when it is whole or there is none."""
        if not self._file.exists():
            return ""
        return "" if self._saved_is_whole() else "it does not match its checksum or settings"

    def _add(self, ids: np.ndarray, vectors: Vectors, progress: ProgressCallback, cancelled: CancelledCheck) -> None:
        import hnswlib

        with self._lock:
            if self._graph is None:
                self._graph = hnswlib.Index("ip", self._dim)
                self._graph.init_index(max(len(ids), 1), M=M, ef_construction=EF_CONSTRUCTION, random_seed=0)
            need = len(self._labels) + len(ids)
            if need > self._graph.get_max_elements():
                self._graph.resize_index(need)
        for start in range(0, len(ids), _ADD_AT_ONCE):
            stop_if(cancelled)
            part = ids[start : start + _ADD_AT_ONCE]
            # In small steps, so that a search waits for one step at most. One thread: the same graph every time.
            with self._lock:
                self._graph.add_items(vectors.pooled(part), part, num_threads=1)
                self._labels = np.sort(np.concatenate([self._labels, part]))
            progress(Progress(start + len(part), len(ids), "Linking vectors", "passages"))

    def _nearest(self, query: np.ndarray, depth: int) -> np.ndarray:
        alive = len(self._labels) - len(self._dead)
        wanted = min(depth, alive)
        if not wanted:
            return np.empty(0, np.int64)
        self._graph.set_ef(max(2 * wanted, 200))
        try:
            labels, _ = self._graph.knn_query(query, k=wanted, num_threads=1)
        except RuntimeError:  # fewer than k reachable: look at all of them instead of failing
            return self._labels[~np.isin(self._labels, list(self._dead))]
        return labels[0].astype(np.int64)

    def _follow(self, vectors: Vectors) -> None:
        """Mark in the graph what is gone, and note what is new; costs nothing when nothing has changed."""
        state = (vectors, len(self._labels))
        if self._followed is not None and self._followed[0] is vectors and self._followed[1] == state[1]:
            return
        gone = set(self._labels[~np.isin(self._labels, vectors.ids)].tolist())
        for label in gone - self._dead:
            self._graph.mark_deleted(label)
        for label in self._dead - gone:  # brought back
            self._graph.unmark_deleted(label)
        self._dead = gone
        self._tail = vectors.ids[~np.isin(vectors.ids, self._labels)]
        self._followed = state

    def _load(self, vectors: Vectors) -> None:
        if self._looked_on_disk:
            return
        self._looked_on_disk = True
        if not self._saved_is_whole():
            return
        import hnswlib

        graph = hnswlib.Index("ip", self._dim)
        graph.load_index(str(self._file), max_elements=len(vectors))
        self._graph = graph
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
            note = {**self._settings, "sha256": _sha256(beside), "before": self._noted().get("sha256", "")}
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
            return note if all(note.get(key) == value for key, value in self._settings.items()) else {}
        except (OSError, ValueError, AttributeError):
            return {}

    def _drop(self) -> None:
        self._graph, self._labels, self._dead, self._looked_on_disk = None, np.empty(0, np.int64), set(), True
        drop_saved(self._file.parent.parent)


def drop_saved(folder: Path) -> None:
    """Delete the saved graph of the workspace in this folder; it is made again. Raises OSError."""
    for name in ("dense.hnsw", "dense.json"):  # in this order: a note without a graph means nothing
        (folder / FOLDER / name).unlink(missing_ok=True)


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
