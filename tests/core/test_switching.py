"""Another encoder: the old index serves until the new one is complete, and that equals one made in one go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from comparing import assert_alike, contents
from tiny_models import make_model

from rankscope.core import switching, writing
from rankscope.core.encoding.registry import OFFLINE_DEFAULT
from rankscope.core.errors import Cancelled, ModelError, WorkspaceBusy
from rankscope.core.progress import Progress
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

WORDS = ("rotor", "blade", "seal", "the", "crack", "cracks", "soup", "##s", "##ing", "bearing", "report")
QUERIES = ("the rotor cracks", "soup with onions", "which seal leaks?")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("first"), seed=1)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Wider, with another vocabulary and another length: passages are cut elsewhere."""
    return make_model(tmp_path_factory.mktemp("second"), WORDS, dim=48, max_tokens=96, seed=2)


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """Files with headings, lines and copies."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for i in range(12):
        part = ("rotor", "blade", "seal")[i % 3]
        body = f"Report {i} on the {part}. The {part} cracks when the load changes. " * (1 + i % 4)
        (folder / f"{i:02d}.md").write_text(f"# On {part} {i}\n\n{body}\n\n## Remedy\n\nReplace the {part}.\n", "utf-8")
    (folder / "soup.txt").write_text("Peel the onions.\nFry them.\n" * 8, "utf-8")
    shutil.copy(folder / "03.md", folder / "copy of 03.md")
    return folder


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Workspace]]:
    spaces: list[Workspace] = []

    def open_(name: str, encoder: str = "") -> Workspace:
        spaces.append(Workspace.open(tmp_path / name, create=bool(encoder), encoder=encoder or OFFLINE_DEFAULT))
        return spaces[-1]

    yield open_
    for workspace in spaces:
        workspace.close()


def rankings(workspace: Workspace) -> list[Any]:
    found = []
    for query in QUERIES:
        for pipeline in ("dense", "lexical", "late"):
            trace = workspace.search(query, pipeline=pipeline, k=200)
            places = [(trace.passages[i].document, trace.passages[i].start) for i in trace.final.ids.tolist()]
            found.append((places, [round(score, 4) for score in trace.final.scores.tolist()]))
    return found


def test_it_equals_a_workspace_that_was_made_with_the_new_encoder(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    before = contents(workspace)
    info = workspace.switch_encoder(second)
    fresh = opened("fresh", second)
    fresh.index([documents])
    assert contents(workspace) != before
    assert_alike(workspace, fresh, QUERIES, exact=True)  # even the batches were the same
    assert (info.encoder, info.dim) == (second, 48) and workspace.manifest == fresh.manifest
    assert any(row[4].startswith("line ") for row in contents(workspace)) and any(row[5] for row in contents(workspace))
    assert verify(workspace.path).whole
    with Workspace.open(workspace.path) as again:
        assert not again.notes and rankings(again) == rankings(fresh)
        assert again.index().unchanged == 14


def test_from_the_default_encoder_and_back(opened: Callable[..., Workspace], documents: Path, second: str) -> None:
    workspace = opened("switched", OFFLINE_DEFAULT)
    workspace.index([documents])
    before = contents(workspace), rankings(workspace)
    workspace.switch_encoder(second)
    assert contents(workspace) != before[0]
    workspace.switch_encoder(OFFLINE_DEFAULT)
    assert contents(workspace) == before[0] and rankings(workspace) == before[1]
    assert verify(workspace.path).whole


def test_no_source_file_is_read_and_removed_documents_can_still_be_brought_back(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    fresh = opened("fresh", second)
    fresh.index([documents])
    workspace = opened("switched", first)
    workspace.index([documents])
    shutil.rmtree(documents)
    removed = [d.document_id for d in workspace.documents() if d.path.endswith(("05.md", "soup.txt"))]
    workspace.remove_documents(removed)
    workspace.switch_encoder(second)
    assert not any(row[0].endswith(("05.md", "soup.txt")) for row in contents(workspace))
    assert verify(workspace.path).whole
    workspace.bring_back(removed)
    assert_alike(workspace, fresh, QUERIES)
    assert verify(workspace.path).whole


def cancelled_after(n: int, workspace: Workspace, name: str) -> None:
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.switch_encoder(name, progress=seen.append, cancelled=lambda: len(seen) > n)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PASSAGES_PER_COMMIT", 4)
    monkeypatch.setattr(switching, "PASSAGES_PER_COMMIT", 4)


@pytest.mark.usefixtures("small_batches")
def test_a_cancelled_switch_is_told_serves_the_old_index_and_goes_on(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    before = contents(workspace), rankings(workspace)
    cancelled_after(7, workspace, second)
    assert (contents(workspace), rankings(workspace)) == before and verify(workspace.path).whole
    workspace.close()
    workspace = opened("switched")
    assert "unfinished" in workspace.notes[0] and second in workspace.notes[0] and first in workspace.notes[0]
    workspace.compact()  # leaves what was begun alone
    assert rankings(workspace) == before[1]
    done = []
    real = switching._Switch._flush
    monkeypatch.setattr(
        switching._Switch, "_flush", lambda self: (done.extend(cut.document_id for cut in self._pending), real(self))
    )
    workspace.switch_encoder(second)
    assert 0 < len(done) < 12
    fresh = opened("fresh", second)
    fresh.index([documents])
    assert_alike(workspace, fresh, QUERIES)
    assert verify(workspace.path).whole
    with Workspace.open(workspace.path) as again:
        assert not again.notes


@pytest.mark.usefixtures("small_batches")
def test_documents_may_change_between_two_attempts(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    cancelled_after(9, workspace, second)
    (documents / "00.md").write_text("# Another\n\nThe soup is new.\n", "utf-8")
    (documents / "01.md").unlink()
    (documents / "03.md").write_text("The copy has what this one had.", "utf-8")
    (documents / "new.txt").write_text("A bearing overheats.", "utf-8")
    workspace.index()
    workspace.compact(forget_removed=True)
    workspace.switch_encoder(second)
    fresh = opened("fresh", second)
    fresh.index([documents])
    assert_alike(workspace, fresh, QUERIES)
    assert verify(workspace.path).whole


@pytest.mark.usefixtures("small_batches")
def test_another_name_begins_anew_and_the_present_one_gives_up(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str, tmp_path: Path
) -> None:
    third = make_model(tmp_path / "third", dim=16, seed=3)
    workspace = opened("switched", first)
    workspace.index([documents])
    before = contents(workspace)
    cancelled_after(7, workspace, second)
    n = len(list((workspace.path / "segments").iterdir()))
    cancelled_after(4, workspace, third)
    with workspace.database.read() as connection:
        (begun,) = connection.exec_driver_sql("SELECT value FROM meta WHERE key = 'switching'").one()
    assert json.loads(begun)["encoder"]["name"] == third
    workspace.switch_encoder(first)
    assert contents(workspace) == before and verify(workspace.path).whole
    assert len(list((workspace.path / "segments").iterdir())) < n
    with Workspace.open(workspace.path) as again:
        assert not again.notes


def test_another_program_follows_the_switch(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    reader = opened("switched")
    old = rankings(reader)
    seen: list[Any] = []
    workspace.switch_encoder(second, progress=lambda progress: seen.append(rankings(reader)))
    assert seen and all(one == old for one in seen)
    assert rankings(reader) == rankings(workspace) != old and reader.info().dim == 48
    (documents / "new.txt").write_text("A bearing overheats.", "utf-8")
    reader.index()  # with the encoder that the workspace has now
    assert {segment.pooled.shape[1] for segment in reader._vectors.current().segments.values()} == {48}
    assert rankings(workspace) == rankings(reader) and verify(workspace.path).whole


def test_a_switch_that_was_killed_before_it_wrote_the_manifest(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    old = (workspace.path / "manifest.json").read_bytes()
    workspace.switch_encoder(second)
    expected = rankings(workspace)
    workspace.close()
    (workspace.path / "manifest.json").write_bytes(old)
    assert [finding.file for finding in verify(workspace.path).findings] == ["manifest.json"]
    with Workspace.open(workspace.path) as again:
        assert not again.notes and again.info().encoder == second and rankings(again) == expected
    assert verify(workspace.path).whole


def test_texts_from_before_layouts_were_kept_are_cut_without_headings(
    opened: Callable[..., Workspace], documents: Path, first: str, second: str
) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    with workspace.database.write() as connection:
        connection.exec_driver_sql("UPDATE texts SET layout = ''")
    workspace.switch_encoder(second)
    assert verify(workspace.path).whole
    assert {Path(row[0]).name for row in contents(workspace)} == {p.name for p in documents.iterdir()} - {
        "copy of 03.md"
    }
    assert not any(row[4].startswith("line ") for row in contents(workspace))


def test_refusals(opened: Callable[..., Workspace], documents: Path, first: str, second: str) -> None:
    workspace = opened("switched", first)
    workspace.index([documents])
    before = contents(workspace)
    with pytest.raises(ModelError):
        workspace.switch_encoder(str(documents))
    with workspace.writing(), pytest.raises(WorkspaceBusy):
        workspace.switch_encoder(second)
    assert contents(workspace) == before and workspace.info().encoder == first


def test_an_empty_workspace_switches_too(opened: Callable[..., Workspace], first: str, second: str) -> None:
    workspace = opened("switched", first)
    assert workspace.switch_encoder(second).encoder == second
    assert verify(workspace.path).whole and not len(workspace.search("soup").final)
    assert isinstance(workspace._vectors.current().ids, np.ndarray)
