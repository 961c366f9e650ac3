"""The first stages of a real workspace, anchored levels and token vectors: what each loses of late interaction's best.

The truth is the late stage over every passage at the largest budget. Each stage is searched as a user would; what it
has to prepare first is timed apart.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator

import numpy as np

from rankscope.core.evaluation.collections import Collection
from rankscope.core.evaluation.corpus import corpus_workspace
from rankscope.core.workspace import Workspace
from tests.benchmarks.figures import Figure, Settings, info, say

STAGES = ("dense", "plaid", "fde")
CANDIDATES = (100, 256)
DEPTHS = (10, 100)


def measured(collection: Collection, settings: Settings) -> Iterator[Figure]:
    """Recall, time, space and time to prepare, of each first stage on each kind of vectors."""
    # A workspace of its own: what it has to prepare must not be there already.
    os.environ["RANKSCOPE_CACHE_DIR"] = str(settings.work / "first-stages")
    queries = list(collection.queries.values())[: settings.choose(5, 40)]
    for kind in ("levels", "tokens"):
        say(f"{collection.name}: encoding, {kind}")
        with corpus_workspace(collection, vectors=kind) as workspace:
            workspace.warm_up()
            n = workspace.info().passages
            say("late interaction over everything")
            best = [workspace.search(query, pipeline="late", k=n).final.ids[: max(DEPTHS)] for query in queries]
            for stage in STAGES:
                yield from _stage(workspace, f"{collection.name}, {kind}: {stage}", stage, queries, best)


def _stage(workspace: Workspace, name: str, stage: str, queries: list[str], best: list[np.ndarray]) -> Iterator[Figure]:
    say(name)
    start = time.perf_counter()
    workspace.search(queries[0], pipeline=stage)
    n = workspace.info().passages
    how = f"{n:,} passages, {len(queries)} queries"
    yield info(f"{name}, first search", time.perf_counter() - start, "s", f"with what it prepares; {how}")
    for candidates in CANDIDATES:
        traces = [workspace.search(query, pipeline=stage, k=candidates).stages[0] for query in queries]
        for depth in DEPTHS:
            recall = statistics.fmean(
                float(np.isin(exact[:depth], trace.output.ids[:candidates]).mean())
                for exact, trace in zip(best, traces, strict=True)
            )
            what = f"mean share of late interaction's top {depth} in {candidates} candidates; {how}"
            yield info(f"{name}, top {depth} in {candidates}", recall, "recall", what)
        times = [trace.ms for trace in traces]
        yield info(f"{name}, {candidates} candidates", statistics.median(times), "ms", f"median of the stage; {how}")
    file = workspace.path / "indexes" / f"{stage}.index"
    if file.exists():
        yield info(f"{name}, space", file.stat().st_size / n, "B/passage", f"{file.name}; {how}")
