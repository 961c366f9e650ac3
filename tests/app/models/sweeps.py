"""A sweep as the engine would have found it."""

from __future__ import annotations

from rankscope.app.models.sweep import SweepOutcome, outcome_of
from rankscope.core import api

BUDGETS = ((1, 1), (4, 8), (16, 64))


def made_row(
    budget: tuple[int, int] | None, codec: str, stage: str, quality: float, ms: float, size: int, encoder: str = "fake"
) -> object:
    metrics = {"nDCG@10": quality, "R@100": quality + 0.1}
    return api.SweepRow(encoder, budget, codec, stage, metrics, (ms, 1.5 * ms), size)


def made_sweep(encoder: str = "fake") -> object:
    """Ten settings on 1,000 passages: rows 0 to 2 float16 dense, 3 to 5 int8 dense, 6 to 8 float16 lexical, 9 all
    token vectors. Rows 3, 5 and 7 are beaten by none, 4 is beaten by nobody either, 0 and 6 are by others.
    """
    rows = [
        made_row((1, 1), "float16", "dense", 0.40, 10.0, 1_600, encoder),
        made_row((4, 8), "float16", "dense", 0.43, 12.0, 7_000, encoder),
        made_row((16, 64), "float16", "dense", 0.46, 20.0, 49_000, encoder),
        made_row((1, 1), "int8", "dense", 0.41, 9.0, 1_536, encoder),
        made_row((4, 8), "int8", "dense", 0.425, 11.0, 4_000, encoder),
        made_row((16, 64), "int8", "dense", 0.455, 19.0, 25_000, encoder),
        made_row((1, 1), "float16", "lexical", 0.39, 14.0, 1_600, encoder),
        made_row((4, 8), "float16", "lexical", 0.42, 15.0, 7_000, encoder),
        made_row((16, 64), "float16", "lexical", 0.44, 24.0, 49_000, encoder),
        made_row(None, "float16", "dense", 0.47, 60.0, 150_000, encoder),
    ]
    return api.Sweep("small", 1_000, tuple(rows))


def made_outcome(encoder: str = "fake") -> SweepOutcome:
    return outcome_of(made_sweep(encoder))
