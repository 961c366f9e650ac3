"""Which files of a source are taken: patterns to include and to exclude, by the rules of gitignore files."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pathspec import GitIgnoreSpec

from rankscope.core.documents.text import one_line
from rankscope.core.errors import UsageError

# Where the system takes "Drafts" and "drafts" for the same folder, patterns do so too.
_ONE_CASE = os.name == "nt" or sys.platform == "darwin"
_NEEDLESS_ESCAPE = re.compile(r"\\(?:[^\W_]|$)")  # almost always meant as the folder separator of Windows


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the patterns say of one file: whether it is taken, why in words ("taken", "excluded by drafts/", "not
    included"), and the pattern that decided as the user wrote it, or "" where none did."""

    taken: bool
    why: str
    pattern: str = ""


_TAKEN = Verdict(True, "taken")


@dataclass(frozen=True)
class Patterns:
    """A file is taken when it matches ``include`` (or that is empty) and does not match ``exclude``.

    Patterns follow the rules of gitignore files and are relative to the source's folder: "/" separates on every
    system, "!" takes back, the last pattern that matches decides, and nothing inside an excluded folder can be brought
    back. Paths are given in the same way: relative, with "/", no "/" at the end.

    Raises:
        UsageError: a pattern that cannot be used; the message names it.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("include", "exclude"):
            lines = tuple(getattr(self, name))  # forms and JSON give lists
            object.__setattr__(self, name, lines)
            _rules(lines)

    @property
    def empty(self) -> bool:
        """True when every file is taken. Blank lines and comments are no patterns."""
        return _rules(self.include).empty and _rules(self.exclude).empty

    def judged(self, file: str) -> Verdict:
        """What becomes of a file that lies in no excluded folder."""
        excluded, pattern = _rules(self.exclude).file(file)
        if excluded:
            return Verdict(False, f"excluded by {pattern}", pattern)
        including = _rules(self.include)
        if including.empty:
            return Verdict(True, "taken", pattern) if pattern else _TAKEN
        included, deciding = including.file(file)
        return Verdict(True, "taken", deciding) if included else Verdict(False, "not included", deciding)

    def excluding(self, folder: str) -> str:
        """The pattern that excludes a folder which lies in no excluded folder; "" when it may be entered."""
        excluded, pattern = _rules(self.exclude).folder(folder)
        return pattern if excluded else ""

    def enters(self, folder: str) -> bool:
        """Whether neither the folder nor one around it is excluded."""
        return _rules(self.exclude).empty or not any(self.excluding(part) for part in _folders_down_to(folder))

    def takes(self, file: str) -> bool:
        """Whether the file is taken, with the folders around it considered."""
        return self.enters(file.rpartition("/")[0]) and self.judged(file).taken


def _folders_down_to(folder: str) -> Iterator[str]:
    """For "a/b/c": "a", "a/b", "a/b/c"; nothing for the source's own folder, ""."""
    at = folder.find("/")
    while at >= 0:
        yield folder[:at]
        at = folder.find("/", at + 1)
    if folder:
        yield folder


class _Rules:
    """One list of patterns, ready to match."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self._texts = [text for text in (line.strip() for line in lines) if text and not text.startswith("#")]
        for text in self._texts:
            _check(text)
        self._files = _compiled(self._texts)
        # A folder is matched by its bare name: "a/**" means what lies in "a", not "a" itself.
        self._folders = _compiled([text.rstrip("/") for text in self._texts])
        self.empty = not self._texts

    def file(self, path: str) -> tuple[bool, str]:
        """Whether the file matches, and the pattern that decided it."""
        return self._match(self._files, path)

    def folder(self, path: str) -> tuple[bool, str]:
        return self._match(self._folders, path)

    def _match(self, spec: GitIgnoreSpec, path: str) -> tuple[bool, str]:
        if self.empty:
            return False, ""
        result = spec.check_file(_comparable(path), separators=())
        return bool(result.include), "" if result.index is None else self._texts[result.index]


@lru_cache(maxsize=64)
def _rules(lines: tuple[str, ...]) -> _Rules:
    return _Rules(lines)


def _compiled(texts: list[str]) -> GitIgnoreSpec:
    # The backend in Python, always: the faster ones take no names that are not UTF-8.
    # A bracket in brackets means itself, but the library passes it on as it is, and Python warns of it.
    lines = [_comparable(text).replace("[[]", r"\[") for text in texts]
    return GitIgnoreSpec.from_lines(lines, backend="simple")


def _comparable(text: str) -> str:
    if _ONE_CASE:
        text = unicodedata.normalize("NFC", text).lower()
    return text.replace("\n", "\v") if "\n" in text else text  # "." of the compiled patterns matches no line break


def _check(text: str) -> None:
    """Raise UsageError for a pattern that would fail, or that would silently match nothing."""
    why = _fault(text)
    if not why:
        try:
            (pattern,) = _compiled([text]).patterns
            _compiled([text.rstrip("/")])
        except re.error:
            why = "the range in its brackets runs backwards"
        except ValueError:
            why = "it is not complete"
        else:
            why = "a bracket is not closed" if pattern.include is None else ""
    if why:
        raise UsageError(
            f'The pattern "{one_line(text)}" cannot be used: {why}.',
            'Write it as in a .gitignore file, for example "drafts/" for a folder or "*.tmp" for files.',
        )


def _fault(text: str) -> str:
    """What is wrong with a pattern that the library would take without a word."""
    bare = text.lstrip("!")
    if any(character in text for character in "\n\r\0"):
        return "it holds a line break"
    if bare == "/":
        return "it names no file and no folder"
    if bare.lstrip("/").startswith(("./", "../")):
        return 'it begins with "." and would match nothing; leave that out'
    if _NEEDLESS_ESCAPE.search(text):
        return 'folders are separated by "/", not by "\\"'
    if "[[:" in text:
        return "classes like [[:digit:]] are not known here; [0-9] is"
    return ""


EVERYTHING = Patterns()
