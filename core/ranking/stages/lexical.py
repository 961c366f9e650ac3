"""First stage: BM25."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from rankscope.core.indexes import lexical
from rankscope.core.ranking import filtering
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing, first_stage_standing
from rankscope.core.ranking.trace import Ranking


class LexicalStage(Stage):
    """Passages that hold the query's words, by BM25."""

    kind: ClassVar[str] = "lexical"
    score_kind: ClassVar[str] = "BM25"

    depth: int = Field(100, ge=1)

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        cut = max(self.depth, search.k)
        hits = self._hits(search, cut)
        return StageResult(Ranking(hits.ids, hits.scores, self.score_kind), entered=search.n_allowed, cut=cut)

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        hits = self._hits(search, None)
        return first_stage_standing(passages, hits.ids, hits.scores)

    @staticmethod
    def _hits(search: SearchContext, depth: int | None) -> lexical.LexicalHits:
        return lexical.search(search.connection, search.query, depth, *filtering.limit_lexical(search.filters))
