"""The bar at the top: layouts, workspace, pipeline, budget (or effort, as the Search layout calls it), device, menu."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from rankscope.app.models import budgets
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import SPACE_L, SPACE_S, SPACE_XS, Theme
from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.app.widgets.budget_control import BudgetControl, preset_title, reason_text
from rankscope.app.widgets.card import make_label
from rankscope.core.api import BUDGET_PRESETS

HEIGHT = 48

# What each pipeline that comes with Rankscope does, for someone who does not know the words.
_PLAIN: dict[str, str] = {
    "hybrid": QT_TRANSLATE_NOOP("pipelines", "finds by meaning and by words, then compares word by word"),
    "late": QT_TRANSLATE_NOOP("pipelines", "finds by meaning, then compares word by word"),
    "dense": QT_TRANSLATE_NOOP("pipelines", "finds by meaning alone"),
    "lexical": QT_TRANSLATE_NOOP("pipelines", "finds by the words themselves"),
    "plaid": QT_TRANSLATE_NOOP("pipelines", "compares word by word from the start, first roughly, then exactly"),
    "fde": QT_TRANSLATE_NOOP("pipelines", "finds by one long vector for all words, then compares word by word"),
}


def pipeline_text(name: str) -> str:
    """A pipeline's line in the menu: its name, and what it does in plain words."""
    plain = QCoreApplication.translate("pipelines", _PLAIN[name]) if name in _PLAIN else ""
    return f"{name}  –  {plain}" if plain else name


class Toolbar(QToolBar):
    """``workspaceChosen`` brings the path of a recent workspace."""

    workspaceChosen = Signal(object)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        settings: Settings,
        actions: dict[str, QAction],
        menus: Sequence[QMenu],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._settings = settings
        self._compact = False
        self.setObjectName("toolbar")
        self.setWindowTitle(self.tr("Toolbar"))
        self.setMovable(False)
        self.setFloatable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        # One row of its own: the layout of a tool bar knows no margins and no stretching.
        bar = QWidget(self)
        bar.setFixedHeight(HEIGHT - 1)
        bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(bar)
        self._row.setContentsMargins(SPACE_L, 0, SPACE_L, 0)
        self._row.setSpacing(SPACE_XS)
        self.addWidget(bar)

        self._add_segment(actions["view.search"], self.tr("Search"))
        self._add_segment(actions["view.inspect"], self.tr("Inspect"))
        self._add_segment(actions["view.evaluate"], self.tr("Evaluate"))
        self._row.addSpacing(SPACE_S)
        self._workspace_menu = QMenu(self)
        self._workspace_menu.aboutToShow.connect(self._fill_workspace_menu)
        self._workspace_commands = [actions[name] for name in ("file.new", "file.open")]
        self.workspace_button = self._menu_button(self._workspace_menu, "strong")
        self._pipeline_menu = QMenu(self)
        self._pipeline_group = QActionGroup(self)
        self._pipeline_group.triggered.connect(self._choose_pipeline)
        self._pipeline_menu.aboutToShow.connect(self._fill_pipeline_menu)
        self.pipeline_button = self._menu_button(self._pipeline_menu, "")
        effort_menu = QMenu(self)
        effort_menu.addActions([actions[f"search.{name}"] for name in BUDGET_PRESETS])
        self.effort_button = self._menu_button(effort_menu, "")
        self._row.addSpacing(SPACE_S)
        self.budget = BudgetControl(session, theme, self)
        self._row.addWidget(self.budget)
        self._row.addStretch(1)
        self._device = make_label("", theme, "small", "dim", self)
        self._row.addWidget(self._device)
        self._row.addSpacing(SPACE_S)
        menu = QMenu(self)
        for part in menus:
            menu.addMenu(part)
        self.menu_button = self._menu_button(menu, "")
        self.menu_button.setText(self.tr("Menu ▾"))
        self.menu_button.setAccessibleName(self.tr("Menu"))

        session.workspaceChanged.connect(self._show_workspace)
        session.settingsChanged.connect(self._show_pipeline)
        session.deviceChanged.connect(self._show_device)
        for signal in (session.settingsChanged, session.traceChanged, session.libraryChanged):
            signal.connect(self._show_effort)
        self._show_workspace()
        self._show_pipeline()
        self._show_effort()

    def set_compact(self, compact: bool) -> None:
        """Without what only an engineer asks for."""
        self._compact = compact
        self.pipeline_button.setVisible(not compact)
        self.budget.setVisible(not compact)
        self.effort_button.setVisible(compact)
        self._show_device()

    def device_text(self) -> str:
        """What stands on the right."""
        return self._device.text()

    @Slot()
    def _show_workspace(self) -> None:
        workspace = self._session.workspace
        name = Path(workspace.path).name if workspace is not None else self.tr("No workspace")
        self.workspace_button.setText(f"{name} ▾")
        self.workspace_button.setAccessibleName(self.tr("Workspace {name}").format(name=name))
        self.workspace_button.setToolTip(str(workspace.path) if workspace is not None else "")
        self._show_device()

    @Slot()
    def _show_pipeline(self) -> None:
        name = self._session.pipeline
        self.pipeline_button.setText(self.tr("Pipeline: {name} ▾").format(name=name))
        self.pipeline_button.setAccessibleName(self.tr("Pipeline {name}").format(name=name))
        self.pipeline_button.setToolTip(pipeline_text(name))

    @Slot()
    def _show_effort(self) -> None:
        session = self._session
        name = preset_title(budgets.preset_of(session.budget)) or self.tr("Custom")
        reason = session.budget_obstacle
        self.effort_button.setText(self.tr("Effort: {name} ▾").format(name=name))
        self.effort_button.setAccessibleName(self.tr("Effort {name}").format(name=name))
        self.effort_button.setEnabled(not reason)
        tip = self.tr("How closely each passage is compared with the question. Closer is a little slower.")
        self.effort_button.setToolTip(reason_text(reason, plain=True) or tip)

    @Slot()
    def _show_device(self) -> None:
        device = self._session.device
        if self._session.workspace is None:
            self._device.setText("")
        elif not device:
            self._device.setText(self.tr("○ Getting ready…"))
        else:
            self._device.setText(self.tr("● Ready") if self._compact else f"● {device}")
        self._device.setToolTip(self.tr("Computing on: {device}").format(device=device) if device else "")

    @Slot()
    def _fill_workspace_menu(self) -> None:
        menu = self._workspace_menu
        menu.clear()
        workspace = self._session.workspace
        for path in self._settings.recent_workspaces:
            action = menu.addAction(path.name)
            action.setToolTip(str(path))
            action.setCheckable(True)
            action.setChecked(workspace is not None and Path(workspace.path) == path)
            action.setData(str(path))
            action.triggered.connect(self._choose_workspace)
        menu.setToolTipsVisible(True)
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addActions(self._workspace_commands)

    @Slot()
    def _choose_workspace(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.workspaceChosen.emit(Path(action.data()))

    @Slot()
    def _fill_pipeline_menu(self) -> None:
        self._pipeline_menu.clear()
        library = self._session.library
        for name in library.pipelines if library is not None else (self._session.pipeline,):
            action = QAction(pipeline_text(name), self._pipeline_menu)
            action.setCheckable(True)
            action.setChecked(name == self._session.pipeline)
            action.setData(name)
            self._pipeline_group.addAction(action)
            self._pipeline_menu.addAction(action)

    @Slot(QAction)
    def _choose_pipeline(self, action: QAction) -> None:
        self._session.set_pipeline(action.data())

    def _add_segment(self, action: QAction, text: str) -> None:
        name = action.text().replace("&", "")
        button = QToolButton(self)
        button.setText(text)
        button.setCheckable(True)
        button.setChecked(action.isChecked())
        button.clicked.connect(action.trigger)
        action.toggled.connect(button.setChecked)
        button.setToolTip(f"{name} ({action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})")
        button.setAccessibleName(name)
        button.setProperty("role", "segment")
        button.setFont(self._theme.font("body"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._row.addWidget(button)

    def _menu_button(self, menu: QMenu, role: str) -> QToolButton:
        button = QToolButton(self)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFont(self._theme.font("body"))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if role:
            button.setProperty("role", role)
        self._row.addWidget(button)
        return button
