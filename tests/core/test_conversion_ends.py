"""A conversion that is stopped, given up, or ends on a full disk: what is said is what has happened."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from comparing import contents
from tiny_models import make_model

from rankscope.core import switching, writing
from rankscope.core.cli import main
from rankscope.core.errors import Cancelled
from rankscope.core.indexes import dense
from rankscope.core.progress import Progress, never
from rankscope.core.storage.manifest import Manifest
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

QUERY = "the rotor cracks"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """Several segments, a removed document, and a dense graph."""
    monkeypatch.setattr(writing, "PASSAGES_PER_COMMIT", 4)
    monkeypatch.setattr(switching, "PASSAGES_PER_COMMIT", 4)
    monkeypatch.setattr(dense, "EXACT_BELOW", 5)
    documents = tmp_path / "documents"
    documents.mkdir()
    for i in range(14):
        part = ("rotor", "blade", "seal")[i % 3]
        (documents / f"{i:02d}.md").write_text(
            f"# On {part} {i}\n\nThe {part} cracks when load {i} changes.\n", "utf-8"
        )
    model = make_model(tmp_path / "model", seed=1)
    with Workspace.open(tmp_path / "workspace", create=True, encoder=model) as made:
        made.index([documents])
        made.remove_documents([document.document_id for document in made.documents()][:1])
        yield made


def ids(workspace: Workspace) -> dict[int, str]:
    with workspace.database.read() as connection:
        return {
            row[0]: row[1]
            for row in connection.exec_driver_sql("SELECT id, text FROM passages UNION ALL SELECT id, text FROM shelf")
        }


def files(workspace: Workspace) -> list[str]:
    return sorted(path.name for path in (workspace.path / "segments").iterdir())


def begin(workspace: Workspace, codec: str = "float32") -> None:
    done: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.convert(
            codec=codec,
            progress=done.append,
            cancelled=lambda: bool(done) and done[-1].unit == "documents" and done[-1].done > 7,
        )


@pytest.mark.parametrize("codec", ["float32", "int8"])
def test_passages_keep_their_ids(workspace: Workspace, codec: str) -> None:
    before, was = ids(workspace), contents(workspace)
    graph = (workspace.path / "indexes" / "dense.hnsw").read_bytes()
    workspace.convert(codec=codec)
    assert ids(workspace) == before and contents(workspace) == was
    assert (workspace.path / "indexes" / "dense.hnsw").read_bytes() == graph  # it holds the same passages
    found = workspace.search("rotor", pipeline="lexical", k=50).final
    assert len(found) == sum("rotor" in f"{row[5]} {row[6]}" for row in was)
    assert verify(workspace.path).whole
    workspace.bring_back([row.document_id for row in workspace.removed()])
    assert ids(workspace) == before and verify(workspace.path).whole


def test_passages_that_changed_meanwhile_get_new_ids_and_the_others_keep_theirs(
    workspace: Workspace, tmp_path: Path
) -> None:
    begin(workspace)
    (tmp_path / "documents" / "03.md").write_text("# Anew\n\nA gasket overheats.\n", "utf-8")
    workspace.index()
    before = ids(workspace)
    workspace.convert(codec="float32")
    assert ids(workspace) == before and verify(workspace.path).whole
    assert len(workspace.search("gasket", pipeline="lexical").final) == 1


def test_another_encoder_cuts_elsewhere(workspace: Workspace, tmp_path: Path) -> None:
    before = ids(workspace)
    workspace.switch_encoder(make_model(tmp_path / "short", max_tokens=16, seed=2))
    after = ids(workspace)
    assert after.keys().isdisjoint(before.keys() - {i for i in before if after.get(i) == before[i]})
    assert verify(workspace.path).whole and len(workspace.search("rotor", pipeline="lexical").final)


def test_a_stop_after_the_swap_is_no_failure(workspace: Workspace) -> None:
    seen: list[Progress] = []
    wider = make_model(workspace.path.parent / "wider", dim=48, seed=3)  # everything has to be linked anew
    info = workspace.switch_encoder(
        wider, progress=seen.append, cancelled=lambda: bool(seen) and seen[-1].what == "Linking vectors"
    )
    assert not info.notes and info.dim == 48  # one step of linking is all there is
    linking: list[bool] = []

    def cancelled() -> bool:
        linking.append(workspace.info().dim != 48)
        return linking[-1]

    info = workspace.switch_encoder(str(workspace.path.parent / "model" / "model"), cancelled=cancelled)
    assert info.dim == 32 and "in place" in info.notes[0] and "rankscope index" in info.notes[0]
    assert len(workspace.search(QUERY).final) == 10 and verify(workspace.path).whole
    workspace.index()
    assert (workspace.path / "indexes" / "dense.hnsw").exists()


@pytest.mark.parametrize("what", ["manifest", "graph"])
def test_a_full_disk_after_the_swap_is_no_failure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    wider = make_model(workspace.path.parent / "wider", dim=48, seed=3)
    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "write", full) if what == "manifest" else patch.setattr(dense.DenseIndex, "_save", full)
        info = workspace.switch_encoder(wider)
    assert info.dim == 48 and bool(info.notes) == (what == "graph")
    with Workspace.open(workspace.path) as again:
        assert not again.notes and again.info().dim == 48 and len(again.search(QUERY).final) == 10
        again.index()
    assert verify(workspace.path).whole


def test_the_figures_are_those_of_the_index_that_serves(workspace: Workspace) -> None:
    before = workspace.info().vectors
    begin(workspace)
    assert len(files(workspace)) > 4 and workspace.info().vectors == before
    begun = workspace.begun()
    assert begun is not None and (begun.vectors, begun.codec) == ("levels", "float32")


def test_giving_up_removes_what_was_built(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rankscope.core.cli._stop_on_signals", lambda: never)  # the signals stay pytest's
    segments, before = files(workspace), contents(workspace)
    begin(workspace, "residual2")
    assert files(workspace) != segments and list((workspace.path / "codecs").iterdir())
    with Workspace.open(workspace.path) as again:
        assert "convert --give-up" in again.notes[0]
    assert main(["convert", "--give-up", "--json", "--workspace", str(workspace.path)]) == 0
    assert json.loads(capsys.readouterr().out)["codec"] == "float16"
    assert files(workspace) == segments and not list((workspace.path / "codecs").iterdir())
    assert contents(workspace) == before and workspace.begun() is None and verify(workspace.path).whole
    assert workspace.give_up().codec == "float16"  # nothing to give up is no failure
    assert main(["convert", "--give-up", "--codec", "int8", "--workspace", str(workspace.path)]) == 2


@pytest.mark.parametrize(("codec", "stop_at"), [("residual2", 0), ("pq8", 0), ("pq8", 3)])
def test_fitting_a_codec_shows_how_far_it_is_and_stops(workspace: Workspace, codec: str, stop_at: int) -> None:
    seen: list[Progress] = []
    segments = files(workspace)
    with pytest.raises(Cancelled):
        workspace.convert(
            codec=codec,
            progress=seen.append,
            cancelled=lambda: seen[-1:] != [] and seen[-1].unit == "steps" and seen[-1].done == stop_at,
        )
    (*_, last) = seen
    assert last.what == f"Fitting {codec}" and 0 <= stop_at == last.done < (last.total or 0)
    assert files(workspace) == segments
    assert workspace.begun() is None and workspace.info().codec == "float16"
    assert workspace.convert(codec=codec).codec.startswith(codec) and verify(workspace.path).whole
