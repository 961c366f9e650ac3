"""Where the sample documents lie, and whether a workspace shows them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from rankscope.core.api import SourceInfo

SAMPLE_WORKSPACE = "Handbook"


def samples_folder() -> Path:
    """The folder of sample documents that comes with Rankscope."""
    return Path(str(files("rankscope.resources"))) / "samples"


def shows_samples(sources: Iterable[SourceInfo]) -> bool:
    """Whether the sample documents are among the sources."""
    folder = samples_folder()
    return any(Path(source.path).name == folder.name and Path(source.path) == folder for source in sources)
