"""What a training works on: texts as the frozen backbone sees them, which are alike, and where meta tokens begin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rankscope.core.encoding.encoder import Encoder
from rankscope.core.progress import CancelledCheck, ProgressCallback
from rankscope.core.training.pairs import Pairs, distinct
from rankscope.core.training.states import States, text_states

if TYPE_CHECKING:
    from rankscope.core.encoding.meta_tokens import MetaTokens

_LIKE = (4, 20)  # a passage's neighbours from which its hard negatives are drawn; the nearest are often right as well
_START_SAMPLE = 30_000  # token vectors that the first banks are found from


@dataclass(frozen=True)
class Material:
    """Texts as the backbone sees them; of each pair its query and passage (int64 [n], places among them) and source."""

    queries: States
    passages: States
    query_of: np.ndarray
    passage_of: np.ndarray
    sources: np.ndarray


def load(
    pairs: Pairs, work: Path, encoder: Encoder, key: str, progress: ProgressCallback, cancelled: CancelledCheck
) -> Material:
    """Encode all texts, as far as the folder does not have them yet; see :func:`.states.text_states`."""
    queries, query_of = distinct(pair.query for pair in pairs.pairs)
    passages, passage_of = distinct(pair.passage for pair in pairs.pairs)

    def states(texts: list[str], name: str) -> States:
        return text_states(
            texts,
            lambda part: encoder.encode_passages(part, cancelled=cancelled),
            work / name,
            key,
            name,
            progress,
            cancelled,
        )

    return Material(
        states(queries, "queries"),
        states(passages, "passages"),
        np.array(query_of),
        np.array(passage_of),
        np.array([pair.source for pair in pairs.pairs]),
    )


def neighbours(material: Material) -> list[np.ndarray]:
    """For each passage others that are like it, the most like ones left out: int64 of at least one.

    There are at least two passages.
    """
    pooled = material.passages.pooled
    first, last = _LIKE
    most = min(last, len(pooled) - 1)
    first = min(first, most - 1)
    near: list[np.ndarray] = []
    for start in range(0, len(pooled), 512):
        products = pooled[start : start + 512] @ pooled.T
        products[np.arange(len(products)), start + np.arange(len(products))] = -2.0
        top = np.argpartition(-products, most - 1, axis=1)[:, :most]
        order = np.argsort(-np.take_along_axis(products, top, axis=1), axis=1, kind="stable")
        near += list(np.take_along_axis(top, order, axis=1)[:, first:])
    return near


def start_banks(model: MetaTokens, material: Material, seed: int) -> None:
    """Let the banks begin at the centres of the token vectors, the most populous first (k-means)."""
    import torch
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = np.random.default_rng([seed, 0])
    for side, states in (("query", material.queries), ("document", material.passages)):
        bank = model.bank(side)
        every = max(1, sum(len(piece.tokens) for piece in states.pieces) // _START_SAMPLE)
        rows = np.concatenate([np.asarray(piece.tokens[::every], np.float32) for piece in states.pieces])
        rows = rng.permutation(rows)[:_START_SAMPLE]
        if len(rows) < len(bank):
            continue  # too little text for centres: the banks stay random
        # Several threads would add the rows up in the order in which they finish: other weights from the same seed.
        with threadpool_limits(1, user_api="openmp"):
            found = KMeans(len(bank), n_init=1, max_iter=30, random_state=seed).fit(rows)
        order = np.argsort(-np.bincount(found.labels_, minlength=len(bank)), kind="stable")
        with torch.no_grad():
            bank.copy_(torch.nn.functional.normalize(torch.from_numpy(found.cluster_centers_[order]), dim=-1))
