"""The engine's public names: all that the window may import.

Plain data comes at once. What needs a library that takes long to import (the workspace: SQLAlchemy; an encoder:
torch) is resolved at first use, so that importing this module costs a few milliseconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    from rankscope.core.watching import Watcher
    from rankscope.core.workspace import Workspace

__all__ = [
    "Alignment",
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
    "default_workspace",
]

_LAZY = {"Watcher": "rankscope.core.watching", "Workspace": "rankscope.core.workspace"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(name)
