"""What MaxSim's own best passages lose when candidates come from pooled vectors, MUVERA's encodings or PLAID."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from rankscope.core.encoding.encoder import EncodedPassages, Encoder
from rankscope.core.evaluation.collections import Collection, open_collection
from rankscope.core.indexes.dense import EXACT_BELOW, top
from rankscope.core.indexes.fde import FdeEncoder, FdeSettings
from rankscope.core.indexes.fde_index import FdeIndex, FdeVectors
from rankscope.core.indexes.plaid import PlaidIndex, PlaidSettings
from rankscope.core.ranking.maxsim import maxsim
from tests.benchmarks import first_stages
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, info, say, skipped

COLLECTION = "dev/npl"
CANDIDATES = 100
DEPTHS = (10, 100)
# The paper's choices, two of them made narrow enough for a graph in memory, and one as wide as the paper's second with
# fewer buckets and more of each vector.
ENCODINGS = (
    FdeSettings(20, 3, 8),
    FdeSettings(20, 4, 8),
    FdeSettings(20, 5, 8),
    FdeSettings(20, 5, 16),
    FdeSettings(20, 4, 8, 2_048),
    FdeSettings(20, 5, 16, 2_048),
    FdeSettings(10, 3, 32),
)
_WIDEST_GRAPH = 2_560  # dimensions; beyond, a graph takes minutes to build and more memory than the vectors
_QUICK_ENTRIES = 300


@dataclass(frozen=True)
class Way:
    """One way to find candidates: from a query's pooled and token vectors to passage numbers, best first."""

    name: str
    bytes_per_passage: float
    find: Callable[[np.ndarray, np.ndarray], np.ndarray]


def run(settings: Settings) -> list[Figure]:
    """Encode a collection, find the best passages by exact MaxSim, and count how many of them each way finds."""
    folder = SHARED_DATA / "eval" / COLLECTION
    if not folder.is_dir():
        return [skipped("candidates", f"the collection is not here (../shared/data/eval/{COLLECTION})")]
    collection = open_collection(folder)
    encoder = Encoder.load()
    texts = [entry.passage for entry in islice(collection.entries(), _QUICK_ENTRIES if settings.quick else None)]
    say(f"{collection.name}: encoding {len(texts):,} passages")
    passages = encoder.encode_passages(texts)
    asked = [encoder.encode_query(text) for text in list(collection.queries.values())[: settings.choose(20, 93)]]
    queries = [(query.pooled, query.tokens) for query in asked]
    say("exact MaxSim")
    ids, best, exact_ms = np.arange(len(texts)), [], []
    for _, tokens in queries:
        start = time.perf_counter()
        scores = maxsim(tokens, passages.tokens, passages.offsets)
        exact_ms.append((time.perf_counter() - start) * 1e3)
        best.append(top(ids, scores, max(DEPTHS)))
    size = f"{len(texts):,} passages, {len(queries)} queries"
    median = statistics.median(exact_ms)
    figures = [info(f"{collection.name}: MaxSim of everything", median, "ms", f"median on {size}")]
    for way in _ways(passages, settings):
        figures += _measure(collection, way, queries, best, size)
    if not settings.quick:
        figures += first_stages.measured(collection, settings)
    return figures


def _measure(
    collection: Collection, way: Way, queries: list[tuple[np.ndarray, np.ndarray]], best: list[np.ndarray], size: str
) -> list[Figure]:
    """Recall of the exact best among the first candidates, time and space of one way."""
    say(way.name)
    found, times = [], []
    for pooled, tokens in queries:
        start = time.perf_counter()
        found.append(way.find(pooled, tokens)[:CANDIDATES])
        times.append((time.perf_counter() - start) * 1e3)
    name, how = f"{collection.name}: {way.name}", f"in {CANDIDATES} candidates; {size}"
    counted = statistics.fmean(map(len, found))
    figures = []
    for depth in DEPTHS:
        recall = statistics.fmean(
            float(np.isin(exact[:depth], ids).mean()) for exact, ids in zip(best, found, strict=True)
        )
        what = f"mean share of the exact MaxSim top {depth} {how}"
        figures.append(info(f"{name}, top {depth} kept", recall, "recall", what, candidates=counted))
    figures.append(info(f"{name}, time", statistics.median(times), "ms", f"median of finding candidates; {size}"))
    figures.append(info(f"{name}, space", way.bytes_per_passage, "B/passage", "what is searched, beside the vectors"))
    return figures


def _ways(passages: EncodedPassages, settings: Settings) -> Iterator[Way]:
    """One after another, so that no two of the large ones are in memory together."""
    pooled = FdeSettings(1, 0, passages.pooled.shape[1])
    yield from _searched("pooled", passages.pooled, pooled, lambda pooled, _: pooled, settings)
    for chosen in ENCODINGS:
        final = "" if chosen.d_final is None else f" to {chosen.d_final}"
        name = f"MUVERA ({chosen.repetitions},{chosen.k_sim},{chosen.d_proj}){final}"
        say(f"{name}: encoding")
        encoder = FdeEncoder(chosen, passages.tokens.shape[1])
        encodings = encoder.encode_passages(passages.tokens, passages.offsets, np.float16)
        yield from _searched(name, encodings, chosen, _encoding(encoder), settings)
    say("PLAID: learning centroids")
    n = len(passages.pooled)
    index = PlaidIndex.build(np.arange(n), passages.tokens, passages.offsets)
    for k in DEPTHS:
        yield Way(f"PLAID for k = {k}", index.n_bytes / n, _interaction(index, PlaidSettings.for_depth(k)))


def _searched(
    name: str,
    vectors: np.ndarray,
    chosen: FdeSettings,
    encode: Callable[[np.ndarray, np.ndarray], np.ndarray],
    settings: Settings,
) -> Iterator[Way]:
    """Single vectors, searched exactly and, where there are enough passages, by a graph."""
    n = len(vectors)
    folder = settings.work / "candidates" / name
    folder.mkdir(parents=True, exist_ok=True)
    index = FdeIndex(folder, "benchmark", chosen, FdeVectors.of(np.arange(n), vectors), EXACT_BELOW)
    everything = np.arange(n)
    yield Way(
        f"{name}, exact", vectors[0].nbytes, lambda *query: index.search(encode(*query), CANDIDATES, everything).ids
    )
    if n >= EXACT_BELOW and vectors.shape[1] <= _WIDEST_GRAPH:
        say(f"{name}: building the graph")
        index.sync()
        size = sum(path.stat().st_size for path in folder.rglob("*.hnsw"))
        yield Way(f"{name}, HNSW", size / n, lambda *query: index.search(encode(*query), CANDIDATES).ids)


def _encoding(encoder: FdeEncoder) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda _, tokens: encoder.encode_query(tokens)


def _interaction(index: PlaidIndex, chosen: PlaidSettings) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return lambda _, tokens: index.search(tokens, chosen).ids
