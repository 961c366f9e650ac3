"""The engine's public names: all that the window may import.

Plain data comes at once. What needs a library that takes long to import (the workspace: SQLAlchemy; an encoder:
torch) is resolved at first use, so that importing this module costs a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rankscope.core.budgets import BUDGETS, Budget, parse_budget, predicted_bytes, predicted_flop
from rankscope.core.budgets import PRESETS as BUDGET_PRESETS
from rankscope.core.documents.model import Page, PageView
from rankscope.core.documents.patterns import Patterns
from rankscope.core.documents.scan import TestedFile
from rankscope.core.errors import Cancelled, RankscopeError, UsageError, WorkspaceBusy, WorkspaceError
from rankscope.core.places import default_workspace
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback
from rankscope.core.ranking.filters import Filters
from rankscope.core.ranking.trace import (
    Alignment,
    Fate,
    FateStage,
    PassageInfo,
    Ranking,
    StageTrace,
    Token,
    Trace,
)
from rankscope.core.records import (
    BegunIndex,
    CompactReport,
    DocumentInfo,
    DocumentText,
    Duplicates,
    Facet,
    Finding,
    IndexReport,
    RemovedDocument,
    SourceInfo,
    VerifyReport,
    WorkspaceInfo,
)
from rankscope.core.version import __version__

if TYPE_CHECKING:
    from rankscope.core.storage.codecs import bytes_per_vector
    from rankscope.core.storage.codecs import parse as parse_codec
    from rankscope.core.watching import Watcher
    from rankscope.core.workspace import Workspace

__all__ = [
    "BUDGETS",
    "BUDGET_PRESETS",
    "Alignment",
    "BegunIndex",
    "Budget",
    "Cancelled",
    "CancelledCheck",
    "CompactReport",
    "DocumentInfo",
    "DocumentText",
    "Duplicates",
    "Facet",
    "Fate",
    "FateStage",
    "Filters",
    "Finding",
    "IndexReport",
    "Page",
    "PageView",
    "PassageInfo",
    "Patterns",
    "Progress",
    "ProgressCallback",
    "Ranking",
    "RankscopeError",
    "RemovedDocument",
    "SourceInfo",
    "StageTrace",
    "TestedFile",
    "Token",
    "Trace",
    "UsageError",
    "VerifyReport",
    "Watcher",
    "Workspace",
    "WorkspaceBusy",
    "WorkspaceError",
    "WorkspaceInfo",
    "__version__",
    "bytes_per_vector",
    "default_workspace",
    "parse_budget",
    "parse_codec",
    "predicted_bytes",
    "predicted_flop",
]

# Where a name lives, and what it is called there. Evaluation stands above this module, so its names come untyped.
_LAZY = {
    "FIRST_STAGES": ("rankscope.core.evaluation.sweep", "FIRST_STAGES"),
    "OFFLINE_DEFAULT": ("rankscope.core.encoding.registry", "OFFLINE_DEFAULT"),
    "Sweep": ("rankscope.core.evaluation.sweep", "Sweep"),
    "SweepRow": ("rankscope.core.evaluation.sweep", "SweepRow"),
    "TrainSettings": ("rankscope.core.training.meta", "TrainSettings"),
    "Watcher": ("rankscope.core.watching", "Watcher"),
    "Workspace": ("rankscope.core.workspace", "Workspace"),
    "bytes_per_vector": ("rankscope.core.storage.codecs", "bytes_per_vector"),
    "open_collection": ("rankscope.core.evaluation.collections", "open_collection"),
    "recommend": ("rankscope.core.evaluation.sweep", "recommend"),
    "sweep": ("rankscope.core.evaluation.sweep", "sweep"),
    "train": ("rankscope.core.training.meta", "train"),
    "parse_codec": ("rankscope.core.storage.codecs", "parse"),
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        module, attribute = _LAZY[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(name)
