"""Opening a document in its own program, or the folder it lies in, and saying so when that does not work."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def open_document(path: str) -> bool:
    """Open the file in the program the desktop has for it.

    Returns:
        False when the file is gone or no program took it.
    """
    file = Path(path).expanduser()
    return file.exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(file.absolute())))


def show_in_folder(path: str) -> bool:
    """Show the file in the desktop's file manager, selected where the system can do that.

    Returns:
        False when its folder is gone or no program showed it.
    """
    file = Path(path).expanduser().absolute()
    if file.exists() and sys.platform == "win32":
        return bool(QProcess.startDetached("explorer", [f"/select,{file}"])[0])
    if file.exists() and sys.platform == "darwin":
        return bool(QProcess.startDetached("open", ["-R", str(file)])[0])
    folder = file if file.is_dir() else file.parent
    return folder.exists() and QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def citation(title: str, document: str, place: str, text: str) -> str:
    """The passage in quotation marks with its source behind it, for pasting into a text.

    ``place`` says where in the document it stands ("page 3"); empty where the format has no such thing.
    """
    quoted = " ".join(text.split())
    name = f"{Path(document).name}, {place}" if place else Path(document).name
    source = f"{title} ({name})" if title and title != Path(document).name else name
    return f"“{quoted}” — {source}"
