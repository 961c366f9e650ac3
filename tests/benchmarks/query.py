"""A warm query in the default pipeline against encoding that query alone."""

from __future__ import annotations

import json
import statistics
import time
from collections import defaultdict

from rankscope.core.workspace import Workspace
from tests.benchmarks.figures import Figure, Settings, at_most, info, say
from tests.benchmarks.material import queries, write_folder


def run(settings: Settings) -> list[Figure]:
    """Bring the workspace to 10,000 passages, then encode each query alone and search for it, in turns."""
    with Workspace.open(settings.work / "workspace", create=True) as workspace:
        _fill(workspace, settings)
        n = workspace.info().passages
        workspace.warm_up()
        asked = queries(5 + settings.choose(25, 60))
        encoder = workspace.encoder()
        alone: list[float] = []
        ratios: list[float] = []
        totals: list[float] = []
        stages: dict[str, list[float]] = defaultdict(list)
        for number, text in enumerate(asked):
            encoder.forget_queries()
            start = time.perf_counter()
            encoder.encode_query(text)
            encode_ms = (time.perf_counter() - start) * 1e3
            encoder.forget_queries()
            start = time.perf_counter()
            trace = workspace.search(text, pipeline="hybrid", k=10)
            total_ms = (time.perf_counter() - start) * 1e3
            if number < 5:  # the first ones warm up
                continue
            alone.append(encode_ms)
            totals.append(total_ms)
            ratios.append(total_ms / encode_ms)
            stages["encode"].append(trace.encode_ms)
            for stage in trace.stages:
                stages[stage.name].append(stage.ms)
            stages["rest"].append(total_ms - trace.encode_ms - sum(stage.ms for stage in trace.stages))
    how = f"{len(alone)} different real queries on {n:,} passages, k = 10, each first encoded alone, then searched for"
    parts = {name: statistics.median(values) for name, values in stages.items()}
    total = statistics.median(totals)
    return [
        at_most(
            "warm hybrid query ÷ encoding it",
            statistics.median(ratios),
            3.0,
            "×",
            f"median over {how}",
            passages=n,
            ratio_of_medians=total / statistics.median(alone),
        ),
        info("warm hybrid query", total, "ms", f"median of {how}", p95=_p95(totals)),
        info("encoding a query alone", statistics.median(alone), "ms", f"median of {how}", p95=_p95(alone)),
        *(
            info(f"hybrid stage: {name}", value, "ms", f"median of {how}", p95=_p95(stages[name]))
            for name, value in parts.items()
        ),
    ]


def _fill(workspace: Workspace, settings: Settings) -> None:
    """Index real documents until there are enough; what the benchmark of indexing left is used."""
    wanted = settings.choose(1_000, 10_000)
    missing = wanted - workspace.info().passages
    if missing <= 0:
        return
    state = settings.work / "indexing.json"
    first = json.loads(state.read_text())["next_piece"] if state.is_file() else 0
    say(f"indexing {missing:,} more passages")
    workspace.index([write_folder(settings.work / "more documents", missing, first).folder])


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
