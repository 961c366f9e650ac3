"""What using a swept setting on a workspace means, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from rankscope.app.models import wording
from rankscope.app.models.codecs import LEVELS, TOKENS
from rankscope.app.models.sweep import Setting
from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.core.api import Budget, WorkspaceInfo

# Pipelines that do what a first stage of a sweep does, where they have another name; "" where there is none.
_PIPELINES = {"dense": "late", "lexical": ""}

_BOTH = QT_TRANSLATE_NOOP("sweep", "In use: budget {budget}, pipeline “{pipeline}”.")
_BUDGET = QT_TRANSLATE_NOOP("sweep", "In use: budget {budget}.")
_PIPELINE = QT_TRANSLATE_NOOP("sweep", "In use: pipeline “{pipeline}”.")
_STAYS = QT_TRANSLATE_NOOP("sweep", "No pipeline goes from “{stage}” to late interaction; “{pipeline}” stays.")
_STORED = QT_TRANSLATE_NOOP("sweep", "The workspace stores {kind} in {codec}, this was measured with {wanted}.")
_ENCODER = QT_TRANSLATE_NOOP("sweep", "It was measured with {measured}, the workspace has {encoder}.")


@dataclass(frozen=True, slots=True)
class Use:
    """What using a setting on a workspace means.

    ``pipeline`` is None where none does what the first stage did; ``convert`` is the kind and codec that the
    workspace's vectors would have to be stored in, None where they are already.
    """

    budget: Budget | None
    pipeline: str | None
    convert: tuple[str, str] | None


def use_of(row: Setting, info: WorkspaceInfo, pipelines: Sequence[str]) -> Use:
    """How a setting applies to a workspace with these pipelines."""
    name = _PIPELINES.get(row.first_stage, row.first_stage)
    kind = LEVELS if row.budget else TOKENS
    stored = (info.kind, wording.codec_name(info.codec)) == (kind, row.codec)
    return Use(row.budget, name if name in pipelines else None, None if stored else (kind, row.codec))


def use_text(row: Setting, use: Use, info: WorkspaceInfo, pipeline: str) -> str:
    """What using it has changed, and what it has not.

    Args:
        pipeline: the one that ranks now.
    """
    parts = []
    if use.budget is not None:
        parts.append(_tr(_BUDGET if use.pipeline is None else _BOTH))
    elif use.pipeline is not None:
        parts.append(_tr(_PIPELINE))
    if use.pipeline is None:
        parts.append(_tr(_STAYS))
    if use.convert is not None:
        parts.append(_tr(_STORED))
    if row.encoder != info.encoder:
        parts.append(_tr(_ENCODER))
    return " ".join(parts).format(
        budget=row.budget_text,
        pipeline=pipeline,
        stage=row.first_stage,
        kind=info.kind,
        codec=wording.codec_name(info.codec),
        wanted=" in ".join(use.convert or ()),
        measured=row.encoder,
        encoder=info.encoder,
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("sweep", text)
