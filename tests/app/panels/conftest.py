"""The evidence panels without an engine: a session that says what the test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from made import FakeSession
from PySide6.QtWidgets import QWidget

from rankscope.app.theme import Theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform cannot raise the window of a tooltip, nor tell anyone a smallest size, and says so."""
    ignore = pytest.mark.qt_log_ignore("propagateSizeHints", "raise", extend=True)
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(ignore, append=False)


@pytest.fixture
def session(qapp: Any) -> Iterator[FakeSession]:
    fake = FakeSession()
    yield fake
    fake.deleteLater()


@pytest.fixture
def theme(qapp: Any) -> Iterator[Theme]:
    made = Theme("light")
    yield made
    made.deleteLater()


@pytest.fixture
def shown(qtbot: Any) -> Callable[..., Any]:
    """Put a widget on the (offscreen) screen in a size, and take it away after the test."""

    def show(widget: QWidget, width: int = 1000, height: int = 540) -> Any:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return show
