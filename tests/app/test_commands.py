"""Every command is declared once, has a handler, and no two share a key."""

from __future__ import annotations

from collections import Counter
from typing import Any

from PySide6.QtGui import QKeySequence

from rankscope.app.commands import COMMANDS, MENUS, shortcut_rows
from rankscope.app.main_window import MainWindow


def test_ids_and_keys_are_unique() -> None:
    assert max(Counter(command.id for command in COMMANDS).values()) == 1
    keys = Counter(QKeySequence(text).toString() for command in COMMANDS for text in command.shortcuts)
    assert [key for key, times in keys.items() if times > 1 or not key] == []


def test_every_command_stands_in_a_menu_that_exists() -> None:
    assert {command.menu for command in COMMANDS} == {name for name, _ in MENUS}


def test_mnemonics_are_unique_within_a_menu() -> None:
    for name, _ in MENUS:
        letters = [c.title[c.title.index("&") + 1].lower() for c in COMMANDS if c.menu == name and "&" in c.title]
        assert [letter for letter, times in Counter(letters).items() if times > 1] == [], name


def test_the_list_of_shortcuts_shows_titles_without_marks() -> None:
    rows = dict(shortcut_rows())
    assert rows["Type a question"] == "Ctrl+L, Ctrl+F"
    assert not any("&" in title for title in rows)


def test_the_window_has_a_handler_and_a_condition_for_every_command(window: MainWindow, qtbot: Any) -> None:
    assert set(window.actions_by_id) == {command.id for command in COMMANDS}
    conditions = window.conditions()
    assert {command.enabled for command in COMMANDS} - {"always"} <= set(conditions)
    assert not window.actions_by_id["file.update"].isEnabled()
