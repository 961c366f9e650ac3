"""Taking the files out of a container (a mail, an archive) so that each can be read as a document of its own.

A container's reader only lists what it holds; what may be unpacked, how much of it and under which name is decided
here, in one place. Nothing is ever written outside the folder that the caller names: a member's own path only becomes
the name that people see.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rankscope.core.documents.detect import HEAD_BYTES, real_format
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.member_names import MemberNames, cleaned, file_name
from rankscope.core.documents.model import Failure, Member
from rankscope.core.documents.registry import format_of, members_of
from rankscope.core.documents.text import shown
from rankscope.core.documents.time_limit import OutOfTime, check_time, time_limit

MAX_MEMBER_BYTES = 200_000_000
_BLOCK = 1 << 20
_HIDDEN = (".", "~$", "__MACOSX")
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Packed:
    """One file inside a container, as its reader lists it.

    ``name`` is as the container says it, with any separators; ``open`` gives its bytes and is called at most once,
    before the next file is asked for. ``problem`` says why it cannot be opened (it is encrypted, say).
    """

    name: str
    open: Callable[[], BinaryIO]
    problem: Failure | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What unpacking may still cost for one file on disk: bytes, files, and levels of containers in containers.
    ``seconds`` is the time for this one container."""

    n_bytes: int = 1_000_000_000
    files: int = 10_000
    depth: int = 4
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was taken out, and sentences about what was left inside. ``stopped`` says why not all was looked at."""

    members: tuple[Member, ...]
    warnings: tuple[str, ...] = ()
    stopped: Failure | None = None


@dataclass(slots=True)
class _Left:
    """How many files stay inside, by why."""

    foreign: int = 0

    def sentences(self) -> tuple[str, ...]:
        if not self.foreign:
            return ()
        what = "1 file inside is of a kind" if self.foreign == 1 else f"{self.foreign:,} files inside are of kinds"
        return (f"{what} that Rankscope does not read.",)


@dataclass(slots=True)
class _Taking:
    """One container being unpacked."""

    container: Path
    folder: Path
    allowance: Allowance
    members: list[Member] = field(default_factory=list)
    left: _Left = field(default_factory=_Left)

    def run(self, packed: Iterable[Packed]) -> Failure | None:
        """Takes out what it may. Returns why it ended before all was looked at."""
        n_bytes = self.allowance.n_bytes
        for name, entry in _readable(packed, self.left):
            if len(self.members) >= self.allowance.files:
                return _too_many(self.container)
            if entry.problem is not None:
                self.members.append(Member(name, problem=entry.problem))
                continue
            limit = min(n_bytes, MAX_MEMBER_BYTES)
            member = _take_out(self.container, entry, name, self.folder / f"{len(self.members):06d}", limit)
            if member.problem is not None and member.problem.reason == "too large" and n_bytes < MAX_MEMBER_BYTES:
                return _too_much(self.container)
            self.members.append(member)
            n_bytes -= member.size
        return None


def unpack(container: Path, packed: Iterable[Packed], folder: Path, allowance: Allowance) -> Unpacked:
    """Writes the members that a reader can read into ``folder`` (made when needed), under numbers and harmless names.

    Hidden files and kinds that no reader takes are left inside. Ends early where the allowance does, or where the
    container is damaged; sizes are counted as bytes arrive, never believed.

    Raises:
        OSError: the disk is full, or fails.
    """
    taking = _Taking(container, folder, allowance)
    try:
        with time_limit(allowance.seconds):
            stopped = taking.run(packed)
    except OutOfTime:
        stopped = _too_slow(container)
    except Unreadable as error:
        stopped = error.failure
    except MemoryError:
        stopped = _too_much(container)
    except OSError:
        raise
    except Exception:  # a damaged archive makes its library raise anything; what came before is there
        stopped = _damaged_archive(container)
    warnings = (stopped.message,) if stopped else ()
    return Unpacked(tuple(taking.members), warnings + taking.left.sentences(), stopped)


def holds_documents(packed: Iterable[Packed]) -> bool:
    """Whether there is anything inside that a reader would take. Raises what the container's reader raises."""
    return next(_readable(packed, _Left()), None) is not None


def take_out(container: Path, member: str, folder: Path) -> Path:
    """Unpacks one member, also one in a container in the container, into ``folder`` (it must exist).

    Args:
        member: its name as :func:`unpack` gave it; for a member of a member, both joined with "/".

    Returns the place of its bytes.

    Raises:
        Unreadable: it is not there, or cannot be taken out.
        OSError: the container or the folder cannot be used.
    """
    place = container
    for level in range(Allowance().depth):
        name, place = _found(place, member, folder / str(level))
        if name == member:
            return place
        member = member[len(name) + 1 :]
    raise _gone(container, member)


def _found(container: Path, member: str, folder: Path) -> tuple[str, Path]:
    """The member, or the one that it lies in, taken out: its name and where its bytes are."""
    with container.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    listing = members_of(real_format(container, format_of(container) or "zip", head))
    for name, entry in _readable(listing(container) if listing else (), _Left()):
        if name == member or member.startswith(f"{name}/"):
            if entry.problem is not None:
                raise Unreadable(entry.problem)
            taken = _take_out(container, entry, name, folder, MAX_MEMBER_BYTES)
            if taken.problem is not None:
                raise Unreadable(taken.problem)
            return name, Path(taken.path)
    raise _gone(container, member)


def _readable(packed: Iterable[Packed], left: _Left) -> Iterator[tuple[str, Packed]]:
    """The entries that some reader takes, each under the name by which people see it; the others are counted."""
    names = MemberNames()
    for entry in packed:
        check_time()
        name = cleaned(entry.name)
        if any(part.startswith(_HIDDEN) for part in name.split("/")):
            continue
        if format_of(name) is None:
            left.foreign += 1
        else:
            yield names.given(name), entry


def _take_out(container: Path, entry: Packed, name: str, folder: Path, limit: int) -> Member:
    """Writes the entry's bytes into ``folder``. Raises OutOfTime, and OSError when the disk is full."""
    place = folder / file_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Member(name, str(place), _copied(entry, place, limit))
    except Unreadable as error:
        problem = error.failure
    except (_TooLarge, MemoryError):
        problem = _too_large(container, name, limit)
    except OutOfTime:
        place.unlink(missing_ok=True)
        raise
    except OSError as error:
        if error.errno in _DISK_FULL:  # the disk's trouble, not the archive's
            raise
        problem = _damaged(container, name)
    except Exception:  # a damaged archive makes its library raise anything: it costs this member
        problem = _damaged(container, name)
    place.unlink(missing_ok=True)
    return Member(name, problem=problem)


class _TooLarge(Exception):
    pass


def _copied(entry: Packed, place: Path, limit: int) -> int:
    size = 0
    with entry.open() as source, place.open("wb") as target:
        while block := source.read(_BLOCK):
            check_time()
            size += len(block)
            if size > limit:
                raise _TooLarge
            target.write(block)
    return size


def _too_many(container: Path) -> Failure:
    return Failure(
        "too large",
        f"{shown(container)} holds more files than are read from one archive ({Allowance().files:,}).",
        "Unpack it into a folder and index that.",
    )


def _too_much(container: Path) -> Failure:
    return Failure(
        "too large",
        f"{shown(container)} unpacks to more than the {Allowance().n_bytes // 1_000_000:,} MB that are read.",
        "If these are real documents, unpack it into a folder and index that.",
    )


def _too_slow(container: Path) -> Failure:
    return Failure(
        "too large",
        f"{shown(container)} takes too long to unpack; what came later was left inside.",
        "Unpack it into a folder and index that.",
    )


def _damaged_archive(container: Path) -> Failure:
    return Failure(
        "damaged",
        f"{shown(container)} is damaged; what lies behind the damage cannot be taken out.",
        "Download or copy it again, or restore it from a backup.",
    )


def _too_large(container: Path, name: str, limit: int) -> Failure:
    return Failure(
        "too large",
        f"{shown(name)} in {shown(container)} unpacks to more than {max(1, limit // 1_000_000):,} MB.",
        "If it is a real document, take it out of the archive.",
    )


def _damaged(container: Path, name: str) -> Failure:
    return Failure(
        "damaged",
        f"{shown(name)} cannot be taken out of {shown(container)}: the archive is damaged there.",
        "Download or copy the archive again, or ask its sender for the file.",
    )


def _gone(container: Path, member: str) -> Unreadable:
    return unreadable("vanished", f"{shown(member)} is no longer in {shown(container)}.", "Bring the index up to date.")
