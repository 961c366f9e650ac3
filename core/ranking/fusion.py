"""Fusing rankings."""

from __future__ import annotations

import numpy as np

from rankscope.core.ranking.trace import Ranking

RRF_K = 60


def reciprocal_rank_fusion(rankings: dict[str, Ranking], k: int = RRF_K) -> Ranking:
    """RRF: score(d) = sum over rankings that hold d of 1 / (k + rank), ranks from 1.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning
    methods", SIGIR 2009; k = 60 as there. Ties are broken by rising passage id, so the order of the rankings
    does not matter. ``sources`` of the result name, per passage, each ranking that held it and its rank there.
    """
    if not rankings:
        return Ranking(np.empty(0, np.int64), np.empty(0, np.float32), "RRF")
    ids = np.unique(np.concatenate([ranking.ids for ranking in rankings.values()]))
    scores = np.zeros(len(ids), np.float64)
    sources: dict[int, tuple[tuple[str, int], ...]] = {int(passage_id): () for passage_id in ids}
    for name in sorted(rankings):
        ranks = np.arange(1, len(rankings[name]) + 1)
        scores[np.searchsorted(ids, rankings[name].ids)] += 1.0 / (k + ranks)
        for passage_id, rank in zip(rankings[name].ids.tolist(), ranks.tolist(), strict=True):
            sources[passage_id] += ((name, rank),)
    order = np.lexsort((ids, -scores))
    return Ranking(ids[order], scores[order].astype(np.float32), "RRF", sources)
