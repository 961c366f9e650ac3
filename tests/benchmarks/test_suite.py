"""That the suite runs and reports honestly; the figures themselves are made by ``make bench``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.benchmarks import __main__ as suite
from tests.benchmarks import figures, material
from tests.benchmarks.figures import ROOT, Figure, Settings


def test_a_benchmark_runs_in_its_own_process_and_leaves_its_figures(tmp_path: Path) -> None:
    output = tmp_path / "build" / "bench.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "start", "--output", str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(output.read_text("utf-8"))
    by_name = {figure["name"]: figure for figure in report["figures"]}
    ratio = by_name["window visible ÷ bare PySide6 window"]
    assert set(ratio) == {"name", "value", "unit", "target", "status", "how", "details", "command"}
    assert ratio["command"] == "python -m tests.benchmarks --quick --only start"
    assert ratio["value"] == pytest.approx(
        by_name["window visible"]["value"] / by_name["bare PySide6 window visible"]["value"]
    )
    assert by_name["heavy modules at first show"]["value"] == 0
    assert all(name in done.stdout for name in by_name), "the table has every figure"
    assert report["machine"]["cores"] > 0


def test_a_benchmark_that_breaks_is_an_error_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(settings: Settings) -> list[Figure]:
        raise ValueError("no such thing")

    monkeypatch.setattr(suite, "import_module", lambda name: SimpleNamespace(run=broken))
    assert suite._inside("maxsim", Settings(True, tmp_path), tmp_path / "result.json") == 0
    (figure,) = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert (figure["status"], figure["value"], figure["how"]) == ("error", None, "ValueError: no such thing")


def test_a_process_that_dies_is_an_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    (figure,) = suite._one("no benchmark", True, tmp_path)
    assert figure["status"] == "error"
    assert "ended with status 2" in figure["how"]


def test_targets_are_met_or_missed() -> None:
    assert figures.at_least("a", 0.9, 0.9, "×", "").status == "ok"
    assert figures.at_least("a", 0.89, 0.9, "×", "").status == "missed"
    assert figures.at_most("a", 3.0, 3.0, "×", "").status == "ok"
    assert figures.at_most("a", 3.1, 3.0, "×", "").status == "missed"
    assert figures.below("a", 50.0, 50.0, "ms", "").status == "missed"


def test_material_is_real_different_and_the_same_every_time(tmp_path: Path) -> None:
    first = material.write_folder(tmp_path / "a", 12)
    again = material.write_folder(tmp_path / "b", 12)
    further = material.write_folder(tmp_path / "c", 12, first.next_piece)
    assert first.files == again.files
    assert 12 <= first.n_passages < 24
    texts = {passage.text for file in first.files for passage in file}
    assert len(texts) == first.n_passages
    assert not texts & {passage.text for file in further.files for passage in file}
    assert 60 < first.mean_tokens <= 256


def test_windows_are_the_batches_that_indexing_commits(tmp_path: Path) -> None:
    passage = material.Passage("x", 3)
    files = tuple((passage,) * n for n in (2, 2, 1, 5, 1))
    made = material.Material(tmp_path, files, 0)
    assert [(number, len(batch)) for number, batch in made.windows(4)] == [(2, 4), (4, 6)]


def test_queries_are_different() -> None:
    asked = material.queries(30)
    assert len(set(asked)) == len(asked) == 30
