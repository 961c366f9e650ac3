"""Writing files so that a crash leaves the old one or the new one, never half of each."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from rankscope.core.errors import WorkspaceError

BESIDE = ".new"  # what a file is called while it is being written


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file by writing beside it, syncing, and renaming. Raises OSError."""
    beside = path.with_name(path.name + BESIDE)
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in a folder last through a power cut, where the platform can open folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's content last through a power cut; a file that is not there needs nothing. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder and below."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone meanwhile
                total += (Path(root) / name).stat().st_size
    return total


@contextlib.contextmanager
def disk_errors(doing: str, where: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence for people.

    Raises:
        WorkspaceError: for a full disk, missing permission or any other OSError inside the block.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkspaceError(
                f"The disk is full: {doing} in {where} stopped.",
                "Everything committed before is safe; free some space and start again.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise WorkspaceError(
                f"{doing[:1].upper()}{doing[1:]} in {where} is not permitted.",
                "Check the folder's permissions, or choose another folder.",
            ) from error
        raise WorkspaceError(f"{doing[:1].upper()}{doing[1:]} in {where} failed: {error.strerror}.") from error
