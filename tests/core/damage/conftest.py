"""A small workspace that holds a graph, a copy, a removed document and several segments: something of every kind."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))  # for tiny_models and comparing

from damaging import SECRET
from tiny_models import make_model

from rankscope.core import writing
from rankscope.core.indexes import dense
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace


@pytest.fixture(autouse=True, scope="module")
def _graph_from_few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "EXACT_BELOW", 5)
        patch.setattr(writing, "PASSAGES_PER_COMMIT", 6)
        yield


def make(place: Path, seed: int) -> tuple[Path, Path]:
    documents = place / "documents"
    documents.mkdir(parents=True)
    for i in range(16):
        part = ("blade", "rotor", "seal", "pump")[i % 4]
        text = (
            f"# On {part} {i}\n\nThe {part} vibrates or leaks, says report {i}.\n\n## Remedy\n\nReplace the {part}.\n"
        )
        (documents / f"{i:02d}.md").write_text(text, "utf-8")
    (documents / "secret.txt").write_text(SECRET, "utf-8")
    shutil.copy(documents / "03.md", documents / "copy.md")
    with Workspace.open(place / "workspace", create=True, encoder=make_model(place / "model", seed=seed)) as workspace:
        workspace.index([documents])
        (documents / "05.md").unlink()
        workspace.index()
        assert len(workspace.removed()) == 1 and len(workspace.duplicates()) == 1
    return place / "workspace", documents


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("made"), seed=1)[0]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another workspace of the same documents, made with another encoder of the same size."""
    return make(tmp_path_factory.mktemp("foreign"), seed=2)[0]


@pytest.fixture(scope="module")
def expected(made: Path) -> Iterator[Workspace]:
    with Workspace.open(made) as workspace:
        yield workspace


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy to damage; opened once, so that it knows that it is a copy."""
    shutil.copytree(made, tmp_path / "workspace")
    Workspace.open(tmp_path / "workspace").close()
    assert verify(tmp_path / "workspace").whole
    return tmp_path / "workspace"
