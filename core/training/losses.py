"""What meta tokens are trained by: a contrastive loss and a distillation at every budget.

The Matryoshka multi-vector loss of MetaEmbed (arXiv 2509.18095): one InfoNCE per budget, over nested prefixes of the
same vectors, averaged. The distillation pulls each budget's scores towards a teacher that sees every token: the
pooled product and MaxSim over all token vectors of the untouched backbone (KL divergence over the batch's passages, as
ColBERTv2 distils a cross-encoder, arXiv 2112.01488).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rankscope.core.budgets import BUDGETS, Budget, late_weight

if TYPE_CHECKING:
    from torch import Tensor

_NEVER = -1e4  # a score that no passage has


def nested_scores(query: Tensor, passage: Tensor, weights: Tensor, budgets: Sequence[Budget] = BUDGETS) -> list[Tensor]:
    """The score of every query with every passage at each budget, from one product of all vectors.

    Args:
        query: float [B, R_q, dim], unit rows; the first is the pooled vector. passage: float [C, R_c, dim], alike.
        weights: float [B, R_q - 1], above 0: what each meta vector of a query counts for.

    Returns:
        one float [B, C] per budget: pooled product + λ · weighted mean over r_q - 1 of max over r_c - 1.
    """
    import torch

    n, r_q, dim = query.shape
    products = (query.reshape(-1, dim) @ passage.reshape(-1, dim).T).view(n, r_q, passage.shape[0], passage.shape[1])
    scores = []
    for budget in budgets:
        score = products[:, 0, :, 0]
        if late_weight(budget):
            best = products[:, 1 : budget.r_q, :, 1 : budget.r_c].amax(dim=3)  # [B, r_q - 1, C]
            share = weights[:, : budget.r_q - 1]
            score = score + late_weight(budget) * torch.einsum("bi,bic->bc", share / share.sum(1, keepdim=True), best)
        scores.append(score)
    return scores


def teacher_scores(
    query_pooled: Tensor, passage_pooled: Tensor, query: Tensor, query_mask: Tensor, passage: Tensor, mask: Tensor
) -> Tensor:
    """The teacher: pooled product + λ · mean MaxSim over all token vectors, λ that of the largest budget: [B, C].

    Args:
        query_pooled: [B, dim]. passage_pooled: [C, dim]. query: [B, T, dim], query_mask: bool [B, T]; passage, mask:
            [C, T', dim] and bool [C, T']; unit rows.
    """
    n, length, dim = query.shape
    products = (query.reshape(-1, dim) @ passage.reshape(-1, dim).T).view(n, length, *passage.shape[:2])
    best = products.masked_fill(~mask[None, None], _NEVER).amax(dim=3)  # [B, T, C]
    mean = (best * query_mask[:, :, None]).sum(1) / query_mask.sum(1)[:, None]
    return query_pooled @ passage_pooled.T + late_weight(BUDGETS[-1]) * mean


def matryoshka_loss(
    scores: Sequence[Tensor],
    teacher: Tensor,
    positives: Tensor,
    *,
    temperature: float = 0.05,
    contrastive: float = 1.0,
    distillation: float = 1.0,
    budgets: Sequence[Budget] = BUDGETS,
) -> tuple[Tensor, list[float]]:
    """The loss over all budgets, and each budget's part.

    Passages that the teacher prefers to the positive one may be right as well: they are no negatives.

    Args:
        scores: one [B, C] per budget, as :func:`nested_scores` gives them. teacher: [B, C].
        positives: int64 [B], which passage answers each query.
        temperature: of scores that are divided by their largest value, 1 + λ.
        contrastive, distillation: what the two parts weigh.
    """
    import torch
    from torch.nn import functional

    rows = torch.arange(len(positives), device=positives.device)
    doubtful = teacher > teacher[rows, positives][:, None]
    doubtful[rows, positives] = False
    wanted = functional.softmax(teacher / (1 + late_weight(BUDGETS[-1])) / temperature, dim=1)
    parts = []
    for score, budget in zip(scores, budgets, strict=True):
        logits = score / (1 + late_weight(budget)) / temperature
        part = contrastive * functional.cross_entropy(logits.masked_fill(doubtful, _NEVER), positives)
        if distillation:
            part = part + distillation * functional.kl_div(
                functional.log_softmax(logits, dim=1), wanted, reduction="batchmean"
            )
        parts.append(part)
    return torch.stack(parts).mean(), [float(part.detach()) for part in parts]
