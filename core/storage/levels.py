"""Anchored levels: a short, nested list of vectors for a text, from any token-level encoder and with no training.

The first vector is the pooled one. The others describe the text's token vectors by clusters (Ward, Journal of the
American Statistical Association 58, 1963), from coarse to fine: the first r of them hold the text as r clusters
exactly. That is the service that the meta tokens of MetaEmbed (arXiv 2509.18095) have to be trained for: one stored
list serves every budget by reading a prefix.

Ward's merges form a tree, and a coarse mean is the weighted mean of its two parts. So the list holds no means but the
mean of all tokens and then, split by split from the root, the difference of the two parts' means. A prefix of r rows
unfolds into the means of r clusters with two multiplications per split. Rows have length 1, so that every codec treats
them alike; their lengths stand in :class:`Fold`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rankscope.core.budgets import LARGEST

# One row of the list, the pooled vector's left out. The row splits cluster ``parent`` (numbered by the row that made
# it, from 0) in two: the new cluster and the rest, which keeps the number. ``share`` is the new cluster's share of the
# tokens, ``length`` that of the difference; ``new`` and ``rest`` are the lengths of the two means. In the first row
# ``length`` and ``new`` are the length of the mean of all tokens.
FOLD = np.dtype([("parent", "u1"), ("_", "u1"), ("share", "f2"), ("length", "f2"), ("new", "f2"), ("rest", "f2")])


@dataclass(frozen=True, slots=True)
class Folded:
    """The nested lists of some texts: ``rows`` float32 [n_rows, dim] of length 1, without the pooled vectors, and
    ``fold`` :data:`FOLD` [n_rows]; text i owns rows ``offsets[i]:offsets[i + 1]`` (int64 [n + 1]). ``labels`` uint8
    [n_vectors] is the cluster of each token at the largest budget; see :func:`coarser`."""

    rows: np.ndarray
    fold: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray


def fold(tokens: np.ndarray, offsets: np.ndarray, most: int = LARGEST.r_c) -> Folded:
    """Fold the token vectors of texts into nested lists.

    Args:
        tokens: float16 or float32 [n_vectors, dim], L2-normalised; text i owns ``tokens[offsets[i]:offsets[i + 1]]``.
        offsets: int64 [n + 1]; every text has at least one token.
        most: the largest budget r_c to serve; lists have at most ``most - 1`` rows, and no more than tokens.
    """
    parts = [_fold(tokens[a:b].astype(np.float32), most - 1) for a, b in pairwise(offsets.tolist())]
    if not parts:
        return Folded(
            np.empty((0, tokens.shape[1]), np.float32), np.empty(0, FOLD), np.zeros(1, np.int64), np.empty(0, np.uint8)
        )
    rows, folds, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    counts = [len(part[0]) for part in parts]
    return Folded(rows, folds, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), labels)


def coarser(labels: np.ndarray, fold: np.ndarray, r: int) -> np.ndarray:
    """The clusters of one text's tokens at a smaller budget: int64 [n_tokens], numbers below r.

    Args:
        labels: the tokens' clusters at the largest budget. fold: :data:`FOLD` of the whole list.
        r: rows of the prefix, the pooled vector not counted.
    """
    above = np.arange(len(fold))
    for j in range(r, len(fold)):
        above[j] = above[fold["parent"][j]]  # a parent has a lower number
    return above[labels]


def unfold(values: np.ndarray, fold: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """What the rows stand for: in place, from products with the rows to products with the clusters' unit means.

    Linear, so ``values`` may be the rows themselves (then these are the unit means) or their products with queries.

    Args:
        values: float32 [n_rows, m], changed and returned; a prefix of each text's list, text after text.
        fold: :data:`FOLD` [n_rows] of the same prefixes. offsets: int64 [n + 1], which rows belong to which text.
    """
    starts, counts = offsets[:-1], np.diff(offsets)
    values *= fold["length"].astype(np.float32)[:, None]
    lengths = fold["new"].astype(np.float32)
    share = fold["share"].astype(np.float32)
    longest = int(counts.max(initial=0))
    order = np.argsort(-counts, kind="stable")
    starts, counts = starts[order], counts[order]
    active = np.searchsorted(-counts, -np.arange(longest), side="left")  # texts with more than j rows
    for j in range(1, longest):
        new = starts[: active[j]] + j
        parent = starts[: active[j]] + fold["parent"][new]
        difference, whole = values[new], values[parent]
        part = share[new][:, None] * difference
        values[parent] = whole - part
        values[new] = whole + difference - part
        lengths[parent] = fold["rest"][new]
    values /= np.maximum(lengths, 1e-6)[:, None]
    return values


def query_clusters(tokens: np.ndarray, n: int) -> np.ndarray:
    """A query's tokens as n clusters: float32 [≤ n, n_tokens] weights, so that ``weights @ tokens`` are unit means.

    Args:
        tokens: float32 [n_tokens, dim], L2-normalised.
    """
    labels, names = _labels(_merges(tokens), len(tokens), min(n, len(tokens)))
    members = (labels[None, :] == np.arange(len(names))[:, None]).astype(np.float32)  # [clusters, n_tokens]
    lengths = np.linalg.norm(members @ tokens, axis=1)
    return members / np.maximum(lengths, 1e-6)[:, None]


def _fold(tokens: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows float32 [r, dim], their fold [r] and the tokens' clusters uint8 [n] of one text; r is the smaller of
    ``most`` and its tokens."""
    n = len(tokens)
    r = min(most, n)
    tree = _merges(tokens)
    labels, names = _labels(tree, n, r)
    means, counts, merges = _coarse(tokens, tree, labels, names)
    lengths = _lengths(means)
    # Undo the merges from the last one on: each splits a cluster, and the smaller part is the new one.
    parent, new, rest = [0] * r, [2 * r - 2] * r, [2 * r - 2] * r
    number = {2 * r - 2: 0}
    for j, i in enumerate(range(r - 2, -1, -1), start=1):
        x, y = merges[i]
        new[j], rest[j] = (x, y) if counts[x] <= counts[y] else (y, x)
        parent[j] = number.pop(r + i)
        number[new[j]], number[rest[j]] = j, parent[j]
    rows = means[new]  # [r, dim]
    rows[1:] -= means[rest[1:]]
    fold = np.zeros(r, FOLD)
    fold["parent"], fold["length"] = parent, _lengths(rows)
    fold["share"] = counts[new] / (counts[new] + counts[rest])
    fold["new"], fold["rest"] = lengths[new], lengths[rest]
    numbers = np.array([number[i] for i in range(r)], np.uint8)
    return rows / np.maximum(fold["length"].astype(np.float32), 1e-6)[:, None], fold, numbers[labels]


def _coarse(
    tokens: np.ndarray, tree: list[tuple[int, int]], labels: np.ndarray, names: list[int]
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """The finest clusters and all that they are merged into.

    Args:
        labels: the tokens' finest clusters, r of them; names: these clusters' nodes in the tree.

    Returns:
        means float32 [2 r - 1, dim] and counts int64 [2 r - 1] of these nodes, the finest first, and the r - 1 merges
        that make node r, r + 1, … of two earlier nodes.
    """
    n, r = len(tokens), len(names)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(r))
    sums = np.empty((2 * r - 1, tokens.shape[1]), np.float32)
    sums[:r] = np.add.reduceat(tokens[order], starts, axis=0)
    counts = np.empty(2 * r - 1, np.int64)
    counts[:r] = np.diff(starts, append=n)
    at = {name: i for i, name in enumerate(names)}
    merges: list[tuple[int, int]] = []
    for i in range(n - r, n - 1):
        x, y = at[tree[i][0]], at[tree[i][1]]
        node = at[n + i] = r + len(merges)
        merges.append((x, y))
        np.add(sums[x], sums[y], out=sums[node])
        counts[node] = counts[x] + counts[y]
    return sums / counts[:, None].astype(np.float32), counts, merges


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def _labels(tree: list[tuple[int, int]], n: int, k: int) -> tuple[np.ndarray, list[int]]:
    """Each token's cluster among k clusters, numbered from 0 (int64 [n]), and the clusters' nodes in the tree."""
    above = list(range(2 * n - k))
    for i in range(n - k):
        x, y = tree[i]
        above[x] = above[y] = n + i
    for node in range(2 * n - k - 1, -1, -1):  # what is above a node has a higher number
        above[node] = above[above[node]]
    names, labels = np.unique(above[:n], return_inverse=True)
    return labels.astype(np.int64), names.tolist()


def _merges(tokens: np.ndarray) -> list[tuple[int, int]]:
    """Ward's merges in the order of rising cost: n - 1 pairs of nodes; i < n is a token, n + i what merge i made."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    if len(tokens) == 1:
        return []
    # The lengths are 1, so squared distances are 2 - 2 cosines: one matrix product instead of a loop over pairs.
    pairs = 2.0 - 2.0 * squareform((tokens @ tokens.T).astype(np.float64), checks=False)
    tree = linkage(np.sqrt(np.maximum(pairs, 0.0)), "ward")
    return [(x, y) for x, y in tree[:, :2].astype(np.int64).tolist()]
