"""Sweeps in files, in the chart, under limits and in use."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from sweeps import made_outcome, made_sweep

from rankscope.app.models.sweep import SweepOutcome, SweepPlan, amount, outcome_of, recommend
from rankscope.app.models.sweep_files import load_sweep, save_sweep
from rankscope.app.models.sweep_plot import SIZE, TIME, axes, series
from rankscope.app.models.sweep_table import BUDGET, MARK, SortRole, SweepTableModel
from rankscope.app.models.sweep_use import use_of, use_text
from rankscope.app.theme import Theme
from rankscope.core.api import BUDGETS, RankscopeError, UsageError

OUTCOME = made_outcome()


def test_a_plan_counts_its_settings() -> None:
    plan = SweepPlan(Path("x"), codecs=("float16", "int8"), first_stages=("dense", "hybrid"), tokens=True)
    assert plan.settings == 24 and plan.budgets == BUDGETS
    assert replace(plan, budgets=()).settings == 4


# -- files -------------------------------------------------------------------------------------------------------------


def test_json_comes_back_as_it_was(tmp_path: Path) -> None:
    file = save_sweep(OUTCOME, tmp_path / "sweep.json")
    assert json.loads(file.read_text(encoding="utf-8")) == OUTCOME.found.as_json()
    again = load_sweep(file)
    assert again == OUTCOME and again.found == OUTCOME.found
    assert list(tmp_path.iterdir()) == [file], "something was left beside it"


def test_what_the_command_line_printed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "printed.txt"
    recommended = {"recommended": {"row": 1, "why": "because"}}
    file.write_text(json.dumps({**OUTCOME.found.as_json(), **recommended}), encoding="utf-8")
    assert load_sweep(file) == OUTCOME


def test_csv_has_a_line_for_every_setting(tmp_path: Path) -> None:
    file = save_sweep(OUTCOME, tmp_path / "Sweep.CSV")
    lines = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert len(lines) == len(OUTCOME.rows)
    for line, row in zip(lines, OUTCOME.rows, strict=True):
        budget = (int(line["r_q"]), int(line["r_c"])) if line["r_q"] else None
        assert (budget, line["codec"], line["first_stage"]) == (row.budget, row.codec, row.first_stage)
        assert float(line["nDCG@10"]) == row.quality and float(line["ms_p95"]) == row.p95
        assert int(line["bytes_per_passage"]) == row.bytes_per_passage and line["pareto"] == str(int(row.pareto))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"rows": 3}',
        '{"collection": "c", "passages": 1, "rows": []}',
        "\x00\xff",
        "[" * 100_000,
    ],
)
def test_what_is_no_sweep_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match="holds no sweep"):
        load_sweep(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [("metrics", {"R@100": 0.5}), ("metrics", {"nDCG@10": float("nan")}), ("budget", [1]), ("ms_per_query", {}),
     ("bytes_per_passage", "many"), ("metrics", None)],
)  # fmt: skip
def test_a_spoiled_row_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    values = OUTCOME.found.as_json()
    values["rows"][2][name] = value
    file = tmp_path / "spoiled.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(UsageError, match="holds no sweep"):
        load_sweep(file)


def test_files_that_cannot_be_reached_are_told(tmp_path: Path) -> None:
    with pytest.raises(RankscopeError, match="cannot be read"):
        load_sweep(tmp_path / "gone.json")
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "no folder" / "sweep.json", tmp_path / "file" / "sweep.json"):
        with pytest.raises(RankscopeError, match="cannot be written"):
            save_sweep(OUTCOME, place)


# -- chart -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("against", [TIME, SIZE])
def test_every_setting_is_one_point_with_its_row_as_key(against: str) -> None:
    shown = series(OUTCOME, against)
    keys = [key for one in shown for key in one.keys]
    assert sorted(keys) == list(range(len(OUTCOME.rows)))
    for one in shown:
        for place, key in enumerate(one.keys):
            row = OUTCOME.rows[key]
            assert one.ys[place] == row.quality and one.solid[place] == row.pareto
            assert one.xs[place] == (row.p50 if against == TIME else row.bytes_per_passage)
            assert row.codec in one.tips[place] and row.budget_text in one.tips[place]
    front = shown[0]
    assert front.joined and list(front.ys) == sorted(front.ys) and list(front.xs) == sorted(front.xs)
    x, y = axes(OUTCOME, against)
    assert y.title == "nDCG@10" and x.log  # 9 to 60 ms and 1.5 to 150 K


def test_the_front_against_time_is_not_that_against_size() -> None:
    fronts = {against: list(series(OUTCOME, against)[0].ys) for against in (TIME, SIZE)}
    assert fronts[TIME] == [0.41, 0.425, 0.43, 0.455, 0.46, 0.47]
    assert fronts[SIZE] == [0.41, 0.425, 0.43, 0.455, 0.46, 0.47]
    slow = replace(OUTCOME, rows=tuple(replace(row, p50=100.0 - row.p50) for row in OUTCOME.rows))
    assert len(series(slow, TIME)[0].ys) < 6


def test_the_legend_names_colours_and_shapes_once() -> None:
    names = [one.name for one in series(OUTCOME, TIME) if one.listed]
    assert names[1:-1] == ["float16", "int8", "dense", "lexical"]
    one_codec = SweepOutcome("c", 1, OUTCOME.rows[:3])
    assert [one.name for one in series(one_codec, TIME) if one.listed][1:2] == ["float16"]


# -- table -------------------------------------------------------------------------------------------------------------


def test_the_table_has_the_numbers_of_the_chart(theme: Theme) -> None:
    model = SweepTableModel(theme)
    QAbstractItemModelTester(model)
    model.set_outcome(OUTCOME)
    texts = [model.index(5, column).data() for column in range(1, model.columnCount())]
    assert texts == ["(16, 64)", "int8", "dense", "0.4550", "0.5550", "19.0", "28.5", "25,000"]
    assert model.index(9, BUDGET).data() == "all tokens"
    marks = [model.index(row, MARK).data() for row in range(model.rowCount())]
    assert [bool(mark) for mark in marks] == [row.pareto for row in OUTCOME.rows]
    model.recommend(4)
    assert model.index(4, MARK).data() == "★"
    assert "recommended" in str(model.index(4, MARK).data(Qt.ItemDataRole.AccessibleTextRole))
    assert model.index(9, BUDGET).data(SortRole) > model.index(2, BUDGET).data(SortRole)
    assert "Budget (16, 64)" in model.sentence(5) and "p95 ms 28.5" in model.sentence(5)


def test_rows_that_come_later_are_put_below(theme: Theme, qtbot: Any) -> None:
    model = SweepTableModel(theme)
    QAbstractItemModelTester(model)
    found: Any = made_sweep()
    model.set_outcome(outcome_of(replace(found, rows=found.rows[:4])))
    with qtbot.waitSignal(model.rowsInserted), qtbot.assertNotEmitted(model.modelReset):
        model.set_outcome(outcome_of(found))
    assert model.rowCount() == 10
    with qtbot.waitSignal(model.modelReset):
        model.set_outcome(outcome_of(replace(found, rows=found.rows[3:])))


# -- limits and use ----------------------------------------------------------------------------------------------------


def test_the_recommendation_is_the_engines() -> None:
    row, why = recommend(OUTCOME, 10, None)
    assert row == 1 and "7.0 MB" in why
    assert recommend(OUTCOME, None, 19.5)[0] == 5
    with pytest.raises(UsageError, match="within these limits"):
        recommend(OUTCOME, 0.1, None)


def test_limits_as_typed() -> None:
    assert [amount(text) for text in ("", " 20 ", "1.5", "1,5")] == [None, 20.0, 1.5, 1.5]
    for text in ("0", "-3", "many", "inf", "nan"):
        with pytest.raises(UsageError):
            amount(text)


def test_what_using_a_setting_means() -> None:
    info = FakeWorkspace().info()  # levels in float16
    pipelines = ("hybrid", "late", "dense", "lexical")
    rows = OUTCOME.rows
    plain = use_of(rows[1], info, pipelines)
    assert (plain.budget, plain.pipeline, plain.convert) == ((4, 8), "late", None)
    assert use_text(rows[1], plain, info, "late") == "In use: budget (4, 8), pipeline “late”."
    assert use_of(rows[4], info, pipelines).convert == ("levels", "int8")
    assert use_of(rows[9], info, pipelines).convert == ("tokens", "float16")
    lexical = use_of(rows[7], info, pipelines)
    assert lexical.pipeline is None and "“hybrid” stays" in use_text(rows[7], lexical, info, "hybrid")
    assert use_of(replace(rows[1], first_stage="plaid"), info, (*pipelines, "plaid")).pipeline == "plaid"
    assert use_of(rows[1], replace(info, codec="float16:abc"), ()).convert is None
    other = replace(rows[1], encoder="another")
    assert "another" in use_text(other, plain, info, "late")
