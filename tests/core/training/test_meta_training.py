"""Training meta tokens: it learns, is the same from the same seed, and goes on where it stopped."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).parents[1]))  # for tiny_models and command_line

from command_line import ok, rankscope
from tiny_models import make_model

from rankscope.core.budgets import BUDGETS, late_weight
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.errors import Cancelled, ModelError
from rankscope.core.ranking.passages import encoded_text, passage_info
from rankscope.core.training import losses
from rankscope.core.training.meta import CurvePoint, TrainSettings, train_meta
from rankscope.core.training.pairs import Pair, Pairs, TrainingError
from rankscope.core.workspace import Workspace

PARTS = ("rotor", "seal", "blade", "pump", "valve", "shaft", "soup", "bread", "onion", "dough")
SETTINGS = TrainSettings(steps=60, batch=16, rate=3e-3, rank=8, every=20)


def made_pairs(n: int = 80) -> Pairs:
    """Queries of two words, each answered by the text that has both."""
    rng = random.Random(5)
    pairs = []
    for i in range(n):
        a, b = rng.sample(PARTS, 2)
        filling = " ".join(rng.choices(("the", "is", "of", "and", "with", "in"), k=12))
        pairs.append(Pair(f"{a} {b} {i}", f"{filling} {a} {i} {filling} {b} {filling}", "made"))
    return Pairs(tuple(pairs))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    words = (*PARTS, "the", "is", "of", "and", "with", "in")
    return Encoder.load(make_model(tmp_path_factory.mktemp("backbone"), words), "cpu")


@pytest.fixture(scope="module")
def trained(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[CurvePoint, ...]]:
    result = train_meta(made_pairs(), tmp_path_factory.mktemp("trained") / "meta", SETTINGS, encoder=encoder)
    return result.folder, result.curve


def weights(folder: Path) -> bytes:
    return (folder / "model.safetensors").read_bytes()


def test_it_learns_at_every_late_budget(trained: tuple[Path, tuple[CurvePoint, ...]]) -> None:
    _, curve = trained
    assert [point.step for point in curve] == [20, 40, 60]
    for group in range(1, len(BUDGETS)):
        assert curve[-1].loss[group] < curve[0].loss[group]
        assert curve[-1].mrr[group] >= curve[-1].mrr[0] - 0.05
    assert curve[-1].mrr[0] == curve[0].mrr[0], "the pooled vector is the backbone's own"


def test_the_same_seed_gives_the_same_tokens_and_an_interrupted_run_too(
    encoder: Encoder, trained: tuple[Path, tuple[CurvePoint, ...]], tmp_path: Path
) -> None:
    folder, curve = trained
    seen: list[int] = []

    def stop_after_the_first_point() -> bool:
        return bool(seen)

    with pytest.raises(Cancelled):
        train_meta(
            made_pairs(), tmp_path / "meta", SETTINGS, encoder=encoder,
            found=lambda point: seen.append(point.step), cancelled=stop_after_the_first_point,
        )  # fmt: skip
    assert seen == [20] and not (tmp_path / "meta" / "training.json").exists()
    again: list[int] = []
    result = train_meta(
        made_pairs(), tmp_path / "meta", SETTINGS, encoder=encoder, found=lambda p: again.append(p.step)
    )
    assert again == [20, 40, 60], "the curve begins with what was there"
    assert weights(result.folder) == weights(folder)
    assert [point.loss for point in result.curve] == [point.loss for point in curve]
    assert not (tmp_path / "meta" / "training").exists()
    other = train_meta(
        made_pairs(), tmp_path / "other", TrainSettings(steps=2, batch=4, rank=8, seed=1), encoder=encoder
    )
    assert weights(other.folder) != weights(folder)


def test_an_unfinished_training_of_something_else_is_left_alone(encoder: Encoder, tmp_path: Path) -> None:
    def stop(point: CurvePoint) -> None:
        raise Cancelled()

    settings = TrainSettings(steps=4, batch=4, rank=4, every=1)
    with pytest.raises(Cancelled):
        train_meta(made_pairs(), tmp_path / "meta", settings, encoder=encoder, found=stop)
    with pytest.raises(TrainingError, match="other pairs"):
        train_meta(made_pairs(40), tmp_path / "meta", settings, encoder=encoder)
    (tmp_path / "meta" / "training" / "checkpoint.pt").write_bytes(b"spoiled")
    with pytest.raises(TrainingError, match="damaged"):
        train_meta(made_pairs(), tmp_path / "meta", settings, encoder=encoder)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": 1}, {"rate": 0.0}, {"temperature": -1.0}, {"rank": 0}])
def test_senseless_settings_and_too_few_pairs(encoder: Encoder, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(TrainingError):
        train_meta(made_pairs(), tmp_path / "meta", TrainSettings(**wrong), encoder=encoder)
    with pytest.raises(TrainingError, match="too few"):
        train_meta(made_pairs(3), tmp_path / "meta", encoder=encoder)
    same = Pairs(tuple(Pair(f"query {i}", "one passage for all", "made") for i in range(30)))
    with pytest.raises(TrainingError, match="same passage"):
        train_meta(same, tmp_path / "meta", encoder=encoder)
    assert not (tmp_path / "meta").exists()


def test_two_passages_are_enough(encoder: Encoder, tmp_path: Path) -> None:
    two = Pairs(tuple(Pair(f"query {i}", f"passage number {i % 2}", "made") for i in range(30)))
    assert train_meta(two, tmp_path / "meta", TrainSettings(steps=2, batch=4, rank=4), encoder=encoder).curve


def test_scores_at_a_budget_use_its_prefix_alone() -> None:
    query, passage = (torch.nn.functional.normalize(torch.randn(n, r, 8), dim=-1) for n, r in ((3, 16), (5, 64)))
    counts = torch.rand(3, 15) + 0.1
    found = losses.nested_scores(query, passage, counts)
    for budget, scores in zip(BUDGETS, found, strict=True):
        for i in range(3):
            for j in range(5):
                expected = query[i, 0] @ passage[j, 0]
                if late_weight(budget):
                    best = (query[i, 1 : budget.r_q] @ passage[j, 1 : budget.r_c].T).amax(dim=1)
                    share = counts[i, : budget.r_q - 1] / counts[i, : budget.r_q - 1].sum()
                    expected = expected + late_weight(budget) * (share * best).sum()
                torch.testing.assert_close(scores[i, j], expected, atol=1e-5, rtol=1e-5)


def test_with_one_budget_and_no_teacher_the_loss_is_infonce() -> None:
    scores, right = torch.randn(4, 9), torch.tensor([3, 1, 8, 0])
    agreeing = torch.zeros(4, 9).scatter(1, right[:, None], 1.0)
    loss, _ = losses.matryoshka_loss([scores], agreeing, right, temperature=0.5, distillation=0.0, budgets=BUDGETS[:1])
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(scores / 0.5, right))


def test_a_passage_that_the_teacher_prefers_is_no_negative() -> None:
    scores = torch.tensor([[0.1, 5.0, 0.0]])
    teacher = torch.tensor([[0.5, 0.9, 0.1]])
    with_doubt, _ = losses.matryoshka_loss(
        [scores], teacher, torch.tensor([0]), temperature=1.0, distillation=0.0, budgets=BUDGETS[:1]
    )
    without = torch.nn.functional.cross_entropy(scores[:, [0, 2]], torch.tensor([0]))
    torch.testing.assert_close(with_doubt, without)


def test_a_workspace_with_trained_tokens(trained: tuple[Path, tuple[CurvePoint, ...]], tmp_path: Path) -> None:
    folder, _ = trained
    documents = tmp_path / "documents"
    documents.mkdir()
    for i, part in enumerate(PARTS):
        (documents / f"{part}.txt").write_text(f"The {part} is number {i}. It stands with the other parts. ", "utf-8")
    with Workspace.open(tmp_path / "workspace", create=True, encoder=str(folder), device="cpu") as workspace:
        workspace.index([documents])
        encoder = workspace.encoder()
        vectors = workspace._vectors.current()
        query = encoder.encode_query("rotor with seal")
        assert query.meta is not None
        for budget in BUDGETS:
            trace = workspace.search("rotor with seal", pipeline="late", budget=budget)
            for passage, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
                alignment = workspace.explain("rotor with seal", passage, pipeline="late", budget=budget)
                assert alignment.contributions.sum() == pytest.approx(score, abs=2e-3)
                assert alignment.score == pytest.approx(score, abs=2e-3)
        passage = int(vectors.ids[0])
        with workspace.database.read() as connection:
            info = passage_info(connection, passage)
        expected = encoder.encode_passages([encoded_text(info.context, info.text)]).meta
        assert expected is not None
        for r in (3, 7, 15, 63):
            held = vectors.multi(np.array([passage]), r)
            unfolded = held.products(np.eye(encoder.identity.dim, dtype=np.float32))
            assert np.abs(unfolded - expected[0, :r].astype(np.float32)).max() < 4e-3, "a prefix is the first vectors"


def test_the_command_trains_and_the_result_indexes(encoder: Encoder, tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    rows = [{"query": pair.query, "positive": pair.passage} for pair in made_pairs(40).pairs]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n", "utf-8")
    output = tmp_path / "meta"
    options = ["--steps", 4, "--batch", 4, "--every", 2, "--rank", 4, "--encoder", encoder.identity.name]
    done = rankscope("train", "meta", "--pairs", file, "--output", output, *options, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "line 41: it is no JSON" in done.stderr and "step 4" in done.stderr and str(output) in done.stdout
    assert {path.name for path in output.iterdir()} == {
        "README.md", "config.json", "model.safetensors", "training.json"
    }  # fmt: skip
    found = ok("index", file.parent / "pairs.jsonl", "--encoder", output, "--workspace", tmp_path / "workspace")
    assert found["failed"] == 0
    assert ok("info", "--workspace", tmp_path / "workspace")["encoder"] == str(output)
    lost = tmp_path / "lost"
    shutil.copytree(output, lost)
    (lost / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json"):
        Encoder.load(str(lost), "cpu")
    note = json.loads((output / "training.json").read_text("utf-8"))
    note["encoder"]["sha256"] = "0" * 64
    shutil.copytree(output, tmp_path / "foreign")
    (tmp_path / "foreign" / "training.json").write_text(json.dumps(note), "utf-8")
    with pytest.raises(ModelError, match="other weights"):
        Encoder.load(str(tmp_path / "foreign"), "cpu")
    none = tmp_path / "none.jsonl"
    none.write_text("\n", "utf-8")
    assert rankscope("train", "meta", "--pairs", none, "--output", tmp_path / "no").returncode == 1
