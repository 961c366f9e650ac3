"""Errors that speak to people: what happened, to which file, what to do.

Everything Rankscope raises on purpose is a :class:`RankscopeError`. The command line prints one line of it and
exits with 1; the window shows it with the technical part folded away. Any other exception is a bug.
"""

from __future__ import annotations


class RankscopeError(Exception):
    """A failure that a person can act on.

    Args:
        message: what happened, naming the file or the setting, as one sentence.
        remedy: what to do about it, as one sentence; may be empty.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.message, self.remedy)


class UsageError(RankscopeError):
    """The request itself makes no sense (an unknown pipeline, k = 0): exit status 2 on the command line."""


class WorkspaceError(RankscopeError):
    """The workspace cannot be opened, read or written."""


class WorkspaceTooNew(WorkspaceError):
    """The workspace was written by a newer Rankscope than this one."""


class WorkspaceBusy(WorkspaceError):
    """Another process is writing to the workspace."""


class ModelError(RankscopeError):
    """A model is missing, damaged or of the wrong kind."""


class CollectionError(RankscopeError):
    """An evaluation collection cannot be read."""


class Cancelled(RankscopeError):
    """The work was cancelled; what was committed before stays."""

    def __init__(self, message: str = "Cancelled.", remedy: str = "") -> None:
        super().__init__(message, remedy)
