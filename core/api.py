"""The engine's public names: all that the window may import.

Plain data comes at once. What needs a library that takes long to import (the workspace: SQLAlchemy; an encoder:
torch) is resolved at first use, so that importing this module costs a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rankscope.core.documents.model import Page, PageView
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
    DocumentInfo,
    DocumentText,
    Facet,
    Finding,
    IndexReport,
    SourceInfo,
    VerifyReport,
    WorkspaceInfo,
)
from rankscope.core.version import __version__

if TYPE_CHECKING:
    from rankscope.core.workspace import Workspace

__all__ = [
    "Alignment",
    "Cancelled",
    "CancelledCheck",
    "DocumentInfo",
    "DocumentText",
    "Facet",
    "Fate",
    "FateStage",
    "Filters",
    "Finding",
    "IndexReport",
    "Page",
    "PageView",
    "PassageInfo",
    "Progress",
    "ProgressCallback",
    "Ranking",
    "RankscopeError",
    "SourceInfo",
    "StageTrace",
    "Token",
    "Trace",
    "UsageError",
    "VerifyReport",
    "Workspace",
    "WorkspaceBusy",
    "WorkspaceError",
    "WorkspaceInfo",
    "__version__",
    "default_workspace",
]

_LAZY = {"Workspace": "rankscope.core.workspace"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(name)
