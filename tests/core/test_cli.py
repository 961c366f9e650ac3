"""The command line: output, JSON, exit statuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ok, rankscope

from rankscope.core.workspace import Workspace


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three documents, indexed by the command line."""
    place = tmp_path_factory.mktemp("cli ünïcode")
    documents = place / "documents"
    documents.mkdir()
    (documents / "blades.md").write_text("# Blades\n\nBlades crack at the root under thermal load.", "utf-8")
    (documents / "soup.txt").write_text("Onion soup with bread and cheese.", "utf-8")
    (documents / "empty.pdf").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(documents) + b"/b\xe4d name.txt")).write_bytes(b"Bearings hum when they are dry.")
    report = ok("index", documents, "--workspace", place / "workspace")
    assert report["added"] == 4 and report["failed"] == 1
    assert report["failures"][0]["document"].endswith("empty.pdf") and report["failures"][0]["message"]
    return place


def test_indexing_again_does_nothing(place: Path) -> None:
    report = ok("index", "--workspace", place / "workspace")
    assert report["unchanged"] == 4 and report["encoded"] == 0


def test_search_json(place: Path) -> None:
    found = ok("search", "why do blades crack?", "--workspace", place / "workspace", "-k", 2)
    assert {"query", "pipeline", "results", "stages", "total_ms"} <= set(found)
    assert found["pipeline"] == "hybrid" and len(found["results"]) == 2
    first = found["results"][0]
    assert {
        "rank", "score", "score_kind", "passage_id", "document", "page", "place", "copies", "start", "end", "text",
    } == set(first)  # fmt: skip
    assert first["rank"] == 1 and first["score_kind"] == "MaxSim" and first["document"].endswith("blades.md")
    assert [stage["name"] for stage in found["stages"]] == ["dense", "lexical", "fusion", "late"]
    assert all({"name", "in", "out", "ms"} == set(stage) for stage in found["stages"])


def test_file_names_that_are_no_text_are_valid_json(place: Path) -> None:
    found = ok("search", "dry bearings", "--workspace", place / "workspace")
    assert any("b\\xe4d name.txt" in result["document"] for result in found["results"])


def test_explain_json(place: Path) -> None:
    workspace = place / "workspace"
    first = ok("search", "why do blades crack?", "--workspace", workspace)["results"][0]
    explained = ok("explain", "why do blades crack?", "--passage", first["passage_id"], "--workspace", workspace)
    assert {"score", "query_tokens", "contributions", "best_passage_token", "similarities"} <= set(explained)
    n = len(explained["query_tokens"])
    assert (
        n == len(explained["contributions"]) == len(explained["best_passage_token"]) == len(explained["similarities"])
    )
    assert sum(explained["contributions"]) == pytest.approx(first["score"], abs=1e-4)


def test_fate_json(place: Path) -> None:
    workspace = place / "workspace"
    fate = ok("fate", "why do blades crack?", "--document", "soup.txt", "--workspace", workspace, "-k", 1)
    assert set(fate) == {"document", "verdict", "stages"} and "the list ends at 1" in fate["verdict"]
    assert [set(stage) for stage in fate["stages"]] == [{"name", "rank", "score", "cut", "kept"}] * 4
    unread = ok("fate", "x", "--document", "empty.pdf", "--workspace", workspace)
    assert unread["verdict"].startswith("Never read") and unread["stages"] == []


def test_info_and_verify(place: Path) -> None:
    info = ok("info", "--workspace", place / "workspace")
    assert info["documents"] == 4 and info["failed"] == 1 and info["encoder"] == "all-MiniLM-L6-v2"
    assert ok("verify", "--workspace", place / "workspace")["whole"] is True


def test_filters(place: Path) -> None:
    found = ok("search", "anything", "--workspace", place / "workspace", "--filter", "type=md")
    assert [Path(result["document"]).name for result in found["results"]] == ["blades.md"]


def test_for_people(place: Path) -> None:
    done = rankscope("search", "why do blades crack?", "--compare", "--workspace", place / "workspace")
    assert done.returncode == 0
    assert "Before: Dense + BM25" in done.stdout and "After: MaxSim" in done.stdout and "crack" in done.stdout
    for command in (["info"], ["search", "soup"], ["fate", "soup", "--document", "soup.txt"]):
        assert rankscope(*command, "--workspace", place / "workspace").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["search", "", "--workspace", "{w}"], 2, "query is empty"),
        (["search", "x", "-k", "0", "--workspace", "{w}"], 2, "k is 0"),
        (["search", "x", "--pipeline", "magic", "--workspace", "{w}"], 2, "no pipeline “magic”"),
        (["search", "x", "--filter", "colour=red", "--workspace", "{w}"], 2, "colour=red"),
        (["search", "x", "--workspace", "{w}/missing"], 2, "no workspace"),
        (["search", "x", "--device", "abacus", "--workspace", "{w}"], 2, "no device"),
        (["explain", "x", "--passage", "999", "--workspace", "{w}"], 2, "no passage 999"),
        (["index", "{w}/nothing here", "--workspace", "{w}"], 2, "nothing here"),
        (["verify", "--workspace", "{w}/missing"], 2, "no workspace"),
        (["eval", "{w}", "--pipeline", "dense"], 1, "{w}"),
        (["index", "~nobody of this name/x", "--workspace", "{w}"], 2, "cannot be followed"),
        (["index", "x" * 5000, "--workspace", "{w}"], 2, "cannot be opened"),
        (["dance"], 2, "invalid choice"),
    ],
)
def test_errors_are_one_line_with_a_status(place: Path, arguments: list[str], status: int, said: str) -> None:
    workspace = str(place / "workspace")
    done = rankscope(*(argument.replace("{w}", workspace) for argument in arguments))
    assert done.returncode == status and said.replace("{w}", workspace) in done.stderr
    assert "Traceback" not in done.stderr and not done.stdout


def test_verify_fails_on_damage(place: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("One.", "utf-8")
    with Workspace.open(tmp_path / "workspace", create=True) as workspace:
        workspace.index([tmp_path / "one.txt"])
    segment = next((tmp_path / "workspace" / "segments").iterdir())
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    segment.write_bytes(data)
    done = rankscope("verify", "--workspace", tmp_path / "workspace")
    assert done.returncode == 1 and segment.name in done.stdout
    repaired = rankscope("verify", "--repair", "--workspace", tmp_path / "workspace")
    assert repaired.returncode == 0 and "Dropped" in repaired.stdout


def without_root_rights() -> list[str]:
    """What to put before a command so that permissions count: root reads everything unless it gives that right up."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may read everything here, and setpriv is missing")
    rights = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"]


def test_a_workspace_that_may_only_be_read(place: Path, tmp_path: Path) -> None:
    copy = tmp_path / "read only"
    shutil.copytree(place / "workspace", copy)
    command = [*without_root_rights(), sys.executable, "-m", "rankscope.core.cli"]
    search = [*command, "search", "soup", "--json", "--workspace", str(copy)]
    for path in [*copy.rglob("*"), copy]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = subprocess.run(search, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["results"][0]["document"].endswith("soup.txt")
        index = subprocess.run(
            [*command, "index", "--workspace", str(copy)], capture_output=True, text=True, check=False
        )
        assert index.returncode == 1 and "not permitted" in index.stderr and "Traceback" not in index.stderr
        verify = subprocess.run(
            [*command, "verify", "--workspace", str(copy)], capture_output=True, text=True, check=False
        )
        assert verify.returncode == 0, verify.stdout
    finally:
        for path in [copy, *copy.rglob("*")]:
            path.chmod(0o755)


def test_a_folder_without_permission(tmp_path: Path) -> None:
    prefix = without_root_rights()
    closed = tmp_path / "documents" / "closed"
    closed.mkdir(parents=True)
    (tmp_path / "documents" / "note.txt").write_text("A note.", "utf-8")
    (closed / "inside.txt").write_text("Inside.", "utf-8")
    workspace = tmp_path / "workspace"
    command = [sys.executable, "-m", "rankscope.core.cli", "index", tmp_path / "documents", "--workspace", workspace]
    command = [*prefix, *map(str, command), "--json"]
    first = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert first["added"] == 2 and first["failed"] == 0
    closed.chmod(0)
    try:
        report = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        assert [Path(failure["document"]).name for failure in report["failures"]] == ["closed"]
        assert report["removed"] == 0, "what cannot be listed has not vanished"
        assert ok("search", "inside", "--workspace", workspace)["results"]
    finally:
        closed.chmod(0o700)
    again = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert again["failures"] == [] and again["encoded"] == 0


def test_as_a_process_of_its_own(place: Path) -> None:
    """The installed console script, in a plain C locale."""
    script = Path(sys.executable).with_name("rankscope")
    command = [str(script), "search", "why do blades crack?", "--json", "--workspace", str(place / "workspace")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"})
    assert json.loads(done.stdout)["results"][0]["document"].endswith("blades.md") and not done.stderr
    assert subprocess.run([str(script), "--version"], capture_output=True, text=True, check=True).stdout.startswith(
        "rankscope "
    )
