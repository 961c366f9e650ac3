"""How a reader says that a file gives no text."""

from __future__ import annotations

from rankscope.core.documents.model import Failure
from rankscope.core.documents.text import shown
from rankscope.core.errors import RankscopeError


class Unreadable(RankscopeError):
    """A file gives no text; ``failure`` says why, in words for people. Picklable."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, failure.remedy)
        self.failure = failure

    def __reduce__(self) -> tuple[type, tuple[Failure]]:  # type: ignore[override]
        return type(self), (self.failure,)


class NeedsRecognition(Exception):
    """A reader found pictures of text: reading goes on with the format's ``recognise``, under a longer time limit."""


def unreadable(reason: str, message: str, remedy: str = "") -> Unreadable:
    """The exception for one failure; see :class:`Failure` for the reasons."""
    return Unreadable(Failure(reason, message, remedy))


def os_failure(path: object, error: OSError) -> Failure:
    """Why the system did not let us look at a file or folder."""
    name = shown(path)
    if isinstance(error, FileNotFoundError):
        return Failure("vanished", f"{name} is not there.", "It may have been moved, renamed or deleted.")
    if isinstance(error, PermissionError):
        return Failure("unreadable", f"You have no permission to read {name}.", "Change its permissions, or remove it.")
    reason = error.strerror or "unknown reason"
    return Failure("unreadable", f"{name} cannot be read ({reason}).", "Check the disk or the network drive it is on.")
