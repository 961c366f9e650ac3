"""Opening a document in its own program, and saying so when that does not work."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def open_document(path: str) -> bool:
    """Open the file in the program the desktop has for it.

    Returns:
        False when the file is gone or no program took it.
    """
    file = Path(path).expanduser()
    return file.exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.absolute())))


def citation(title: str, document: str, page: int | None, text: str) -> str:
    """The passage in quotation marks with its source behind it, for pasting into a text."""
    quoted = " ".join(text.split())
    place = f", p. {page}" if page is not None else ""
    name = Path(document).name
    source = f"{title} ({name}{place})" if title and title != name else f"{name}{place}"
    return f"“{quoted}” — {source}"
