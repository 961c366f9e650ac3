"""Paths as people and JSON take them, and as people give them."""

from __future__ import annotations

import os
from pathlib import Path

from rankscope.core.errors import UsageError


def displayed_stored(stored: str | bytes) -> str:
    """As :func:`displayed`, for a path as SQLite hands it out: bytes where it is not UTF-8."""
    return displayed(os.fsdecode(stored))


def given(path: Path | str) -> Path:
    """The absolute path that a person means, with "~" resolved. Raises UsageError for an unknown user."""
    try:
        return Path(path).expanduser().absolute()
    except (RuntimeError, OSError, ValueError) as error:
        raise UsageError(f"The path {displayed(str(path))} cannot be followed ({error}).") from error


def existing(path: Path | str) -> Path:
    """As :func:`given`, for a folder or file that has to be there. Raises UsageError."""
    whole = given(path)
    try:
        whole.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        shown = displayed(str(path))
        raise UsageError(f"There is no folder or file {shown}.", "Check the spelling.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{displayed(str(path))} cannot be opened ({why}).", "Check its permissions.") from error
    return whole


def is_there(path: Path | str) -> bool:
    """True when the path can be reached; False when it is gone, or nobody lets us look."""
    try:
        Path(path).stat()
    except (OSError, ValueError):
        return False
    return True


def displayed(path: str) -> str:
    """The path with bytes that are not UTF-8 shown as ``\\xNN``, so that it can be printed and put into JSON."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
