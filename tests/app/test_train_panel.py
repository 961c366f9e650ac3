"""The Train panel: reached, run on real pairs, stopped and gone on with, refused, looked at, copied, opened again."""

from __future__ import annotations

import json
import threading
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog

from rankscope.app.main_window import MainWindow
from rankscope.app.models.curve_table import FIRST_BUDGET, STEP
from rankscope.app.models.training import Curve, TrainPlan
from rankscope.app.panels.train import TrainPanel
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme
from rankscope.core import api
from rankscope.core.api import Progress

THINGS = ("kettle", "glacier", "violin", "yeast", "owl", "bridge", "lamp", "river", "clock", "stone")
DEEDS = ("made", "kept", "measured")
STEPS = {"steps": "4", "every": "2", "batch": "4", "rank": "4"}


def write_pairs(file: Path, *more: str) -> Path:
    """Thirty pairs, and lines that may be none."""
    pairs = [
        {"query": f"how is a {thing} {deed}", "positive": f"A {thing} is {deed} by hand in the {n}th house of the row."}
        for n, thing in enumerate(THINGS)
        for deed in DEEDS
    ]
    file.write_text("\n".join([*map(json.dumps, pairs), *more]), encoding="utf-8")
    return file


def write_note(folder: Path, *, points: int = 3, complete: bool = True) -> Path:
    """What lies beside trained meta tokens."""
    folder.mkdir(parents=True)
    curve = [
        {
            "step": 250 * n,
            "loss": [2.0, *(1.9 - 0.1 * n - 0.05 * budget for budget in range(4))],
            "mrr": [0.7, *(0.7 + 0.01 * n + 0.01 * budget for budget in range(4))],
            "seconds": 61.0 * n,
        }
        for n in range(1, points + 1)
    ]
    file = folder / "training.json"
    file.write_text(json.dumps({"curve": curve, "settings": {"steps": 750}, "pairs": {"sources": {"a": 40, "b": 60}}}))
    if complete:
        (folder / "model.safetensors").write_bytes(b"weights")
    return file


@pytest.fixture
def panel(opened: Session, theme: Theme, settings: Settings, qtbot: Any) -> TrainPanel:
    """The panel alone, with a workspace open. (The first test below reaches it in the window.)"""
    panel = TrainPanel(opened, theme)
    qtbot.addWidget(panel)
    panel.resize(1380, 460)
    panel.show()
    qtbot.waitUntil(lambda: panel.setup.fields["steps"].placeholderText() != "", timeout=30_000)
    return panel


@pytest.fixture
def told(panel: TrainPanel) -> list[str]:
    """What the banner would say."""
    messages: list[str] = []
    panel.session.failed.connect(lambda message, remedy, details: messages.append(f"{message} {remedy}"))
    return messages


@pytest.fixture
def ready(panel: TrainPanel, tmp_path: Path) -> TrainPanel:
    """The panel with thirty pairs and four steps in its form."""
    panel.setup.source.add_files([write_pairs(tmp_path / "pairs.jsonl")])
    panel.setup.output.setText(str(tmp_path / "learned"))
    for name, text in STEPS.items():
        panel.setup.fields[name].setText(text)
    return panel


@pytest.fixture
def filled(panel: TrainPanel, tmp_path: Path, qtbot: Any) -> TrainPanel:
    """The panel with a curve that was loaded from a file."""
    panel.trainer.load(write_note(tmp_path / "earlier"))
    qtbot.waitUntil(lambda: panel.trainer.outcome is not None)
    return panel


def column(panel: TrainPanel, number: int) -> list[str]:
    model = panel.table.model()
    return [model.index(row, number).data() for row in range(model.rowCount())]


def lines(panel: TrainPanel) -> list[list[float]]:
    return [list(one.ys) for one in panel.plot.series]


# -- reaching it -------------------------------------------------------------------------------------------------------


def test_the_menu_leads_to_it_and_what_was_trained_last_is_there(searched: MainWindow, qtbot: Any) -> None:
    for name in ("view.search", "view.inspect"):
        searched.actions_by_id[name].trigger()
        assert not searched.docks["train"].isVisible()
    searched.activateWindow()
    qtbot.waitUntil(searched.isActiveWindow)
    searched.actions_by_id["evaluate.train"].trigger()
    panel = searched.docks["train"].panel
    assert searched.layouts.current == "evaluate" and panel is not None and panel.isVisible()
    assert panel.setup.source.from_files.hasFocus()


def test_an_unfinished_training_is_remembered(window: MainWindow, settings: Settings, tmp_path: Path) -> None:
    plan = TrainPlan(tmp_path / "out", (tmp_path / "a.jsonl",), values={"steps": 9, "rate": 0.002}, most=50)
    settings.train_plan = plan.as_text()
    settings.train_unfinished = True
    panel = window.docks["train"].panel
    window.train_actions.follow(panel)
    assert panel.setup.plan == plan == window.session.trainer.unfinished
    assert panel.setup.run_button.text() == "Go on" and panel.setup.run_button.isEnabled()
    panel.setup.fields["seed"].setText("3")
    assert panel.setup.run_button.text() == "Train"
    window.session.trainer.set_unfinished(None)
    assert not settings.train_unfinished


# -- the form ----------------------------------------------------------------------------------------------------------


def test_the_form_says_what_is_lacking(panel: TrainPanel, tmp_path: Path) -> None:
    setup = panel.setup
    assert setup.summary.text() == "Add a file." and not setup.run_button.isEnabled()
    setup.source.add_files([tmp_path / "a.jsonl", tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"])
    assert setup.plan.files == (tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz")
    assert setup.run_button.isEnabled() and setup.output.text().endswith("meta-tokens")
    setup.output.clear()
    assert setup.summary.text() == "Choose a folder to keep it in."
    setup.output.setText(str(tmp_path))
    setup.fields["rate"].setText("fast")
    assert "no number" in setup.summary.text() and not setup.run_button.isEnabled()
    setup.fields["rate"].setText("0,002")
    assert setup.plan.values == {"rate": 0.002} and "1 changed" in setup.fold.text()


def test_the_usual_settings_are_the_engines_and_folded(panel: TrainPanel) -> None:
    usual = api.TrainSettings()
    assert panel.setup.fields["batch"].placeholderText() == str(usual.batch)
    assert float(panel.setup.fields["rate"].placeholderText()) == usual.rate
    assert panel.setup.fields["steps"].isVisible() and not panel.setup.fields["rate"].isVisible()
    panel.setup.fold.click()
    assert panel.setup.fields["rate"].isVisible()


def test_files_are_chosen_dropped_and_removed(
    panel: TrainPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    source = panel.setup.source
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: ([str(tmp_path / "one.jsonl")], ""))
    source.add_button.click()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("two.jsonl.gz", "picture.png")])
    panel.setup.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert [file.name for file in source.files] == ["one.jsonl", "two.jsonl.gz"]
    assert not source.remove_button.isEnabled()
    source.list.item(0).setSelected(True)
    source.remove_button.click()
    assert [file.name for file in source.files] == ["two.jsonl.gz"]


def test_own_documents_need_a_workspace(panel: TrainPanel, workspace: Any) -> None:
    assert panel.setup.source.from_workspace.isEnabled()
    panel.setup.source.from_workspace.click()
    plan = panel.setup.plan
    assert plan.files == () and plan.workspace == Path(workspace.path)
    assert panel.setup.run_button.isEnabled()
    panel.session._leave_workspace()
    assert not panel.setup.source.from_workspace.isEnabled() and not panel.setup.run_button.isEnabled()


# -- training, for real ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_from_the_first_click_to_the_last_point(ready: TrainPanel, told: list[str], tmp_path: Path, qtbot: Any) -> None:
    setup = ready.setup
    write_pairs(tmp_path / "pairs.jsonl", "no json", '{"query": "", "positive": "x"}')
    notices: list[str] = []
    ready.session.noticed.connect(notices.append)
    counts: list[int] = []
    ready.trainer.outcomeChanged.connect(lambda: counts.append(ready.table.model().rowCount()))
    said: list[str] = []
    ready.trainer.changed.connect(lambda: said.append(setup.progress.text()))
    qtbot.mouseClick(setup.run_button, Qt.MouseButton.LeftButton)
    assert setup.stop_button.isVisible() and not setup.run_button.isVisible() and setup.bar.isVisible()
    assert ready.notice.isVisible() and not ready.open_button.isEnabled()
    qtbot.waitUntil(lambda: not ready.trainer.active, timeout=180_000)
    assert told == []
    assert column(ready, STEP) == ["2", "4"] and counts[-1] == 2
    curve = ready.trainer.outcome
    assert curve is not None
    assert lines(ready) == [[point.loss[budget] for point in curve.points] for budget in range(5)]
    assert any("/ 4 steps" in text for text in said), said
    assert "2 lines were left out" in ready.left_out.text() and "line 31" in ready.left_out.text()
    folder = tmp_path / "learned"
    assert curve.folder == folder and (folder / "model.safetensors").is_file()
    assert str(folder) in ready.result.where.text() and notices == [f"The training is done: {folder}."]
    ready.result.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith(f"rankscope switch {folder} --workspace ")
    assert not setup.run_button.isEnabled() and "another folder" in setup.summary.text()
    ready.trainer.load(folder / "training.json")
    qtbot.waitUntil(lambda: ready.trainer.outcome is not curve)
    again = ready.trainer.outcome
    assert again.points == curve.points and again.folder == folder and again.pairs == 30


@pytest.mark.slow
def test_stopped_and_gone_on_with(
    ready: TrainPanel, told: list[str], monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    setup, train = ready.setup, api.train
    stopped = threading.Event()

    def train_to_the_first_point(*args: Any, found: Any, cancelled: Any, **more: Any) -> Any:
        return train(
            *args, found=lambda point: (found(point), stopped.set()), cancelled=lambda: stopped.is_set(), **more
        )

    monkeypatch.setitem(vars(api), "train", train_to_the_first_point)
    setup.run_button.click()
    qtbot.waitUntil(lambda: not ready.trainer.active, timeout=180_000)
    assert told == [] and column(ready, STEP) == ["2"] and not ready.result.isVisible()
    first = ready.trainer.outcome.points
    assert setup.run_button.text() == "Go on" and setup.run_button.isEnabled()
    monkeypatch.delitem(vars(api), "train")
    setup.run_button.click()
    qtbot.waitUntil(lambda: not ready.trainer.active, timeout=180_000)
    assert told == [] and column(ready, STEP) == ["2", "4"]
    assert ready.trainer.outcome.points[:1] == first
    assert ready.trainer.unfinished is None and ready.result.isVisible()


@pytest.mark.slow
def test_the_stop_button_stops(ready: TrainPanel, qtbot: Any) -> None:
    ready.setup.fields["steps"].setText("100000")
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: ready.table.model().rowCount() > 0 or not ready.trainer.active, timeout=180_000)
    qtbot.mouseClick(ready.setup.stop_button, Qt.MouseButton.LeftButton)
    assert ready.setup.progress.text() == "Stopping…"
    qtbot.waitUntil(lambda: not ready.trainer.active, timeout=30_000)
    assert ready.table.model().rowCount() > 0 and ready.setup.run_button.text() == "Go on"
    assert "of 100,000 steps" in ready.title.text()


@pytest.mark.slow
def test_own_documents_are_learned_from(
    ready: TrainPanel, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    folder = tmp_path / "things"
    folder.mkdir()
    for thing, deed in product(THINGS, DEEDS):
        (folder / f"{thing} {deed}.md").write_text(
            f"# How a {thing} is {deed}\n\nA {thing} is {deed} slowly, by hand and with much care. "
            f"Whoever has seen it once knows what the {thing} of a neighbour is worth. It lasts for a hundred years.\n"
        )
    with api.Workspace.open(tmp_path / "own", create=True) as own:
        own.index([folder])
        monkeypatch.setattr(ready.session, "workspace", own)
        ready.setup.source.from_workspace.click()
        ready.setup.run_button.click()
        qtbot.waitUntil(lambda: not ready.trainer.active, timeout=180_000)
        assert told == [] and column(ready, STEP) == ["2", "4"]
        assert 20 <= ready.trainer.outcome.pairs <= 2 * len(THINGS) * len(DEEDS)  # a heading and a sentence of each


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "said"), [("", "no pair to train from"), ("nonsense\n{}", "no JSON")])
def test_a_file_without_pairs_is_told(
    ready: TrainPanel, told: list[str], tmp_path: Path, qtbot: Any, text: str, said: str
) -> None:
    (tmp_path / "pairs.jsonl").write_text(text)
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    assert said in told[0] and "JSON object" in told[0]
    assert not ready.trainer.active and ready.setup.run_button.text() == "Train"
    assert ready.setup.run_button.isEnabled() and ready.notice.isVisible()


def test_senseless_settings_and_too_few_pairs_are_told(
    ready: TrainPanel, told: list[str], tmp_path: Path, qtbot: Any
) -> None:
    ready.setup.fields["batch"].setText("1")
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: len(told) == 1, timeout=30_000)
    assert "batch is 1" in told[0]
    ready.setup.fields["batch"].clear()
    ready.setup.fields["most"].setText("5")
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: len(told) == 2, timeout=30_000)
    assert "too few" in told[1] and ready.trainer.unfinished is None


def test_a_folder_that_holds_something_is_left_alone(
    ready: TrainPanel, told: list[str], tmp_path: Path, qtbot: Any
) -> None:
    (tmp_path / "learned").mkdir()
    (tmp_path / "learned" / "model.safetensors").write_bytes(b"in use")
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: bool(told), timeout=30_000)
    assert "no empty folder" in told[0]
    assert [file.name for file in (tmp_path / "learned").iterdir()] == ["model.safetensors"]


def test_it_waits_for_a_sweep_and_says_so(ready: TrainPanel, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    gate, begun = threading.Event(), threading.Event()

    def slow(*args: Any) -> None:
        begun.set()
        gate.wait(10)
        raise api.Cancelled

    monkeypatch.setattr("rankscope.app.sweeping.measure", slow)
    monkeypatch.setattr("rankscope.app.training.train", lambda *args: Curve(4, 30, folder=Path("/somewhere")))
    ready.session.sweeper.start(object())
    qtbot.waitUntil(begun.is_set)
    ready.setup.run_button.click()
    assert "Waits" in ready.setup.progress.text()
    gate.set()
    qtbot.waitUntil(lambda: not ready.trainer.active)
    assert ready.trainer.outcome == Curve(4, 30, folder=Path("/somewhere"))


def test_closing_the_session_ends_a_training(ready: TrainPanel, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    def endless(plan: Any, workspace: Any, so_far: Any, report: Any, cancelled: Any) -> None:
        while not cancelled():
            report(Progress(1, 4, "meta tokens", "steps"))
        raise api.Cancelled

    monkeypatch.setattr("rankscope.app.training.train", endless)
    ready.setup.run_button.click()
    qtbot.waitUntil(lambda: ready.trainer.unfinished is not None)
    assert ready.session.close(10)


# -- looking at it -----------------------------------------------------------------------------------------------------


def test_loss_or_quality(filled: TrainPanel) -> None:
    assert column(filled, FIRST_BUDGET + 1) == ["1.8000", "1.7000", "1.6000"]
    assert lines(filled)[1] == pytest.approx([1.8, 1.7, 1.6])
    filled.mrr_button.click()
    assert column(filled, FIRST_BUDGET + 1) == ["0.7100", "0.7200", "0.7300"]
    assert lines(filled)[4] == pytest.approx([0.74, 0.75, 0.76])
    assert "750 steps in 3:03" in filled.title.text() and "100 pairs" in filled.title.text()
    assert "0.7600 at (16, 64), 0.7000 at (1, 1)" in filled.title.text()


def test_table_and_curves_have_one_selection(filled: TrainPanel, qtbot: Any) -> None:
    filled.table.setCurrentIndex(filled.table.model().index(1, FIRST_BUDGET + 4))
    spot = filled.plot.spot_of(filled.plot.selected)
    assert spot is not None and spot.tip.startswith("(16, 64) after 500 steps")
    other = filled.plot.spot_of(2)
    assert other is not None
    qtbot.mouseClick(filled.plot, Qt.MouseButton.LeftButton, pos=other.at.toPoint())
    current = filled.table.currentIndex()
    assert (current.row(), current.column()) == (0, FIRST_BUDGET + 2)
    filled.mrr_button.click()
    assert filled.table.currentIndex() == current and filled.plot.selected == 2
    filled.table.setCurrentIndex(filled.table.model().index(1, STEP))
    assert filled.plot.selected == -1


def test_copied_as_a_table(filled: TrainPanel, qtbot: Any) -> None:
    filled.copy_button.click()
    rows = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert rows[0][0] == "step" and rows[0][6] == "mrr (1,1)" and len(rows) == 4
    assert [float(value) for value in rows[1]] == pytest.approx(
        [250, 2.0, 1.8, 1.75, 1.7, 1.65, 0.7, 0.71, 0.72, 0.73, 0.74, 61]
    )
    filled.table.selectColumn(FIRST_BUDGET)
    filled.table.setFocus()
    qtbot.keyClick(filled.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().splitlines() == ["(1, 1)", "2.0000", "2.0000", "2.0000"]


def test_another_file_is_refused_and_what_was_there_stays(
    filled: TrainPanel, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    before = filled.trainer.outcome
    for name, text in (("a.json", "{}"), ("b.json", '{"curve": [{"step": 1, "loss": [1], "mrr": [1], "seconds": 1}]}')):
        (tmp_path / name).write_text(text)
        told.clear()
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args, n=name: (str(tmp_path / n), ""))
        filled.open_button.click()
        qtbot.waitUntil(lambda: bool(told))
        assert "holds no curve" in told[0] and filled.trainer.outcome is before
    assert filled.result.isVisible()


def test_a_curve_without_its_weights_names_no_folder(panel: TrainPanel, tmp_path: Path, qtbot: Any) -> None:
    panel.trainer.load(write_note(tmp_path / "bare", complete=False))
    qtbot.waitUntil(lambda: panel.trainer.outcome is not None)
    assert panel.table.isVisible() and not panel.result.isVisible()


def test_train_panel_in_both_themes_and_any_size(filled: TrainPanel, theme: Theme) -> None:
    light = filled.grab().toImage()
    theme.set_mode("dark")
    assert filled.grab().toImage() != light
    for size in ((500, 200), (1_900, 900)):
        filled.resize(*size)
        assert not filled.grab().isNull()
