"""First stage: the nearest pooled vectors."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing, first_stage_standing
from rankscope.core.ranking.trace import Ranking


class DenseStage(Stage):
    """Cosine of the pooled vectors; HNSW where the workspace is large enough to gain by it."""

    kind: ClassVar[str] = "dense"
    score_kind: ClassVar[str] = "cosine"
    needs_encoder: ClassVar[bool] = True

    depth: int = Field(100, ge=1)

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        cut = max(self.depth, search.k)
        hits = search.dense.search(search.encoded.pooled, search.vectors, cut, search.allowed)
        note = "" if not search.vectors.damaged else "Passages in damaged segments are left out."
        return StageResult(
            Ranking(hits.ids, hits.scores, self.score_kind),
            entered=search.n_allowed,
            cut=cut,
            exact=hits.exact,
            bytes_read=len(search.vectors) * search.encoded.pooled.nbytes if hits.exact else 0,
            note=note,
        )

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        hits = search.dense.exact(search.encoded.pooled, search.vectors, len(search.vectors), search.allowed)
        return first_stage_standing(passages, hits.ids, hits.scores)
