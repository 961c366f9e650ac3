"""Every action of the window, declared in one place: menus, shortcuts and the list of shortcuts come from here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from rankscope.app.translation import QT_TRANSLATE_NOOP


@dataclass(frozen=True)
class Command:
    """One action.

    ``handler`` names a method of the window. ``enabled`` names the condition under which it can be used (see
    ``MainWindow.conditions``). ``group`` makes the commands of that name exclude each other as check marks; one that
    is ``checkable`` has a check mark of its own. ``separated`` draws a line above it in its menu.
    """

    id: str
    title: str
    handler: str
    menu: str
    shortcuts: tuple[str, ...] = ()
    enabled: str = "always"
    group: str = ""
    checkable: bool = False
    separated: bool = False


MENUS: tuple[tuple[str, str], ...] = (
    ("file", QT_TRANSLATE_NOOP("commands", "&File")),
    ("library", QT_TRANSLATE_NOOP("commands", "&Library")),
    ("search", QT_TRANSLATE_NOOP("commands", "&Search")),
    ("evaluate", QT_TRANSLATE_NOOP("commands", "&Evaluate")),
    ("view", QT_TRANSLATE_NOOP("commands", "&View")),
    ("help", QT_TRANSLATE_NOOP("commands", "&Help")),
)

COMMANDS: tuple[Command, ...] = (
    Command(
        "file.add-folder", QT_TRANSLATE_NOOP("commands", "Add a &folder…"), "add_folder", "file", ("Ctrl+Shift+A",)
    ),
    Command("file.add-files", QT_TRANSLATE_NOOP("commands", "Add f&iles…"), "add_files", "file"),
    Command(
        "file.samples",
        QT_TRANSLATE_NOOP("commands", "&Try the sample documents"),
        "try_samples",
        "file",
        enabled="not indexing",
    ),
    Command(
        "file.update",
        QT_TRANSLATE_NOOP("commands", "&Update the library"),
        "update_library",
        "file",
        ("F5",),
        "sources",
        separated=True,
    ),
    Command(
        "file.pause",
        QT_TRANSLATE_NOOP("commands", "&Pause indexing"),
        "pause_indexing",
        "file",
        ("Ctrl+Shift+P",),
        "not paused",
    ),
    Command(
        "file.resume",
        QT_TRANSLATE_NOOP("commands", "&Resume indexing"),
        "resume_indexing",
        "file",
        ("Ctrl+Shift+R",),
        "paused",
    ),
    Command(
        "file.stop", QT_TRANSLATE_NOOP("commands", "&Stop indexing"), "stop_indexing", "file", ("Ctrl+.",), "indexing"
    ),
    Command(
        "file.tidy",
        QT_TRANSLATE_NOOP("commands", "Ti&dy up the workspace"),
        "tidy_up",
        "file",
        enabled="idle",
        separated=True,
    ),
    Command(
        "file.convert",
        QT_TRANSLATE_NOOP("commands", "Con&vert vectors…"),
        "convert_vectors",
        "file",
        enabled="idle",
    ),
    Command(
        "file.new",
        QT_TRANSLATE_NOOP("commands", "&New workspace…"),
        "new_workspace",
        "file",
        ("Ctrl+N",),
        separated=True,
    ),
    Command("file.open", QT_TRANSLATE_NOOP("commands", "&Open workspace…"), "open_workspace", "file", ("Ctrl+O",)),
    Command("file.quit", QT_TRANSLATE_NOOP("commands", "&Quit"), "close", "file", ("Ctrl+Q",), separated=True),
    Command(
        "library.failures",
        QT_TRANSLATE_NOOP("commands", "&Files that were not read…"),
        "show_all_failures",
        "library",
        enabled="workspace",
    ),
    Command(
        "library.copies",
        QT_TRANSLATE_NOOP("commands", "Show &copies…"),
        "show_all_copies",
        "library",
        enabled="workspace",
    ),
    Command(
        "library.removed",
        QT_TRANSLATE_NOOP("commands", "&Recently removed…"),
        "show_removed",
        "library",
        enabled="workspace",
        separated=True,
    ),
    Command(
        "library.undo",
        QT_TRANSLATE_NOOP("commands", "&Undo removing a source"),
        "undo_removal",
        "library",
        ("Ctrl+Z",),
        "removals",
    ),
    Command(
        "library.watch",
        QT_TRANSLATE_NOOP("commands", "&Watch folders for changes"),
        "set_watching",
        "library",
        checkable=True,
        separated=True,
    ),
    Command(
        "search.focus", QT_TRANSLATE_NOOP("commands", "&Type a question"), "focus_query", "search", ("Ctrl+L", "Ctrl+F")
    ),
    Command(
        "search.again", QT_TRANSLATE_NOOP("commands", "Search &again"), "search_again", "search", ("Ctrl+R",), "query"
    ),
    Command(
        "search.clear-filters",
        QT_TRANSLATE_NOOP("commands", "&Clear the filters"),
        "clear_filters",
        "search",
        ("Ctrl+Shift+L",),
        "filters",
    ),
    Command(
        "search.fast",
        QT_TRANSLATE_NOOP("commands", "&Fast – the quickest answer"),
        "search_fast",
        "search",
        enabled="budget",
        group="effort",
        separated=True,
    ),
    Command(
        "search.balanced",
        QT_TRANSLATE_NOOP("commands", "&Balanced – a closer look at each passage"),
        "search_balanced",
        "search",
        enabled="budget",
        group="effort",
    ),
    Command(
        "search.thorough",
        QT_TRANSLATE_NOOP("commands", "T&horough – the closest look, a little slower"),
        "search_thorough",
        "search",
        enabled="budget",
        group="effort",
    ),
    Command(
        "evaluate.sweep",
        QT_TRANSLATE_NOOP("commands", "&Sweep budgets, codecs and first stages…"),
        "show_sweep",
        "evaluate",
        ("Ctrl+E",),
    ),
    Command(
        "evaluate.open-sweep",
        QT_TRANSLATE_NOOP("commands", "&Open a saved sweep…"),
        "open_sweep",
        "evaluate",
    ),
    Command(
        "evaluate.train",
        QT_TRANSLATE_NOOP("commands", "&Train meta tokens…"),
        "show_train",
        "evaluate",
        separated=True,
    ),
    Command(
        "evaluate.open-curve",
        QT_TRANSLATE_NOOP("commands", "Open a &curve…"),
        "open_curve",
        "evaluate",
    ),
    Command(
        "view.search",
        QT_TRANSLATE_NOOP("commands", "&Search layout"),
        "show_search_layout",
        "view",
        ("F2",),
        group="layout",
    ),
    Command(
        "view.inspect",
        QT_TRANSLATE_NOOP("commands", "&Inspect layout"),
        "show_inspect_layout",
        "view",
        ("F3",),
        group="layout",
    ),
    Command(
        "view.evaluate",
        QT_TRANSLATE_NOOP("commands", "&Evaluate layout"),
        "show_evaluate_layout",
        "view",
        ("F4",),
        group="layout",
    ),
    Command("view.reset", QT_TRANSLATE_NOOP("commands", "&Reset this layout"), "reset_layout", "view"),
    Command(
        "view.light",
        QT_TRANSLATE_NOOP("commands", "&Light theme"),
        "use_light_theme",
        "view",
        group="theme",
        separated=True,
    ),
    Command("view.dark", QT_TRANSLATE_NOOP("commands", "&Dark theme"), "use_dark_theme", "view", group="theme"),
    Command("view.system", QT_TRANSLATE_NOOP("commands", "S&ystem theme"), "use_system_theme", "view", group="theme"),
    Command("help.shortcuts", QT_TRANSLATE_NOOP("commands", "&Keyboard shortcuts"), "show_shortcuts", "help", ("F1",)),
    Command("help.about", QT_TRANSLATE_NOOP("commands", "&About Rankscope"), "show_about", "help"),
)


def translated(text: str) -> str:
    """A text of this module in the language of the window."""
    return QCoreApplication.translate("commands", text)


def build_actions(
    window: QWidget, targets: Sequence[object], commands: Iterable[Command] = COMMANDS
) -> dict[str, QAction]:
    """Make the actions and add them to the window, so that shortcuts work everywhere in it.

    The handler is the method of that name of the first target that has one. Raises AttributeError when none has.
    """
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for command in commands:
        handler = _find_handler(targets, command.handler)
        action = QAction(translated(command.title), window)
        action.setObjectName(command.id)
        action.setShortcuts([QKeySequence(keys) for keys in command.shortcuts])
        action.triggered.connect(handler)
        action.setCheckable(command.checkable or bool(command.group))
        if command.group:
            if command.group not in groups:
                groups[command.group] = QActionGroup(window)
            groups[command.group].addAction(action)
        window.addAction(action)
        actions[command.id] = action
    return actions


def _find_handler(targets: Sequence[object], name: str) -> Callable[[], object]:
    for target in targets:
        handler: Callable[[], object] | None = getattr(target, name, None)
        if handler is not None:
            return handler
    raise AttributeError(f"no handler {name!r}")


def build_menus(parent: QWidget, actions: dict[str, QAction], commands: Iterable[Command] = COMMANDS) -> list[QMenu]:
    """The menus in their order, filled with the actions."""
    menus: dict[str, QMenu] = {}
    for name, title in MENUS:
        menus[name] = QMenu(translated(title), parent)
    for command in commands:
        menu = menus[command.menu]
        if command.separated:
            menu.addSeparator()
        menu.addAction(actions[command.id])
    return list(menus.values())


def apply_conditions(
    actions: dict[str, QAction], holds: dict[str, bool], commands: Iterable[Command] = COMMANDS
) -> None:
    """Enable each action whose condition holds. Raises KeyError for a condition that is not in ``holds``."""
    for command in commands:
        actions[command.id].setEnabled(command.enabled == "always" or holds[command.enabled])


def shortcut_rows(commands: Iterable[Command] = COMMANDS) -> list[tuple[str, str]]:
    """(title without its mnemonic mark, keys as the platform writes them) of every command that has keys."""
    rows = []
    for command in commands:
        if command.shortcuts:
            keys = ", ".join(
                QKeySequence(text).toString(QKeySequence.SequenceFormat.NativeText) for text in command.shortcuts
            )
            rows.append((translated(command.title).replace("&", "").rstrip("…"), keys))
    return rows
