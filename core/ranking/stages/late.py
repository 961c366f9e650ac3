"""Late interaction: candidates re-scored by MaxSim over their token vectors."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from rankscope.core.indexes.dense import top
from rankscope.core.progress import stop_if
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.maxsim import maxsim
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing
from rankscope.core.ranking.trace import Ranking

# Candidates whose vectors are read at a time: bounds the memory when k is very large.
_AT_ONCE = 1_000


class LateStage(Stage):
    """MaxSim of the query's and each candidate's token vectors."""

    kind: ClassVar[str] = "maxsim"
    score_kind: ClassVar[str] = "MaxSim"
    needs_encoder: ClassVar[bool] = True
    min_inputs: ClassVar[int] = 1
    max_inputs: ClassVar[int] = 1

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        (candidates,) = inputs.values()
        ids = search.vectors.known(candidates.ids)
        scores, n_bytes = self._scores(search, ids)
        order = top(ids, scores, len(ids))
        ranking = Ranking(ids[order], scores[order], self.score_kind, candidates.sources)
        lost = len(candidates) - len(ids)
        note = f"{lost} candidates have no readable vectors." if lost else ""
        return StageResult(ranking, entered=len(candidates), cut=None, bytes_read=n_bytes, note=note)

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        (candidates,) = inputs.values()
        passages = search.vectors.known(passages)
        if not len(passages):
            return Standing(-1, None, None)
        own, _ = self._scores(search, passages)
        best = int(top(passages, own, 1)[0])
        others = search.vectors.known(candidates.ids[~np.isin(candidates.ids, passages)])
        scores, _ = self._scores(search, others)
        above = (scores > own[best]) | ((scores == own[best]) & (others < passages[best]))
        return Standing(int(passages[best]), int(above.sum()) + 1, float(own[best]))

    @staticmethod
    def _scores(search: SearchContext, ids: np.ndarray) -> tuple[np.ndarray, int]:
        scores, n_bytes = np.empty(len(ids), np.float32), 0
        for start in range(0, len(ids), _AT_ONCE):
            stop_if(search.cancelled)
            part = ids[start : start + _AT_ONCE]
            tokens, offsets = search.vectors.tokens(part)
            n_bytes += tokens.nbytes
            scores[start : start + len(part)] = maxsim(search.encoded.tokens, tokens, offsets, search.device)
        return scores, n_bytes
