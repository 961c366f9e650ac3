"""Candidate pruning and early exit on development collections: what they save, and what they cost in nDCG@10.

First stage: the cosines of pooled vectors, the first 1,000. Second stage: MaxSim over all token vectors, gathered from
memory. The trivial rival is to re-score the first 300 and no more. Scores are computed once per query; quality and
counts of the whole grid come from them, times from real runs of the settings named, in turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rankscope.core.encoding.encoder import Encoder
from rankscope.core.evaluation.collections import open_collection
from rankscope.core.evaluation.metrics import measure
from rankscope.core.ranking.maxsim import limited_threads, maxsim
from rankscope.core.ranking.pruning import PrunedRanking, rerank
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_least, at_most, info, say, skipped

COLLECTIONS = ("hotpotqa-100", "cranfield", "cisi")
CANDIDATES, K = 1_000, 10
ALPHAS = (0.3, 0.4, 0.5, 0.6, 0.7, None)
BETAS = (32, 64, 100, 150, 200, None)
BLOCKS = (16, 64, 256)


@dataclass(frozen=True)
class Setting:
    """α, β and block of :func:`rerank`, over the first ``depth`` candidates."""

    alpha: float | None = None
    beta: int | None = None
    block: int = 64
    depth: int = CANDIDATES

    def __str__(self) -> str:
        if self.depth < CANDIDATES:
            return f"first {self.depth} fully"
        return f"α {self.alpha or 'off'}, β {self.beta or 'off'}, block {self.block}"


FULL = Setting(block=CANDIDATES)
CHOSEN = Setting(0.6, 150)
TIMED = (FULL, CHOSEN, Setting(beta=150), Setting(0.6), Setting(0.6, 64), Setting(block=CANDIDATES, depth=300))


@dataclass(frozen=True)
class Judged:
    """An encoded collection; ``queries`` holds each query's id, pooled vector and token vectors."""

    name: str
    entries: tuple[str, ...]
    qrels: dict[str, dict[str, int]]
    pooled: np.ndarray
    tokens: np.ndarray
    offsets: np.ndarray
    queries: tuple[tuple[str, np.ndarray, np.ndarray], ...]

    def candidates(self, pooled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first stage: ids and cosines, falling."""
        cosines = self.pooled @ pooled
        ids = np.argsort(-cosines, kind="stable")[:CANDIDATES]
        return ids, cosines[ids]

    def score(self, query: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """The second stage for some entries."""
        parts = [self.tokens[self.offsets[i] : self.offsets[i + 1]] for i in ids]
        return maxsim(query, np.concatenate(parts), np.cumsum([0, *map(len, parts)]))


def run(settings: Settings) -> list[Figure]:
    """Measure on the collections that are here."""
    figures: list[Figure] = []
    for name in COLLECTIONS[: settings.choose(1, len(COLLECTIONS))]:
        folder = SHARED_DATA / "eval" / "dev" / name
        if not folder.is_dir():
            figures.append(skipped(f"{name}: pruning", f"the collection is not here (../shared/data/eval/dev/{name})"))
            continue
        say(f"{name}: encoding")
        judged = encoded(name)
        with limited_threads(1):
            figures += measured(judged, settings.choose(10, 40))
    return figures


def encoded(name: str) -> Judged:
    """A development collection with all its vectors."""
    collection = open_collection(SHARED_DATA / "eval" / "dev" / name)
    encoder = Encoder.load()
    entries = [(entry.id, entry.passage) for entry in collection.entries()]
    passages = encoder.encode_passages([text for _, text in entries])
    queries = []
    for number, text in collection.queries.items():
        query = encoder.encode_query(text)
        queries.append((number, query.pooled, query.tokens))
    names = tuple(entry for entry, _ in entries)
    return Judged(name, names, collection.qrels, passages.pooled, passages.tokens, passages.offsets, tuple(queries))


def measured(judged: Judged, timed_queries: int) -> list[Figure]:
    """The figures of one collection."""
    say(f"{judged.name}: the grid")
    scores = [_all_scores(judged, pooled, tokens) for _, pooled, tokens in judged.queries]
    grid = [Setting(alpha, beta) for alpha in ALPHAS for beta in BETAS]
    grid += [Setting(CHOSEN.alpha, CHOSEN.beta, block) for block in BLOCKS if block != CHOSEN.block]
    rows = {setting: _quality(judged, scores, setting) for setting in dict.fromkeys([*TIMED, *grid])}
    say(f"{judged.name}: times")
    ms = _times(judged, timed_queries)
    full = rows[FULL][0]
    table = {str(setting): [row[0] / full - 1, row[1]] for setting, row in rows.items()}
    how = f"{len(judged.entries):,} entries, {len(judged.queries)} queries, {min(CANDIDATES, len(judged.entries))} candidates"
    figures = [info(f"{judged.name}: full reranking", full, "nDCG@10", how, change_and_scored=table, ms=ms)]
    for setting in TIMED[1:]:
        quality, scored = rows[setting]
        change, ratio = abs(quality / full - 1) * 100, ms[str(FULL)] / ms[str(setting)]
        name, why = f"{judged.name}: {setting}", f"{scored:.0f} candidates scored; {how}"
        if setting == CHOSEN:
            figures.append(at_most(f"{name}: change of nDCG@10", change, 0.1, "%", why))
            figures.append(at_least(f"{name}: time of all ÷ its own", ratio, 1.5, "×", why))
        else:
            figures.append(info(f"{name}: change of nDCG@10", change, "%", why))
            figures.append(info(f"{name}: time of all ÷ its own", ratio, "×", why))
    return figures


def _all_scores(judged: Judged, pooled: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Second-stage scores of one query's candidates by entry: float32 [n entries], NaN for the others."""
    ids, _ = judged.candidates(pooled)
    scores = np.full(len(judged.entries), np.nan, np.float32)
    scores[ids] = judged.score(tokens, ids)
    return scores


def _quality(judged: Judged, scores: Sequence[np.ndarray], setting: Setting) -> tuple[float, float]:
    """nDCG@10 and the mean number of candidates scored."""
    found, scored = {}, 0
    for (number, pooled, _), known in zip(judged.queries, scores, strict=True):
        ranking = _rerank(judged, pooled, setting, known.__getitem__)
        # By place, not by score: ties would be broken by name otherwise.
        found[number] = {judged.entries[i]: float(-place) for place, i in enumerate(ranking.ids[:K])}
        scored += ranking.n_scored
    return measure(judged.qrels, found, ["nDCG@10"]).mean["nDCG@10"], scored / len(judged.queries)


def _times(judged: Judged, n_queries: int) -> dict[str, float]:
    """Median milliseconds of reranking one query in each timed setting, in turns."""
    times: dict[str, list[float]] = {str(setting): [] for setting in TIMED}
    for _, pooled, tokens in judged.queries[:n_queries]:
        for setting in TIMED:
            start = time.perf_counter()
            _rerank(judged, pooled, setting, lambda ids, tokens=tokens: judged.score(tokens, ids))  # type: ignore[misc]
            times[str(setting)].append((time.perf_counter() - start) * 1e3)
    return {name: float(np.median(values)) for name, values in times.items()}


def _rerank(
    judged: Judged, pooled: np.ndarray, setting: Setting, score: Callable[[np.ndarray], np.ndarray]
) -> PrunedRanking:
    ids, first = judged.candidates(pooled)
    ids, first = ids[: setting.depth], first[: setting.depth]
    return rerank(ids, first, K, score, setting.alpha, setting.beta, setting.block)
