"""The window: puts the panels on their docks and passes the user's actions on. It holds no state of the search."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QIcon, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from rankscope.app.commands import MENUS, apply_conditions, build_actions, build_menus
from rankscope.app.effort import EffortActions
from rankscope.app.layouts import BOTTOM, EVALUATE, INSPECT, LAYOUTS, SEARCH, Layouts
from rankscope.app.library_actions import LibraryActions
from rankscope.app.panels.library import LibraryPanel
from rankscope.app.panels.query import QueryPanel
from rankscope.app.panels.status import StatusPanel
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.stylesheet import icons_folder
from rankscope.app.sweep_actions import SweepActions
from rankscope.app.theme import SPACE_M, Theme
from rankscope.app.train_actions import TrainActions
from rankscope.app.widgets.banner import Banner
from rankscope.app.widgets.card import Card
from rankscope.app.widgets.dock_area import CardDock, DockArea
from rankscope.app.widgets.drop_overlay import DropOverlay
from rankscope.app.widgets.toolbar import Toolbar
from rankscope.app.widgets.welcome import Welcome
from rankscope.core.api import CancelledCheck, Filters, ProgressCallback, __version__

CLOSE_SECONDS = 5.0
# What the window does not need to be seen comes once its first picture is on the screen: first the panels, then the
# engine, whose imports at times keep the interpreter to themselves.
PANELS_AFTER_MS = 20
ENGINE_AFTER_MS = 200

# Panels that are made after the window is visible: (place, module, class).
LATE_PANELS = (
    ("results", "rankscope.app.panels.results", "ResultsPanel"),
    ("preview", "rankscope.app.panels.preview", "PreviewPanel"),
    ("heatmap", "rankscope.app.panels.heatmap", "HeatmapPanel"),
    ("trace", "rankscope.app.panels.trace", "TracePanel"),
    ("fate", "rankscope.app.panels.fate", "FatePanel"),
    ("sweep", "rankscope.app.panels.sweep", "SweepPanel"),
    ("train", "rankscope.app.panels.train", "TrainPanel"),
)


def import_libraries(cancelled: CancelledCheck, report: ProgressCallback) -> None:
    """Import what the panels compute with, in the background.

    Never a module that imports Qt: PySide makes its classes when they are first asked for, and two threads that do
    that at the same time crash the process (seen with 6.11.3).
    """
    import_module("numpy")


class MainWindow(QMainWindow):
    """See the module.

    ``closed`` is emitted at the very end of closing; ``closed_cleanly`` is False then when some work did not stop in
    time.
    """

    closed = Signal()

    def __init__(self, session: Session, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self.theme = theme
        self.closed_cleanly = True
        self._shown = False
        self._panels_to_make = list(LATE_PANELS)
        self._workspace_to_open: tuple[Path, bool] | None = None
        self.setWindowTitle("Rankscope")
        self.setAcceptDrops(True)
        self.resize(1440, 900)

        self.library_actions = LibraryActions(session, settings, theme, self)
        effort = EffortActions(session, self)
        self.sweep_actions = SweepActions(settings, self.library_actions, self.show_sweep_panel, self)
        self.train_actions = TrainActions(session.trainer, settings, self.show_train_panel, self)
        self.actions_by_id = build_actions(
            self, [self, self.library_actions, effort, self.sweep_actions, self.train_actions]
        )
        effort.follow(self.actions_by_id)
        self.menus = build_menus(self, self.actions_by_id)
        self._build_area()
        self.toolbar = Toolbar(session, theme, settings, self.actions_by_id, self.menus, self)
        self.addToolBar(self.toolbar)
        self.status = StatusPanel(session, theme, self)
        self.setStatusBar(self.status)
        self._overlay = DropOverlay(theme, self)
        if sys.platform == "darwin":
            for menu in self.menus:
                self.menuBar().addMenu(menu)
        view = next(menu for menu, (name, _) in zip(self.menus, MENUS, strict=True) if name == "view")
        view.addSeparator()
        panels = view.addMenu(self.tr("&Panels"))
        for dock in self.area.docks():
            panels.addAction(dock.toggleViewAction())

        session.set_watching(settings.watch_folders)
        self.actions_by_id["library.watch"].setChecked(settings.watch_folders)
        self._connect()
        self.layouts.show(settings.layout if settings.layout in LAYOUTS else SEARCH)
        if settings.geometry is not None:
            self.restoreGeometry(settings.geometry)
        self._apply_theme()
        self._refresh()

    def _build_area(self) -> None:
        session, theme = self.session, self.theme
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(SPACE_M, SPACE_M, SPACE_M, SPACE_M // 3)
        column.setSpacing(SPACE_M)
        self.banner = Banner(theme, middle)
        column.addWidget(self.banner)
        self.pages = QStackedWidget(middle)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(middle)

        self.area = DockArea(theme, self.pages)
        self.welcome = Welcome(session, theme, self.pages)
        self.pages.addWidget(self.area)
        self.pages.addWidget(self.welcome)

        centre = QWidget(self.area)
        cards = QVBoxLayout(centre)
        cards.setContentsMargins(0, 0, 0, 0)
        cards.setSpacing(SPACE_M)
        self.query = QueryPanel(session, theme, self.settings, centre)
        cards.addWidget(self.query)
        self._results_card = Card(centre)
        self.results: QWidget | None = None
        cards.addWidget(self._results_card, 1)
        centre.setMinimumSize(420, 320)
        self.area.setCentralWidget(centre)

        self.library = LibraryPanel(session, theme)
        self.docks = {
            "library": CardDock("library", self.tr("Library"), theme),
            "preview": CardDock("preview", self.tr("Preview"), theme, slim=True),
            "heatmap": CardDock("heatmap", self.tr("MaxSim heatmap"), theme),
            "trace": CardDock("trace", self.tr("Trace"), theme),
            "fate": CardDock("fate", self.tr("Fate"), theme),
            "sweep": CardDock("sweep", self.tr("Sweep"), theme),
            "train": CardDock("train", self.tr("Train"), theme),
        }
        self.docks["library"].set_panel(self.library)
        self.area.add_dock(self.docks["library"], Qt.DockWidgetArea.LeftDockWidgetArea)
        self.area.add_dock(self.docks["preview"], Qt.DockWidgetArea.RightDockWidgetArea)
        for name in BOTTOM:
            self.area.add_dock(self.docks[name], Qt.DockWidgetArea.BottomDockWidgetArea)
        self.layouts = Layouts(self.area, self.settings, self)

    def _connect(self) -> None:
        session, actions = self.session, self.library_actions
        session.failed.connect(self.banner.show_failure)
        session.announced.connect(self.banner.show_news)
        session.undoOffered.connect(self._offer_undo)
        session.workspaceChanged.connect(self._workspace_changed)
        for signal in (
            session.libraryChanged,
            session.indexingChanged,
            session.traceChanged,
            session.settingsChanged,
        ):
            signal.connect(self._refresh)
        self.library.addRequested.connect(actions.add_folder)
        self.library.errorsRequested.connect(actions.show_failures)
        self.library.copiesRequested.connect(actions.show_copies)
        self.library.settingsRequested.connect(actions.show_source)
        self.welcome.addRequested.connect(actions.add_folder)
        self.welcome.samplesRequested.connect(actions.try_samples)
        self.toolbar.workspaceChosen.connect(actions.open_path)
        self.layouts.changed.connect(self._layout_changed)
        self.theme.changed.connect(self._apply_theme)

    # -- opening and closing -----------------------------------------------------------------------------------------

    def open_later(self, path: Path, *, create: bool) -> None:
        """Open a workspace once the window is visible."""
        self._workspace_to_open = (path, create)
        self._show_page(self.area)
        self.session.opening = True
        self.session.workspaceChanged.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """After the first picture, make the rest."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            QTimer.singleShot(PANELS_AFTER_MS, self, self._make_panels)
            QTimer.singleShot(ENGINE_AFTER_MS, self, self._open_workspace)

    @Slot()
    def _make_panels(self) -> None:
        self.setWindowIcon(QIcon(str(icons_folder() / "rankscope.svg")))
        self.session.jobs.start(
            "libraries", import_libraries, done=self._make_next_panel, failed=self.session.report_failure
        )

    @Slot(object)
    def _make_next_panel(self, _: object = None) -> None:
        """Make one panel and come back for the next, so that the window answers in between."""
        if not self._panels_to_make:
            return
        place, module, name = self._panels_to_make[0]
        if module not in sys.modules:
            import_module(module)
            QTimer.singleShot(0, self, self._make_next_panel)
            return
        self._panels_to_make.pop(0)
        make: Callable[..., Any] = getattr(import_module(module), name)
        if place == "results":
            self.results = make(self.session, self.theme, self._results_card)
            self._results_card.column.addWidget(self.results)
        else:
            panel = make(self.session, self.theme)
            self.docks[place].set_panel(panel)
            if place == "sweep":
                self.sweep_actions.follow(panel)
            elif place == "train":
                self.train_actions.follow(panel)
        self._layout_changed(self.layouts.current)
        QTimer.singleShot(0, self, self._make_next_panel)

    @Slot()
    def _open_workspace(self) -> None:
        if self._workspace_to_open is not None:
            path, create = self._workspace_to_open
            self._workspace_to_open = None
            self.session.open_workspace(path, create=create)

    @property
    def complete(self) -> bool:
        """Whether all panels are there."""
        return self.results is not None and all(dock.panel is not None for dock in self.docks.values())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember everything, stop all work, close the workspace. What was committed stays."""
        self.layouts.remember()
        self.settings.geometry = self.saveGeometry()
        self.settings.pipeline = self.session.pipeline
        self.settings.k = self.session.k
        self.settings.budget = self.session.budget
        self.settings.save()
        self.library_actions.close_dialogs()
        self.hide()
        self.closed_cleanly = self.session.close(CLOSE_SECONDS)
        super().closeEvent(event)
        self.closed.emit()

    # -- what the session tells ---------------------------------------------------------------------------------------

    @Slot()
    def _workspace_changed(self) -> None:
        workspace = self.session.workspace
        if workspace is not None:
            path = Path(workspace.path)
            self.setWindowTitle(f"{path.name} – Rankscope")
            self.settings.add_recent_workspace(path)
            self.settings.last_workspace = path
            self.banner.hide()
        elif not self.session.opening:
            self.setWindowTitle("Rankscope")
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        session = self.session
        library = session.library
        evaluating = self.layouts.current == EVALUATE  # measuring needs no workspace
        if not session.removals:
            self.banner.hide_action(session.undo_removal)
        if evaluating:
            self._show_page(self.area)
        elif session.workspace is None:
            if not session.opening:
                self._show_page(self.welcome)
        elif library is not None:
            empty = library.info.passages == 0 and (not session.sources or session.work is session.indexer)
            self._show_page(self.welcome if empty else self.area)
        apply_conditions(self.actions_by_id, self.conditions())

    def _show_page(self, page: QWidget) -> None:
        if self.pages.currentWidget() is not page:
            self.pages.setCurrentWidget(page)
            if page is self.area:
                self.query.focus_line()
            else:
                page.setFocus()

    def conditions(self) -> dict[str, bool]:
        """What holds now, by the names that commands use in ``enabled``."""
        session = self.session
        return {
            "workspace": session.workspace is not None,
            "sources": bool(session.sources) and not session.indexer.active,
            "idle": bool(session.sources) and session.work is None and not session.indexer.active,
            "budget": session.workspace is not None and not session.budget_obstacle,
            "paused": session.paused,
            "not paused": session.workspace is not None and not session.paused,
            "removals": bool(session.removals),
            "indexing": session.indexer.active,
            "not indexing": not session.indexer.active,
            "query": bool(session.query) and session.workspace is not None,
            "filters": bool(session.filters),
        }

    @Slot(str)
    def _offer_undo(self, text: str) -> None:
        self.banner.show_news(text, self.tr("Undo"), self.session.undo_removal)

    @Slot(str)
    def _layout_changed(self, name: str) -> None:
        compact = name == SEARCH
        parts = (self.query, self.toolbar, self.status, self.results, *(dock.panel for dock in self.docks.values()))
        for part in parts:
            set_compact = getattr(part, "set_compact", None)
            if set_compact is not None:
                set_compact(compact)
        self.actions_by_id[f"view.{name}"].setChecked(True)
        self._refresh()

    @Slot()
    def _apply_theme(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setPalette(self.theme.qt_palette())
            application.setStyleSheet(self.theme.stylesheet())
        self.actions_by_id[f"view.{self.theme.mode}"].setChecked(True)

    # -- commands -----------------------------------------------------------------------------------------------------

    @Slot()
    def focus_query(self) -> None:
        """Put the cursor into the query."""
        self.query.focus_line()

    @Slot()
    def search_again(self) -> None:
        """Run the query again."""
        self.session.search()

    @Slot()
    def clear_filters(self) -> None:
        """Search everything again."""
        self.session.set_filters(Filters())

    @Slot()
    def show_search_layout(self) -> None:
        """The calm layout."""
        self.layouts.show(SEARCH)

    @Slot()
    def show_inspect_layout(self) -> None:
        """The layout that shows why."""
        self.layouts.show(INSPECT)

    @Slot()
    def show_evaluate_layout(self) -> None:
        """The layout that measures."""
        self.layouts.show(EVALUATE)

    def show_sweep_panel(self) -> None:
        """Measuring, with the sweep in front."""
        self._show_evaluating("sweep")

    def show_train_panel(self) -> None:
        """Measuring, with training in front."""
        self._show_evaluating("train")

    def _show_evaluating(self, name: str) -> None:
        self.show_evaluate_layout()
        self.docks[name].show()
        self.docks[name].raise_()

    @Slot()
    def reset_layout(self) -> None:
        """Put the docks back."""
        self.layouts.reset()

    @Slot()
    def use_light_theme(self) -> None:
        """Light colours."""
        self._use_theme("light")

    @Slot()
    def use_dark_theme(self) -> None:
        """Dark colours."""
        self._use_theme("dark")

    @Slot()
    def use_system_theme(self) -> None:
        """The colours of the desktop."""
        self._use_theme("system")

    def _use_theme(self, mode: str) -> None:
        self.settings.theme = mode
        self.theme.set_mode(mode)

    @Slot()
    def show_shortcuts(self) -> None:
        """List the shortcuts."""
        from rankscope.app.dialogs.shortcuts import ShortcutsDialog

        ShortcutsDialog(self.theme, self).show()

    @Slot()
    def show_about(self) -> None:
        """Say what this is."""
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(self.tr("About Rankscope"))
        box.setText(f"Rankscope {__version__}")
        box.setInformativeText(
            self.tr("Searches your own documents on your own machine, and shows why each result ranks where it does.")
        )
        box.open()

    # -- drag and drop ------------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders and files."""
        if self._dropped_paths(event):
            event.acceptProposedAction()
            self._overlay.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """They went elsewhere."""
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        self._overlay.hide()
        paths = self._dropped_paths(event)
        if paths:
            event.acceptProposedAction()
            self.library_actions.add_paths(paths)

    def changeEvent(self, event: QEvent) -> None:
        """A drag that ends outside leaves no veil behind."""
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._overlay.hide()
        super().changeEvent(event)

    @staticmethod
    def _dropped_paths(event: QDropEvent) -> list[Path]:
        return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
