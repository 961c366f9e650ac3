"""Scores on anchored levels at a budget, and how they divide among the query's tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankscope.core.budgets import Budget, late_weight
from rankscope.core.encoding.encoder import EncodedQuery
from rankscope.core.storage.levels import query_clusters
from rankscope.core.storage.vectors import MultiVectors, Vectors

# Candidates whose vectors are read at a time: bounds the memory when k is very large.
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LevelQuery:
    """A query at a budget: its clusters as weights of its tokens, float32 [≤ r_q - 1, n_tokens], and the vectors that
    these give, float32 [≤ r_q - 1, dim], of length 1. ``counts`` float32 [≤ r_q - 1], which add up to 1, is what each
    counts for. ``attends`` tells that the vectors are meta tokens', and the weights their attention."""

    budget: Budget
    weights: np.ndarray
    vectors: np.ndarray
    counts: np.ndarray
    attends: bool = False


@dataclass(frozen=True, slots=True)
class LevelParts:
    """Why one passage has its score: ``anchor`` and ``late`` float32 [n_query_tokens] add up to it. ``products``
    float32 [clusters of the query, clusters of the passage]."""

    anchor: np.ndarray
    late: np.ndarray
    products: np.ndarray


def at_budget(encoded: EncodedQuery, budget: Budget) -> LevelQuery:
    """The query's vectors at this budget."""
    if late_weight(budget) == 0.0:
        n, dim = encoded.tokens.shape
        return LevelQuery(budget, np.empty((0, n), np.float32), np.empty((0, dim), np.float32), np.empty(0, np.float32))
    if encoded.meta is not None:
        meta, n = encoded.meta, budget.r_q - 1
        counts = meta.weights[:n] / meta.weights[:n].sum()
        return LevelQuery(budget, meta.attention[:n], meta.vectors[:n], counts, attends=True)
    weights = query_clusters(encoded.tokens, budget.r_q - 1)
    n = len(weights)
    return LevelQuery(budget, weights, weights @ encoded.tokens, np.full(n, 1 / n, np.float32))


def level_scores(encoded: EncodedQuery, query: LevelQuery, vectors: Vectors, ids: np.ndarray) -> tuple[np.ndarray, int]:
    """The scores of these passages, float32 [len(ids)], and how many bytes of vectors were read."""
    scores = vectors.exact_scores(ids, encoded.pooled)
    n_bytes = len(ids) * encoded.pooled.nbytes
    if not len(query.vectors):
        return scores, n_bytes
    for start in range(0, len(ids), AT_ONCE):
        held = vectors.multi(ids[start : start + AT_ONCE], query.budget.r_c - 1)
        n_bytes += held.rows.nbytes + held.fold.nbytes
        scores[start : start + AT_ONCE] += late_weight(query.budget) * late_part(query, held)
    return scores, n_bytes


def late_part(query: LevelQuery, held: MultiVectors) -> np.ndarray:
    """Weighted mean over the query's clusters of the best passage cluster, without λ: float32 [n]."""
    return np.maximum.reduceat(held.products(query.vectors), held.offsets[:-1], axis=0) @ query.counts


def level_parts(encoded: EncodedQuery, query: LevelQuery, vectors: Vectors, passage_id: int) -> LevelParts:
    """The score of one passage by query tokens.

    The pooled query is the weighted sum of its tokens, and so is each cluster's vector; so both products divide among
    the tokens without rest. A meta token's product divides among the tokens by its attention.
    """
    ids = np.array([passage_id], np.int64)
    anchor = encoded.weights * (encoded.tokens @ vectors.pooled(ids)[0])  # [n_tokens]
    late = np.zeros_like(anchor)
    if not len(query.vectors):
        return LevelParts(anchor, late, np.empty((0, 0), np.float32))
    held = vectors.multi(ids, query.budget.r_c - 1)
    products = held.products(np.concatenate([query.vectors, encoded.tokens])).T  # [clusters + tokens, n_d]
    clusters, tokens = products[: len(query.vectors)], products[len(query.vectors) :]
    counts = late_weight(query.budget) * query.counts
    for members, weight, row in zip(query.weights, counts, clusters, strict=True):
        best = row.argmax()
        late += weight * members * (row[best] if query.attends else tokens[:, best])
    return LevelParts(anchor, late, clusters)
