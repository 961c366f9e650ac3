"""The window: docks, layouts, drag and drop, first run, errors, closing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QByteArray, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
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

from rankscope.app.dialogs.base import LibraryDialog
from rankscope.app.dialogs.copies import CopiesDialog
from rankscope.app.dialogs.failures import FailuresDialog
from rankscope.app.dialogs.removed import RemovedDialog
from rankscope.app.dialogs.source import SourceDialog
from rankscope.app.jobs import Jobs
from rankscope.app.main_window import MainWindow
from rankscope.app.samples import samples_folder
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import DARK, Theme
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
    assert {dock.objectName() for dock in docks} == {"library", "preview", *BOTTOM, "sweep", "train"}
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


def test_the_next_run_has_docks_of_the_same_sizes(
    searched: MainWindow, settings: Settings, workspace: FakeWorkspace, qtbot: Any
) -> None:
    area, docks = searched.area, searched.docks
    area.resizeDocks([docks["library"], docks["preview"]], [300, 380], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: abs(docks["library"].width() - 300) <= 4)
    searched.close()
    remembered = Settings()
    remembered.geometry = QByteArray()  # the screen of the tests is smaller than the window
    again = MainWindow(Session(jobs=Jobs(), opener=lambda path, create: workspace), remembered, Theme("light"))
    again.show()
    qtbot.waitUntil(lambda: again.complete, timeout=20_000)
    again.session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: again.pages.currentWidget() is again.area)
    qtbot.waitUntil(lambda: abs(again.docks["library"].width() - 300) <= 4)
    assert abs(again.docks["preview"].width() - 380) <= 4
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


def test_a_removed_source_comes_back_by_the_banner(searched: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    tree = searched.library._tree
    tree.setCurrentIndex(tree.model().index(0, 0))
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert searched.banner.isVisible() and "“reports” was removed" in searched.banner.text()
    assert QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: searched.pages.currentWidget() is searched.welcome or bool(workspace.out))
    qtbot.mouseClick(searched.banner.action_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not workspace.out and len(searched.session.sources) == 1)
    assert not searched.banner.isVisible()


def test_a_removed_source_comes_back_by_ctrl_z(searched: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    searched.activateWindow()
    qtbot.waitUntil(searched.isActiveWindow)
    undo = searched.actions_by_id["library.undo"]
    assert not undo.isEnabled()
    searched.session.remove_source(searched.session.sources[0])
    assert undo.isEnabled()
    searched.library._tree.parentWidget().setFocus()
    qtbot.keyClick(searched, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: ("bring_back_source", 1) in workspace.calls)
    assert not searched.banner.isVisible(), "it still offered what was done already"
    assert not undo.isEnabled()


def test_every_list_of_the_library_opens_from_the_menu_and_only_once(
    searched: MainWindow, workspace: FakeWorkspace, qtbot: Any
) -> None:
    kinds = {"library.failures": FailuresDialog, "library.copies": CopiesDialog, "library.removed": RemovedDialog}
    for command, kind in kinds.items():
        for _ in range(2):
            searched.actions_by_id[command].trigger()
        (dialog,) = searched.findChildren(kind)
        assert dialog.isVisible() and not dialog.isModal()
    qtbot.waitUntil(lambda: not searched.session.jobs.busy())
    searched.close()
    assert not any(dialog.isVisible() for dialog in searched.findChildren(LibraryDialog))


def test_the_settings_of_a_source_lead_to_its_lists(searched: MainWindow, qtbot: Any) -> None:
    searched.library.settingsRequested.emit(searched.session.sources[0])
    dialog = searched.findChild(SourceDialog)
    assert dialog is not None and dialog.isVisible()
    qtbot.mouseClick(dialog.failures_link, Qt.MouseButton.LeftButton)
    assert searched.findChild(FailuresDialog) is not None


def test_dialogs_close_when_another_workspace_is_opened(searched: MainWindow, qtbot: Any) -> None:
    searched.actions_by_id["library.copies"].trigger()
    dialog = searched.findChild(CopiesDialog)
    searched.session._opener = lambda path, create: FakeWorkspace("/two")
    with qtbot.waitSignal(dialog.finished):
        searched.session.open_workspace("/two")


def test_indexing_is_paused_and_resumed_by_keys(searched: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    searched.activateWindow()
    qtbot.waitUntil(searched.isActiveWindow)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    assert not searched.actions_by_id["file.resume"].isEnabled()
    qtbot.keyClick(searched, Qt.Key.Key_P, both)
    qtbot.waitUntil(lambda: workspace.paused)
    assert searched.session.paused and not searched.actions_by_id["file.pause"].isEnabled()
    assert searched.status.right_text() == "Paused ·"
    qtbot.keyClick(searched, Qt.Key.Key_R, both)
    qtbot.waitUntil(lambda: not workspace.paused and not searched.session.indexer.active)


def test_watching_is_a_check_mark_that_is_remembered(searched: MainWindow, settings: Settings) -> None:
    watch = searched.actions_by_id["library.watch"]
    assert watch.isChecked() and searched.session.watching
    watch.trigger()
    assert not watch.isChecked() and not searched.session.watching
    assert Settings().watch_folders is False


def test_tidying_up_ends_in_a_sentence(searched: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> None:
    tidy = searched.actions_by_id["file.tidy"]
    assert tidy.isEnabled()
    gate = workspace.hold["compact"] = threading.Event()
    tidy.trigger()
    assert not tidy.isEnabled()
    qtbot.waitUntil(lambda: searched.session.tidier.activity is not None)
    gate.set()
    qtbot.waitUntil(lambda: "84 MB" in searched.banner.text() and "61 MB" in searched.banner.text())
    assert searched.banner.isVisible() and not searched.banner.action_button.isVisible()


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
