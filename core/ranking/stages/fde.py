"""First stage: MUVERA, one encoding per multi-vector and a plain inner product in the place of MaxSim."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from rankscope.core.indexes.fde import FdeSettings
from rankscope.core.indexes.fde_index import FdeIndex
from rankscope.core.indexes.recipes import coded_dim, fde_encoder
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing, first_stage_standing
from rankscope.core.ranking.trace import Ranking


class FdeStage(Stage):
    """Fixed dimensional encodings (see :mod:`rankscope.core.indexes.fde`); HNSW where there are enough of them.

    Ten cuts of space into eight buckets, 32 dimensions kept of each: 2,560 dimensions, 5 KB a passage. On the
    development collections they find more than the paper's choices that are as wide (``docs/budgets.md``).
    """

    kind: ClassVar[str] = "fde"
    score_kind: ClassVar[str] = "FDE"
    needs_encoder: ClassVar[bool] = True

    depth: int = Field(256, ge=1)
    repetitions: int = Field(10, ge=1)
    k_sim: int = Field(3, ge=0)
    d_proj: int = Field(32, ge=1)
    d_final: int | None = Field(default=None, ge=1)
    seed: int = Field(0, ge=0)

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        cut = max(self.depth, search.k)
        if not len(search.vectors):
            nothing = Ranking(np.empty(0, np.int64), np.empty(0, np.float32), self.score_kind)
            return StageResult(nothing, entered=search.n_allowed, cut=cut)
        index, query = self._prepared(search)
        hits = index.search(query, cut, search.allowed)
        return StageResult(
            Ranking(hits.ids, hits.scores, self.score_kind),
            entered=search.n_allowed,
            cut=cut,
            exact=hits.exact,
            bytes_read=index.vectors.encodings.nbytes if hits.exact else 0,
            settings={"dims": len(query)},
        )

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        if not len(search.vectors):
            return Standing(int(passages[0]), None, None)
        index, query = self._prepared(search)
        hits = index.exact(query, len(index.vectors), search.allowed)
        return first_stage_standing(passages, hits.ids, hits.scores)

    def chosen(self) -> FdeSettings:
        """The settings of the encodings."""
        return FdeSettings(self.repetitions, self.k_sim, self.d_proj, self.d_final, self.seed)

    def _prepared(self, search: SearchContext) -> tuple[FdeIndex, np.ndarray]:
        """The index, and the query's encoding: float32 [dims]."""
        encoder = fde_encoder(self.chosen(), coded_dim(search.vectors))
        index = search.prepared(
            "MUVERA",
            lambda: search.candidates.fde(self.chosen(), search.vectors, search.progress, search.cancelled),
        )
        return index, encoder.encode_query(search.vectors.codec.transform_query(search.encoded.tokens))
