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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rankscope.core.budgets import LARGEST

# One row of the list, the pooled vector's left out. The row splits cluster ``parent`` (numbered by the row that made
# it, from 0) in two: the new cluster and the rest, which keeps the number. ``share`` is the new cluster's share of the
# tokens, ``length`` that of the difference; ``new`` and ``rest`` are the lengths of the two means. In the first row
# ``length`` and ``new`` are the length of the mean of all tokens.
FOLD = np.dtype([("parent", "u1"), ("_", "u1"), ("share", "f2"), ("length", "f2"), ("new", "f2"), ("rest", "f2")])

_WIDENED_AT_ONCE = 32
_EXPONENT = np.uint16(0x7C00)  # all ones in a float16: infinity or NaN


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
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # One text's products are so small that a second thread costs more than it does, the more so beside torch's own.
    with threadpool_limits(1, user_api="blas"):
        parts = [_fold(text, most - 1) for text in _texts(tokens, offsets)]
    if not parts:
        return Folded(
            np.empty((0, tokens.shape[1]), np.float32), np.empty(0, FOLD), np.zeros(1, np.int64), np.empty(0, np.uint8)
        )
    rows, folds, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    counts = [len(part[0]) for part in parts]
    return Folded(rows, folds, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), labels)


def fold_meta(vectors: np.ndarray, labels: np.ndarray) -> Folded:
    """Fold vectors that are nested already, those of meta tokens: every row is the difference to the first vector, and
    a prefix unfolds into exactly the vectors of that prefix.

    Args:
        vectors: float16 or float32 [n, r, dim], of length 1. labels: uint8 [n_vectors], the vector that each token
            stands for; those beyond r stand for the first.
    """
    n, r, dim = vectors.shape
    rows = vectors.astype(np.float32)
    rows[:, 1:] -= rows[:, :1]
    rows = rows.reshape(n * r, dim)
    fold = np.zeros((n, r), FOLD)
    fold["length"] = _lengths(rows).reshape(n, r)
    fold["new"] = fold["rest"] = 1
    rows /= np.maximum(fold["length"].astype(np.float32).reshape(-1, 1), 1e-6)
    return Folded(rows, fold.reshape(-1), np.arange(n + 1) * r, np.where(labels < r, labels, 0).astype(np.uint8))


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


def misfits(fold: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Which lists cannot be unfolded: a row names a parent that does not come before it, or a length is no number.

    Args:
        fold: :data:`FOLD` [n_rows]; a prefix of each text's list, text after text. offsets: int64 [n + 1].

    Returns:
        bool [n].
    """
    counts = np.diff(offsets)
    places = np.arange(len(fold)) - np.repeat(offsets[:-1], counts)
    wrong = fold["parent"] >= np.maximum(places, 1)
    words = fold.view(np.uint16)  # as bits: far quicker than asking each field
    odd = (words & _EXPONENT) == _EXPONENT
    if odd.any():
        wrong |= odd.reshape(-1, 5)[:, 1:].any(axis=1)  # the first is the parent
    found = np.zeros(len(counts), bool)
    if wrong.any():
        found[np.repeat(np.arange(len(counts)), counts)[wrong]] = True
    return found


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
    sizes = np.array(counts, np.int64)
    fold["share"] = sizes[new] / (sizes[new] + sizes[rest])
    fold["new"], fold["rest"] = lengths[new], lengths[rest]
    numbers = np.array([number[i] for i in range(r)], np.uint8)
    return rows / np.maximum(fold["length"].astype(np.float32), 1e-6)[:, None], fold, numbers[labels]


def _coarse(
    tokens: np.ndarray, tree: np.ndarray, labels: np.ndarray, names: np.ndarray
) -> tuple[np.ndarray, list[int], list[list[int]]]:
    """The finest clusters and all that they are merged into.

    Args:
        labels: the tokens' finest clusters, r of them; names: these clusters' nodes in the tree.

    Returns:
        means float32 [2 r - 1, dim] and counts [2 r - 1] of these nodes, the finest first, and the r - 1 merges that
        make node r, r + 1, … of two earlier nodes.
    """
    from scipy.sparse import csr_array

    n, r = len(tokens), len(names)
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(r + 1))
    sums = np.empty((2 * r - 1, tokens.shape[1]), np.float32)
    # The sums of np.add.reduceat to the last bit, in a quarter of its time.
    sums[:r] = csr_array((np.ones(n, np.float32), order, ends), shape=(r, n)) @ tokens
    counts: list[int] = np.diff(ends).tolist()
    at = np.arange(2 * (r - n), 2 * r - 1)  # the finest come first, then what the last r - 1 merges made
    at[names] = np.arange(r)
    merges: list[list[int]] = at[tree[n - r :]].tolist()
    for node, (x, y) in enumerate(merges, start=r):
        np.add(sums[x], sums[y], out=sums[node])
        counts.append(counts[x] + counts[y])
    return sums / np.array(counts, np.float32)[:, None], counts, merges


def _texts(tokens: np.ndarray, offsets: np.ndarray) -> Iterator[np.ndarray]:
    """Each text's tokens in float32. torch makes that of float16 in a sixth of numpy's time, several texts at once
    because it shares the work among threads."""
    import torch

    for start in range(0, len(offsets) - 1, _WIDENED_AT_ONCE):
        ends = offsets[start : start + _WIDENED_AT_ONCE + 1].tolist()
        wide = torch.tensor(tokens[ends[0] : ends[-1]]).float().numpy()
        for a, b in pairwise(ends):
            yield wide[a - ends[0] : b - ends[0]]


def _lengths(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors))


def _labels(tree: np.ndarray, n: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Each token's cluster among k clusters, numbered from 0 (int64 [n]), and the clusters' nodes in the tree."""
    above = np.arange(2 * n - k)
    above[tree[: n - k]] = np.arange(n, 2 * n - k)[:, None]
    while True:  # each time the ways up become half as long
        further = above[above]
        if (further == above).all():
            break
        above = further
    names, labels = np.unique(above[:n], return_inverse=True)
    return labels.astype(np.int64), names


def _merges(tokens: np.ndarray) -> np.ndarray:
    """Ward's merges in the order of rising cost: n - 1 pairs of nodes, int64 [n - 1, 2]; i < n is a token, n + i what
    merge i made."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    if len(tokens) == 1:
        return np.empty((0, 2), np.int64)
    # The lengths are 1, so squared distances are 2 - 2 cosines: one matrix product instead of a loop over pairs.
    pairs = 2.0 - 2.0 * squareform((tokens @ tokens.T).astype(np.float64), checks=False)
    tree = linkage(np.sqrt(np.maximum(pairs, 0.0)), "ward")
    return tree[:, :2].astype(np.int64)
