"""Budgets as the window speaks of them: which one a ranking used, what it cost, why there is none to choose. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rankscope.core.api import (
    BUDGET_PRESETS,
    BUDGETS,
    Budget,
    StageTrace,
    Trace,
    WorkspaceInfo,
    predicted_bytes,
    predicted_flop,
)

LARGEST = BUDGETS[-1]
# Why a budget cannot be chosen now.
TOKENS, PIPELINE = "tokens", "pipeline"
# Shipped pipelines without late interaction: known before the first ranking tells.
_WITHOUT_LATE = ("dense", "lexical")
_LATE = "maxsim"


@dataclass(frozen=True, slots=True)
class Price:
    """What the late stage of a ranking cost: measured milliseconds, bytes of vectors and how many passages."""

    ms: float
    bytes_read: int
    passages: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a budget costs by the laws for one ranking: operations 2 r_q r_c D N and the bytes of r_c vectors * N,
    each also as a share of the largest budget's."""

    flop: int
    bytes_read: int
    flop_share: float
    bytes_share: float


def late_stage(trace: Trace) -> StageTrace | None:
    """The last stage with late interaction, or None."""
    return next((stage for stage in reversed(trace.stages) if stage.kind == _LATE), None)


def budget_of(trace: Trace) -> Budget | None:
    """The budget that a ranking used; None where all token vectors took part, or none."""
    stage = late_stage(trace)
    pair = stage.settings.get("budget") if stage is not None else None
    return Budget(*pair) if isinstance(pair, Sequence) else None


def price_of(trace: Trace) -> Price | None:
    """What late interaction cost in a ranking; None without a budget."""
    stage = late_stage(trace)
    return Price(stage.ms, stage.bytes_read, stage.left) if stage is not None and budget_of(trace) else None


def predict(budget: Budget, info: WorkspaceInfo, passages: int) -> Prediction:
    """What a budget costs for scoring so many passages of a workspace."""
    n = max(passages, 1)
    flop, largest_flop = (predicted_flop(one, info.dim, n) for one in (budget, LARGEST))
    read, largest_read = (predicted_bytes(one, info.dim, info.row_bytes, n) for one in (budget, LARGEST))
    return Prediction(flop, read, flop / largest_flop, read / largest_read)


def obstacle(info: WorkspaceInfo | None, pipeline: str, trace: Trace | None) -> str:
    """Why no budget can be chosen: :data:`TOKENS`, :data:`PIPELINE`, or "" when one can.

    Args:
        pipeline: the one that is chosen; ``trace`` the last ranking, which may be of another one.
    """
    if info is not None and info.kind == "tokens":
        return TOKENS
    if trace is not None and trace.pipeline == pipeline and trace.stages:
        return "" if late_stage(trace) is not None else PIPELINE
    return PIPELINE if pipeline in _WITHOUT_LATE else ""


def stop_of(budget: Budget) -> int:
    """The number of the slider's stop for a budget: the largest that is not above it."""
    fitting = (at for at, other in enumerate(BUDGETS) if other.r_q <= budget.r_q and other.r_c <= budget.r_c)
    return max(fitting, default=0)


def preset_of(budget: Budget) -> str:
    """The name of the preset with this budget: "fast", "balanced", "thorough", or ""."""
    return next((name for name, other in BUDGET_PRESETS.items() if other == budget), "")
