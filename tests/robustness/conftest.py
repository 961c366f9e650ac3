"""What the robustness tests share: small real documents, tiny encoders, and processes that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "core"))  # for tiny_models and comparing

from tiny_models import make_model

from rankscope.core import compacting, switching, writing
from rankscope.core.indexes import dense
from rankscope.core.workspace import Workspace

WORKER = Path(__file__).with_name("worker.py")
WORDS = ("report", "the", "blade", "rotor", "seal", "bearing", "when", "load", "##s", "and", "again", "measured")


class Process:
    """One run of ``worker.py``."""

    def __init__(self, *arguments: object, kill_at: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "KILL_AT": str(kill_at)},
        )

    def wait_until_started(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            if line.startswith(("started", "refused")):
                return

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def finish(self) -> str:
        """Everything it still prints. It ends by itself, by its own kill, or with a sentence; never with a bug."""
        said, complaints = self.process.communicate(timeout=240)
        assert "Traceback" not in complaints, complaints
        return said


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts processes; those that are left at the end of the test are ended."""
    running: list[Process] = []

    def begin(*arguments: object, kill_at: int = 0) -> Process:
        running.append(Process(*arguments, kill_at=kill_at))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.kill()


@pytest.fixture(scope="session")
def first_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("first"), WORDS, seed=1)


@pytest.fixture(scope="session")
def second_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of another width, vocabulary and length."""
    return make_model(tmp_path_factory.mktemp("second"), WORDS[:4], dim=48, max_tokens=96, seed=2)


@pytest.fixture(scope="session")
def many_documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty files with text of their own, among them headings, copies and equal passages."""
    folder = tmp_path_factory.mktemp("many") / "documents"
    folder.mkdir()
    parts = ["blade", "rotor", "seal", "bearing", "shaft", "casing", "pump", "valve", "gasket", "flange"]
    faults = ["cracks", "vibrates", "leaks", "overheats", "corrodes", "jams"]
    for i in range(58):
        part, fault = parts[i % 10], faults[i // 10]
        body = f"Report {i}. The {part} {fault} when the load changes. We replaced the {part} and measured again. "
        if i % 3:
            (folder / f"{i:02d} {part} {fault}.txt").write_text(body * (1 + i % 4), "utf-8")
        else:
            text = f"# {part} {fault}\n\n{body * (1 + i % 4)}\n\n## Remedy\n\nWe replaced the {part}.\n"
            (folder / f"{i:02d} {part} {fault}.md").write_text(text, "utf-8")
    for i in (7, 30):
        original = next(folder.glob(f"{i:02d} *"))
        (folder / f"copy of {original.name}").write_bytes(original.read_bytes())
    return folder


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in ``worker.py``."""
    monkeypatch.setattr(writing, "PASSAGES_PER_COMMIT", 8)
    monkeypatch.setattr(switching, "PASSAGES_PER_COMMIT", 8)
    monkeypatch.setattr(compacting, "FULL_PASSAGES", 32)
    monkeypatch.setattr(dense, "EXACT_BELOW", 20)


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, many_documents: Path, first_model: str) -> Path:
    """The documents, indexed in one go in batches of eight passages."""
    return in_one_go(tmp_path_factory.mktemp("one go") / "workspace", many_documents, first_model, "levels")


@pytest.fixture(scope="session")
def indexed_tokens(tmp_path_factory: pytest.TempPathFactory, many_documents: Path, first_model: str) -> Path:
    """The same, with every token's vector."""
    return in_one_go(tmp_path_factory.mktemp("tokens") / "workspace", many_documents, first_model, "tokens")


def in_one_go(folder: Path, documents: Path, model: str, vectors: str) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "PASSAGES_PER_COMMIT", 8)
        patch.setattr(dense, "EXACT_BELOW", 20)
        with Workspace.open(folder, create=True, encoder=model, vectors=vectors) as workspace:
            workspace.index([documents])
            assert len(workspace.documents()) == 60 and len(workspace.duplicates()) == 2
    return folder
