"""Settings come back as they were, and a damaged value is the default."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from rankscope.app.settings import HISTORY_LIMIT, RECENT_LIMIT, Settings, config_folder
from rankscope.core.api import BUDGETS, default_workspace


def test_values_come_back_in_a_new_run(tmp_path: Path) -> None:
    first = Settings(tmp_path)
    first.theme, first.layout, first.pipeline, first.k = "dark", "inspect", "late", 25
    first.last_workspace = tmp_path / "w"
    first.watch_folders = False
    first.budget = BUDGETS[2]
    first.geometry = QByteArray(b"abc")
    first.set_arrangement("inspect", QByteArray(b"\x00docks"))
    first.add_recent_workspace(tmp_path / "w")
    first.add_to_history("only one")
    first.save()
    again = Settings(tmp_path)
    assert (again.theme, again.layout, again.pipeline, again.k) == ("dark", "inspect", "late", 25)
    assert again.last_workspace == tmp_path / "w"
    assert again.watch_folders is False
    assert again.budget == BUDGETS[2]
    assert again.geometry == QByteArray(b"abc")
    assert again.arrangement("inspect") == QByteArray(b"\x00docks")
    assert again.arrangement("search") is None
    assert again.recent_workspaces == [tmp_path / "w"]
    assert again.history == ["only one"]


def test_defaults(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    assert (settings.theme, settings.layout, settings.pipeline, settings.k) == ("system", "search", "hybrid", 10)
    assert settings.last_workspace is None and settings.geometry is None
    assert settings.recent_workspaces == [] and settings.history == []
    assert settings.watch_folders is True
    assert settings.budget == BUDGETS[-1]


@pytest.mark.parametrize(("written", "read"), [("many", 10), ("-4", 1), ("100000", 1000), ("", 10)])
def test_a_k_that_makes_no_sense(tmp_path: Path, written: str, read: int) -> None:
    store = QSettings(str(tmp_path / "rankscope.ini"), QSettings.Format.IniFormat)
    store.setValue("search/k", written)
    store.sync()
    assert Settings(tmp_path).k == read


@pytest.mark.parametrize("written", ["", "much", "3,5", "16,4096", "0x0", "@Invalid()"])
def test_a_budget_that_makes_no_sense(tmp_path: Path, written: str) -> None:
    store = QSettings(str(tmp_path / "rankscope.ini"), QSettings.Format.IniFormat)
    store.setValue("search/budget", written)
    store.sync()
    assert Settings(tmp_path).budget == BUDGETS[-1]


def test_a_file_of_rubbish_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "rankscope.ini").write_bytes(b"\x00\xff[[[window\nlayout=@Invalid()\n=\n")
    settings = Settings(tmp_path)
    assert settings.layout == "search"
    settings.k = 7
    settings.save()


def test_unknown_keys_are_kept(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "rankscope.ini"), QSettings.Format.IniFormat)
    store.setValue("future/thing", "kept")
    store.sync()
    settings = Settings(tmp_path)
    settings.k = 3
    settings.save()
    assert "thing=kept" in (tmp_path / "rankscope.ini").read_text(encoding="utf-8")


def test_lists_are_newest_first_without_doubles_and_bounded(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    for number in range(HISTORY_LIMIT + 5):
        settings.add_to_history(f"q{number}")
    settings.add_to_history("q50")
    assert settings.history[:2] == ["q50", f"q{HISTORY_LIMIT + 4}"]
    assert len(settings.history) == HISTORY_LIMIT == len(set(settings.history))
    for number in range(RECENT_LIMIT + 2):
        settings.add_recent_workspace(Path(f"/w{number}"))
    assert len(settings.recent_workspaces) == RECENT_LIMIT
    settings.forget_recent_workspace(Path(f"/w{RECENT_LIMIT + 1}"))
    assert settings.recent_workspaces[0] == Path(f"/w{RECENT_LIMIT}")


def test_folders_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANKSCOPE_CONFIG_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("RANKSCOPE_DATA_DIR", str(tmp_path / "d"))
    assert config_folder() == tmp_path / "c"
    assert default_workspace("Handbook") == tmp_path / "d" / "workspaces" / "Handbook"
