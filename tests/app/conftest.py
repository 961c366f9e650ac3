"""The window without an engine: sessions on a workspace in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from fake_workspace import FakeWorkspace

from rankscope.app.jobs import Jobs
from rankscope.app.main_window import MainWindow
from rankscope.app.session import Session
from rankscope.app.settings import Settings
from rankscope.app.theme import Theme


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's offscreen platform complains that there is no window manager to tell sizes and the like."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support", extend=True))


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def theme(qapp: Any) -> Theme:
    return Theme("light")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RANKSCOPE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("RANKSCOPE_DATA_DIR", str(tmp_path / "data"))
    return Settings()


@pytest.fixture
def jobs(qapp: Any) -> Iterator[Jobs]:
    """Jobs whose threads must have ended after the test."""
    jobs = Jobs()
    yield jobs
    assert jobs.shutdown(5), "a thread of the jobs did not end"


@pytest.fixture
def session(jobs: Jobs, workspace: FakeWorkspace) -> Session:
    """A session whose opener gives the fake workspace."""
    return Session(jobs=jobs, opener=lambda path, create: workspace)


@pytest.fixture
def opened(session: Session, workspace: FakeWorkspace, qtbot: Any) -> Session:
    """A session with the fake workspace open, warm and read."""
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: session.library is not None and session.device != "")
    return session


@pytest.fixture
def window(session: Session, settings: Settings, theme: Theme, qtbot: Any) -> Iterator[MainWindow]:
    """The visible window with all its panels and no workspace; closed after the test."""
    window = MainWindow(session, settings, theme)
    window.show()
    qtbot.waitUntil(lambda: window.complete, timeout=20_000)
    yield window
    window.close()
    assert window.closed_cleanly
    window.deleteLater()


@pytest.fixture
def searched(window: MainWindow, workspace: FakeWorkspace, qtbot: Any) -> MainWindow:
    """The window with the fake workspace open and one query answered."""
    session = window.session
    session.open_workspace(workspace.path)
    qtbot.waitUntil(lambda: session.library is not None and session.device != "")
    window.query.line.setText("what drives turbine blade fatigue?")
    window.query.search()
    qtbot.waitUntil(lambda: session.alignment is not None and bool(session.evidence) and session.document is not None)
    return window
