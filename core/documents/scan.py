"""Finding the files of a source, one after another."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from pathlib import Path

from rankscope.core.documents.failures import os_failure
from rankscope.core.documents.model import Failure
from rankscope.core.documents.patterns import EVERYTHING, Patterns
from rankscope.core.documents.registry import format_of, supported_suffixes
from rankscope.core.documents.text import shown
from rankscope.core.progress import CancelledCheck, never, stop_if

_HIDDEN_PREFIXES = (".", "~$")  # "~$" starts the lock files that Office leaves beside an open document
_name = attrgetter("name")
_base = os.path.basename


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read, or an entry that could not be looked at (``problem``).

    ``path`` is absolute; a name that is no valid UTF-8 keeps its bytes as surrogate escapes. ``size`` in bytes and
    ``mtime_ns`` are 0 where there is a problem. A file inside a file has the outermost one as ``container``, and a path
    that begins with it.
    """

    path: str
    size: int = 0
    mtime_ns: int = 0
    problem: Failure | None = None
    container: str = ""


@dataclass(frozen=True, slots=True)
class TestedFile:
    """What a scan makes of one file, or of one excluded folder (its name ends in "/", nothing in it is looked at).

    ``relative`` to the source's folder, with "/" on every system. ``why``: "taken", "excluded by drafts/", "not
    included", "no reader for .xyz", or why the entry could not be looked at. ``pattern``: the one that decided, or "".
    """

    relative: str
    taken: bool
    why: str
    pattern: str = ""


def scan(
    root: Path,
    cancelled: CancelledCheck = never,
    patterns: Patterns = EVERYTHING,
    skipped: Counter[str] | None = None,
) -> Iterator[FoundFile]:
    """The readable files below a folder, each folder's entries sorted by name; or the one file that ``root`` is.

    Hidden entries are skipped, and what the patterns leave out; a ``root`` that is a file is taken whatever they say.
    A link to a folder or file is followed when it leads out of ``root``: what lies inside is found without it, so
    nothing is found twice and circles end. At any moment only the entries of the folders on the way to the current one
    are held.

    Args:
        skipped: is given the suffixes (lower case with their dot) of the files that no reader takes, with how many.
            Hidden and excluded files and links do not count.

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
        yield from _Walk(top, cancelled, patterns).files(skipped)
    elif not has_reader(_base(top)) or not stat.S_ISREG(status.st_mode):
        yield FoundFile(top, problem=_unsupported(top))
    else:
        yield _found(top, status)


def tested(root: Path, patterns: Patterns, limit: int, cancelled: CancelledCheck = never) -> Iterator[TestedFile]:
    """What a scan would make of the first ``limit`` ordinary, visible files below a folder, in its order; a ``root``
    that is a file is taken whatever the patterns say.

    Raises:
        Cancelled: ``cancelled()`` returned True.
    """
    top = os.path.abspath(root)  # noqa: PTH100 - as in scan
    if not Path(top).is_dir():
        for found in islice(scan(root, cancelled), limit):
            yield TestedFile(shown(top), found.problem is None, found.problem.message if found.problem else "taken")
        return
    walk = _Walk(top, cancelled, patterns)
    rows = (_tested(step, walk, patterns) for step in walk.steps())
    yield from islice((row for row in rows if row is not None), limit)


def has_reader(name: str) -> bool:
    """As ``format_of(name) is not None`` for a name without folders, fast enough for hundreds of thousands of them."""
    return _is_read(suffix_of(name))


def suffix_of(name: str) -> str:
    """As ``PurePath(name).suffix.lower()``, for a name without folders, at a tenth of the cost."""
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def is_hidden_name(name: str) -> bool:
    """Whether an entry of this name is skipped; on Windows there are also entries hidden by an attribute."""
    return name.startswith(_HIDDEN_PREFIXES)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that the walk met: entered, or left out because of a pattern."""

    relative: str
    excluded_by: str = ""


class _Walk:
    """One walk through a folder (absolute), depth first without recursion."""

    def __init__(self, top: str, cancelled: CancelledCheck, patterns: Patterns) -> None:
        self._top = top
        self._cut = len(top.rstrip(os.sep)) + 1
        self._real_top = os.path.realpath(top)
        self._cancelled = cancelled
        self._patterns = None if patterns.empty else patterns  # None: the usual case, in which nothing is matched
        self._entered: set[str] = set()  # the real paths of the folders entered through a link

    def files(self, skipped: Counter[str] | None) -> Iterator[FoundFile]:
        """The readable files, and the entries that could not be looked at; see :func:`scan`."""
        for step in self.steps():
            if isinstance(step, FoundFile):
                yield step
            elif isinstance(step, os.DirEntry) and self._takes(step):
                if has_reader(step.name):
                    if (found := self.look(step)) is not None:
                        yield found
                elif skipped is not None and step.is_file(follow_symlinks=False):
                    skipped[suffix_of(step.name)] += 1

    def steps(self) -> Iterator[os.DirEntry[str] | FoundFile | _Folder]:
        """The visible entries that are no folders, the folders before what is in them, and folders with a problem."""
        opened = self._open(self._top)
        stack = [iter(opened)] if isinstance(opened, list) else []
        if isinstance(opened, FoundFile):
            yield opened
        while stack:
            stop_if(self._cancelled)
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
            elif not _is_folder(entry):
                yield entry
            elif self._patterns and (pattern := self._patterns.excluding(self.relative(entry.path))):
                yield _Folder(self.relative(entry.path), pattern)
            elif self._may_enter(entry):
                opened = self._open(entry.path)
                if isinstance(opened, FoundFile):
                    yield opened
                else:
                    yield _Folder(self.relative(entry.path))
                    stack.append(iter(opened))

    def look(self, file: os.DirEntry[str]) -> FoundFile | None:
        """None for a pipe or the like, and for a link to what the walk comes to anyway."""
        try:
            status = file.stat()
        except OSError as error:
            # Of links that lead nowhere only those matter whose names promise a document.
            promised = suffix_of(file.name) or not file.is_symlink()
            return FoundFile(file.path, problem=os_failure(file.path, error)) if promised else None
        if file.is_symlink():
            real = os.path.realpath(file.path)
            if has_reader(_base(real)) and self._found_without(real, folder=False):
                return None
        return _found(file.path, status) if stat.S_ISREG(status.st_mode) else None

    def relative(self, path: str) -> str:
        """A path below the top, relative to it, with "/"."""
        return path[self._cut :].replace(os.sep, "/")

    def _open(self, folder: str) -> list[os.DirEntry[str]] | FoundFile:
        try:
            with os.scandir(folder) as entries:
                return sorted((entry for entry in entries if not _hidden(entry)), key=_name)
        except OSError as error:
            return FoundFile(folder, problem=os_failure(folder, error))

    def _takes(self, file: os.DirEntry[str]) -> bool:
        return self._patterns is None or self._patterns.judged(self.relative(file.path)).taken

    def _may_enter(self, folder: os.DirEntry[str]) -> bool:
        linked = folder.is_symlink()
        if not linked and not self._entered:
            return True  # the usual case, without asking the disk for real paths
        real = os.path.realpath(folder.path)
        if self._found_without(real, folder=True):
            return False
        if linked and any(_within(real, entered) for entered in self._entered):
            return False
        if linked:
            self._entered.add(real)
        return linked or real not in self._entered

    def _found_without(self, real: str, folder: bool) -> bool:
        """Whether the walk comes to this real path without following any link."""
        if not _within(real, self._real_top):
            return False
        below = Path(real).relative_to(self._real_top).parts
        if any(is_hidden_name(part) for part in below):
            return False
        if self._patterns is None:
            return True
        return self._patterns.enters("/".join(below)) if folder else self._patterns.takes("/".join(below))


def _tested(step: os.DirEntry[str] | FoundFile | _Folder, walk: _Walk, patterns: Patterns) -> TestedFile | None:
    if isinstance(step, os.DirEntry):
        return _tested_file(step, walk, patterns)
    if isinstance(step, FoundFile):
        return TestedFile(walk.relative(step.path), False, step.problem.message if step.problem else "")
    if not step.excluded_by:
        return None
    return TestedFile(f"{step.relative}/", False, f"excluded by {step.excluded_by}", step.excluded_by)


def _tested_file(file: os.DirEntry[str], walk: _Walk, patterns: Patterns) -> TestedFile | None:
    """None for a pipe or the like, and for a link that a scan does not follow."""
    relative = walk.relative(file.path)
    verdict = patterns.judged(relative)
    ordinary = file.is_file(follow_symlinks=False)
    if not verdict.taken:
        return TestedFile(relative, False, verdict.why, verdict.pattern) if ordinary else None
    if not has_reader(file.name):
        return TestedFile(relative, False, f"no reader for {suffix_of(file.name)}") if ordinary else None
    if ordinary:
        return TestedFile(relative, True, verdict.why, verdict.pattern)
    found = walk.look(file)
    if found is None:
        return None
    if found.problem is not None:
        return TestedFile(relative, False, found.problem.message)
    return TestedFile(relative, True, verdict.why, verdict.pattern)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _found(path: str, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _is_read(suffix: str) -> bool:
    return format_of(f"name{suffix}") is not None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle; whoever looks at the file behind it learns that
        return False


def _hidden(entry: os.DirEntry[str]) -> bool:
    if is_hidden_name(entry.name):
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
