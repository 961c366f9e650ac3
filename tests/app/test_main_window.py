"""The window: docks, layouts, drag and drop, first run, errors, closing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QDockWidget,
    QFileDialog,
    QLabel,
    QLineEdit,
    QWidget,
)

from rankscope.app.jobs import Jobs
from rankscope.app.main_window import MainWindow
from rankscope.app.samples import samples_folder
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import DARK, Theme
from rankscope.app.widgets.dialogs import FailuresDialog
from rankscope.core.api import default_workspace

BOTTOM = ("heatmap", "trace", "fate")


def drag(window: MainWindow, *paths: str) -> tuple[QDragEnterEvent, QMimeData]:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dragEnterEvent(event)
    return event, data


def drop(window: MainWindow, data: QMimeData) -> None:
    window.dropEvent(
        QDropEvent(
            QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )


# -- first run ---------------------------------------------------------------------------------------------------------


def test_without_a_workspace_it_invites(window: MainWindow) -> None:
    assert window.pages.currentWidget() is window.welcome
    assert window.welcome.add_button.isVisible() and window.welcome.samples_button.isVisible()


def test_two_clicks_to_the_first_answer(window: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    workspace.added, workspace.passages, workspace.failed = [], 0, 0
    qtbot.mouseClick(window.welcome.samples_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.area)
    assert workspace.added == [samples_folder()]
    qtbot.waitUntil(lambda: bool(window.query.suggestions()))
    qtbot.mouseClick(window.query.suggestions()[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.trace is not None and len(window.session.trace.final) > 0)


def test_a_folder_added_first_makes_a_workspace(
    window: MainWindow, workspace: FakeWorkspace, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[tuple[Path, bool]] = []
    window.session._opener = lambda path, create: (opened.append((path, create)), workspace)[1]
    workspace.added, workspace.passages = [], 0
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    qtbot.mouseClick(window.welcome.add_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workspace.added == [tmp_path])
    assert opened == [(default_workspace(), True)]


def test_a_dialog_that_is_cancelled_does_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: ([], ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    for command in ("file.add-folder", "file.add-files", "file.new", "file.open"):
        window.actions_by_id[command].trigger()
    assert window.session.workspace is None and not window.session.opening


# -- docks and layouts -------------------------------------------------------------------------------------------------


def test_panels_stand_on_docks_that_can_be_moved(searched: MainWindow) -> None:
    docks = searched.findChildren(QDockWidget)
    assert {dock.objectName() for dock in docks} == {"library", "preview", *BOTTOM}
    for dock in docks:
        assert dock.features() & QDockWidget.DockWidgetFeature.DockWidgetMovable
        assert dock.features() & QDockWidget.DockWidgetFeature.DockWidgetFloatable


def test_search_and_inspect_are_one_key_away(searched: MainWindow, qtbot: Any) -> None:
    assert all(not searched.docks[name].isVisible() for name in BOTTOM)
    assert not searched.toolbar.pipeline_button.isVisible()
    searched.activateWindow()
    qtbot.waitUntil(searched.isActiveWindow)
    qtbot.keyClick(searched, Qt.Key.Key_F3)
    assert searched.layouts.current == "inspect"
    assert searched.docks["heatmap"].isVisible()
    assert {dock.objectName() for dock in searched.area.tabifiedDockWidgets(searched.docks["heatmap"])} == {
        "trace",
        "fate",
    }
    assert searched.toolbar.pipeline_button.isVisible()
    assert searched.actions_by_id["view.inspect"].isChecked()
    qtbot.keyClick(searched, Qt.Key.Key_F2)
    assert searched.layouts.current == "search"
    assert all(not searched.docks[name].isVisible() for name in BOTTOM)


def test_nobody_meets_jargon_in_the_search_layout(searched: MainWindow) -> None:
    shown = [*searched.findChildren(QLabel), *searched.findChildren(QAbstractButton)]
    words = " ".join(widget.text() for widget in shown if widget.isVisible()).lower()
    for jargon in ("bf16", "maxsim", "dense", "token", "[cls]", "cosine", "rrf", "vector"):
        assert jargon not in words


def test_default_sizes_are_those_of_the_design(searched: MainWindow, qtbot: Any) -> None:
    searched.show_inspect_layout()
    qtbot.waitUntil(lambda: abs(searched.docks["library"].width() - 216) <= 4)
    assert abs(searched.docks["preview"].width() - 430) <= 4
    assert searched.docks["heatmap"].geometry().left() == searched.docks["library"].geometry().left()
    assert searched.docks["heatmap"].geometry().right() == searched.docks["preview"].geometry().right()


def test_the_tabs_stand_on_the_card_of_their_group(searched: MainWindow, qtbot: Any) -> None:
    searched.show_inspect_layout()
    qtbot.waitUntil(lambda: any(bar.isVisible() for bar in searched.area.tab_bars()))
    qtbot.wait(20)
    bar = next(bar for bar in searched.area.tab_bars() if bar.isVisible())
    assert any(rect.contains(bar.geometry()) for rect in searched.area.card_rects())


def test_an_arrangement_is_remembered_per_layout_and_can_be_reset(
    searched: MainWindow, settings: Settings, qtbot: Any
) -> None:
    searched.show_inspect_layout()
    searched.docks["library"].close()
    searched.area.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, searched.docks["trace"])
    searched.show_search_layout()
    assert searched.docks["library"].isVisible()
    searched.show_inspect_layout()
    assert not searched.docks["library"].isVisible()
    assert searched.area.dockWidgetArea(searched.docks["trace"]) == Qt.DockWidgetArea.LeftDockWidgetArea
    searched.reset_layout()
    assert searched.docks["library"].isVisible()
    assert searched.area.dockWidgetArea(searched.docks["trace"]) == Qt.DockWidgetArea.BottomDockWidgetArea


def test_the_next_run_looks_like_the_last(
    searched: MainWindow, settings: Settings, theme: Theme, jobs: Jobs, qtbot: Any
) -> None:
    searched.show_inspect_layout()
    searched.docks["preview"].close()
    searched.session.set_pipeline("late")
    searched.use_dark_theme()
    searched.close()
    again_jobs = Jobs()
    again = MainWindow(Session(jobs=again_jobs), Settings(), Theme("light"))
    again.show()
    assert again.layouts.current == "inspect"
    assert again.docks["preview"].isHidden()
    assert Settings().theme == "dark" and Settings().pipeline == "late"
    assert Settings().last_workspace == Path("/nowhere/Handbook")
    again.close()
    again.deleteLater()


# -- selection, errors, theme ------------------------------------------------------------------------------------------


def test_the_window_shows_the_answer(searched: MainWindow) -> None:
    assert searched.windowTitle() == "Handbook – Rankscope"
    assert searched.toolbar.workspace_button.text() == "Handbook ▾"
    assert searched.toolbar.device_text() == "● Ready"
    searched.show_inspect_layout()
    assert searched.toolbar.device_text() == "● CPU bf16"


def test_a_failure_stands_in_a_banner_and_blocks_nothing(
    searched: MainWindow, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.errors["search"] = RuntimeError("bang")
    with qtbot.waitSignal(searched.session.failed):
        searched.session.search("again")
    assert searched.banner.isVisible()
    assert "bang" in searched.banner.text()
    assert QApplication.activeModalWidget() is None


def test_a_workspace_that_is_gone_leads_back_to_the_invitation(
    session: Session, settings: Settings, theme: Theme, qtbot: Any
) -> None:
    def gone(path: Path, create: bool) -> Any:
        raise FileNotFoundError(path)

    session._opener = gone
    window = MainWindow(session, settings, theme)
    window.open_later(Path("/gone"), create=False)
    window.show()
    assert window.pages.currentWidget() is window.area
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert window.pages.currentWidget() is window.welcome
    window.close()
    window.deleteLater()


def test_a_recent_workspace_that_is_gone_is_offered_no_more(
    searched: MainWindow, settings: Settings, tmp_path: Path
) -> None:
    settings.add_recent_workspace(tmp_path / "gone")
    searched.library_actions.open_path(tmp_path / "gone")
    assert tmp_path / "gone" not in settings.recent_workspaces


def test_files_that_were_not_read_are_listed(searched: MainWindow, qtbot: Any) -> None:
    assert searched.session.library is not None
    searched.library.errorsRequested.emit(searched.session.library.sources[0])
    dialog = searched.findChild(FailuresDialog)
    assert dialog is not None and dialog.isVisible() and not dialog.isModal()
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    dialog.close()


def test_the_theme_changes_everywhere(searched: MainWindow, theme: Theme, settings: Settings) -> None:
    searched.use_dark_theme()
    assert settings.theme == "dark"
    assert searched.actions_by_id["view.dark"].isChecked()
    picture = searched.grab().toImage()
    assert picture.pixelColor(6, picture.height() // 2).name().upper() == DARK.background
    searched.use_light_theme()


def test_ctrl_l_leads_to_the_query(searched: MainWindow, qtbot: Any) -> None:
    searched.activateWindow()
    searched.library.path.setFocus()
    searched.actions_by_id["search.focus"].trigger()
    assert searched.query.line.hasSelectedText()


def test_everything_that_can_be_used_has_a_name_for_screen_readers(searched: MainWindow) -> None:
    searched.show_inspect_layout()
    nameless = []
    for widget in searched.findChildren(QWidget):
        if not widget.isVisibleTo(searched) or widget.objectName().startswith("qt_"):
            continue
        if isinstance(widget, QAbstractButton) and not (widget.accessibleName() or widget.text()):
            nameless.append(widget)
        if isinstance(widget, QLineEdit | QAbstractItemView) and not widget.accessibleName():
            nameless.append(widget)
    assert nameless == []


# -- drag and drop -----------------------------------------------------------------------------------------------------


def test_folders_dropped_on_the_window_are_added(searched: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    event, data = drag(searched, "/data/reports", "/data/one.pdf")
    assert event.isAccepted()
    assert searched._overlay.isVisible() and searched._overlay.size() == searched.size()
    drop(searched, data)
    assert not searched._overlay.isVisible()
    qtbot.waitUntil(lambda: Path("/data/one.pdf") in workspace.added and Path("/data/reports") in workspace.added)


def test_a_drag_that_leaves_adds_nothing(searched: MainWindow, workspace: FakeWorkspace) -> None:
    drag(searched, "/data/reports")
    searched.dragLeaveEvent(QDragLeaveEvent())
    assert not searched._overlay.isVisible()
    assert "index" not in workspace.names()


def test_text_is_not_taken(searched: MainWindow) -> None:
    data = QMimeData()
    data.setText("https://example.org")
    event = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    searched.dragEnterEvent(event)
    assert not event.isAccepted() and not searched._overlay.isVisible()


# -- closing -----------------------------------------------------------------------------------------------------------


def test_closing_while_indexing_stops_and_closes_the_workspace(
    searched: MainWindow, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.hold["index"] = threading.Event()
    searched.session.add_sources(["/more"])
    qtbot.waitUntil(lambda: searched.session.indexer.activity is not None)
    searched.close()
    assert searched.closed_cleanly
    assert workspace.closed
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("rankscope-")]


def test_leaving_the_window_takes_the_veil_away(searched: MainWindow) -> None:
    drag(searched, "/data/reports")
    QApplication.sendEvent(searched, QEvent(QEvent.Type.ActivationChange))
    assert not searched._overlay.isVisible() or searched.isActiveWindow()
