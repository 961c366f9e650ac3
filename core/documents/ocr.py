"""Whether there is Tesseract, the program that recognises text in pictures (OCR), and how to get it.

Light on purpose: every scan asks. The recognising itself is in :mod:`rankscope.core.documents.recognition`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from rankscope.core.documents.failures import Unreadable, unreadable

HOW_TO_GET_IT = (
    "Install Tesseract, which is free, and bring the index up to date. Its package is tesseract-ocr on Debian and "
    "Ubuntu and tesseract on Fedora and in Homebrew for macOS; for Windows there is the installer by UB Mannheim."
)


def available() -> bool:
    """Whether Tesseract is on this machine. A few looks at the disk; never starts it."""
    return program() is not None


def program() -> str | None:
    """Where Tesseract is; None where it is not installed."""
    found = shutil.which("tesseract")
    if found is not None:
        return found
    return next((str(place) for place in _usual_places() if place.is_file()), None)


def missing(what: str) -> Unreadable:
    """The failure of a file whose text is only in pictures, on a machine without Tesseract.

    Args:
        what: the file and what it is, the start of a sentence: "scan.pdf is a scan".
    """
    return unreadable(
        "needs OCR", f"{what}: what is written in it can only be read by text recognition (OCR).", HOW_TO_GET_IT
    )


def _usual_places() -> list[Path]:
    """Where installers put it without adding it to the search path of programs."""
    if sys.platform == "win32":
        roots = (os.environ.get("PROGRAMFILES"), os.environ.get("LOCALAPPDATA"))
        inside = ("Tesseract-OCR", "Programs/Tesseract-OCR")
        return [Path(root) / folder / "tesseract.exe" for root in roots if root for folder in inside]
    return [Path("/opt/homebrew/bin/tesseract"), Path("/usr/local/bin/tesseract")]
