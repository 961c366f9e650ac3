"""The Sweep panel: reached, run on a real collection, stopped, refused, looked at, used, saved and opened again."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from rankscope.app.dialogs.convert import ConvertDialog
from rankscope.app.main_window import MainWindow
from rankscope.app.models.sweep import SweepOutcome, outcome_of
from rankscope.app.models.sweep_table import BUDGET, METRICS
from rankscope.app.panels.sweep import SweepPanel
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme
from rankscope.core import api
from rankscope.core.api import BUDGETS, Budget

ENTRIES = {
    "kettle": "An electric kettle boils a litre of water in about three minutes.",
    "glacier": "A glacier is a river of ice that moves a few metres every year.",
    "iceberg": "An iceberg has broken off a glacier and floats in the sea.",
    "violin": "The violin has four strings that are tuned in fifths and played with a bow.",
    "yeast": "Yeast ferments sugar and makes the gas that raises bread dough.",
    "owl": "The barn owl hears a mouse under the snow and flies without a sound.",
}
QUERIES = {"q1": "how fast does water boil", "q2": "ice floating in the ocean", "q3": "what makes dough rise"}
QRELS = {"q1": "kettle", "q2": "iceberg", "q3": "yeast"}


def write_collection(folder: Path, *, judged: bool = True) -> Path:
    folder.mkdir(parents=True)
    entries = [json.dumps({"_id": name, "title": "", "text": text}) for name, text in ENTRIES.items()]
    (folder / "corpus.jsonl").write_text("\n".join(entries), encoding="utf-8")
    queries = [json.dumps({"_id": name, "text": text}) for name, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(queries), encoding="utf-8")
    if judged:
        (folder / "qrels").mkdir()
        lines = ["query-id\tcorpus-id\tscore", *(f"{query}\t{entry}\t1" for query, entry in QRELS.items())]
        (folder / "qrels" / "test.tsv").write_text("\n".join(lines), encoding="utf-8")
    return folder


def row(budget: tuple[int, int] | None, codec: str, stage: str, quality: float, ms: float, size: int) -> Any:
    return api.SweepRow("fake", budget, codec, stage, {"nDCG@10": quality}, (ms, 2 * ms), size)


@pytest.fixture(scope="module")
def outcome() -> SweepOutcome:
    rows = (
        row((1, 1), "float16", "dense", 0.40, 10.0, 1_600),
        row((4, 8), "float16", "dense", 0.43, 12.0, 7_000),
        row((16, 64), "float16", "hybrid", 0.46, 20.0, 49_000),
        row((16, 64), "int8", "dense", 0.45, 19.0, 25_000),
        row((8, 16), "float16", "lexical", 0.41, 15.0, 13_000),
        row(None, "float16", "dense", 0.42, 60.0, 150_000),
    )
    return outcome_of(api.Sweep("small", 1_000, rows))


@pytest.fixture
def panel(opened: Session, theme: Theme, qtbot: Any) -> SweepPanel:
    """The panel alone, with a workspace open. (The first test below reaches it in the window.)"""
    panel = SweepPanel(opened, theme)
    qtbot.addWidget(panel)
    panel.resize(1380, 460)
    panel.show()
    qtbot.waitUntil(lambda: len(panel.setup.first_stages) > 1)
    return panel


@pytest.fixture
def told(panel: SweepPanel) -> list[str]:
    """What the banner would say."""
    messages: list[str] = []
    panel.session.failed.connect(lambda message, remedy, details: messages.append(f"{message} {remedy}"))
    return messages


@pytest.fixture
def filled(panel: SweepPanel, outcome: SweepOutcome, tmp_path: Path, qtbot: Any) -> SweepPanel:
    """The panel with a sweep that was loaded from a file."""
    file = tmp_path / "made.json"
    file.write_text(json.dumps(outcome.found.as_json()), encoding="utf-8")
    panel.sweeper.load(file)
    qtbot.waitUntil(lambda: panel.sweeper.outcome is not None)
    return panel


def texts(panel: SweepPanel, column: int) -> list[str]:
    model = panel.table.model()
    return [model.index(place, column).data() for place in range(model.rowCount())]


# -- reaching it -------------------------------------------------------------------------------------------------------


def test_it_is_out_of_the_analysts_way(searched: MainWindow) -> None:
    for name in ("view.search", "view.inspect"):
        searched.actions_by_id[name].trigger()
        assert not searched.docks["sweep"].isVisible()


def test_the_menu_leads_to_it(searched: MainWindow, settings: Settings, qtbot: Any) -> None:
    menu = next(menu for menu in searched.menus if "Evaluate" in menu.title())
    names = [action.objectName() for action in menu.actions() if not action.isSeparator()]
    assert names[:2] == ["evaluate.sweep", "evaluate.open-sweep"]
    searched.activateWindow()
    qtbot.waitUntil(searched.isActiveWindow)
    menu.actions()[0].trigger()
    panel = searched.docks["sweep"].panel
    assert searched.layouts.current == "evaluate" and panel is not None and panel.isVisible()
    assert panel.setup.folder.hasFocus()
    assert not searched.docks["library"].isVisible() and searched.query.isVisible()
    assert searched.docks["sweep"].height() > 300
    panel.setup.set_folder(Path("/gone"))
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: searched.banner.isVisible(), timeout=60_000)
    assert "does not exist" in searched.banner.text() and settings.sweep_folder == "/gone"
    panel.convertRequested.emit("tokens", "int8")
    dialog = searched.findChild(ConvertDialog)
    assert dialog is not None and dialog.isVisible()
    qtbot.waitUntil(lambda: dialog.codec == "int8")
    assert dialog.kind == "tokens" and not dialog.convert_button.isEnabled()  # it learns, and reads float16 alone


def test_measuring_needs_no_workspace(window: MainWindow, outcome: SweepOutcome) -> None:
    assert window.pages.currentWidget() is window.welcome
    window.show_evaluate_layout()
    assert window.docks["sweep"].isVisible()
    window.show_search_layout()
    assert window.pages.currentWidget() is window.welcome
    window.show_evaluate_layout()
    panel = window.docks["sweep"].panel
    assert isinstance(panel, SweepPanel)
    panel.sweeper._show(outcome)
    panel.table.choose(1)
    assert not panel.use_button.isEnabled()
    panel.use(1)
    assert "Open a workspace" in panel.said.text()


def test_everything_has_a_name(filled: SweepPanel) -> None:
    fields = (filled.setup.folder, filled.setup.split, filled.setup.candidates, filled.setup.more_codecs)
    limits = (filled.limits.megabytes, filled.limits.milliseconds)
    for widget in (*fields, *limits, filled.table, filled.plot, filled.setup.bar):
        assert widget.accessibleName()


# -- what to measure ---------------------------------------------------------------------------------------------------


def test_the_form_begins_with_the_usual_and_offers_what_the_engine_has(panel: SweepPanel) -> None:
    setup = panel.setup
    assert tuple(setup.first_stages) == tuple(api.FIRST_STAGES)
    setup.set_folder(Path("/data/cisi"))
    plan = setup.plan
    assert (plan.budgets, plan.codecs, plan.first_stages) == (BUDGETS, ("float16",), ("dense",))
    assert (plan.split, plan.depth, plan.tokens) == ("", 1_000, False)
    assert setup.summary.text() == "5 settings" and setup.run_button.isEnabled()
    setup.budgets[Budget(1, 1)].click()
    setup.codecs["int8"].click()
    setup.first_stages["hybrid"].click()
    setup.tokens.click()
    setup.more_codecs.setText("pca192+int8, int8,")
    assert setup.plan.codecs == ("float16", "int8", "pca192+int8")
    assert setup.summary.text() == "30 settings"


def test_what_is_missing_is_said(panel: SweepPanel) -> None:
    setup = panel.setup
    setup.folder.clear()
    assert not setup.run_button.isEnabled() and "collection" in setup.summary.text()
    setup.set_folder(Path("/data/cisi"))
    setup.codecs["float16"].click()
    assert not setup.run_button.isEnabled() and "codec" in setup.summary.text()
    setup.codecs["float16"].click()
    setup.candidates.clear()
    assert not setup.run_button.isEnabled()


def test_a_folder_is_chosen_or_dropped(panel: SweepPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "chosen"))
    panel.setup.choose_button.click()
    assert panel.setup.plan.folder == tmp_path / "chosen"
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    panel.setup.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert panel.setup.plan.folder == tmp_path


# -- measuring, for real -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_from_the_first_click_to_the_last_row(
    panel: SweepPanel, told: list[str], tmp_path: Path, qtbot: Any
) -> None:
    setup = panel.setup
    setup.set_folder(write_collection(tmp_path / "six"))
    notices: list[str] = []
    panel.session.noticed.connect(notices.append)
    for budget in BUDGETS[1:4]:
        setup.budgets[budget].click()
    setup.codecs["int8"].click()
    counts: list[int] = []
    panel.sweeper.outcomeChanged.connect(lambda: counts.append(panel.table.model().rowCount()))
    said: list[str] = []
    panel.sweeper.changed.connect(lambda: said.append(setup.progress.text()))
    qtbot.mouseClick(setup.run_button, Qt.MouseButton.LeftButton)
    assert setup.stop_button.isVisible() and not setup.run_button.isVisible() and setup.bar.isVisible()
    assert not panel.open_button.isEnabled()
    qtbot.waitUntil(lambda: not panel.sweeper.active, timeout=60_000)
    assert told == []
    found = panel.sweeper.outcome
    assert found is not None and (found.collection, found.passages, len(found.rows)) == ("six", 6, 4)
    assert counts[-1] == 4 and len(counts) > 1 and counts == sorted(counts)
    assert any("/ 4 settings" in text for text in said), said
    assert setup.run_button.isVisible() and not setup.bar.isVisible()
    assert texts(panel, BUDGET) == ["(1, 1)", "(16, 64)"] * 2
    assert [float(text) for text in texts(panel, METRICS)] == [round(one.quality, 4) for one in found.rows]
    assert "six" in panel.title.text() and "4 settings" in panel.title.text()
    assert notices == ["The sweep is done: 4 settings on six."]


@pytest.mark.slow
def test_stopping_keeps_what_was_measured(panel: SweepPanel, tmp_path: Path, qtbot: Any) -> None:
    panel.setup.set_folder(write_collection(tmp_path / "six"))
    for box in panel.setup.codecs.values():
        box.setChecked(True)
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: panel.sweeper.outcome is not None or not panel.sweeper.active, timeout=60_000)
    qtbot.mouseClick(panel.setup.stop_button, Qt.MouseButton.LeftButton)
    assert panel.setup.progress.text() == "Stopping…"
    qtbot.waitUntil(lambda: not panel.sweeper.active, timeout=30_000)
    found = panel.sweeper.outcome
    assert found is not None and 0 < len(found.rows) < 40
    assert panel.table.model().rowCount() == len(found.rows)
    assert panel.save_button.isEnabled()


def test_a_folder_without_judgments_is_told(panel: SweepPanel, told: list[str], tmp_path: Path, qtbot: Any) -> None:
    panel.setup.set_folder(write_collection(tmp_path / "bare", judged=False))
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert "holds no judgments" in told[0]
    assert not panel.sweeper.active and panel.setup.run_button.isEnabled()


@pytest.mark.parametrize(("field", "text", "said"), [("more_codecs", "gzip", "gzip"), ("split", "dev", "no split")])
def test_what_the_engine_refuses_is_told(
    panel: SweepPanel, told: list[str], tmp_path: Path, qtbot: Any, field: str, text: str, said: str
) -> None:
    panel.setup.set_folder(write_collection(tmp_path / "six"))
    getattr(panel.setup, field).setText(text)
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert said in told[0]


def test_a_second_sweep_waits_for_the_first(panel: SweepPanel, monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> None:
    gate = threading.Event()
    begun: list[int] = []

    def slow(*args: Any) -> None:
        begun.append(1)
        gate.wait(10)
        raise api.Cancelled

    monkeypatch.setattr("rankscope.app.sweeping.measure", slow)
    panel.setup.set_folder(Path("/data/cisi"))
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: bool(begun))
    panel.setup.run()
    panel.sweeper.start(panel.setup.plan)
    gate.set()
    qtbot.waitUntil(lambda: not panel.sweeper.active)
    assert begun == [1]


def test_closing_the_session_ends_a_sweep(panel: SweepPanel, tmp_path: Path, qtbot: Any) -> None:
    panel.setup.set_folder(write_collection(tmp_path / "six"))
    panel.setup.tokens.click()
    panel.setup.run_button.click()
    qtbot.waitUntil(lambda: panel.sweeper.activity is not None, timeout=60_000)
    assert panel.session.close(10)


# -- looking at it -----------------------------------------------------------------------------------------------------


def test_table_and_chart_have_one_selection(filled: SweepPanel, qtbot: Any) -> None:
    filled.table.choose(3)
    assert filled.plot.selected == 3
    spot = filled.plot.spot_of(1)
    assert spot is not None
    qtbot.mouseClick(filled.plot, Qt.MouseButton.LeftButton, pos=spot.at.toPoint())
    assert filled.table.chosen_row == 1
    qtbot.keyClick(filled.table, Qt.Key.Key_Down)
    assert filled.plot.selected == 2
    qtbot.keyClick(filled.plot, Qt.Key.Key_Home)
    assert filled.table.chosen_row == filled.plot.selected == 0


def test_sorting_keeps_the_selection_and_the_numbers_of_rows(filled: SweepPanel) -> None:
    filled.table.choose(3)
    filled.table.sortByColumn(METRICS, Qt.SortOrder.DescendingOrder)
    assert texts(filled, METRICS) == ["0.4600", "0.4500", "0.4300", "0.4200", "0.4100", "0.4000"]
    assert filled.table.chosen_row == filled.plot.selected == 3
    filled.table.sortByColumn(BUDGET, Qt.SortOrder.AscendingOrder)
    assert texts(filled, BUDGET) == ["(1, 1)", "(4, 8)", "(8, 16)", "(16, 64)", "(16, 64)", "all tokens"]


def test_the_chart_is_against_time_or_size(filled: SweepPanel) -> None:
    def across() -> list[float]:
        return [x for one in filled.plot.series if one.keys for x in one.xs]

    assert sorted(across()) == [10.0, 12.0, 15.0, 19.0, 20.0, 60.0]
    filled.size_button.click()
    assert sorted(across()) == [1_600, 7_000, 13_000, 25_000, 49_000, 150_000]


def test_a_limit_gives_a_recommendation_and_its_reason(filled: SweepPanel) -> None:
    filled.limits.megabytes.setText("30")
    assert "(16,64) int8 dense" in filled.limits.why.text() and "25.0 MB" in filled.limits.why.text()
    assert filled.table.chosen_row == 3 and filled.table.model_of_rows.index(3, 0).data() == "★"
    filled.limits.milliseconds.setText("12,5")
    assert filled.table.chosen_row == 1
    filled.limits.megabytes.setText("0.1")
    assert "No setting is within these limits" in filled.limits.why.text()
    assert filled.table.model_of_rows.index(1, 0).data() == "●"
    filled.limits.megabytes.setText("much")
    assert "no limit" in filled.limits.why.text()


# -- using it ----------------------------------------------------------------------------------------------------------


def test_a_setting_is_used_by_its_button(filled: SweepPanel) -> None:
    assert not filled.use_button.isEnabled()
    filled.table.choose(1)
    filled.use_button.click()
    assert filled.session.budget == Budget(4, 8) and filled.session.pipeline == "late"
    assert "In use: budget (4, 8), pipeline “late”" in filled.said.text()
    assert not filled.convert_button.isVisible()


def test_a_point_is_used_by_double_click_and_a_row_by_enter(
    filled: SweepPanel, workspace: FakeWorkspace, qtbot: Any
) -> None:
    session = filled.session
    session.search("blades")
    spot = filled.plot.spot_of(2)
    assert spot is not None
    qtbot.mouseDClick(filled.plot, Qt.MouseButton.LeftButton, pos=spot.at.toPoint())
    assert session.pipeline == "hybrid" and session.budget == Budget(16, 64)
    filled.table.setFocus()
    filled.table.choose(0)
    qtbot.keyClick(filled.table, Qt.Key.Key_Return)
    assert session.budget == Budget(1, 1)
    qtbot.waitUntil(lambda: workspace.budgets[-1:] == [Budget(1, 1)])


def test_another_codec_is_offered_as_a_conversion(filled: SweepPanel, qtbot: Any) -> None:
    filled.use(3)
    assert "float16" in filled.said.text() and "levels in int8" in filled.said.text()
    for row_number, wanted in ((3, ["levels", "int8"]), (5, ["tokens", "float16"])):
        filled.use(row_number)
        with qtbot.waitSignal(filled.convertRequested) as asked:
            qtbot.mouseClick(filled.convert_button, Qt.MouseButton.LeftButton)
        assert asked.args == wanted


def test_a_first_stage_without_a_pipeline_leaves_the_pipeline(filled: SweepPanel) -> None:
    before = filled.session.pipeline
    filled.use(4)
    assert filled.session.pipeline == before and "stays" in filled.said.text()
    assert filled.session.budget == Budget(8, 16)


# -- files -------------------------------------------------------------------------------------------------------------


def test_saved_and_opened_again(
    filled: SweepPanel, outcome: SweepOutcome, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    for name, chosen, written in (
        ("one", "JSON (*.json)", "one.json"),
        ("two", "CSV table (*.csv)", "two.csv"),
        ("three.csv", "JSON (*.json)", "three.csv"),
    ):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a, n=name, c=chosen: (str(tmp_path / n), c))
        with qtbot.waitSignal(filled.sweeper.saved):
            filled.save_button.click()
        assert (tmp_path / written).is_file() and written in filled.said.text()
    assert json.loads((tmp_path / "one.json").read_text(encoding="utf-8")) == outcome.found.as_json()
    assert (tmp_path / "two.csv").read_bytes() == (tmp_path / "three.csv").read_bytes()
    filled.sweeper._show(None)
    assert filled.notice.isVisible() and filled.notice.button.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(tmp_path / "one.json"), ""))
    filled.notice.button.click()
    qtbot.waitUntil(lambda: filled.sweeper.outcome == outcome)
    assert filled.table.isVisible() and filled.table.model().rowCount() == 6


def test_another_file_is_refused_and_what_was_there_stays(
    filled: SweepPanel, told: list[str], outcome: SweepOutcome, tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    (tmp_path / "notes.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: (str(tmp_path / "notes.json"), ""))
    filled.open_button.click()
    qtbot.waitUntil(lambda: bool(told))
    assert "holds no sweep" in told[0] and filled.sweeper.outcome == outcome


def test_a_place_that_cannot_be_written_is_told(
    filled: SweepPanel, told: list[str], tmp_path: Path, monkeypatch: Any, qtbot: Any
) -> None:
    place = str(tmp_path / "no" / "such" / "folder.json")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (place, ""))
    filled.save_button.click()
    qtbot.waitUntil(lambda: bool(told))
    assert "cannot be written" in told[0]


def test_a_dialog_that_is_cancelled_does_nothing_here(
    filled: SweepPanel, outcome: SweepOutcome, monkeypatch: Any
) -> None:
    for name in ("getSaveFileName", "getOpenFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *args: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")
    before = filled.setup.folder.text()
    for button in (filled.save_button, filled.open_button, filled.setup.choose_button):
        button.click()
    assert filled.sweeper.outcome == outcome and filled.setup.folder.text() == before


def test_both_themes_and_any_size(filled: SweepPanel, theme: Theme) -> None:
    light = filled.grab().toImage()
    theme.set_mode("dark")
    assert filled.grab().toImage() != light
    for size in ((500, 200), (1_900, 900)):
        filled.resize(*size)
        assert not filled.grab().isNull()
