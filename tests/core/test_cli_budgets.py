"""The command line of budgets, codecs and sweeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parent / "evaluation"))  # for small_collections

from command_line import ok, rankscope
from small_collections import write_beir

QUERY = "why do blades crack?"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("budgets")
    (place / "documents").mkdir()
    (place / "documents" / "blades.md").write_text("# Blades\n\nBlades crack at the root under load." * 4, "utf-8")
    (place / "documents" / "soup.txt").write_text("Onion soup with bread and cheese.", "utf-8")
    (place / "documents" / "rotor.txt").write_text("The rotor vibrates at its critical speed.", "utf-8")
    ok("index", place / "documents", "--workspace", place / "workspace")
    return place / "workspace"


@pytest.fixture(scope="module")
def beir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_beir(tmp_path_factory.mktemp("collection") / "twenty")


def first(workspace: Path, *options: object) -> dict[str, Any]:
    found = ok("search", QUERY, "--pipeline", "late", *options, "--workspace", workspace)["results"]
    result: dict[str, Any] = found[0]
    return result


def test_search_and_explain_at_a_budget(workspace: Path) -> None:
    scores = {budget: first(workspace, "--budget", budget)["score"] for budget in ("1,1", "fast", "8,16", "16,64")}
    assert len(set(scores.values())) == 4 and first(workspace)["score"] == scores["16,64"]
    assert first(workspace, "--budget", "balanced")["score"] == scores["8,16"]
    passage = first(workspace)["passage_id"]
    for budget, score in scores.items():
        told = ok(
            "explain", QUERY, "--passage", passage, "--pipeline", "late", "--budget", budget, "--workspace", workspace
        )
        assert told["score"] == pytest.approx(score, abs=1e-4)
        assert sum(told["contributions"]) == pytest.approx(score, abs=1e-4)
        assert sum(told["pooled_part"]) == pytest.approx(scores["1,1"], abs=1e-4)
    people = rankscope("explain", QUERY, "--passage", passage, "--pipeline", "late", "--workspace", workspace)
    assert "from the pooled vectors" in people.stdout and "from late interaction" in people.stdout


def test_fate_at_a_budget(workspace: Path) -> None:
    arguments = ("fate", QUERY, "--document", "soup.txt", "--pipeline", "late", "--workspace", workspace)
    scores = [ok(*arguments, "--budget", budget)["stages"][-1]["score"] for budget in ("1,1", "4,8")]
    assert scores[0] != scores[1]


@pytest.mark.parametrize(
    ("budget", "said"), [("17,64", "beyond what is stored"), ("quick", "no budget"), ("4", "no budget")]
)
@pytest.mark.parametrize("command", [("search",), ("explain", "--passage", "1"), ("fate", "--document", "soup.txt")])
def test_a_wrong_budget_is_one_line(workspace: Path, command: tuple[str, ...], budget: str, said: str) -> None:
    done = rankscope(command[0], QUERY, *command[1:], "--budget", budget, "--workspace", workspace)
    assert done.returncode == 2 and said in done.stderr and not done.stdout and "Traceback" not in done.stderr


def test_convert(workspace: Path) -> None:
    info = ok("info", "--workspace", workspace)
    assert (info["kind"], info["codec"], info["row_bytes"], info["format_version"]) == ("levels", "float16", 768, 3)
    before = first(workspace)
    small = ok("convert", "--codec", "float8", "--workspace", workspace)
    assert (small["kind"], small["codec"], small["row_bytes"]) == ("levels", "float8", 384)
    assert small["bytes_segments"] < info["bytes_segments"]
    after = first(workspace)
    assert after["document"] == before["document"] and after["score"] == pytest.approx(before["score"], abs=0.05)
    refused = rankscope("convert", "--codec", "pq48", "--workspace", workspace)  # float8 has lost what it would learn
    assert refused.returncode == 2 and "learns from levels in float16" in refused.stderr
    ok("convert", "--codec", "float16", "--workspace", workspace)
    learned = ok("convert", "--codec", "pq48", "--workspace", workspace)
    assert learned["codec"].startswith("pq48:") and learned["row_bytes"] == 48
    assert ok("verify", "--workspace", workspace)["whole"]
    tokens = ok("convert", "--vectors", "tokens", "--codec", "float16", "--workspace", workspace)
    assert (tokens["kind"], tokens["codec"]) == ("tokens", "float16")
    assert first(workspace, "--budget", "4,8")["score"] == first(workspace)["score"]  # all tokens take part
    done = rankscope("convert", "--vectors", "levels", "--workspace", workspace)
    assert done.returncode == 0 and "levels in float16, 768 bytes a vector" in done.stdout
    assert first(workspace)["score"] == pytest.approx(before["score"], abs=1e-3)
    for wrong, said in (("float17", "unknown"), ("pq7", "does not divide")):
        refused = rankscope("convert", "--codec", wrong, "--workspace", workspace)
        assert refused.returncode == 2 and said in refused.stderr


def test_index_tokens(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("A pump leaks.", "utf-8")
    ok("index", tmp_path / "one.txt", "--vectors", "tokens", "--workspace", tmp_path / "workspace")
    assert ok("info", "--workspace", tmp_path / "workspace")["kind"] == "tokens"


def test_eval_at_a_budget(beir: Path) -> None:
    def quality(*options: object) -> dict[str, float]:
        found = ok("eval", beir, "--pipeline", "late", "--pipeline", "dense", *options)["pipelines"]
        return {row["name"]: row["metrics"]["MRR@10"] for row in found}

    pooled = quality("--budget", "1,1")
    assert pooled["late"] == pooled["dense"] == quality()["dense"]
    assert quality("--vectors", "tokens")["dense"] == pooled["dense"]
    assert rankscope("eval", beir, "--budget", "99,1").returncode == 2


def test_sweep(beir: Path) -> None:
    options = ("--budget", "1,1", "--budget", "8,16", "--codec", "float16", "--codec", "float8", "--depth", 10)
    found = ok("sweep", beir, *options, "--first-stage", "hybrid", "--tokens", "--max-ms", 1e6, "--max-mb", 1)
    assert [(row["budget"], row["codec"]) for row in found["rows"]] == [
        ([1, 1], "float16"), ([8, 16], "float16"), ([1, 1], "float8"), ([8, 16], "float8"),
        (None, "float16"), (None, "float8"),
    ]  # fmt: skip
    assert {row["first_stage"] for row in found["rows"]} == {"hybrid"} and any(row["pareto"] for row in found["rows"])
    chosen = found["rows"][found["recommended"]["row"]]
    assert chosen["bytes_per_passage"] * found["passages"] <= 1e6 and chosen["codec"] in found["recommended"]["why"]
    people = rankscope("sweep", beir, "--budget", "fast", "--max-mb", 1)
    assert people.returncode == 0 and "2,4" in people.stdout and "within the limits" in people.stdout
    assert "recommended" not in ok("sweep", beir, "--budget", "fast")


@pytest.mark.parametrize("limit", ["--max-mb", "--max-ms"])
def test_a_sweep_of_which_nothing_fits_shows_what_it_measured(beir: Path, limit: str) -> None:
    people = rankscope("sweep", beir, "--budget", "1,1", limit, 0)
    assert people.returncode == 2 and "within these limits" in people.stderr and "1,1" in people.stdout
    done = rankscope("sweep", beir, "--budget", "1,1", limit, 0, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 2 and len(found["rows"]) == 1 and "recommended" not in found


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "99,99"), "beyond what is stored"),
        (("--codec", "zip"), "unknown"),
        (("--first-stage", "magic"), "no first stage"),
        (("--depth", "0"), "depth"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_line(beir: Path, options: tuple[str, ...], said: str) -> None:
    done = rankscope("sweep", beir, *options)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr and not done.stdout
