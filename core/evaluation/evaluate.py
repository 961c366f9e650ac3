"""Measuring pipelines on a collection: every query in every pipeline, quality and time."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from rankscope.core.budgets import Budget
from rankscope.core.errors import UsageError
from rankscope.core.evaluation.collections import Collection
from rankscope.core.evaluation.corpus import corpus_workspace
from rankscope.core.evaluation.metrics import DEFAULT_METRICS, measure
from rankscope.core.generation import VECTORS
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.ranking import pipeline as presets
from rankscope.core.ranking.trace import Trace
from rankscope.core.storage.files import disk_errors
from rankscope.core.workspace import Workspace

_Run = dict[str, dict[str, float]]
_WHITE_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """One pipeline on one collection.

    ``metrics`` are means over all judged queries, ``per_query`` maps a metric to each query's value; ``run`` maps a
    query to its entries' scores, best first; ``ms`` has the milliseconds of each query that ran.
    """

    name: str
    queries: int
    metrics: dict[str, float]
    per_query: dict[str, dict[str, float]]
    run: dict[str, dict[str, float]]
    ms: tuple[float, ...]

    def ms_percentile(self, percent: float) -> float:
        """Milliseconds per query at a percentile; 0.0 when none ran."""
        return float(np.percentile(self.ms, percent)) if self.ms else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What :func:`evaluate` found. ``notes`` tell what a reader of the figures should know."""

    collection: str
    pipelines: tuple[PipelineResult, ...]
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """The documented JSON of ``rankscope eval``."""
        return {
            "collection": self.collection,
            "pipelines": [
                {
                    "name": result.name,
                    "queries": result.queries,
                    "metrics": dict(result.metrics),
                    "ms_per_query": {"p50": result.ms_percentile(50), "p95": result.ms_percentile(95)},
                }
                for result in self.pipelines
            ],
        }

    def write_run(self, path: Path | str) -> tuple[Path, ...]:
        """Write TREC run files: ``query Q0 document rank score tag``, one file per pipeline.

        One pipeline goes to ``path`` itself, several to ``path`` with each one's name before the suffix. Columns stand
        between blanks, so an id that holds white space is written percent-encoded (it and its "%"); others as they are.

        Returns:
            The files written.

        Raises:
            WorkspaceError: the disk refuses.
        """
        path = Path(path)
        written = []
        for result in self.pipelines:
            file = path if len(self.pipelines) == 1 else path.with_name(f"{path.stem}.{result.name}{path.suffix}")
            with disk_errors("writing the run", file.parent):
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("w", encoding="utf-8", newline="\n") as stream:
                    stream.writelines(_run_lines(result))
            written.append(file)
        return tuple(written)


def evaluate(
    collection: Collection,
    pipelines: Sequence[str],
    *,
    k: int = 100,
    chunk: bool = False,
    device: str = "auto",
    metrics: Sequence[str] = DEFAULT_METRICS,
    vectors: str = VECTORS,
    budget: Budget | None = None,
    encoder: str | None = None,
    progress: ProgressCallback = silent,
    cancelled: CancelledCheck = never,
) -> Evaluation:
    """Run every judged query in every pipeline and measure the rankings.

    Args:
        pipelines: names of presets or paths of TOML files.
        k: how many entries of each ranking are measured.
        chunk: cut entries as documents are cut, and score each by its best passage. Pipelines are then asked for as
            many passages as it takes to rank ``k`` entries, so they also re-rank more of them than for a person.
        device: what to encode on.
        vectors: what late interaction works on, "levels" or "tokens". budget: for levels; None for each pipeline's own.
        encoder: the name of another encoder than the default.

    Raises:
        UsageError: an unknown pipeline or metric, no pipeline, k below 1. Cancelled, CollectionError, WorkspaceError.
    """
    if not pipelines:
        raise UsageError("No pipeline was named.", f"Choose from {', '.join(presets.PRESETS)}.")
    if k < 1:
        raise UsageError(f"k is {k}; there is no ranking of so few results.", "Ask for at least 1.")
    # Before minutes of encoding: are all of them known?
    chosen = {name: presets.find(name) for name in dict.fromkeys(pipelines)}
    measure({}, {}, metrics)
    names = [pipeline.name for pipeline in chosen.values()]
    if len(set(names)) < len(names):
        raise UsageError("Two pipelines have the same name.", "Rename one of the files.")
    notes = list(collection.notes)
    blank = sum(not text.strip() for text in collection.queries.values())
    if blank:
        notes.append(f"{blank} of the queries are empty and count as 0.")
    with corpus_workspace(
        collection, chunk=chunk, device=device, vectors=vectors, encoder=encoder, progress=progress, cancelled=cancelled
    ) as workspace:
        runner = _Runner(workspace, collection, k, budget, progress, cancelled)
        if any(pipeline.needs_encoder for pipeline in chosen.values()):
            workspace.warm_up()
        results = []
        for number, (name, pipeline) in enumerate(chosen.items()):
            forget = pipeline.needs_encoder
            run, ms = runner.run(name, number * len(collection.queries), len(chosen) * len(collection.queries), forget)
            measured = measure(collection.qrels, run, metrics)
            results.append(
                PipelineResult(pipeline.name, len(collection.qrels), measured.mean, measured.per_query, run, tuple(ms))
            )
    return Evaluation(collection.name, tuple(results), tuple(notes))


class _Runner:
    """Runs a collection's queries in a pipeline and reduces passages to entries."""

    def __init__(
        self,
        workspace: Workspace,
        collection: Collection,
        k: int,
        budget: Budget | None,
        progress: ProgressCallback,
        cancelled: CancelledCheck,
    ) -> None:
        self._workspace = workspace
        self._queries = {name: text for name, text in collection.queries.items() if text.strip()}
        self._k = k
        self._budget = budget
        self._progress = progress
        self._cancelled = cancelled
        with workspace.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT p.id, d.path FROM passages p JOIN documents d ON d.id = p.document_id"
            )
            self._entry_of: dict[int, str] = {row[0]: row[1] for row in rows}
        n_entries = len(set(self._entry_of.values()))
        # Half as many again as k entries have on average: rarely too few, and then the search goes deeper.
        share = len(self._entry_of) / max(n_entries, 1)
        self._depth = k if share <= 1 else math.ceil(1.5 * k * share)

    def run(self, pipeline: str, done: int, total: int, forget: bool) -> tuple[_Run, list[float]]:
        """Each query's entries with scores, best first, and the milliseconds that each query took.

        ``done`` of ``total`` queries were run before, for the progress. With ``forget`` no query finds its vectors
        remembered from another pipeline, which would make the later pipelines look faster.
        """
        run: _Run = {}
        times = []
        for text in list(self._queries.values())[:1]:
            self._search(text, pipeline)  # the first one loads what the others find warm
        if forget:
            self._workspace.encoder().forget_queries()
        for number, (name, text) in enumerate(self._queries.items()):
            stop_if(self._cancelled)
            self._progress(Progress(done + number, total, pipeline, "queries"))
            run[name], ms = self._search(text, pipeline)
            times.append(ms)
        self._progress(Progress(done + len(self._queries), total, pipeline, "queries"))
        return run, times

    def _search(self, text: str, pipeline: str) -> tuple[dict[str, float], float]:
        depth, ms = self._depth, 0.0
        while True:
            trace = self._workspace.search(
                text, pipeline=pipeline, k=depth, budget=self._budget, cancelled=self._cancelled
            )
            ms += trace.total_ms
            entries = self._entries(trace)
            if len(entries) >= self._k or len(trace.final) < depth:
                return entries, ms
            depth *= 2

    def _entries(self, trace: Trace) -> dict[str, float]:
        """The first k entries, each with the score of its best passage: the first that the ranking has of it."""
        entries: dict[str, float] = {}
        for passage_id, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
            entries.setdefault(self._entry_of[passage_id], score)
            if len(entries) == self._k:
                break
        return entries


def _run_lines(result: PipelineResult) -> list[str]:
    tag = _column(result.name)
    return [
        # Nine digits give every single-precision score back exactly.
        f"{_column(query)} Q0 {_column(entry)} {rank} {score:.9g} {tag}\n"
        for query, entries in result.run.items()
        for rank, (entry, score) in enumerate(entries.items(), 1)
    ]


def _column(name: str) -> str:
    """An id as one column of a run file."""
    if not _WHITE_SPACE.search(name):
        return name
    return "".join(quote(c) if c == "%" or c.isspace() else c for c in name)
