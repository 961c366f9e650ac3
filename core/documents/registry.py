"""The formats that Rankscope reads: a short name, its suffixes, and the module that reads it.

A new format is one module in :mod:`rankscope.core.documents.readers` with a function ``read(path) -> Extraction``,
which raises :class:`~rankscope.core.documents.failures.Unreadable`, and one line here. Its libraries are imported when
the first file of that format is read: listing formats costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePath

from rankscope.core.documents.model import Extraction

Reader = Callable[[Path], Extraction]


@dataclass(frozen=True, slots=True)
class Format:
    """One readable format. ``module`` stands in the package of readers; suffixes are lower case with their dot."""

    name: str
    suffixes: tuple[str, ...]
    module: str


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format("pdf", (".pdf",), "pdf"),
        Format("docx", (".docx",), "docx"),
        Format("html", (".html", ".htm", ".xhtml"), "html"),
        Format("md", (".md", ".markdown"), "markdown"),
        Format("txt", (".txt", ".text", ".log"), "plain"),
    )
}
_BY_SUFFIX = {suffix: entry.name for entry in FORMATS.values() for suffix in entry.suffixes}


def supported_suffixes() -> tuple[str, ...]:
    """All suffixes that a scan takes, lower case with their dot, sorted."""
    return tuple(sorted(_BY_SUFFIX))


def format_of(path: str | PurePath) -> str | None:
    """The format that the file's name promises, or None when no reader takes it."""
    return _BY_SUFFIX.get(PurePath(path).suffix.lower())


def reader(name: str) -> Reader:
    """The function that reads this format; its module is imported now.

    Raises:
        KeyError: no such format.
    """
    module = import_module(f"rankscope.core.documents.readers.{FORMATS[name].module}")
    function: Reader = module.read
    return function
