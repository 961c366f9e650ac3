"""Fusion of several first stages by reciprocal rank."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.fusion import RRF_K, reciprocal_rank_fusion
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing, first_stage_standing
from rankscope.core.ranking.trace import Ranking


class RrfStage(Stage):
    """Reciprocal rank fusion; ``k`` is its constant, ``depth`` how many of the fused go on."""

    kind: ClassVar[str] = "rrf"
    score_kind: ClassVar[str] = "RRF"
    min_inputs: ClassVar[int] = 1
    max_inputs: ClassVar[int] = 16

    k: int = Field(RRF_K, ge=1)
    depth: int = Field(100, ge=1)

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        fused = reciprocal_rank_fusion(inputs, self.k)
        cut = max(self.depth, search.k)
        kept = fused.ids[:cut]
        sources = {int(passage_id): fused.sources[int(passage_id)] for passage_id in kept}
        ranking = Ranking(kept, fused.scores[:cut], self.score_kind, sources)
        return StageResult(ranking, entered=len(fused), cut=cut)

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        fused = reciprocal_rank_fusion(inputs, self.k)
        return first_stage_standing(passages, fused.ids, fused.scores)
