"""The library: sources with their state, what can be done with them, and filters that reach the engine."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics

from rankscope.app.models.sources import Part
from rankscope.app.panels.library import LibraryPanel
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.app.widgets.source_tree import SourceTree, place_parts
from rankscope.core.api import Filters


@pytest.fixture
def panel(opened: Session, theme: Theme, qtbot: Any) -> LibraryPanel:
    panel = LibraryPanel(opened, theme)
    qtbot.addWidget(panel)
    panel.resize(220, 600)
    panel.show()
    return panel


def tree_of(panel: LibraryPanel) -> SourceTree:
    tree = panel.findChild(SourceTree)
    assert tree is not None
    return tree


def lines(panel: LibraryPanel) -> list[str]:
    return [index.data() for index in tree_of(panel).lines()]


def show(opened: Session, workspace: FakeWorkspace, qtbot: Any, **settings: Any) -> None:
    """Let the first source be like that."""
    workspace.settings[1] = settings
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()


def click(panel: LibraryPanel, line: int, key: str, qtbot: Any) -> None:
    """Click a part of a line."""
    tree = tree_of(panel)
    place = tree.part_rect(tree.lines()[line], key).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_source_shows_its_files_its_state_and_what_was_not_read(panel: LibraryPanel) -> None:
    assert lines(panel) == ["reports", "not watched", "2 files not read"]
    tree = tree_of(panel)
    assert tree.model().index(0, 1).data() == "6"
    assert "/docs/reports" in tree.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_the_calm_line_tells_watching_copies_and_other_kinds(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    show(opened, workspace, qtbot, watch=True, copies=3, skipped=((".mp4", 3), (".exe", 2)), errors=0)
    assert lines(panel) == ["reports", "watching · 3 copies · 5 files of other kinds"]
    line = tree_of(panel).lines()[1]
    assert "3 .mp4 and 2 .exe" in line.data(Qt.ItemDataRole.ToolTipRole)
    assert line.data(Qt.ItemDataRole.ForegroundRole).color() == panel._theme.qcolor("dim")
    opened.set_watching(False)
    assert lines(panel)[1].startswith("not watched")


def test_a_line_that_is_too_long_says_it_shortly_and_leaves_the_rest_out(theme: Theme) -> None:
    parts = (
        Part("watch", "watching", "watching"),
        Part("copies", "3 copies", "3 copies"),
        Part("skipped", "5 files of other kinds", "5 other"),
    )
    font = theme.font("small")
    wide = QFontMetrics(font).horizontalAdvance("watching · 3 copies · 5 files of other kinds") + 4
    assert [placed.text for placed in place_parts(parts, font, QRect(0, 0, wide, 20))[0]][-1] == parts[2].text
    placed, more = place_parts(parts, font, QRect(0, 0, wide - 20, 20))
    assert [one.text for one in placed] == ["watching", "3 copies", "5 other"] and not more
    narrow = QFontMetrics(font).horizontalAdvance("watching · 3 copies · …") + 4
    placed, more = place_parts(parts, font, QRect(0, 0, narrow, 20))
    assert [one.part.key for one in placed] == ["watch", "copies"] and more
    assert all(one.area.right() < narrow for one in placed)


def test_a_folder_that_is_not_there_is_a_problem_that_leads_to_its_settings(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    show(opened, workspace, qtbot, reachable=False, errors=1)
    assert lines(panel) == ["reports", "folder not there · 1 file not read"]
    colour = tree_of(panel).lines()[1].data(Qt.ItemDataRole.ForegroundRole).color()
    assert colour == panel._theme.qcolor("error")
    with qtbot.waitSignal(panel.settingsRequested):
        click(panel, 1, "missing", qtbot)
    with qtbot.waitSignal(panel.errorsRequested):
        click(panel, 1, "errors", qtbot)


def test_no_source_has_more_than_two_small_lines(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    for reachable in (True, False):
        show(opened, workspace, qtbot, reachable=reachable, watch=True, copies=9, skipped=((".x", 7),), errors=12)
        assert len(lines(panel)) <= 3


def test_the_line_of_errors_can_be_clicked_and_entered(panel: LibraryPanel, qtbot: Any) -> None:
    tree = tree_of(panel)
    with qtbot.waitSignal(panel.errorsRequested) as asked:
        click(panel, 2, "errors", qtbot)
    assert asked.args[0].source_id == 1
    tree.setCurrentIndex(tree.lines()[2])
    with qtbot.waitSignal(panel.errorsRequested):
        qtbot.keyClick(tree, Qt.Key.Key_Return)


def test_copies_can_be_clicked_and_what_only_tells_cannot(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    show(opened, workspace, qtbot, watch=True, copies=3, errors=0)
    with qtbot.waitSignal(panel.copiesRequested) as asked:
        click(panel, 1, "copies", qtbot)
    assert asked.args[0].copies == 3
    with qtbot.assertNotEmitted(panel.settingsRequested), qtbot.assertNotEmitted(panel.copiesRequested):
        click(panel, 1, "watch", qtbot)


def test_the_pointer_over_a_link_shows_that_it_is_one(panel: LibraryPanel, qtbot: Any) -> None:
    tree = tree_of(panel)
    line = tree.lines()[2]
    qtbot.mouseMove(tree.viewport(), tree.part_rect(line, "errors").center())
    qtbot.waitUntil(lambda: tree.pointed_at(line) == "errors")
    assert tree.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    qtbot.mouseMove(tree.viewport(), QPoint(4, 4))
    qtbot.waitUntil(lambda: tree.pointed_at(line) == "")


def test_settings_open_by_the_dots_by_a_double_click_and_by_enter(panel: LibraryPanel, qtbot: Any) -> None:
    tree = tree_of(panel)
    dots, name = tree.model().index(0, 2), tree.model().index(0, 0)
    assert dots.data() == "⋯" and tree.visualRect(dots).right() <= tree.viewport().width()
    with qtbot.waitSignal(panel.settingsRequested):
        qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(dots).center())
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(name).center())
    with qtbot.waitSignal(panel.settingsRequested):
        qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(name).center())
    tree.setCurrentIndex(name)
    with qtbot.waitSignal(panel.settingsRequested) as asked:
        qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert asked.args[0].path == "/docs/reports"


def test_the_menu_of_a_source_offers_what_it_has(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    show(opened, workspace, qtbot, watch=True, copies=1)
    menu = panel.source_menu(opened.sources[0])
    actions = {action.text(): action for action in menu.actions()}
    assert {"Source settings…", "Show what could not be read…", "Show copies…", "Show in folder"} <= set(actions)
    assert actions["Watch for changes"].isChecked()
    actions["Watch for changes"].trigger()
    qtbot.waitUntil(lambda: lines(panel)[1].startswith("not watched"))
    actions["Update this source"].trigger()
    qtbot.waitUntil(lambda: ("index", (), {"only": frozenset({1})}) in workspace.calls)
    qtbot.waitUntil(lambda: not opened.indexer.active)
    menu.close()


def test_delete_removes_the_source_at_once(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    tree = tree_of(panel)
    tree.setCurrentIndex(tree.model().index(0, 0))
    with qtbot.waitSignal(opened.undoOffered) as offered:
        qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert "reports" in offered.args[0]
    assert lines(panel) == [], "it was still shown while the engine removes it"
    qtbot.waitUntil(lambda: ("remove_source", 1) in workspace.calls)


def test_indexing_can_be_paused_and_resumed_in_the_library(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    assert not panel.pause_button.isVisible()
    gate = workspace.hold["index"] = threading.Event()
    opened.add_sources([])
    qtbot.waitUntil(lambda: opened.indexer.activity is not None)
    assert panel.pause_button.isVisible() and panel.pause_button.text() == "Pause"
    assert "17%" in panel._state.text()
    qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not opened.indexer.active)
    assert panel._state.text() == "Paused ·" and panel.pause_button.text() == "Resume"
    assert panel.pause_button.geometry().right() <= panel._doing.width() <= panel.width()
    gate.set()
    qtbot.mouseClick(panel.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not opened.indexer.active and not opened.paused)
    qtbot.waitUntil(lambda: not panel.pause_button.isVisible())


def test_types_and_years_become_filters(panel: LibraryPanel, opened: Session, qtbot: Any) -> None:
    qtbot.mouseClick(panel.types.box("pdf"), Qt.MouseButton.LeftButton, pos=QPoint(12, 10))
    assert opened.filters == Filters(types=("pdf",))
    panel.years.box("2026").click()
    panel.years.box("2024").click()
    assert panel.years.checked() == ["2026", "2025", "2024"], (
        "a gap between checked years would not be searched as shown"
    )
    assert opened.filters == Filters(types=("pdf",), modified_from="2024-01-01", modified_to="2026-12-31")


def test_the_path_applies_when_typing_pauses(panel: LibraryPanel, opened: Session, qtbot: Any) -> None:
    qtbot.keyClicks(panel.path, "repo")
    assert opened.filters == Filters()
    qtbot.waitUntil(lambda: opened.filters == Filters(path="repo"), timeout=2000)


def test_filters_set_elsewhere_are_shown_and_can_be_cleared(panel: LibraryPanel, opened: Session, qtbot: Any) -> None:
    opened.set_filters(Filters(path="a*", types=("md",), modified_from="2025-01-01", modified_to="2025-12-31"))
    assert panel.types.checked() == ["md"]
    assert panel.years.checked() == ["2025"]
    assert panel.path.text() == "a*"
    panel.clear_filters()
    assert opened.filters == Filters()
    assert panel.types.checked() == [] and panel.years.checked() == [] and panel.path.text() == ""
    qtbot.wait(350)
    assert opened.filters == Filters(), "clearing the path field typed a filter of its own"


def test_facets_keep_their_marks_when_counts_change(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    panel.types.box("md").click()
    workspace.failed = 0
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()
    assert panel.types.checked() == ["md"]
    assert lines(panel) == ["reports", "not watched"]


def test_without_sources_it_says_what_to_do(
    panel: LibraryPanel, opened: Session, workspace: FakeWorkspace, qtbot: Any
) -> None:
    workspace.added, workspace.passages = [], 0
    with qtbot.waitSignal(opened.libraryChanged):
        opened.refresh_library()
    assert panel._empty.isVisible()
    assert not panel._filters.isVisible()


def test_it_takes_the_colours_of_a_new_theme(panel: LibraryPanel, theme: Theme) -> None:
    theme.set_mode("dark")
    tree = tree_of(panel)
    name = tree.model().index(0, 0)
    assert name.data(Qt.ItemDataRole.ForegroundRole).color() == theme.qcolor("text")
    assert lines(panel) == ["reports", "not watched", "2 files not read"]
    assert not tree.grab().isNull()
