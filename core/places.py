"""Where Rankscope keeps things that belong to the user, not to a workspace."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_workspace(name: str = "Documents") -> Path:
    """The workspace of a user who did not name a folder; ``RANKSCOPE_DATA_DIR`` moves its parent."""
    data = os.environ.get("RANKSCOPE_DATA_DIR") or platformdirs.user_data_dir("rankscope", appauthor=False)
    return Path(data) / "workspaces" / name


def cache_folder() -> Path:
    """Where evaluation keeps its workspaces; ``RANKSCOPE_CACHE_DIR`` moves it. May be deleted at any time."""
    cache = os.environ.get("RANKSCOPE_CACHE_DIR") or platformdirs.user_cache_dir("rankscope", appauthor=False)
    return Path(cache)
