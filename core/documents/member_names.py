"""The names of files in archives and mails, as people see them and as they are safe on any disk."""

from __future__ import annotations

import re

from rankscope.core.documents.decoding import NotText, decode
from rankscope.core.documents.text import safe

_UNWANTED = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]'
)  # no disk's names, nor what turns the direction of writing and makes "exe.txt" of "txt.exe"
_DEEPEST, _LONGEST, _MOST_BYTES = 20, 200, 150
# Names of devices on Windows, whatever ending they have.
_RESERVED = frozenset(
    ("CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10)))
)
# Where the old encoding of ZIP archives has accented letters; beyond stand its lines and signs.
_ACCENTED = frozenset(range(0x80, 0xA6)) | {0xE1}


class MemberNames:
    """Gives each file in one container a name of its own: relative, "/" between folders, without "..".

    A file never has a name below that of another file, so that the path of a file inside an archive inside this one
    cannot be mistaken for it.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._numbers: dict[str, int] = {}  # the last number given to a name that came again

    def given(self, name: str) -> str:
        """The name for a file that has this name, cleaned, in the container."""
        wanted = name
        if any(folder in self._files for folder in _folders(wanted)):
            wanted = wanted.replace("/", "_")
        unique = wanted
        while unique in self._files or unique in self._folders:
            number = self._numbers.get(wanted, 1) + 1
            self._numbers[wanted] = number
            stem, suffix = _split(wanted)
            unique = f"{stem} ({number}){suffix}"
        self._files.add(unique)
        self._folders.update(_folders(unique))
        return unique


def decoded_name(raw: bytes) -> str:
    """A name whose encoding the archive does not tell."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    high = [byte for byte in raw if byte > 0x7F]
    letters = sum(1 for byte in raw if byte > 0x7F or chr(byte).isalpha())
    if all(byte in _ACCENTED for byte in high) and len(high) <= 0.4 * letters:
        return raw.decode("cp437")
    try:
        return decode(raw).text
    except NotText:
        return raw.decode("cp437")


def file_name(name: str) -> str:
    """A name for the unpacked file that every system takes and that keeps its ending."""
    stem, suffix = _split(name.rsplit("/", 1)[-1])
    stem = stem.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore").rstrip(". ")
    if stem.upper() in _RESERVED:
        stem += "_"
    return (stem + suffix[:20].encode("ascii", "replace").decode().replace("?", "_").rstrip(". ")) or "member"


def cleaned(name: str) -> str:
    """A file's path in its container, relative and without what is no part of a name anywhere."""
    parts = [safe(_UNWANTED.sub("_", part)).strip() for part in name.replace("\\", "/").split("/")]
    return (
        "/".join(_shortened(part) for part in [part for part in parts if part not in ("", ".", "..")][-_DEEPEST:])
        or "unnamed"
    )


def _shortened(part: str) -> str:
    if len(part) <= _LONGEST:
        return part
    stem, suffix = _split(part)
    return f"{stem[: _LONGEST - 20]}…{suffix[:20]}"


def _split(name: str) -> tuple[str, str]:
    """The name and its ending with the dot."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and "/" not in suffix else (name, "")


def _folders(name: str) -> list[str]:
    """The folders in which a file of this name lies."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
