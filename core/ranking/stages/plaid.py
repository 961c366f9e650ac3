"""First stage: PLAID, candidates by MaxSim over centroids instead of the stored vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from rankscope.core.indexes.plaid import PlaidCandidates, PlaidIndex, PlaidSettings
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.stages.base import Stage, StageResult, Standing, first_stage_standing
from rankscope.core.ranking.trace import Ranking


class PlaidStage(Stage):
    """Three prunings, each of fewer passages (see :mod:`rankscope.core.indexes.plaid`). Settings that are left out are
    ColBERT's for the depth; ``ndocs`` is at least four times the depth, because the last step keeps a quarter. Where
    filters or a small workspace leave no more than ``ndocs`` passages, every centroid is probed: nothing is gained by
    probing few, and a filtered search would lose what it was limited to."""

    kind: ClassVar[str] = "plaid"
    score_kind: ClassVar[str] = "PLAID"
    needs_encoder: ClassVar[bool] = True

    depth: int = Field(256, ge=1)
    ncells: int | None = Field(default=None, ge=1)
    t_cs: float | None = Field(default=None, ge=-1, le=1)
    ndocs: int | None = Field(default=None, ge=1)

    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        cut = max(self.depth, search.k)
        if not len(search.vectors):
            nothing = Ranking(np.empty(0, np.int64), np.empty(0, np.float32), self.score_kind)
            return StageResult(nothing, entered=search.n_allowed, cut=cut)
        index, query = self._prepared(search)
        chosen = self.chosen(cut)
        if search.n_allowed <= chosen.ndocs:
            chosen = replace(chosen, ncells=max(len(index.centroids), 1))
        found = index.search(query, chosen, search.allowed, search.cancelled)
        kept = [min(stage.count, cut) if stage is found.stages[-1] else stage.count for stage in found.stages]
        return StageResult(
            Ranking(found.ids[:cut], found.scores[:cut], self.score_kind),
            entered=search.n_allowed,
            cut=cut,
            exact=False,
            bytes_read=found.bytes_read,
            note=_funnel(found, cut),
            settings={"ncells": chosen.ncells, "t_cs": chosen.t_cs, "ndocs": chosen.ndocs, "kept": kept},
        )

    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        """The rank is that among all passages, had nothing been pruned."""
        if not len(search.vectors):
            return Standing(int(passages[0]), None, None)
        index, query = self._prepared(search)
        found = index.search(query, index.everything(), search.allowed, search.cancelled)
        return first_stage_standing(passages, found.ids, found.scores)

    def chosen(self, cut: int) -> PlaidSettings:
        """The settings that hold where ``cut`` candidates go on."""
        usual = PlaidSettings.for_candidates(cut)
        return PlaidSettings(
            self.ncells or usual.ncells,
            usual.t_cs if self.t_cs is None else self.t_cs,
            max(self.ndocs or usual.ndocs, 4 * cut),
        )

    def settings(self) -> dict[str, object]:
        """As always, with room for what the steps left in front: it tells most, and a card shows little more."""
        return {"kept": None, **super().settings()}

    @staticmethod
    def _prepared(search: SearchContext) -> tuple[PlaidIndex, np.ndarray]:
        """The index, and the query's vectors as it compares them: float32 [n_q, dim of the codec]."""
        index = search.prepared(
            "PLAID", lambda: search.candidates.plaid(search.vectors, search.progress, search.cancelled)
        )
        return index, search.vectors.codec.transform_query(search.encoded.tokens)


def _funnel(found: PlaidCandidates, cut: int) -> str:
    """The steps in words: "Of 1,458 passages, probing left 743 (0.4 ms), …"."""
    searched, *steps = found.stages
    parts = [f"{step.name} left {step.count:,} ({step.ms:.1f} ms)" for step in steps]
    parts += [f"the cut {cut:,}"] if steps[-1].count > cut else []
    return f"Of {searched.count:,} passages, {', '.join(parts)}."
