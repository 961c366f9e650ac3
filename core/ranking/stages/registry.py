"""The kinds of stage there are: one line each."""

from __future__ import annotations

from rankscope.core.ranking.stages.base import Stage
from rankscope.core.ranking.stages.dense import DenseStage
from rankscope.core.ranking.stages.fde import FdeStage
from rankscope.core.ranking.stages.late import LateStage
from rankscope.core.ranking.stages.lexical import LexicalStage
from rankscope.core.ranking.stages.plaid import PlaidStage
from rankscope.core.ranking.stages.rrf import RrfStage

STAGES: dict[str, type[Stage]] = {
    stage.kind: stage for stage in (DenseStage, LexicalStage, PlaidStage, FdeStage, RrfStage, LateStage)
}
