"""The contract of a stage. A new one is one file in this folder and one line in :mod:`registry`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.trace import Ranking


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage hands on, with what the trace tells of it. ``ranking`` is already cut; ``settings`` are those that
    only held for this search."""

    ranking: Ranking
    entered: int
    cut: int | None
    exact: bool = True
    bytes_read: int = 0
    note: str = ""
    settings: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a passage stands in a stage before its cut: rank from 1, score, and whether the stage let it through."""

    passage_id: int
    rank: int | None
    score: float | None


class Stage(BaseModel):
    """One step of a pipeline: settings as fields (read from TOML and checked), behaviour as methods.

    ``name`` is unique in its pipeline; ``inputs`` are names of earlier stages.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ClassVar[str]
    score_kind: ClassVar[str]
    needs_encoder: ClassVar[bool] = False
    min_inputs: ClassVar[int] = 0
    max_inputs: ClassVar[int] = 0

    name: str = Field(min_length=1)
    title: str = ""
    inputs: tuple[str, ...] = ()

    @abstractmethod
    def run(self, search: SearchContext, inputs: dict[str, Ranking]) -> StageResult:
        """Rank. ``inputs`` are the outputs of the stages named in ``self.inputs``."""

    @abstractmethod
    def standing(self, search: SearchContext, passages: np.ndarray, inputs: dict[str, Ranking]) -> Standing:
        """Where the best of these passages (int64 ids, not empty) stands, computed for them alone if need be.

        ``rank`` is exact: the place among all that the stage ranked, had these passages been seen.
        """

    def settings(self) -> dict[str, object]:
        """The settings for the trace, without what every stage has."""
        return {key: value for key, value in self.model_dump().items() if key not in ("name", "title", "inputs")}


def first_stage_standing(passages: np.ndarray, ids: np.ndarray, scores: np.ndarray) -> Standing:
    """The best standing of some passages in a complete ranking (ids by falling score)."""
    where = np.flatnonzero(np.isin(ids, passages))
    if not len(where):
        return Standing(int(passages[0]), None, None)
    return Standing(int(ids[where[0]]), int(where[0]) + 1, float(scores[where[0]]))
