"""Late interaction: candidates re-scored over several vectors each, at a budget."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from rankscope.core import budgets
from rankscope.core.budgets import Budget
from rankscope.core.errors import UsageError
from rankscope.core.indexes.dense import top
from rankscope.core.progress import stop_if
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.levels import AT_ONCE, at_budget, level_scores
from rankscope.core.ranking.maxsim import maxsim
from rankscope.core.ranking.pruning import rerank
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing
from rankscope.core.ranking.trace import Ranking


class LateStage(Stage):
    """Anchored levels at a budget, or MaxSim over token vectors: whichever the workspace holds.

    ``budget`` is this stage's own; the one that the user chose comes first, and without either all vectors take part.
    ``alpha`` and ``beta`` re-score fewer candidates (see :mod:`rankscope.core.ranking.pruning`): then candidates that
    the scan did not reach are missing, and the first k may differ from those of scoring all.
    """

    kind: ClassVar[str] = "maxsim"
    score_kind: ClassVar[str] = "MaxSim"
    needs_encoder: ClassVar[bool] = True
    min_inputs: ClassVar[int] = 1
    max_inputs: ClassVar[int] = 1

    budget: Budget | None = None
    alpha: float | None = Field(default=None, ge=0)
    beta: int | None = Field(default=None, ge=1)

    @field_validator("budget")
    @classmethod
    def _stored(cls, budget: Budget | None) -> Budget | None:
        try:
            return budgets.checked(budget) if budget is not None else None
        except UsageError as error:
            raise ValueError(error.message) from error

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        (candidates,) = inputs.values()
        readable = np.isin(candidates.ids, search.vectors.known(candidates.ids))
        ids = candidates.ids[readable]
        notes = []
        if search.vectors.kind == "levels" and self.chosen(search) != self._wanted(search):
            notes.append(f"Of each passage only {search.largest_r_c} vectors are stored.")
        if self.alpha is None and self.beta is None:
            scores, n_bytes = self._scores(search, ids)
            order = top(ids, scores, len(ids))
            ids, scores = ids[order], scores[order]
        else:
            ids, scores, n_bytes, scored = self._pruned(search, ids, candidates.scores[readable])
            notes.append(f"{scored} of {int(readable.sum())} candidates were scored.")
        damaged = np.isneginf(scores)
        ids, scores = ids[~damaged], scores[~damaged]
        lost = int((~readable).sum() + damaged.sum())
        if lost:
            notes.insert(0, f"{lost} candidates have no readable vectors.")
        return StageResult(
            Ranking(ids, scores, self.score_kind, candidates.sources),
            entered=len(candidates),
            cut=None,
            exact=self.alpha is None and self.beta is None,
            bytes_read=n_bytes,
            note=" ".join(notes),
            settings={"budget": list(self.chosen(search)) if search.vectors.kind == "levels" else None},
        )

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        (candidates,) = inputs.values()
        passages = search.vectors.known(passages)
        if not len(passages):
            return Standing(-1, None, None)
        own, _ = self._scores(search, passages)
        best = int(top(passages, own, 1)[0])
        if np.isneginf(own[best]):
            return Standing(int(passages[best]), None, None)
        others = search.vectors.known(candidates.ids[~np.isin(candidates.ids, passages)])
        scores, _ = self._scores(search, others)
        above = (scores > own[best]) | ((scores == own[best]) & (others < passages[best]))
        return Standing(int(passages[best]), int(above.sum()) + 1, float(own[best]))

    def chosen(self, search: SearchContext) -> Budget:
        """The budget that holds for this search: no larger than what is stored."""
        budget = self._wanted(search)
        return budget._replace(r_c=min(budget.r_c, search.largest_r_c))

    def _wanted(self, search: SearchContext) -> Budget:
        return search.budget or self.budget or budgets.LARGEST

    def _pruned(
        self, search: SearchContext, ids: np.ndarray, first_scores: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, int, int]:
        """Ids and scores of the candidates that the scan reached, the bytes read, and how many were scored."""
        n_bytes = 0

        def block(part: np.ndarray) -> np.ndarray:
            nonlocal n_bytes
            scores, read = self._scores(search, part)
            n_bytes += read
            return scores

        found = rerank(ids, first_scores, search.k, block, self.alpha, self.beta)
        return found.ids, found.scores, n_bytes, found.n_scored

    def _scores(self, search: SearchContext, ids: np.ndarray) -> tuple[np.ndarray, int]:
        """The scores of these passages, -inf where their vectors are no numbers, and the bytes read."""
        with np.errstate(invalid="ignore"):  # damaged rows may hold infinity
            scores, n_bytes = self._computed(search, ids)
        scores[~np.isfinite(scores)] = -np.inf
        return scores, n_bytes

    def _computed(self, search: SearchContext, ids: np.ndarray) -> tuple[np.ndarray, int]:
        if search.vectors.kind == "levels":
            stop_if(search.cancelled)
            return level_scores(search.encoded, at_budget(search.encoded, self.chosen(search)), search.vectors, ids)
        scores, n_bytes = np.empty(len(ids), np.float32), 0
        for start in range(0, len(ids), AT_ONCE):
            stop_if(search.cancelled)
            held = search.vectors.multi(ids[start : start + AT_ONCE])
            n_bytes += held.rows.nbytes
            query = held.codec.transform_query(search.encoded.tokens)
            scores[start : start + AT_ONCE] = maxsim(query, held.decoded(), held.offsets, search.device)
        return scores, n_bytes
