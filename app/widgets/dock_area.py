"""The part of the window that holds the docks, drawn as cards on paper.

The cards behind docked panels are painted here and not by the docks, so that the tabs of a group stand on the same
card as what they show, and no border lies inside another one.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QTabBar,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from rankscope.app.theme import RADIUS_CARD, SPACE_L, SPACE_M, SPACE_S, SPACE_XS, Theme
from rankscope.app.widgets.card import make_label

TITLE_HEIGHT = 34
GRIP_HEIGHT = 10
SMALLEST = (200, 110)
INSET = 3  # by which text stands inside the rows of a list; titles stand in line with it


class DockTitle(QWidget):
    """The head of a dock, by which it can be dragged.

    With ``slim`` it is only a grip that shows under the pointer, for a panel that has a title of its own; otherwise
    it shows the title and a button that hides the dock. It has no height while the dock is one of several tabs,
    because the tab then shows the title.
    """

    def __init__(self, dock: CardDock, theme: Theme, *, slim: bool) -> None:
        super().__init__(dock)
        self._theme = theme
        self._slim = slim
        self._tabbed = False
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE_L + INSET, SPACE_S, SPACE_S, 0)
        self._label = make_label(dock.windowTitle(), theme, "title", parent=self)
        row.addWidget(self._label, 1)
        self._hide = QToolButton(self)
        self._hide.setText("×")
        self._hide.setProperty("role", "bare")
        self._hide.setToolTip(self.tr("Hide this panel (it comes back from the View menu)"))
        self._hide.setAccessibleName(self.tr("Hide {panel}").format(panel=dock.windowTitle()))
        self._hide.setFixedSize(22, 22)
        self._hide.clicked.connect(dock.close)
        row.addWidget(self._hide)
        self._show_parts()

    def set_tabbed(self, tabbed: bool) -> None:
        """Give up the height while the tab shows the title."""
        if tabbed != self._tabbed:
            self._tabbed = tabbed
            self._show_parts()
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as a title or a grip, or nothing."""
        if self._tabbed:
            return QSize(60, 0)
        return QSize(60, GRIP_HEIGHT if self._slim else TITLE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """The same as the hint."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A grip under the pointer."""
        if self._slim and not self._tabbed and self.underMouse():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.qcolor("dim"))
            painter.drawRoundedRect(QRectF(self.width() / 2 - 16, 4, 32, 3), 1.5, 1.5)

    def _show_parts(self) -> None:
        for part in (self._label, self._hide):
            part.setVisible(not self._tabbed and not self._slim)


class CardDock(QDockWidget):
    """A dock on a card. What it shows is set with :meth:`set_panel`, now or later."""

    def __init__(self, name: str, title: str, theme: Theme, *, slim: bool = False) -> None:
        super().__init__(title)
        self.setObjectName(name)
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
            | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        self._theme = theme
        self.title_bar = DockTitle(self, theme, slim=slim)
        self.setTitleBarWidget(self.title_bar)
        self._body = QWidget(self)
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(SPACE_L, SPACE_XS, SPACE_L, SPACE_M)
        # An explicit minimum outdoes what the panel asks for, so that docks can be made as narrow as people like.
        self._body.setMinimumSize(*SMALLEST)
        self.setWidget(self._body)
        self.panel: QWidget | None = None

    def set_panel(self, panel: QWidget) -> None:
        """Show the panel in the dock."""
        self.panel = panel
        self._column.addWidget(panel)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A floating dock draws its own sheet; a docked one stands on the area's card."""
        if self.isFloating():
            painter = QPainter(self)
            painter.fillRect(self.rect(), self._theme.qcolor("panel"))


class DockArea(QMainWindow):
    """Docks around a central widget. ``docksChanged`` tells that one was shown, hidden, moved or taken out;
    ``appeared`` that the area itself became visible, in its final size.
    """

    docksChanged = Signal()
    appeared = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowFlags(Qt.WindowType.Widget)
        self._theme = theme
        self._docks: list[CardDock] = []
        self.setDockNestingEnabled(True)
        self.setDocumentMode(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        theme.changed.connect(self.update)

    def add_dock(self, dock: CardDock, area: Qt.DockWidgetArea) -> None:
        """Put a dock into an area; a second one in the bottom area becomes a tab of the first."""
        neighbours = [other for other in self._docks if self.dockWidgetArea(other) == area]
        self.addDockWidget(area, dock)
        if neighbours and area == Qt.DockWidgetArea.BottomDockWidgetArea:
            self.tabifyDockWidget(neighbours[-1], dock)
        self._docks.append(dock)
        dock.installEventFilter(self)
        dock.visibilityChanged.connect(self._refresh)
        dock.topLevelChanged.connect(self._refresh)
        dock.dockLocationChanged.connect(self._refresh)

    def docks(self) -> list[CardDock]:
        """All docks, shown or not."""
        return list(self._docks)

    def tab_bars(self) -> list[QTabBar]:
        """The tab bars of groups of docks."""
        return self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)

    def card_rects(self) -> list[QRect]:
        """Where the cards of docked panels lie, tabs included."""
        rects = [
            dock.geometry()
            for dock in self._docks
            if dock.isVisible() and not dock.isFloating() and not dock.visibleRegion().isEmpty()
        ]
        for bar in self.tab_bars():
            if bar.isVisible():
                tabs = bar.geometry()
                for index, rect in enumerate(rects):
                    if abs(rect.top() - tabs.bottom()) < SPACE_L and rect.left() <= tabs.center().x() <= rect.right():
                        rects[index] = rect.united(QRect(rect.left(), tabs.top(), rect.width(), tabs.height()))
        return rects

    def showEvent(self, event: QShowEvent) -> None:
        """Take the size of the place it fills before telling that it appeared."""
        super().showEvent(event)
        place = self.parentWidget()
        if place is not None:
            self.resize(place.size())
        self.appeared.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paper, and a card under every docked panel."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.qcolor("background"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.qcolor("line"), 1))
        painter.setBrush(self._theme.qcolor("panel"))
        for rect in self.card_rects():
            painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS_CARD, RADIUS_CARD)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Paint the cards again when a dock or a tab bar moved."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self.update()
        return False

    @Slot()
    def _refresh(self) -> None:
        for bar in self.tab_bars():
            if not bar.property("watched"):
                bar.setProperty("watched", True)
                bar.setAccessibleName(self.tr("Panels"))
                bar.setFont(self._theme.font("body"))
                bar.setExpanding(False)
                bar.installEventFilter(self)
        for dock in self._docks:
            neighbours = [
                other for other in self.tabifiedDockWidgets(dock) if not other.isHidden() and not other.isFloating()
            ]
            dock.title_bar.set_tabbed(bool(neighbours) and not dock.isFloating())
        self.update()
        self.docksChanged.emit()
