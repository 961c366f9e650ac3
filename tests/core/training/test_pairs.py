"""What training reads: whole lines are kept, the others named with a reason."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from rankscope.core.training.pairs import MOST_CHARACTERS, Pair, TrainingError, distinct, read_pairs, workspace_pairs
from rankscope.core.workspace import Workspace


def lines(*rows: object) -> str:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)


def test_good_lines_are_kept_and_bad_ones_named(tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    bad: list[object] = [
        "no json",
        [1],
        {"query": "", "positive": "b"},
        {"query": "a", "positive": "  "},
        {"query": 3, "positive": "b"},
        {"query": "a", "positive": "b" * (MOST_CHARACTERS + 1)},
        "[" * 100_000,
    ]
    good: list[object] = [{"query": " a ", "positive": "b", "title": "T"}, {"query": "c\u2028d", "positive": "e"}]
    file.write_text(lines(good[0], *bad, "", good[1]), "utf-8")
    pairs = read_pairs([file])
    assert pairs.pairs == (Pair("a", "T\nb", "mixed"), Pair("c\u2028d", "e", "mixed"))
    assert pairs.n_refused == len(bad) and len(pairs.refused) == 5
    assert pairs.refused[0] == "mixed.jsonl, line 2: it is no JSON"
    assert "“query” is empty" in pairs.refused[2] and "“positive” is empty" in pairs.refused[3]


def test_gzipped_and_limited_per_file(tmp_path: Path) -> None:
    rows = [{"query": f"q{i}", "positive": f"p{i}"} for i in range(9)]
    with gzip.open(tmp_path / "a.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write(lines(*rows))
    (tmp_path / "b.jsonl").write_text(lines(*rows), "utf-8")
    pairs = read_pairs([tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"], most=4)
    assert [pair.source for pair in pairs.pairs] == ["a"] * 4 + ["b"] * 4
    assert pairs.sha256 != read_pairs([tmp_path / "a.jsonl.gz"]).sha256


@pytest.mark.parametrize("content", [b"", b"{}\n", b"\x1f\x8b broken", b"\xff\xfe\x00"])
def test_a_file_without_pairs_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ("none.jsonl.gz" if content.startswith(b"\x1f") else "none.jsonl")
    file.write_bytes(content)
    with pytest.raises(TrainingError, match=r"none\.jsonl") as raised:
        read_pairs([file])
    assert raised.value.remedy
    with pytest.raises(TrainingError, match="missing"):
        read_pairs([tmp_path / "missing.jsonl"])


def test_a_workspace_gives_pairs_of_its_own(workspace: Workspace) -> None:
    pairs = workspace_pairs(workspace).pairs
    assert {pair.source for pair in pairs} == {"headings", "sentences"}
    for pair in pairs:
        assert pair.query.strip() and len(pair.passage) >= 100
        assert pair.source == "headings" or pair.query not in pair.passage, "the sentence is taken out of its passage"
    assert len(workspace_pairs(workspace, most=2).pairs) == 2


def test_distinct_keeps_the_order() -> None:
    assert distinct(["b", "a", "b"]) == (["b", "a"], [0, 1, 0])
