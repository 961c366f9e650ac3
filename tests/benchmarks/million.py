"""A million passages at the budget (16, 16) in int8: disk, memory, and a query against one on 10,000.

``RANKSCOPE_MILLION`` says how many passages; the whole million needs 8 GB of disk and half an hour, most of it for the
graph, so by default it is fewer. Figures are per passage where they grow with it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.core.budgets import FOLD_BYTES, Budget
from rankscope.core.evaluation.collections import Collection, open_collection
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.storage.vectors import VectorStore
from rankscope.core.workspace import Workspace
from tests.benchmarks import million_workspace
from tests.benchmarks.figures import ROOT, SHARED_DATA, Figure, Settings, at_most, below, info, say, skipped

COLLECTIONS = ("cranfield", "cisi", "npl")
SMALL = 10_000
BUDGET = Budget(16, 16)
_PIPELINE = """
[[stage]]
name = "dense"
kind = "dense"
depth = 1000

[[stage]]
name = "late"
kind = "maxsim"
inputs = ["dense"]
"""
_ROUNDS, _WARM, _ASKED, _EXACT = 2, 10, 60, 20


def run(settings: Settings) -> list[Figure]:
    """Make both workspaces, then ask each in processes of their own, in turns."""
    folders = [SHARED_DATA / "eval" / "dev" / name for name in COLLECTIONS]
    if not all(folder.is_dir() for folder in folders):
        return [skipped("a million passages", f"the collections are not here ({', '.join(COLLECTIONS)})")]
    n = int(os.environ.get("RANKSCOPE_MILLION", "0")) or settings.choose(20_000, 100_000)
    work = settings.work / "million"
    work.mkdir()
    collections = [open_collection(folder) for folder in folders]
    real, codec = million_workspace.real_passages(collections, work)
    for size in (SMALL, n):
        million_workspace.write_workspace(work / str(size), real, codec, size)
        say(f"{size:,} passages written; linking them")
        start = time.perf_counter()
        _in_new_process("link", work / str(size))
        linking = time.perf_counter() - start
    (work / "pipeline.toml").write_text(_PIPELINE)
    (work / "queries.json").write_text(json.dumps(_queries(collections)))
    asked: dict[int, list[dict[str, Any]]] = {SMALL: [], n: []}
    for number in range(_ROUNDS):
        for size, results in asked.items():
            results.append(_in_new_process("ask", work / str(size), number))
            say(f"{size:,} passages: p50 {statistics.median(results[-1]['ms']['total']):.1f} ms")
    recall = _in_new_process("recall", work / str(n))
    disk = million_workspace.bytes_by_kind(work / str(n))
    tokens = disk["clusters of tokens"] / n
    what = (
        f"{n:,} passages, {len(real):,} real ones ({', '.join(COLLECTIONS)}; {tokens:.0f} tokens each) and those again "
        f"with noise, (16, 16) in int8"
    )
    return _figures(n, what, disk, asked, recall, linking)


def _figures(
    n: int,
    what: str,
    disk: dict[str, int],
    asked: dict[int, list[dict[str, Any]]],
    recall: dict[str, Any],
    linking: float,
) -> list[Figure]:
    per_passage = {name: size / n for name, size in disk.items()}
    # As indexing cuts documents: a full list of rows, and more tokens than these passages have.
    longer = million_workspace.ROWS * (384 + FOLD_BYTES) - per_passage["rows"] - per_passage["how they unfold"]
    per_passage["all, at 190 tokens"] = sum(disk.values()) / n + longer + 190 - per_passage["clusters of tokens"]
    how = f"files of the workspace ÷ passages; {what}; the texts are one short line each"
    small, large = (_joined(results) for results in asked.values())
    p50 = {size: statistics.median(_joined(results)["total"]) for size, results in asked.items()}
    memory = asked[n][-1]["memory"]
    queries = f"{len(large['total'])} queries in {_ROUNDS} new processes each, in turns; the files in the page cache"
    how_memory = f"of a process that has asked {_WARM + _ASKED} queries; {what}"
    figures = [
        below("million: disk for a passage", sum(disk.values()) / n, 8_000, "bytes", how, **per_passage),
        below("million: resident memory", memory["resident"], 2_000, "MB", how_memory, **memory),
        info("million: private memory", memory["private"], "MB", how_memory),
        at_most(
            f"million: query ÷ at {SMALL:,}", p50[n] / p50[SMALL], 2.0, "×", f"p50 of whole queries, {queries}; {what}"
        ),
    ]
    for size, times in ((SMALL, small), (n, large)):
        parts = {name: statistics.median(values) for name, values in times.items()}
        p95 = statistics.quantiles(times["total"], n=20)[-1]
        figures.append(info(f"million: query at {size:,}", p50[size], "ms", f"p50; {queries}", p95=p95, **parts))
    exact = f"share of the exact first found among as many, {_EXACT} queries; {what}"
    figures += [info(f"million: recall@{depth} of the graph", value, "", exact) for depth, value in recall.items()]
    opening = statistics.median(result["opening"] for result in asked[n])
    figures.append(info("million: opening and the first query", opening, "s", f"in a new process; {what}"))
    figures.append(info("million: linking", n / linking, "passages/s", f"one thread; {what}"))
    return figures


def _joined(results: list[dict[str, Any]]) -> dict[str, list[float]]:
    """Milliseconds by part, of all processes."""
    return {name: [*chain.from_iterable(result["ms"][name] for result in results)] for name in results[0]["ms"]}


def _queries(collections: list[Collection]) -> list[str]:
    """Real queries of the three collections by turns."""
    found = [text for texts in zip(*(c.queries.values() for c in collections), strict=False) for text in texts]
    return found[: _ROUNDS * (_WARM + _ASKED)]


def _in_new_process(what: str, place: Path, number: int = 0) -> Any:
    command = [sys.executable, "-m", "tests.benchmarks.million", what, str(place), str(number)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


# -- in the new processes --------------------------------------------------------------------------------------------


def _ask(place: Path, number: int) -> dict[str, Any]:
    """Milliseconds of whole queries and their parts, and the memory afterwards."""
    each = _WARM + _ASKED
    queries = json.loads((place.parent / "queries.json").read_text())[number * each :][:each]
    pipeline = str(place.parent / "pipeline.toml")
    ms: dict[str, list[float]] = defaultdict(list)
    start = time.perf_counter()
    with Workspace.open(place) as workspace:
        encoder = workspace.encoder()
        workspace.search(queries[0], pipeline=pipeline, k=10, budget=BUDGET)
        opening = time.perf_counter() - start
        for asked, text in enumerate(queries):
            encoder.forget_queries()
            start = time.perf_counter()
            trace = workspace.search(text, pipeline=pipeline, k=10, budget=BUDGET)
            total = (time.perf_counter() - start) * 1e3
            if asked < _WARM:
                continue
            parts = {"encode": trace.encode_ms, **{stage.name: stage.ms for stage in trace.stages}}
            for name, value in {**parts, "rest": total - sum(parts.values()), "total": total}.items():
                ms[name].append(value)
        return {"ms": ms, "opening": opening, "memory": _memory()}


def _memory() -> dict[str, float]:
    """What this process holds, in MB: private pages, pages of mapped files, both, and the most there ever was."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kb = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines) if "kB" in value}
    names = {"resident": "VmRSS", "private": "RssAnon", "mapped files": "RssFile", "peak": "VmHWM"}
    return {name: kb[field] / 1e3 for name, field in names.items()}


def _recall(place: Path, _: int) -> dict[str, float]:
    """How many of the exact first 100 and 1,000 the graph finds."""
    queries = json.loads((place.parent / "queries.json").read_text())[:_EXACT]
    with Workspace.open(place) as workspace:
        encoder, identity = workspace.encoder(), workspace.manifest.encoder
        vectors = VectorStore(place, workspace.database).current()
        index = DenseIndex(place, identity["sha256"], identity["dim"])
        found: dict[str, list[float]] = defaultdict(list)
        for text in queries:
            query = encoder.encode_query(text).pooled
            exact = index.exact(query, vectors, 1_000).ids
            for depth in (100, 1_000):
                near = index.search(query, vectors, depth).ids
                found[f"{depth:,}"].append(float(np.isin(exact[:depth], near).mean()))
    return {depth: statistics.mean(values) for depth, values in found.items()}


def _link(place: Path, _: int) -> None:
    million_workspace.link(place)


if __name__ == "__main__":
    tasks = {"ask": _ask, "recall": _recall, "link": _link}
    print(json.dumps(tasks[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
