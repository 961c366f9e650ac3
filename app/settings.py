"""What the window remembers between runs, as typed values in one ini file. Keys it does not know are kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from rankscope.core.api import BUDGETS, Budget, UsageError, parse_budget

RECENT_LIMIT = 8
HISTORY_LIMIT = 100
# Part of the key: when docks come or go, an older arrangement no longer fits and the default is used.
LAYOUT_VERSION = 3


def config_folder() -> Path:
    """Where settings are kept; the environment variable RANKSCOPE_CONFIG_DIR names another place."""
    override = os.environ.get("RANKSCOPE_CONFIG_DIR")
    return Path(override) if override else platformdirs.user_config_path("rankscope", appauthor=False)


class Settings:
    """Typed access to the ini file."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder if folder is not None else config_folder()
        self._store = QSettings(str(folder / "rankscope.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """ "light", "dark" or "system"."""
        return self._text("window/theme", "system")

    @theme.setter
    def theme(self, value: str) -> None:
        self._store.setValue("window/theme", value)

    @property
    def layout(self) -> str:
        """The layout shown last: "search", "inspect" or "evaluate"."""
        return self._text("window/layout", "search")

    @layout.setter
    def layout(self, value: str) -> None:
        self._store.setValue("window/layout", value)

    @property
    def geometry(self) -> QByteArray | None:
        """The window's place and size, or None on the first run."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def arrangement(self, layout: str) -> QByteArray | None:
        """Where the docks of a layout stand, or None when the user has not moved any."""
        return self._bytes(f"window/arrangement{LAYOUT_VERSION}/{layout}")

    def set_arrangement(self, layout: str, value: QByteArray | None) -> None:
        """Remember the docks of a layout; None goes back to the default."""
        key = f"window/arrangement{LAYOUT_VERSION}/{layout}"
        if value is None:
            self._store.remove(key)
        else:
            self._store.setValue(key, value)

    @property
    def last_workspace(self) -> Path | None:
        """The workspace that was open when the window closed."""
        text = self._text("workspace/last", "")
        return Path(text) if text else None

    @last_workspace.setter
    def last_workspace(self, value: Path | None) -> None:
        self._store.setValue("workspace/last", str(value) if value is not None else "")

    @property
    def recent_workspaces(self) -> list[Path]:
        """Workspaces opened before, newest first."""
        return [Path(text) for text in self._list("workspace/recent")]

    def add_recent_workspace(self, path: Path) -> None:
        """Put a workspace first among the recent ones."""
        self._push("workspace/recent", str(path), RECENT_LIMIT)

    def forget_recent_workspace(self, path: Path) -> None:
        """Take a workspace that is gone out of the recent ones."""
        self._store.setValue("workspace/recent", [text for text in self._list("workspace/recent") if text != str(path)])

    @property
    def watch_folders(self) -> bool:
        """Whether folders are watched for changes at all."""
        return self._text("library/watch", "yes") != "no"

    @watch_folders.setter
    def watch_folders(self, value: bool) -> None:
        self._store.setValue("library/watch", "yes" if value else "no")

    @property
    def pipeline(self) -> str:
        """The pipeline chosen last."""
        return self._text("search/pipeline", "hybrid")

    @pipeline.setter
    def pipeline(self, value: str) -> None:
        self._store.setValue("search/pipeline", value)

    @property
    def k(self) -> int:
        """How many results are asked for, from 1 to 1000."""
        try:
            return min(1000, max(1, int(str(self._store.value("search/k", 10)))))
        except ValueError:
            return 10

    @k.setter
    def k(self, value: int) -> None:
        self._store.setValue("search/k", value)

    @property
    def budget(self) -> Budget:
        """The budget chosen last; the largest where none was."""
        try:
            chosen = parse_budget(str(self._store.value("search/budget", "")).replace(" ", ""))
        except UsageError:
            return BUDGETS[-1]
        return chosen if chosen in BUDGETS else BUDGETS[-1]

    @budget.setter
    def budget(self, value: Budget) -> None:
        self._store.setValue("search/budget", f"{value.r_q}x{value.r_c}")  # a comma would make it a list

    @property
    def sweep_folder(self) -> str:
        """The collection that was swept last; "" before the first."""
        return self._text("sweep/collection", "")

    @sweep_folder.setter
    def sweep_folder(self, value: str) -> None:
        self._store.setValue("sweep/collection", value)

    @property
    def train_plan(self) -> str:
        """How meta tokens were trained last (see ``TrainPlan.as_text``); "" before the first time."""
        return self._text("train/plan", "")

    @train_plan.setter
    def train_plan(self, value: str) -> None:
        self._store.setValue("train/plan", value)

    @property
    def train_unfinished(self) -> bool:
        """Whether that training was begun and has not come to its end."""
        return self._text("train/unfinished", "no") == "yes"

    @train_unfinished.setter
    def train_unfinished(self, value: bool) -> None:
        self._store.setValue("train/unfinished", "yes" if value else "no")

    @property
    def history(self) -> list[str]:
        """Earlier queries, newest first."""
        return self._list("search/history")

    def add_to_history(self, query: str) -> None:
        """Put a query first in the history."""
        self._push("search/history", query, HISTORY_LIMIT)

    def save(self) -> None:
        """Write everything to disk now."""
        self._store.sync()

    def _text(self, key: str, default: str) -> str:
        value = self._store.value(key, default)
        return value if isinstance(value, str) and value else default

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    def _list(self, key: str) -> list[str]:
        # An ini file keeps a list of one as a plain string, and an empty one as nothing.
        value = self._store.value(key)
        if isinstance(value, str):
            return [value] if value else []
        return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

    def _push(self, key: str, text: str, limit: int) -> None:
        rest = [other for other in self._list(key) if other != text]
        self._store.setValue(key, [text, *rest][:limit])
