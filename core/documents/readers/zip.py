"""ZIP archives. An archive has no text of its own; what is in it is read file by file."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction, Failure
from rankscope.core.documents.passwords import passwords
from rankscope.core.documents.text import shown
from rankscope.core.documents.unpacking import Packed
from rankscope.core.documents.zip_file import member_name, open_zip
from rankscope.core.documents.zip_rescue import rescued

_ENCRYPTED, _STRONGLY_ENCRYPTED = 0x1, 0x40
_AES = 99
_METHODS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
_UNIX = 3
_PEEK = 1 << 16
_SIP = 1 << 12
_DAMAGES = (zipfile.BadZipFile, RuntimeError, ValueError, EOFError, OSError)


def read(path: Path) -> Extraction:
    """Nothing but that it is a ZIP archive."""
    return Extraction("", "zip")


def members(path: Path) -> Iterator[Packed]:
    """The files in the archive, without links. Raises Unreadable; where the directory is damaged, at the end."""
    try:
        archive = open_zip(path)
    except (zipfile.BadZipFile, ValueError, EOFError):
        yield from rescued(path, _needs_password(path, ""))
        raise unreadable(
            "damaged",
            f"The directory of {shown(path)} is missing or damaged; only what was found without it could be taken out.",
            "Download or copy the archive again.",
        ) from None
    with archive:
        keys = _Keys(archive)
        for info in archive.infolist():
            if not info.is_dir() and not _is_link(info):
                yield _packed(path, info, keys)


def _packed(path: Path, info: zipfile.ZipInfo, keys: _Keys) -> Packed:
    name = member_name(info)
    problem = None
    if info.compress_type == _AES or info.flag_bits & _STRONGLY_ENCRYPTED:
        problem = Failure(
            "encrypted",
            f"{shown(name)} in {shown(path)} is encrypted in a way that Rankscope cannot open, even with the password.",
            "Unpack the archive with the program that made it.",
        )
    elif info.compress_type not in _METHODS:
        problem = Failure(
            "unsupported",
            f"{shown(name)} in {shown(path)} is packed in a way that Rankscope does not know.",
            "Unpack the archive with the program that made it.",
        )
    elif info.flag_bits & _ENCRYPTED and not keys.fit(info):
        problem = _needs_password(path, name)
    return Packed(name, partial(keys.open, info), problem)


class _Keys:
    """Opens the archive's files, the encrypted ones with the known password that fits."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # Programs agree on no encoding for passwords beyond ASCII.
        encodings = ("utf-8", "cp437", "cp1252")
        keys = (word.encode(encoding, "replace") for word in passwords() for encoding in encodings)
        self._keys = list(dict.fromkeys(keys))

    def fit(self, info: zipfile.ZipInfo) -> bool:
        """Whether a password fits; it is tried first on the files that follow."""
        for number, key in enumerate(self._keys):
            try:
                with self._archive.open(info, pwd=key) as stream:
                    stream.read(_PEEK)  # a wrong one passes the first check once in 256 times
            except _DAMAGES:
                continue
            except Exception:  # zlib's and lzma's own errors: what a wrong password gives is no packed data
                continue
            self._keys.insert(0, self._keys.pop(number))
            return True
        return False

    def open(self, info: zipfile.ZipInfo) -> BinaryIO:
        """The file's bytes."""
        encrypted = bool(info.flag_bits & _ENCRYPTED)
        stream = self._archive.open(info, pwd=self._keys[0] if encrypted else None)
        if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return cast(BinaryIO, stream)
        return cast(BinaryIO, _Sips(stream))


class _Sips(io.RawIOBase):
    """Reads little at a time: for some ways of packing, zipfile unpacks all of what it was asked to fetch, and a
    megabyte of them can hold many gigabytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        block = self._stream.read(min(len(buffer), _SIP))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _is_link(info: zipfile.ZipInfo) -> bool:
    return info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16)


def _needs_password(path: Path, name: str) -> Failure:
    return Failure(
        "encrypted",
        f"{shown(name)} in {shown(path)} is protected with a password." if name else f"{shown(path)} is protected.",
        "Enter its password, or unpack the archive with the program that made it.",
    )
