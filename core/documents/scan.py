"""Finding the files of a source, one after another."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rankscope.core.documents.failures import os_failure
from rankscope.core.documents.model import Failure
from rankscope.core.documents.registry import format_of, supported_suffixes
from rankscope.core.documents.text import shown
from rankscope.core.progress import CancelledCheck, never, stop_if

_HIDDEN_PREFIXES = (".", "~$")  # "~$" starts the lock files that Office leaves beside an open document


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read, or an entry that could not be looked at (``problem``).

    ``path`` is absolute; a name that is no valid UTF-8 keeps its bytes as surrogate escapes. ``size`` in bytes and
    ``mtime_ns`` are 0 where there is a problem.
    """

    path: str
    size: int = 0
    mtime_ns: int = 0
    problem: Failure | None = None


def scan(root: Path, cancelled: CancelledCheck = never) -> Iterator[FoundFile]:
    """The readable files below a folder, each folder's entries sorted by name; or the one file that ``root`` is.

    Hidden entries are skipped. A link to a folder or file is followed when it leads out of ``root``: what lies inside
    is found without it, so nothing is found twice and circles end. At any moment only the entries of the folders on
    the way to the current one are held.

    Raises:
        Cancelled: ``cancelled()`` returned True.
    """
    top = os.path.abspath(root)  # noqa: PTH100 - Path.resolve would follow the link that the user named
    try:
        status = Path(top).stat()
    except OSError as error:
        yield FoundFile(top, problem=os_failure(top, error))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _Walk(top, cancelled).files()
    elif format_of(top) is None or not stat.S_ISREG(status.st_mode):
        yield FoundFile(top, problem=_unsupported(top))
    else:
        yield _found(top, status)


class _Walk:
    """One walk through a folder, depth first without recursion."""

    def __init__(self, top: str, cancelled: CancelledCheck) -> None:
        self._top = top
        self._real_top = os.path.realpath(top)
        self._cancelled = cancelled
        self._entered: set[str] = set()  # the real paths of the folders entered through a link

    def files(self) -> Iterator[FoundFile]:
        stack: list[Iterator[os.DirEntry[str]]] = []
        opened = self._open(self._top)
        if isinstance(opened, FoundFile):
            yield opened
            return
        stack.append(opened)
        while stack:
            stop_if(self._cancelled)
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            try:
                if entry.is_dir():
                    if self._may_enter(entry):
                        opened = self._open(entry.path)
                        if isinstance(opened, FoundFile):
                            yield opened
                        else:
                            stack.append(opened)
                elif format_of(entry.name) is not None:
                    yield from self._file(entry)
            except OSError as error:
                # A link that leads nowhere matters only if its name promises a document.
                if format_of(entry.name) is not None or not entry.is_symlink():
                    yield FoundFile(entry.path, problem=os_failure(entry.path, error))

    def _open(self, folder: str) -> Iterator[os.DirEntry[str]] | FoundFile:
        try:
            with os.scandir(folder) as entries:
                return iter(sorted((entry for entry in entries if not _hidden(entry)), key=lambda entry: entry.name))
        except OSError as error:
            return FoundFile(folder, problem=os_failure(folder, error))

    def _may_enter(self, folder: os.DirEntry[str]) -> bool:
        linked = folder.is_symlink()
        if not linked and not self._entered:
            return True  # the usual case, without asking the disk for real paths
        real = os.path.realpath(folder.path)
        if self._found_without(real) or any(_within(real, entered) for entered in self._entered if linked):
            return False
        if linked:
            self._entered.add(real)
        return linked or real not in self._entered

    def _file(self, entry: os.DirEntry[str]) -> Iterator[FoundFile]:
        status = entry.stat()
        if entry.is_symlink():
            real = os.path.realpath(entry.path)
            if self._found_without(real) and format_of(real) is not None:
                return
        if stat.S_ISREG(status.st_mode):
            yield _found(entry.path, status)

    def _found_without(self, real: str) -> bool:
        """Whether the walk comes to this real path without following any link."""
        if not _within(real, self._real_top):
            return False
        below = Path(real).relative_to(self._real_top).parts
        return not any(part.startswith(_HIDDEN_PREFIXES) for part in below)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _found(path: str, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def _hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(_HIDDEN_PREFIXES):
        return True
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0) if os.name == "nt" else 0
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN)


def _unsupported(path: str) -> Failure:
    suffixes = ", ".join(supported_suffixes())
    return Failure(
        "unsupported",
        f"{shown(path)} is of a kind that Rankscope does not read.",
        f"It reads files that end in {suffixes}.",
    )
