"""What the robustness tests share: many little documents, and an indexing run in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# Small batches, so that a kill or a full disk falls between, before and inside many commits.
_RUN = """
import sys
from rankscope.core import writing
writing.PASSAGES_PER_COMMIT = 4
from rankscope.core.workspace import Workspace
from rankscope.core.errors import RankscopeError
if __name__ == "__main__":
    try:
        with Workspace.open(sys.argv[1], create=True) as workspace:
            workspace.encoder()
            print("started", flush=True)
            report = workspace.index([sys.argv[2]])
            print("done", report.encoded, flush=True)
    except RankscopeError as error:
        print("refused:", type(error).__name__, error, flush=True)
"""


class IndexingProcess:
    """``python`` indexing a folder into a workspace, in batches of four passages."""

    def __init__(self, script: Path, workspace: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(workspace), str(folder)], stdout=subprocess.PIPE, text=True
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
        """Everything it still prints."""
        return self.process.communicate(timeout=240)[0]


@pytest.fixture
def index_process(tmp_path: Path):  # type: ignore[no-untyped-def]
    script = tmp_path / "run_index.py"
    script.write_text(_RUN, "utf-8")
    return lambda workspace, folder: IndexingProcess(script, workspace, folder)


@pytest.fixture
def many_documents(tmp_path: Path) -> Path:
    """Sixty files with text of their own."""
    folder = tmp_path / "documents"
    folder.mkdir()
    parts = ["blade", "rotor", "seal", "bearing", "shaft", "casing", "pump", "valve", "gasket", "flange"]
    faults = ["cracks", "vibrates", "leaks", "overheats", "corrodes", "jams"]
    for i in range(60):
        part, fault = parts[i % 10], faults[i // 10]
        body = f"Report {i}. The {part} {fault} when the load changes. We replaced the {part} and measured again. "
        (folder / f"{i:02d} {part} {fault}.txt").write_text(body * (1 + i % 4), "utf-8")
    return folder
