"""A search that began before a switch ends after it, and turns nothing back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_models import make_model

from rankscope.core.storage.vectors import VectorStore
from rankscope.core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    documents = tmp_path / "documents"
    documents.mkdir()
    for i in range(4):
        (documents / f"{i}.md").write_text(f"# On rotor {i}\n\nThe rotor cracks when load {i} changes.\n", "utf-8")
    model = make_model(tmp_path / "model", seed=1)
    with Workspace.open(tmp_path / "workspace", create=True, encoder=model) as made:
        made.index([documents])
        yield made


@pytest.fixture
def end_search(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Lets a search end that has taken its snapshot already; returns how much it found."""
    begun, go = threading.Event(), threading.Event()
    found: list[int] = []
    real = VectorStore.current

    def waiting(self: VectorStore, connection: object = None) -> object:
        vectors = real(self, connection)  # type: ignore[arg-type]
        if threading.current_thread() is thread and not begun.is_set():
            begun.set()
            assert go.wait(60)
        return vectors

    def end() -> int:
        go.set()
        thread.join(60)
        return found[0]

    monkeypatch.setattr(VectorStore, "current", waiting)
    thread = threading.Thread(target=lambda: found.append(len(workspace.search("rotor").final)))
    thread.start()
    assert begun.wait(60)
    yield end
    end()


def test_it_does_not_turn_the_workspace_back_to_the_old_codec(
    workspace: Workspace, end_search: Callable[[], int]
) -> None:
    workspace.convert(codec="float32")
    assert end_search() == 4
    assert workspace.manifest.codec == workspace.info().codec == "float32"
    assert len(workspace.search("rotor").final) == 4


def test_what_is_indexed_meanwhile_goes_through_the_new_encoder(
    workspace: Workspace, end_search: Callable[[], int], tmp_path: Path
) -> None:
    workspace.switch_encoder(make_model(tmp_path / "wider", dim=48, seed=2))
    (tmp_path / "documents" / "new.md").write_text("# New\n\nA gasket overheats.\n", "utf-8")
    seen: list[int] = []

    def progress(_: object) -> None:
        if not seen:  # the run has begun, and its first batch is not encoded yet
            seen.append(end_search())

    assert workspace.index(progress=progress).encoded == 1 and seen == [4]
    assert {segment.head.dim for segment in workspace._vectors.current().segments.values()} == {48}
    assert len(workspace.search("gasket").final) == 5 and workspace.info().dim == 48
