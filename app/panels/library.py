"""The library: what was added, what could not be read, and what the search may be limited to."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.library import make_filters, toggle_year
from rankscope.app.models.sources import SOURCE_ROLE, SourcesModel
from rankscope.app.models.wording import type_name
from rankscope.app.session import Session
from rankscope.app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import make_label
from rankscope.app.widgets.controls import ElidedLabel
from rankscope.app.widgets.dock_area import INSET
from rankscope.app.widgets.facet_list import FacetList
from rankscope.app.widgets.opening import show_in_folder
from rankscope.app.widgets.source_tree import SourceTree
from rankscope.core.api import Filters, SourceInfo

TYPING_PAUSE_MS = 300


class LibraryPanel(QWidget):
    """Sources above, filters below.

    ``addRequested`` asks for a dialog that adds a folder. ``errorsRequested``, ``copiesRequested`` and
    ``settingsRequested`` bring a SourceInfo of which that is to be shown.
    """

    addRequested = Signal()
    errorsRequested = Signal(object)
    copiesRequested = Signal(object)
    settingsRequested = Signal(object)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._setting = False  # while the widgets are set from the session, they do not change the session
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer.addWidget(scroll)
        body = QWidget(scroll)
        scroll.setWidget(body)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE_XS)
        self._build_sources(column)
        column.addSpacing(SPACE_M)
        self._build_filters(column)
        column.addStretch(1)

        session.libraryChanged.connect(self._show_library)
        session.settingsChanged.connect(self._show_filters)
        session.indexingChanged.connect(self._show_buttons)
        session.workspaceChanged.connect(self._show_buttons)
        theme.changed.connect(self._recolour)
        self._show_library()

    def _build_sources(self, column: QVBoxLayout) -> None:
        self._model = SourcesModel(self._theme, self)
        self._tree = tree = SourceTree(self._model, self._theme, self)
        tree.customContextMenuRequested.connect(self._open_menu)
        tree.partChosen.connect(self._part_chosen)
        tree.settingsRequested.connect(self.settingsRequested)
        tree.removeRequested.connect(self._session.remove_source)
        column.addWidget(tree)
        self._empty = make_label(
            self.tr("No folders yet. Add one, or drop it on this window."), self._theme, "body", "dim", self, wrap=True
        )
        column.addWidget(self._empty)
        row = QHBoxLayout()
        row.setSpacing(SPACE_XS)
        self._add = self._link(self.tr("Add a folder…"))
        self._add.clicked.connect(self.addRequested)
        self._update = self._link(self.tr("Update"))
        self._update.setToolTip(self.tr("Read what is new or has changed in all sources"))
        self._update.setAccessibleName(self.tr("Update the library"))
        self._update.clicked.connect(self.update_sources)
        row.addWidget(self._add)
        row.addWidget(self._update)
        row.addStretch(1)
        column.addLayout(row)
        self._doing = QWidget(self)
        doing = QHBoxLayout(self._doing)
        doing.setContentsMargins(INSET, 0, 0, 0)
        doing.setSpacing(SPACE_XS)
        self._state = ElidedLabel(Qt.TextElideMode.ElideRight, self._doing)
        self._state.setFont(self._theme.font("small"))
        self._state.setProperty("role", "dim")
        self._state.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.pause_button = self._link(self.tr("Pause"))
        self.pause_button.setFont(self._theme.font("small"))
        self.pause_button.clicked.connect(self._pause_or_resume)
        doing.addWidget(self._state)
        doing.addWidget(self.pause_button)
        doing.addStretch(1)
        column.addWidget(self._doing)

    def _build_filters(self, column: QVBoxLayout) -> None:
        self._filters = QWidget(self)
        filters = QVBoxLayout(self._filters)
        filters.setContentsMargins(0, 0, 0, 0)
        filters.setSpacing(SPACE_XS)
        head = QHBoxLayout()
        heading = make_label(self.tr("Filters"), self._theme, "title", "dim", self)
        font = self._theme.font("title")
        font.setPixelSize(12)
        heading.setFont(font)
        heading.setContentsMargins(INSET, 0, 0, 0)
        head.addWidget(heading, 1)
        self._clear = self._link(self.tr("Clear"))
        self._clear.setAccessibleName(self.tr("Clear the filters"))
        self._clear.clicked.connect(self.clear_filters)
        head.addWidget(self._clear)
        filters.addLayout(head)
        self.types = FacetList(self._theme, type_name, self.tr("Type"), self)
        self.types.toggled.connect(self._type_toggled)
        filters.addWidget(self.types)
        filters.addSpacing(SPACE_XS)
        self.years = FacetList(self._theme, str, self.tr("Year"), self)
        self.years.toggled.connect(self._year_toggled)
        filters.addWidget(self.years)
        filters.addSpacing(SPACE_S)
        self.path = QLineEdit(self)
        self.path.setFont(self._theme.font("body"))
        self.path.setPlaceholderText(self.tr("Path contains…"))
        self.path.setToolTip(self.tr("Part of a path, or a pattern with * and ?"))
        self.path.setAccessibleName(self.tr("Path filter"))
        self.path.setClearButtonEnabled(True)
        filters.addWidget(self.path)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._apply)
        self.path.textChanged.connect(self._path_typed)
        self.path.returnPressed.connect(self._apply)
        column.addWidget(self._filters)

    @Slot()
    def update_sources(self) -> None:
        """Bring all sources up to date."""
        self._session.add_sources([])

    @Slot()
    def clear_filters(self) -> None:
        """Search everything again."""
        self._session.set_filters(Filters())

    @Slot()
    def _show_library(self) -> None:
        session = self._session
        if self._model.set_sources(session.sources, watching=session.watching):
            self._tree.settle()
        self._empty.setVisible(self._model.rowCount() == 0)
        self._tree.setVisible(self._model.rowCount() > 0)
        facets = session.library.facets if session.library is not None else {}
        self.types.set_facets(facets.get("type", []))
        self.years.set_facets(sorted(facets.get("year", []), key=lambda facet: facet.value, reverse=True))
        self._filters.setVisible(bool(facets.get("type") or facets.get("year")))
        self._show_filters()
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        session = self._session
        self._update.setEnabled(bool(session.sources) and not session.indexer.active)
        indexing = session.work is session.indexer and not session.indexer.stopping
        self._doing.setVisible(indexing or session.paused)
        if session.paused:
            self._state.setText(self.tr("Paused ·"))
            self._state.set_note(self.tr("Changes are waiting.") if session.changes_waiting else "")
            self._name_button(self.tr("Resume"), self.tr("Resume indexing"))
        elif indexing:
            activity = session.indexer.activity
            fraction = activity.fraction if activity is not None else None
            share = "" if fraction is None else f" {fraction:.0%}"
            self._state.setText(self.tr("Indexing{share} ·").format(share=share))
            self._state.set_note("")
            self._name_button(self.tr("Pause"), self.tr("Pause indexing"))

    def _name_button(self, text: str, name: str) -> None:
        self.pause_button.setText(text)
        self.pause_button.setAccessibleName(name)

    @Slot()
    def _pause_or_resume(self) -> None:
        if self._session.paused:
            self._session.resume_indexing()
        else:
            self._session.pause_indexing()

    @Slot()
    def _show_filters(self) -> None:
        filters = self._session.filters
        self._setting = True
        self.types.set_checked(filters.types)
        first, last = filters.modified_from[:4], filters.modified_to[:4]
        self.years.set_checked([year for year in self.years.values() if first and first <= year <= last])
        if self.path.text().strip() != filters.path:
            self.path.setText(filters.path)
        self._setting = False
        self._clear.setVisible(bool(filters))

    @Slot(str, bool)
    def _type_toggled(self, value: str, on: bool) -> None:
        self._apply()

    @Slot(str, bool)
    def _year_toggled(self, value: str, on: bool) -> None:
        before = set(self.years.checked()) ^ {value}
        self.years.set_checked(toggle_year(self.years.values(), before, value, on))
        self._apply()

    @Slot()
    def _path_typed(self) -> None:
        if not self._setting:
            self._pause.start()

    @Slot()
    def _apply(self) -> None:
        self._pause.stop()
        if not self._setting:
            self._session.set_filters(make_filters(self.types.checked(), self.years.checked(), self.path.text()))

    @Slot(object, str)
    def _part_chosen(self, source: SourceInfo, key: str) -> None:
        signals = {"errors": self.errorsRequested, "copies": self.copiesRequested}
        signals.get(key, self.settingsRequested).emit(source)

    @Slot(QPoint)
    def _open_menu(self, position: QPoint) -> None:
        index = self._tree.indexAt(position)
        source = index.data(SOURCE_ROLE)
        if not isinstance(source, SourceInfo):
            return
        self._tree.setCurrentIndex(index)
        menu = self.source_menu(source)
        menu.popup(self._tree.viewport().mapToGlobal(position))

    def source_menu(self, source: SourceInfo) -> QMenu:
        """What can be done with a source."""
        session = self._session
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Source settings…")).triggered.connect(lambda: self.settingsRequested.emit(source))
        update = menu.addAction(self.tr("Update this source"))
        update.triggered.connect(lambda: session.update_source(source.source_id))
        update.setEnabled(not session.indexer.active)
        watch = menu.addAction(self.tr("Watch for changes"))
        watch.setCheckable(True)
        watch.setChecked(source.watch)
        watch.triggered.connect(lambda on: session.configure_source(source.source_id, watch=on))
        menu.addAction(self.tr("Show in folder")).triggered.connect(lambda: show_in_folder(source.path))
        menu.addSeparator()
        if source.errors:
            errors = menu.addAction(self.tr("Show what could not be read…"))
            errors.triggered.connect(lambda: self.errorsRequested.emit(source))
        if source.copies:
            copies = menu.addAction(self.tr("Show copies…"))
            copies.triggered.connect(lambda: self.copiesRequested.emit(source))
        menu.addSeparator()
        remove = menu.addAction(self.tr("Remove from the library"))
        remove.triggered.connect(lambda: session.remove_source(source))
        return menu

    @Slot()
    def _recolour(self) -> None:
        self._model.refresh()
        self._tree.settle()

    def _link(self, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setFont(self._theme.font("body"))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button
