"""A sweep as the window speaks of it: what to measure and what was found. No Qt.

The engine's records stay opaque here; what is drawn is read from the documented JSON of ``rankscope sweep``, so that a
sweep made on the command line looks the same as one made in the window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rankscope.core import api
from rankscope.core.api import BUDGETS, Budget, CancelledCheck, ProgressCallback, UsageError

DEPTH = 1_000
QUALITY = "nDCG@10"  # what settings are compared by


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What to measure: every combination of budgets, codecs and first stages on a collection."""

    folder: Path
    split: str = ""
    budgets: tuple[Budget, ...] = BUDGETS
    codecs: tuple[str, ...] = ("float16",)
    first_stages: tuple[str, ...] = ("dense",)
    tokens: bool = False
    depth: int = DEPTH

    @property
    def settings(self) -> int:
        """How many settings that makes."""
        return (len(self.budgets) + self.tokens) * len(self.codecs) * len(self.first_stages)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: a setting and what it measured. ``budget`` None is MaxSim over all token vectors."""

    encoder: str
    budget: Budget | None
    codec: str
    first_stage: str
    metrics: dict[str, float]
    p50: float
    p95: float
    bytes_per_passage: int
    pareto: bool

    @property
    def quality(self) -> float:
        """What settings are compared by."""
        return self.metrics[QUALITY]

    @property
    def budget_text(self) -> str:
        """ "(8, 16)" or "all tokens"."""
        return f"({self.budget.r_q}, {self.budget.r_c})" if self.budget else "all tokens"


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """What a sweep has found so far. ``found`` is the engine's own record of it."""

    collection: str
    passages: int
    rows: tuple[Setting, ...]
    found: Any = field(repr=False, compare=False, default=None)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that every row has, in their order."""
        if not self.rows:
            return ()
        return tuple(name for name in self.rows[0].metrics if all(name in row.metrics for row in self.rows))


def outcome_of(found: Any) -> SweepOutcome:
    """The engine's sweep as plain rows. Compares every row with every other one: not for the thread of the window."""
    values = found.as_json()
    rows = tuple(
        Setting(
            encoder=row["encoder"],
            budget=Budget(*row["budget"]) if row["budget"] else None,
            codec=row["codec"],
            first_stage=row["first_stage"],
            metrics=row["metrics"],
            p50=row["ms_per_query"]["p50"],
            p95=row["ms_per_query"]["p95"],
            bytes_per_passage=row["bytes_per_passage"],
            pareto=row["pareto"],
        )
        for row in values["rows"]
    )
    return SweepOutcome(values["collection"], values["passages"], rows, found)


def measure(plan: SweepPlan, so_far: Any, report: ProgressCallback, cancelled: CancelledCheck) -> SweepOutcome:
    """Run a sweep, and call ``so_far`` with a :class:`SweepOutcome` after every setting. Takes minutes.

    Raises:
        CollectionError, UsageError, WorkspaceError, Cancelled: as the engine says.
    """
    report(api.Progress(0, None, f"Reading {plan.folder.name}", "queries"))
    collection = api.open_collection(plan.folder, split=plan.split or None)
    found = api.sweep(
        collection,
        budgets=plan.budgets,
        codec_specs=plan.codecs,
        first_stages=plan.first_stages,
        tokens=plan.tokens,
        depth=plan.depth,
        progress=report,
        cancelled=cancelled,
        found=lambda sweep: so_far(outcome_of(sweep)),
    )
    return outcome_of(found)


def first_stages() -> tuple[str, ...]:
    """The first stages that can be swept. Imports the engine: not for the thread of the window."""
    return tuple(api.FIRST_STAGES)


def recommend(outcome: SweepOutcome, max_mb: float | None, max_ms: float | None) -> tuple[int, str]:
    """The row that the engine recommends within the limits, and why. Raises UsageError where none is."""
    best, why = api.recommend(outcome.found, max_mb=max_mb, max_ms=max_ms)
    place = next(place for place, row in enumerate(outcome.found.rows) if row is best)
    return place, str(why)


def amount(text: str) -> float | None:
    """A limit as typed: None for an empty field. Raises UsageError for what is no number above zero."""
    if not text.strip():
        return None
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise UsageError(f"“{text.strip()}” is no limit.", "Type a number above zero, or nothing.")
    return value
