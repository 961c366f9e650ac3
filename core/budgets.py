"""Budgets: how many of the query's and of a passage's leading vectors take part, and what that costs.

(r_q, r_c) as in MetaEmbed (arXiv 2509.18095). On anchored levels the score is

    pooled query · pooled passage + λ · mean over r_q - 1 query clusters of max over r_c - 1 passage clusters

with λ = r_c / 16 up to 16 vectors and √(r_c / 16) beyond: ¼, ½, 1, 2 at the four larger budgets. Chosen on the
development collections, mean nDCG@10 over the six; ``docs/budgets.md`` has the table.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from rankscope.core.errors import UsageError


class Budget(NamedTuple):
    """How many leading vectors take part."""

    r_q: int
    r_c: int

    def __str__(self) -> str:
        return f"{self.r_q},{self.r_c}"


# Where quality is measured; the pooled vectors are among them.
BUDGETS = (Budget(1, 1), Budget(2, 4), Budget(4, 8), Budget(8, 16), Budget(16, 64))
LARGEST = BUDGETS[-1]
FOLD_BYTES = 10  # beside each vector of a nested list: how it unfolds
# What the analyst chooses from.
PRESETS = {"fast": Budget(2, 4), "balanced": Budget(8, 16), "thorough": LARGEST}


def parse_budget(text: str) -> Budget:
    """Read "8,16" or the name of a preset.

    Raises:
        UsageError: it is neither, or beyond what is stored.
    """
    if text.strip().lower() in PRESETS:
        return PRESETS[text.strip().lower()]
    found = re.fullmatch(r"\s*\(?(\d{1,6})\s*[,x]\s*(\d{1,6})\)?\s*", text)
    if found is None:
        raise UsageError(f"“{text}” is no budget.", f"Write RQ,RC such as 8,16, or one of {', '.join(PRESETS)}.")
    return checked(Budget(int(found[1]), int(found[2])))


def checked(budget: Budget) -> Budget:
    """The budget itself. Raises UsageError where it is beyond what is stored."""
    if not (1 <= budget.r_q <= LARGEST.r_q and 1 <= budget.r_c <= LARGEST.r_c):
        raise UsageError(
            f"The budget ({budget}) is beyond what is stored: at most {LARGEST.r_q} vectors of a query and "
            f"{LARGEST.r_c} of a passage.",
            f"Choose one up to {LARGEST}.",
        )
    return budget


def late_weight(budget: Budget) -> float:
    """λ: what late interaction weighs against the pooled vectors; 0 where either side has only its pooled vector."""
    if budget.r_q == 1 or budget.r_c == 1:
        return 0.0
    share = budget.r_c / 16
    return share if share <= 1 else math.sqrt(share)


def predicted_flop(budget: Budget, dim: int, n: int) -> int:
    """Floating-point operations of scoring n passages: 2 · r_q · r_c · dim · n."""
    return 2 * budget.r_q * budget.r_c * dim * n


def predicted_bytes(budget: Budget, dim: int, row_bytes: int, n: int) -> int:
    """Bytes that scoring n passages reads: of each the pooled vector in float32 and r_c - 1 rows of the codec.

    Args:
        row_bytes: of one vector in the codec; :data:`FOLD_BYTES` come on top.
    """
    return (4 * dim + (budget.r_c - 1) * (row_bytes + FOLD_BYTES)) * n
