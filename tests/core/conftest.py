"""A folder of real little documents and a workspace of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rankscope.core.workspace import Workspace

DOCUMENTS = {
    "turbines/Fatigue of cast blades.md": """# Fatigue of cast blades

Thermal cycling and centrifugal load cause cracks at the blade root, which grow until the turbine fails in service.

## Inspection

Dye penetrant finds open cracks. Eddy current finds those under the coating.
""",
    "turbines/Rotor dynamics.txt": "A rotor vibrates at its critical speeds. Bearings and seals damp the vibration of the "
    "shaft.\n\nUnbalance is the most common cause of vibration.",
    "kitchen/soup.txt": "Peel the onions, fry them in butter, add stock and bread. Let the soup simmer for an hour.",
    "kitchen/bread.html": "<html><head><title>Sourdough bread</title></head><body><h1>Sourdough bread</h1>"
    "<p>Flour, water, salt and time. Knead the dough, let it rise over night, bake it hot.</p></body></html>",
    "notes/retrieval.md": "# Late interaction\n\nMaxSim adds, for every token of the query, its best match among the "
    "tokens of the passage. It is asymmetric.\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The documents as files."""
    root = tmp_path / "documents"
    for name, text in DOCUMENTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


@pytest.fixture
def make_workspace(tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    """Opens (or makes) a workspace by name; closed at the end of the test."""
    opened: list[Workspace] = []

    def make(name: str = "workspace") -> Workspace:
        opened.append(Workspace.open(tmp_path / name, create=True))
        return opened[-1]

    yield make
    for workspace in opened:
        workspace.close()


@pytest.fixture
def workspace(make_workspace: Callable[[str], Workspace], folder: Path) -> Workspace:
    """The documents, indexed."""
    made = make_workspace("workspace")
    made.index([folder])
    return made
