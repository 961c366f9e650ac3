"""The derived indexes of one workspace: PLAID's and MUVERA's, each made when a search first needs it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from threading import Lock

from rankscope.core.indexes import dense
from rankscope.core.indexes.dense import FOLDER
from rankscope.core.indexes.derived import SUFFIX, Derived
from rankscope.core.indexes.fde import FdeSettings
from rankscope.core.indexes.fde_index import FdeIndex, FdeVectors
from rankscope.core.indexes.plaid import PlaidIndex
from rankscope.core.indexes.recipes import FdeRecipe, PlaidRecipe
from rankscope.core.indexes.saved import load_arrays
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.storage.vectors import Vectors

_PLAID, _FDE = PlaidRecipe.stem, FdeRecipe.stem


class CandidateIndexes:
    """PLAID's index, and MUVERA's of the settings that were used last. Thread-safe.

    Args:
        folder: the workspace's; None keeps everything in memory.
        encoder_sha256: of the encoder that made the vectors.
    """

    def __init__(self, folder: Path | None, encoder_sha256: str) -> None:
        self._folder = folder
        self._encoder = encoder_sha256
        self._lock = Lock()
        self._plaid = Derived(folder, encoder_sha256, PlaidRecipe())
        self._fde: _Fde | None = None

    def plaid(
        self, vectors: Vectors, progress: ProgressCallback = silent, cancelled: CancelledCheck = never
    ) -> PlaidIndex:
        """PLAID's index of these vectors. Raises Cancelled."""
        return self._plaid.current(vectors, progress, cancelled)

    def fde(
        self,
        settings: FdeSettings,
        vectors: Vectors,
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
    ) -> FdeIndex:
        """MUVERA's index of these vectors. Raises Cancelled, UsageError: the settings do not suit the vectors."""
        return self._of(settings).current(vectors, progress, cancelled)

    def sync(
        self,
        vectors: Vectors,
        progress: ProgressCallback = silent,
        cancelled: CancelledCheck = never,
        *,
        tidy: bool = False,
    ) -> None:
        """Bring up to date and save what has ever been used, with a graph over many encodings. For the one writer.

        Raises:
            Cancelled, OSError: searches do without what is missing.
        """
        if self._plaid.used:
            self._plaid.sync(vectors, progress, cancelled)
        settings = self._used_settings()
        if settings is not None:
            self._of(settings).sync(vectors, progress, cancelled, tidy=tidy)

    def _of(self, settings: FdeSettings) -> _Fde:
        with self._lock:
            if self._fde is None or self._fde.settings != settings:
                self._fde = _Fde(self._folder, self._encoder, settings)
            return self._fde

    def _used_settings(self) -> FdeSettings | None:
        if self._fde is not None:
            return self._fde.settings
        found = None if self._folder is None else load_arrays(self._folder / FOLDER / f"{_FDE}{SUFFIX}")
        if found is None:
            return None
        noted = json.loads(found[0])["settings"]
        names = [field.name for field in fields(FdeSettings)]
        return FdeSettings(**{name: noted[name] for name in names}) if noted.keys() >= set(names) else None


class _Fde:
    """Encodings of certain settings, and the graph over them."""

    def __init__(self, folder: Path | None, encoder_sha256: str, settings: FdeSettings) -> None:
        self.settings = settings
        self._derived: Derived[FdeVectors] = Derived(folder, encoder_sha256, FdeRecipe(settings))
        self._folder = folder
        self._lock = Lock()
        self._searched: FdeIndex | None = None

    def current(self, vectors: Vectors, progress: ProgressCallback, cancelled: CancelledCheck) -> FdeIndex:
        return self._at(self._derived.current(vectors, progress, cancelled), vectors)

    def sync(self, vectors: Vectors, progress: ProgressCallback, cancelled: CancelledCheck, *, tidy: bool) -> None:
        encodings = self._derived.sync(vectors, progress, cancelled)
        if self._folder is not None:
            self._at(encodings, vectors).sync(progress, cancelled, tidy=tidy)

    def _at(self, encodings: FdeVectors, vectors: Vectors) -> FdeIndex:
        made_from = " ".join(self._derived.made_from(vectors).values())
        with self._lock:
            known = self._searched
            if known is None or known.made_from != made_from:
                known = FdeIndex(self._folder, made_from, self.settings, encodings)
            elif known.vectors is not encodings:
                known = known.at(encodings)
            self._searched = known
            return known


def problems_on_disk(folder: Path) -> dict[str, str]:
    """Which of the saved files of this workspace are damaged, and how; they are made again."""
    found = {}
    for stem in (_PLAID, _FDE):
        path = folder / FOLDER / f"{stem}{SUFFIX}"
        if path.exists() and load_arrays(path) is None:
            found[path.name] = "it does not match its checksum"
    problem = dense.saved_problem(folder, _FDE)
    if problem:
        found[dense.graph_file(folder, _FDE).name] = problem
    return found


def on_disk(folder: Path) -> list[str]:
    """The names of the files that are there."""
    files = [folder / FOLDER / f"{stem}{SUFFIX}" for stem in (_PLAID, _FDE)]
    return [path.name for path in (*files, dense.graph_file(folder, _FDE)) if path.exists()]


def drop_damaged(folder: Path) -> list[str]:
    """Delete the saved files that are damaged; returns their names. Raises OSError."""
    names = list(problems_on_disk(folder))
    for name in names:
        if name == dense.graph_file(folder, _FDE).name:
            dense.drop_saved(folder, _FDE)
        else:
            (folder / FOLDER / name).unlink(missing_ok=True)
    return names
