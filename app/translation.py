"""Marking a text for translation where it is declared, to be translated where it is shown."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """The text itself. ``lupdate`` finds the call by this name; show it with ``QCoreApplication.translate``."""
    return text
