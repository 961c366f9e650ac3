"""Fixtures: a small collection on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_collections import write_beir

from rankscope.core.evaluation.collections import Collection, open_collection


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    """A BEIR folder of twenty entries, one of them empty, and six judged queries."""
    return write_beir(tmp_path / "twenty")


@pytest.fixture
def collection(beir: Path) -> Collection:
    return open_collection(beir)
