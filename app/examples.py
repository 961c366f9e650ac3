"""Questions that the sample documents answer, offered to a new user."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from rankscope.app.translation import QT_TRANSLATE_NOOP

_QUESTIONS: tuple[str, ...] = (
    QT_TRANSLATE_NOOP("examples", "how does late interaction score a passage?"),
    QT_TRANSLATE_NOOP("examples", "why is my document missing from the results?"),
    QT_TRANSLATE_NOOP("examples", "when do exact words beat meaning?"),
    QT_TRANSLATE_NOOP("examples", "how is search quality measured?"),
)


def example_questions() -> list[str]:
    """The questions, in the language of the window."""
    return [QCoreApplication.translate("examples", question) for question in _QUESTIONS]
