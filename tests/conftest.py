"""What all tests share: where the evaluation data lies, a real workspace of the sample documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# The tests run side by side. Threads that wait for each other on the same two cores made them four times as slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "resources" / "samples"
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The evaluation sets and documents beside the repository; skips where they are missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the evaluation data is not here (it lies beside the repository, in ../shared/data)")
    return SHARED_DATA


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches, data and settings of tests never touch the user's."""
    before = dict(os.environ)
    for name in ("RANKSCOPE_CACHE_DIR", "RANKSCOPE_DATA_DIR", "RANKSCOPE_CONFIG_DIR"):
        os.environ[name] = str(tmp_path_factory.mktemp(name.lower()))
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def sample_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The sample documents, indexed for real once per session. For reading only."""
    from rankscope.core.workspace import Workspace

    with Workspace.open(tmp_path_factory.mktemp("samples") / "workspace", create=True) as workspace:
        workspace.index([SAMPLES])
        yield workspace
