"""The passwords that readers of protected files may try. Held in memory only, by the process that reads."""

from __future__ import annotations

_known: tuple[str, ...] = ()


def set_passwords(passwords: tuple[str, ...]) -> None:
    """From now on these are tried on protected files, in this order."""
    global _known
    _known = passwords


def passwords() -> tuple[str, ...]:
    """The passwords to try."""
    return _known
