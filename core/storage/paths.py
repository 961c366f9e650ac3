"""Paths as people and JSON take them."""

from __future__ import annotations


def displayed(path: str) -> str:
    """The path with bytes that are not UTF-8 shown as ``\\xNN``, so that it can be printed and put into JSON."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
