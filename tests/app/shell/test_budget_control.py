"""The budget: the slider and its price, the three efforts, and that only the newest choice is ranked and shown."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QAccessible, QMouseEvent, QWheelEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication

from rankscope.app.jobs import Jobs
from rankscope.app.main_window import MainWindow
from rankscope.app.models.library import read_library
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme
from rankscope.app.widgets.budget_control import BudgetControl
from rankscope.app.widgets.budget_slider import BudgetSlider
from rankscope.core.api import BUDGETS, Budget, Workspace

EFFORTS = {"search.fast": Budget(2, 4), "search.balanced": Budget(8, 16), "search.thorough": Budget(16, 64)}


@pytest.fixture
def inspected(searched: MainWindow, qtbot: Any) -> MainWindow:
    searched.show_inspect_layout()
    qtbot.waitUntil(lambda: not searched.session.jobs.busy())
    return searched


@pytest.fixture
def slider(inspected: MainWindow) -> BudgetSlider:
    return inspected.toolbar.budget.slider


def bar(slider: BudgetSlider, stop: int) -> QPoint:
    return slider.bar_rect(stop).center().toPoint()


def drag(slider: BudgetSlider, stop: int) -> None:
    """One step of a drag with the left button held."""
    place = QPointF(bar(slider, stop))
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        slider.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(slider, event)


class Heartbeat(QObject):
    """Beats every 5 ms on the thread of the window; ``longest`` is how much later than that a beat came, in ms."""

    TICK = 5

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(self.TICK)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, (now - self._last) * 1e3 - self.TICK)
        self._last = now

    def stop(self) -> float:
        self._beat()
        self._timer.stop()
        return self.longest


# -- the slider --------------------------------------------------------------------------------------------------------


def test_a_click_ranks_anew_with_that_budget(inspected: MainWindow, slider: BudgetSlider, qtbot: Any) -> None:
    session = inspected.session
    assert session.selected == 6 and inspected.toolbar.budget.pair.text() == "(16, 64)"
    with qtbot.waitSignal(session.traceChanged):
        qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=bar(slider, 1))
    assert session.trace is not None and session.trace.stages[-1].settings["budget"] == [2, 4]
    assert int(session.trace.final.ids[0]) == 3, "the ranking is still that of the largest budget"
    assert inspected.toolbar.budget.pair.text() == "(2, 4)"


@pytest.mark.parametrize(
    ("key", "stop"),
    [(Qt.Key.Key_Left, 1), (Qt.Key.Key_Down, 1), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Up, 3), (Qt.Key.Key_Home, 0),
     (Qt.Key.Key_End, 4), (Qt.Key.Key_PageDown, 1), (Qt.Key.Key_PageUp, 3)],
)  # fmt: skip
def test_keys_move_it(inspected: MainWindow, slider: BudgetSlider, key: Qt.Key, stop: int, qtbot: Any) -> None:
    slider.setValue(2)
    assert slider.focusPolicy() & Qt.FocusPolicy.TabFocus
    slider.setFocus()
    qtbot.keyClick(slider, key)
    assert inspected.session.budget == BUDGETS[stop]


def test_a_wheel_that_passes_over_it_changes_nothing(inspected: MainWindow, slider: BudgetSlider) -> None:
    def turn() -> None:
        where = QPointF(bar(slider, 2))
        QApplication.sendEvent(
            slider,
            QWheelEvent(
                where, slider.mapToGlobal(where), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip

    slider.clearFocus()
    turn()
    assert inspected.session.budget == BUDGETS[-1]
    inspected.activateWindow()
    slider.setFocus()
    if slider.hasFocus():
        turn()
        assert inspected.session.budget == BUDGETS[-2]


def test_a_screen_reader_finds_a_slider_with_a_name(slider: BudgetSlider) -> None:
    interface = QAccessible.queryAccessibleInterface(slider)
    assert interface.role() == QAccessible.Role.Slider
    assert interface.text(QAccessible.Text.Name) == "Budget"
    assert "vectors of the query" in slider.accessibleDescription()


def test_bars_and_stops_agree(slider: BudgetSlider) -> None:
    assert [slider.stop_at(slider.bar_rect(stop).center().x()) for stop in range(5)] == [0, 1, 2, 3, 4]
    assert (slider.stop_at(-50), slider.stop_at(500)) == (0, 4)
    heights = [slider.bar_rect(stop).height() for stop in range(5)]
    assert heights == sorted(heights) and len(set(heights)) == 5
    assert all(slider.rect().contains(slider.bar_rect(stop).toAlignedRect()) for stop in range(5))


def test_its_price_stands_beside_it(inspected: MainWindow, slider: BudgetSlider, qtbot: Any) -> None:
    control = inspected.toolbar.budget
    with qtbot.waitSignal(inspected.session.traceChanged):
        slider.setValue(3)
    assert control.price.text() == "17 ms · 768 B"
    tip = " ".join(slider.toolTip().split())
    assert "Balanced" in tip and "for 6 passages, 768 B read" in tip
    assert "12 % of the arithmetic" in tip and "25 % of the bytes" in tip


# -- only the newest counts --------------------------------------------------------------------------------------------


def test_of_a_fast_drag_only_the_newest_is_ranked_and_shown(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    session = inspected.session
    shown: list[Any] = []
    session.traceChanged.connect(lambda: shown.append(session.trace and session.trace.stages[-1].settings["budget"]))
    gate = workspace.hold["search"] = threading.Event()
    workspace.budgets.clear()
    before = workspace.names().count("search")
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=bar(slider, 3))
    qtbot.waitUntil(lambda: workspace.names().count("search") == before + 1)
    for stop in (*(2, 1, 0, 1, 2, 3, 4) * 6, 1):
        drag(slider, stop)
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=bar(slider, 1))
    gate.set()
    qtbot.waitUntil(lambda: shown == [[2, 4]])
    qtbot.waitUntil(lambda: not session.jobs.busy())
    assert shown == [[2, 4]], "an older ranking was shown"
    assert workspace.budgets == [BUDGETS[3], BUDGETS[1]], "more than the one that ran and the newest were ranked"


def test_explanations_use_the_budget_of_the_ranking_that_is_shown(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    session = inspected.session
    with qtbot.waitSignal(session.alignmentChanged):
        slider.setValue(0)
    qtbot.waitUntil(lambda: not session.jobs.busy())
    assert workspace.explained[-1] == BUDGETS[0]
    gate = workspace.hold["search"] = threading.Event()
    slider.setValue(3)  # its ranking does not come yet
    session.select(2)
    gate.set()
    qtbot.waitUntil(lambda: not session.jobs.busy())
    assert workspace.explained[-1] == BUDGETS[3]
    session.ask_fate("x.md")
    qtbot.waitUntil(lambda: session.fate is not None)
    assert workspace.fates[-1] == BUDGETS[3]


def test_the_window_does_not_stand_still_during_a_drag(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    """Every ranking takes 120 ms, and a step of the drag comes every 15."""
    session = inspected.session
    real = workspace.search

    def slow(*arguments: Any, **details: Any) -> Any:
        time.sleep(0.12)
        return real(*arguments, **details)

    workspace.search = slow  # type: ignore[method-assign]
    stalls = []
    for _ in range(3):  # a busy machine is no stall of ours: the best of three
        heart = Heartbeat()
        for stop in (4, 3, 2, 1, 0, 1, 2, 3) * 6:
            drag(slider, stop)
            qtbot.wait(15)
        qtbot.waitUntil(lambda: not session.jobs.busy())
        stalls.append(heart.stop())
        if stalls[-1] < 50:
            break
    assert min(stalls) < 50, stalls


# -- where there is nothing to choose ----------------------------------------------------------------------------------


def test_a_workspace_of_tokens_has_no_budget_and_says_what_helps(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.kind = "tokens"
    session, control = inspected.session, inspected.toolbar.budget
    session.refresh_library()
    qtbot.waitUntil(lambda: not slider.isEnabled())
    tip = " ".join(slider.toolTip().split())
    assert "rankscope convert --vectors levels" in tip and "Convert vectors…" in tip
    assert control.pair.text() == "all" and control.price.text() == ""
    assert not inspected.toolbar.effort_button.isEnabled()
    assert not any(inspected.actions_by_id[name].isEnabled() for name in EFFORTS)
    qtbot.mouseClick(slider, Qt.MouseButton.LeftButton, pos=bar(slider, 0))
    assert session.budget == BUDGETS[-1]


def test_converting_to_levels_gives_the_choice(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.kind = "tokens"
    inspected.session.refresh_library()
    qtbot.waitUntil(lambda: not slider.isEnabled())
    inspected.session.convert_vectors("levels", "float16")
    qtbot.waitUntil(slider.isEnabled)
    assert inspected.toolbar.budget.pair.text() == "(16, 64)"


def test_a_real_workspace_of_tokens(tmp_path: Path, session: Session, theme: Theme, qtbot: Any) -> None:
    with Workspace.open(tmp_path / "w", create=True, vectors="tokens") as tokens:
        session.library = read_library(tokens)
    control = BudgetControl(session, theme)
    qtbot.addWidget(control)
    assert not control.slider.isEnabled() and "Convert vectors" in control.toolTip()
    with Workspace.open(tmp_path / "v", create=True) as levels:
        session.library = read_library(levels)
    session.libraryChanged.emit()
    assert control.slider.isEnabled()


def test_a_pipeline_without_late_interaction_has_no_budget(
    inspected: MainWindow, slider: BudgetSlider, qtbot: Any
) -> None:
    session = inspected.session
    with qtbot.waitSignal(session.traceChanged):
        session.set_pipeline("dense")
    assert not slider.isEnabled() and "pipeline" in slider.toolTip()
    assert inspected.toolbar.budget.pair.text() == "none"
    with qtbot.waitSignal(session.traceChanged):
        session.set_pipeline("late")
    assert slider.isEnabled()


# -- efforts, and what is remembered -----------------------------------------------------------------------------------


def test_the_search_layout_shows_efforts_and_inspect_the_slider(searched: MainWindow) -> None:
    toolbar = searched.toolbar
    assert toolbar.effort_button.isVisible() and not toolbar.budget.isVisible()
    assert toolbar.effort_button.text() == "Effort: Thorough ▾"
    searched.show_inspect_layout()
    assert toolbar.budget.isVisible() and not toolbar.effort_button.isVisible()
    searched.show_search_layout()


@pytest.mark.parametrize(("command", "budget"), EFFORTS.items())
def test_an_effort_is_a_budget(searched: MainWindow, command: str, budget: Budget, qtbot: Any) -> None:
    session = searched.session
    session.set_budget(BUDGETS[0])
    assert searched.toolbar.effort_button.text() == "Effort: Custom ▾"
    assert not any(searched.actions_by_id[name].isChecked() for name in EFFORTS)
    with qtbot.waitSignal(session.traceChanged):
        searched.actions_by_id[command].trigger()
    assert session.budget == budget and BUDGETS[searched.toolbar.budget.slider.value()] == budget
    assert [name for name in EFFORTS if searched.actions_by_id[name].isChecked()] == [command]
    assert command.removeprefix("search.").capitalize() in searched.toolbar.effort_button.text()
    assert searched.actions_by_id[command] in searched.toolbar.effort_button.menu().actions()


def test_no_jargon_says_why_an_effort_cannot_be_chosen(
    searched: MainWindow, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.kind = "tokens"
    searched.session.refresh_library()
    qtbot.waitUntil(lambda: not searched.toolbar.effort_button.isEnabled())
    tip = searched.toolbar.effort_button.toolTip().lower()
    assert "closest look" in tip
    assert not any(word in tip for word in ("token", "budget", "maxsim", "pipeline", "levels"))


def test_the_next_run_has_the_same_budget(inspected: MainWindow, slider: BudgetSlider, qtbot: Any) -> None:
    slider.setValue(2)
    inspected.close()
    assert Settings().budget == BUDGETS[2]
    session = Session(jobs=Jobs())
    session.budget = Settings().budget
    again = MainWindow(session, Settings(), Theme("light"))
    assert again.toolbar.budget.slider.value() == 2 and again.toolbar.budget.pair.text() == "(4, 8)"
    again.close()
    again.deleteLater()


def test_setting_the_slider_from_the_session_asks_nothing_twice(
    inspected: MainWindow, slider: BudgetSlider, workspace: FakeWorkspace, qtbot: Any
) -> None:
    moves = QSignalSpy(slider.valueChanged)
    before = workspace.names().count("search")
    with qtbot.waitSignal(inspected.session.traceChanged):
        inspected.session.set_budget(BUDGETS[1])
    assert slider.value() == 1 and moves.count() == 0
    assert workspace.names().count("search") == before + 1


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_filled_and_empty_bars_are_told_apart_in_both_themes(
    inspected: MainWindow, slider: BudgetSlider, theme: Theme, mode: str
) -> None:
    theme.set_mode(mode)
    slider.setValue(2)
    slider.clearFocus()
    picture = slider.grab().toImage()
    colours = [picture.pixelColor(bar(slider, stop)).name() for stop in range(5)]
    assert colours == [theme.qcolor("accent").name()] * 3 + [theme.qcolor("line").name()] * 2
    slider.setEnabled(False)
    picture = slider.grab().toImage()
    assert picture.pixelColor(bar(slider, 0)).name() == theme.qcolor("line").name()


def test_the_bar_at_the_top_has_room_for_it(inspected: MainWindow, qtbot: Any) -> None:
    inspected.resize(inspected.minimumSizeHint())
    qtbot.wait(20)
    control = inspected.toolbar.budget
    assert inspected.width() < 1200
    for widget in (control.slider, control.pair, control.price):
        assert widget.width() >= widget.sizeHint().width()
        assert control.rect().contains(widget.geometry())
