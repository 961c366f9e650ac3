"""The library: sources with their errors, and filters that reach the engine."""

from __future__ import annotations

from typing import Any

import pytest
from fake_workspace import FakeWorkspace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QTreeView

from rankscope.app.panels.library import LibraryPanel
from rankscope.app.session import Session
from rankscope.app.theme import Theme
from rankscope.core.api import Filters


@pytest.fixture
def panel(opened: Session, theme: Theme, qtbot: Any) -> LibraryPanel:
    panel = LibraryPanel(opened, theme)
    qtbot.addWidget(panel)
    panel.resize(220, 600)
    panel.show()
    return panel


def lines(panel: LibraryPanel) -> list[str]:
    tree = panel.findChild(QTreeView)
    texts = []
    index = tree.model().index(0, 0)
    while index.isValid():
        texts.append(index.data())
        index = tree.indexBelow(index)
    return texts


def test_sources_are_shown_with_what_was_not_read(panel: LibraryPanel) -> None:
    assert lines(panel) == ["reports", "2 files not read"]
    tree = panel.findChild(QTreeView)
    assert tree.model().index(0, 1).data() == "6"
    assert "/docs/reports" in tree.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_the_line_of_errors_can_be_clicked_and_entered(panel: LibraryPanel, qtbot: Any) -> None:
    tree = panel.findChild(QTreeView)
    errors = tree.model().index(0, 0, tree.model().index(0, 0))
    with qtbot.waitSignal(panel.errorsRequested) as asked:
        qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(errors).center())
    assert asked.args[0].source_id == 1
    tree.setCurrentIndex(errors)
    with qtbot.waitSignal(panel.errorsRequested):
        qtbot.keyClick(tree, Qt.Key.Key_Return)


def test_delete_asks_to_remove_the_source(panel: LibraryPanel, qtbot: Any) -> None:
    tree = panel.findChild(QTreeView)
    tree.setCurrentIndex(tree.model().index(0, 0))
    tree.setFocus()
    with qtbot.waitSignal(panel.removeRequested) as asked:
        qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert asked.args[0].path == "/docs/reports"


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
    assert lines(panel) == ["reports"]


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
    tree = panel.findChild(QTreeView)
    assert tree.model().item(0).foreground().color() == theme.qcolor("text")
    assert lines(panel) == ["reports", "2 files not read"]
