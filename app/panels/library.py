"""The library: what was added, what could not be read, and what the search may be limited to."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.models.library import make_filters, toggle_year
from rankscope.app.models.sources import KIND_ROLE, SOURCE_ROLE, SourcesModel
from rankscope.app.models.wording import type_name
from rankscope.app.session import Session
from rankscope.app.theme import SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import make_label
from rankscope.app.widgets.dock_area import INSET
from rankscope.app.widgets.facet_list import FacetList
from rankscope.core.api import Filters, SourceInfo

TYPING_PAUSE_MS = 300


class LibraryPanel(QWidget):
    """Sources above, filters below.

    ``addRequested`` asks for a dialog that adds a folder, ``errorsRequested`` and ``removeRequested`` bring
    a SourceInfo whose failures are to be shown, or which is to be taken out.
    """

    addRequested = Signal()
    errorsRequested = Signal(object)
    removeRequested = Signal(object)

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
        self._tree = tree = QTreeView(self)
        tree.setModel(self._model)
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setItemsExpandable(False)
        tree.setIndentation(SPACE_S)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setAccessibleName(self.tr("Sources"))
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._open_menu)
        tree.header().setStretchLastSection(False)
        tree.header().setMinimumSectionSize(36)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.clicked.connect(self._clicked)
        tree.activated.connect(self._clicked)
        remove = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), tree)
        remove.setContext(Qt.ShortcutContext.WidgetShortcut)
        remove.activated.connect(self._remove_current)
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
        library = self._session.library
        if self._model.set_sources(library.sources if library is not None else ()):
            self._fit_tree()
        self._empty.setVisible(self._model.rowCount() == 0)
        self._tree.setVisible(self._model.rowCount() > 0)
        facets = library.facets if library is not None else {}
        self.types.set_facets(facets.get("type", []))
        self.years.set_facets(sorted(facets.get("year", []), key=lambda facet: facet.value, reverse=True))
        self._filters.setVisible(bool(facets.get("type") or facets.get("year")))
        self._show_filters()
        self._show_buttons()

    def _fit_tree(self) -> None:
        self._tree.expandAll()
        height = sum(self._tree.rowHeight(index) for index in self._lines())
        self._tree.setFixedHeight(height + 2)

    def _lines(self) -> list[QModelIndex]:
        lines = []
        for row in range(self._model.rowCount()):
            source = self._model.index(row, 0)
            lines.append(source)
            lines += [self._model.index(child, 0, source) for child in range(self._model.rowCount(source))]
        return lines

    @Slot()
    def _show_buttons(self) -> None:
        library = self._session.library
        self._update.setEnabled(bool(library and library.sources) and not self._session.indexer.active)

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

    @Slot(QModelIndex)
    def _clicked(self, index: QModelIndex) -> None:
        if index.data(KIND_ROLE) == "errors":
            self.errorsRequested.emit(index.data(SOURCE_ROLE))

    @Slot()
    def _remove_current(self) -> None:
        source = self._tree.currentIndex().data(SOURCE_ROLE)
        if isinstance(source, SourceInfo):
            self.removeRequested.emit(source)

    @Slot(QPoint)
    def _open_menu(self, position: QPoint) -> None:
        index = self._tree.indexAt(position)
        source = index.data(SOURCE_ROLE)
        if not isinstance(source, SourceInfo):
            return
        self._tree.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Update the library")).triggered.connect(self.update_sources)
        if source.errors:
            menu.addAction(self.tr("Show what could not be read…")).triggered.connect(self._show_errors_of_current)
        menu.addSeparator()
        menu.addAction(self.tr("Remove from the library…")).triggered.connect(self._remove_current)
        menu.popup(self._tree.viewport().mapToGlobal(position))

    @Slot()
    def _show_errors_of_current(self) -> None:
        self.errorsRequested.emit(self._tree.currentIndex().data(SOURCE_ROLE))

    @Slot()
    def _recolour(self) -> None:
        self._model.refresh()
        self._fit_tree()

    def _link(self, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("role", "link")
        button.setFont(self._theme.font("body"))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        return button
