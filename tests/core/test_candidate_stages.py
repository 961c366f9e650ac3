"""PLAID and MUVERA as first stages: against brute force over the stored vectors, and their index through its life."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from tiny_models import make_model

from rankscope.core.errors import Cancelled, UsageError
from rankscope.core.indexes import derived, fde_index
from rankscope.core.indexes.candidates import CandidateIndexes
from rankscope.core.indexes.fde import FdeEncoder, FdeSettings
from rankscope.core.indexes.recipes import COARSE, PlaidRecipe, decoded
from rankscope.core.progress import Progress
from rankscope.core.ranking.filters import Filters
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace

DIM, N = 32, 36
QUERY = "the rotor cracks at high load"
FDE = FdeSettings(3, 2, 8)
PIPELINES = {
    "plaid": '[[stage]]\nname = "first"\nkind = "plaid"\ndepth = {depth}\n',
    "pruned": '[[stage]]\nname = "first"\nkind = "plaid"\ndepth = {depth}\nncells = 1\nt_cs = 0.9\nndocs = 1\n',
    "fde": '[[stage]]\nname = "first"\nkind = "fde"\ndepth = {depth}\nrepetitions = 3\nk_sim = 2\nd_proj = 8\n',
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, a model, and a workspace of each kind of vectors."""
    place = tmp_path_factory.mktemp("candidates")
    (place / "documents").mkdir()
    for i in range(N):
        write(place / "documents", i)
    words = ("rotor", "blade", "seal", "pump", "the", "crack", "##s", "load", "high", "report")
    make_model(place / "model", words, dim=DIM, max_tokens=128, seed=1)
    for kind in ("levels", "tokens"):
        model = str(place / "model" / "model")
        with Workspace.open(place / kind, create=True, encoder=model, vectors=kind) as made:
            made.index([place / "documents"])
    return place


def write(folder: Path, i: int) -> None:
    part = ("rotor", "blade", "seal", "pump")[i % 4]
    body = f"Report {i} on the {part}: number {i * i} cracks at {('high', 'low')[i % 2]} load. " * (1 + i % 5)
    (folder / f"{i:02d}.{('md', 'txt')[i % 2]}").write_text(f"{part} {i}\n\n{body}\n", "utf-8")


@pytest.fixture
def opened(place: Path, tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    """Opens a copy of the workspace of this kind, the same one again and again."""
    with contextlib.ExitStack() as stack:

        def open_(kind: str = "levels") -> Workspace:
            if not (tmp_path / kind).exists():
                shutil.copytree(place / kind, tmp_path / kind)
            return stack.enter_context(Workspace.open(tmp_path / kind))

        yield open_


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[..., str]:
    """The file of a pipeline of one stage."""

    def write_(name: str, depth: int = N) -> str:
        path = tmp_path / f"{name}{depth}.toml"
        path.write_text(PIPELINES[name].format(depth=depth), "utf-8")
        return str(path)

    return write_


def oracle(workspace: Workspace, name: str) -> dict[int, float]:
    """Each passage's score, from the stored vectors one by one."""
    vectors = workspace._vectors.current()
    query = workspace.encoder().encode_query(QUERY).tokens.astype(np.float64)
    scores = {}
    for passage in vectors.ids:
        rows, offsets = decoded(vectors, np.array([passage]), COARSE if name == "fde" else None)
        if name == "fde":
            encoder = FdeEncoder(FDE, DIM)
            encoding = encoder.encode_passages(rows, offsets, np.float16)[0].astype(np.float64)
            scores[int(passage)] = float(encoding @ encoder.encode_query(query))
        else:
            centroids = workspace._candidates.plaid(vectors).centroids.astype(np.float64)
            near = ((rows[:, None].astype(np.float64) - centroids[None]) ** 2).sum(2).argmin(1)
            scores[int(passage)] = float((query @ centroids[near].T).max(1).sum())
    return scores


@pytest.mark.parametrize("kind", ["levels", "tokens"])
@pytest.mark.parametrize("name", ["plaid", "fde"])
def test_a_stage_ranks_as_brute_force_does(
    opened: Callable[[str], Workspace], pipeline: Callable[..., str], kind: str, name: str
) -> None:
    workspace = opened(kind)
    (stage,) = workspace.search(QUERY, pipeline=pipeline(name, 10), k=5).stages
    scores = oracle(workspace, name)
    expected = sorted(scores, key=lambda passage: (-scores[passage], passage))[:10]
    assert stage.output.scores == pytest.approx([scores[i] for i in expected], rel=1e-4)
    assert np.isin(stage.output.ids, expected).mean() >= 0.9  # those that tie but for rounding may change places
    assert (stage.entered, stage.left, stage.cut) == (len(scores), 10, 10)
    assert stage.output.score_kind == {"plaid": "PLAID", "fde": "FDE"}[name] and stage.bytes_read
    if name == "plaid":
        assert stage.settings["kept"] == [len(scores), len(scores), len(scores), 10]
        assert stage.settings["t_cs"] == 0.5 and "probing left" in stage.note


@pytest.mark.parametrize("name", ["plaid", "pruned", "fde"])
def test_the_standing_of_what_was_lost_is_exact(
    opened: Callable[[], Workspace], pipeline: Callable[..., str], name: str
) -> None:
    workspace = opened()
    scores = oracle(workspace, name)
    (stage,) = workspace.search(QUERY, pipeline=pipeline(name, 1), k=1).stages
    assert stage.left == 1
    if name == "pruned":
        searched, probed, pruned, full = stage.settings["kept"]
        assert searched == len(scores) and searched > probed >= pruned == 4 and full == 1 and not stage.exact
    for document in workspace.documents()[::5]:
        fate = workspace.fate(QUERY, document.document_id, pipeline=pipeline(name, 1), k=1)
        (line,) = fate.stages
        own = scores[fate.passage_id]
        assert line.score == pytest.approx(own, rel=1e-4)
        assert abs(line.rank - 1 - sum(score > own for score in scores.values())) <= 1  # but for rounding
        assert line.kept == (fate.passage_id == int(stage.output.ids[0]))


@pytest.mark.parametrize("name", ["pruned", "fde"])
def test_filters_choose_before_anything_is_pruned(
    opened: Callable[[], Workspace], pipeline: Callable[..., str], name: str
) -> None:
    workspace = opened()
    only = Filters(path="*/0[2-5].*")
    (stage,) = workspace.search(QUERY, pipeline=pipeline(name, 2), k=1, filters=only).stages
    assert stage.entered >= 4 and stage.left == 2
    (stage,) = workspace.search(QUERY, pipeline=pipeline(name), k=1, filters=only).stages
    assert stage.left == stage.entered  # however few its centroids reach
    assert not workspace.search(QUERY, pipeline=pipeline(name), filters=Filters(path="no such")).stages[0].left


@pytest.mark.parametrize("kind", ["levels", "tokens"])
def test_the_index_follows_what_comes_and_goes(
    opened: Callable[[str], Workspace], pipeline: Callable[..., str], place: Path, tmp_path: Path, kind: str
) -> None:
    documents = shutil.copytree(place / "documents", tmp_path / "documents")
    model = str(place / "model" / "model")
    with Workspace.open(tmp_path / "own", create=True, encoder=model, vectors=kind) as workspace:
        workspace.index([documents])
        for name in ("plaid", "fde"):
            workspace.search(QUERY, pipeline=pipeline(name))
        (documents / "03.txt").unlink()
        for i in (40, 41, 42):
            write(documents, i)
        workspace.index()
        vectors = workspace._vectors.current()
        plaid = workspace._candidates.plaid(vectors)
        assert plaid.ids.tolist() == vectors.ids.tolist()
        fresh = CandidateIndexes(None, "").fde(FDE, vectors).vectors
        followed = workspace._candidates.fde(FDE, vectors).vectors
        assert followed.ids.tolist() == fresh.ids.tolist()
        assert followed.encodings.tobytes() == fresh.encodings.tobytes()
        for name in ("plaid", "fde"):
            (stage,) = workspace.search(QUERY, pipeline=pipeline(name, 99)).stages
            scores = oracle(workspace, name)
            assert sorted(stage.output.ids.tolist()) == vectors.ids.tolist()
            assert stage.output.scores == pytest.approx(
                [scores[i] for i in stage.output.ids.tolist()], rel=1e-4, abs=1e-4
            )
        workspace.bring_back([workspace.removed()[0].document_id])
        whole = len(workspace._vectors.current())
        assert whole > len(vectors) and workspace.search(QUERY, pipeline=pipeline("plaid", 99)).stages[0].left == whole
        workspace.compact(forget_removed=True)
        assert verify(workspace.path).whole


def test_an_older_state_is_still_searched(opened: Callable[[], Workspace], pipeline: Callable[..., str]) -> None:
    workspace = opened()
    workspace.search(QUERY, pipeline=pipeline("plaid"))
    before = workspace._vectors.current()
    workspace.remove_documents([workspace.documents()[0].document_id])
    now = workspace._vectors.current()
    assert workspace._candidates.plaid(now).ids.tolist() == now.ids.tolist()
    assert workspace._candidates.plaid(before).ids.tolist() == before.ids.tolist()
    assert workspace._candidates.plaid(now).ids.tolist() == now.ids.tolist()


@pytest.mark.parametrize("name", ["plaid", "fde"])
@pytest.mark.parametrize("how", ["flipped", "cut", "foreign"])
def test_a_saved_index_is_loaded_and_a_damaged_one_made_anew(
    opened: Callable[..., Workspace],
    pipeline: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    how: str,
) -> None:
    workspace = opened()
    file = workspace.path / "indexes" / f"{name}.index"
    expected = workspace.search(QUERY, pipeline=pipeline(name)).stages[0].output
    whole = file.read_bytes()
    assert f"indexes/{name}.index" in verify(workspace.path).checked
    made = []
    monkeypatch.setattr(
        derived.Derived, "_steps", lambda *given, real=derived.Derived._steps: made.append(1) or real(*given)
    )
    assert opened().search(QUERY, pipeline=pipeline(name)).stages[0].output.ids.tolist() == expected.ids.tolist()
    assert not made
    if how == "foreign":
        other = opened("tokens")
        other.search(QUERY, pipeline=pipeline(name))
        made.clear()
        shutil.copy(other.path / "indexes" / file.name, file)
    else:
        file.write_bytes(whole[:-3] if how == "cut" else whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    found = verify(workspace.path).findings
    assert [finding.file for finding in found] == ([] if how == "foreign" else [f"indexes/{file.name}"])
    assert opened().search(QUERY, pipeline=pipeline(name)).stages[0].output.ids.tolist() == expected.ids.tolist()
    assert made and file.read_bytes() == whole
    if how == "cut":
        file.write_bytes(whole[:-3])
        assert any(file.name in line for line in repair(workspace.path)) and not file.exists()


@pytest.mark.parametrize("name", ["plaid", "fde"])
def test_a_cancelled_search_leaves_its_work_to_the_next(
    opened: Callable[[], Workspace], pipeline: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(derived, "_AT_ONCE", 2)
    workspace = opened()
    asked, heard = count(), []
    with pytest.raises(Cancelled):
        workspace.search(
            QUERY, pipeline=pipeline(name), cancelled=lambda: next(asked) > 15, progress=lambda one: heard.append(one)
        )
    assert not (workspace.path / "indexes" / f"{name}.index").exists()
    seen = len(heard)
    assert seen and (heard[-1].what, heard[-1].unit) == (f"Preparing {name.upper()}", "passages")
    workspace.search(QUERY, pipeline=pipeline(name), progress=lambda one: heard.append(one))
    assert heard[seen].done == heard[seen - 1].done + 2  # it went on, not back
    n = len(workspace._vectors.current())
    assert heard[-1] == Progress(n, n, f"Preparing {name.upper()}", "passages")
    seen = len(heard)
    workspace.search(QUERY, pipeline=pipeline(name), progress=lambda one: heard.append(one))
    assert len(heard) == seen  # it is ready


def test_a_search_that_waits_for_another_can_be_cancelled(
    opened: Callable[[], Workspace], pipeline: Callable[..., str]
) -> None:
    workspace = opened()
    asked = count()
    with workspace._candidates._plaid._working, pytest.raises(Cancelled):
        workspace.search(QUERY, pipeline=pipeline("plaid"), cancelled=lambda: next(asked) > 4)


def test_another_codec_makes_another_index(opened: Callable[[], Workspace], pipeline: Callable[..., str]) -> None:
    workspace = opened()
    for name in ("plaid", "fde"):
        workspace.search(QUERY, pipeline=pipeline(name))
    workspace.convert(codec="pca16+int8")
    for name in ("plaid", "fde"):
        (stage,) = workspace.search(QUERY, pipeline=pipeline(name), k=N).stages
        assert stage.left == N
    assert workspace._candidates.plaid(workspace._vectors.current()).centroids.shape[1] == 16
    with pytest.raises(UsageError, match="d_proj cannot be 32"):
        workspace.search(QUERY, pipeline="fde")
    assert len(workspace.search(QUERY, pipeline="plaid", k=5).final) == 5


def test_encodings_that_no_longer_suit_the_codec_stop_nobody(
    opened: Callable[[], Workspace], pipeline: Callable[..., str]
) -> None:
    workspace = opened()
    workspace.search(QUERY, pipeline=pipeline("fde"))
    workspace.convert(codec="truncate4+float16")  # too few dimensions for the encodings that were used
    workspace.index()
    with pytest.raises(UsageError, match="d_proj cannot be 8"):
        workspace.search(QUERY, pipeline=pipeline("fde"))
    assert len(workspace.search(QUERY, pipeline="plaid", k=5).final) == 5


def test_many_encodings_get_a_graph_by_indexing(
    opened: Callable[[], Workspace], pipeline: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fde_index, "EXACT_BELOW", 5)
    workspace = opened()
    (exact,) = workspace.search(QUERY, pipeline=pipeline("fde", 8), k=3).stages
    assert exact.exact
    workspace.index()
    (near,) = opened().search(QUERY, pipeline=pipeline("fde", 8), k=3).stages
    assert not near.exact and np.isin(near.output.ids, exact.output.ids).mean() > 0.8
    graph = workspace.path / "indexes" / "fde.hnsw"
    graph.write_bytes(graph.read_bytes()[:-9])
    assert [finding.file for finding in verify(workspace.path).findings] == ["indexes/fde.hnsw"]
    (again,) = opened().search(QUERY, pipeline=pipeline("fde", 8), k=3).stages
    assert again.exact and again.output.ids.tolist() == exact.output.ids.tolist()
    assert repair(workspace.path) and not graph.exists() and verify(workspace.path).whole


def test_centroids_are_learned_anew_when_there_are_many_more_vectors(opened: Callable[[], Workspace]) -> None:
    vectors = opened()._vectors.current()
    recipe = PlaidRecipe()
    learned = CandidateIndexes(None, "").plaid(vectors).centroids
    assert not recipe.outgrown({"centroids": learned}, vectors)
    assert recipe.outgrown({"centroids": learned[: len(learned) // 2]}, vectors)


def test_an_empty_workspace_has_nothing_to_search(place: Path, tmp_path: Path, pipeline: Callable[..., str]) -> None:
    with Workspace.open(tmp_path / "empty", create=True, encoder=str(place / "model" / "model")) as workspace:
        for name in ("plaid", "fde"):
            assert not workspace.search(QUERY, pipeline=pipeline(name)).stages[0].left
