"""What holds for every evidence panel."""

from __future__ import annotations

from typing import Any

import pytest
from made import FakeSession, make_alignment, make_document, make_trace
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit, QWidget

from rankscope.app.panels.fate import FatePanel
from rankscope.app.panels.heatmap import HeatmapPanel
from rankscope.app.panels.preview import PreviewPanel
from rankscope.app.panels.results import ResultsPanel
from rankscope.app.panels.trace import TracePanel
from rankscope.app.theme import Theme

PANELS = (ResultsPanel, PreviewPanel, HeatmapPanel, TracePanel, FatePanel)


class WindowWatch(QObject):
    """Notes every widget that is shown as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QWidget] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(watched)
        return False


def fill(session: FakeSession) -> None:
    session.give_trace(make_trace())
    info = session.trace.passages[session.selected]  # type: ignore[union-attr,index]
    session.give_document(make_document(info))
    session.give_alignment(make_alignment(info))


@pytest.mark.parametrize("kind", PANELS)
def test_no_panel_opens_a_window_of_its_own(
    kind: type[QWidget], session: FakeSession, theme: Theme, qtbot: Any, qapp: Any
) -> None:
    watch = WindowWatch()
    qapp.installEventFilter(watch)
    panel: QWidget = kind(session, theme)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    fill(session)
    session.give_trace(None)
    qapp.removeEventFilter(watch)
    assert watch.seen == []


@pytest.mark.parametrize("kind", PANELS)
def test_every_control_has_a_name(kind: type[QWidget], session: FakeSession, theme: Theme, qtbot: Any) -> None:
    panel: QWidget = kind(session, theme)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    fill(session)
    nameless = [
        control
        for control in panel.findChildren(QWidget)
        if isinstance(control, QAbstractButton | QAbstractItemView | QLineEdit)
        and not control.objectName().startswith("qt_")
        and type(control).__name__ not in ("QTableCornerButton", "QHeaderView", "QLineEditIconButton")
        and control.metaObject().className() not in ("QTableCornerButton", "QHeaderView", "QLineEditIconButton")
        and not control.accessibleName()
        and not (isinstance(control, QAbstractButton) and (control.text() or not control.isVisibleTo(panel)))
    ]
    assert nameless == []


@pytest.mark.parametrize("kind", PANELS)
def test_panels_come_and_go_without_traces(kind: type[QWidget], session: FakeSession, theme: Theme, qtbot: Any) -> None:
    panel: QWidget = kind(session, theme)  # type: ignore[arg-type]
    panel.resize(900, 400)
    panel.show()
    fill(session)
    panel.close()
    panel.deleteLater()
    qtbot.wait(1)
    fill(session)  # the session lives on; nothing of the panel may answer
    theme.set_mode("dark")
