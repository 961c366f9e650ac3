"""Reading one document into passages. Whatever goes wrong becomes the document's failure, in words for people."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rankscope.core.documents.detect import ENCRYPTED_OFFICE, HEAD_BYTES, real_format
from rankscope.core.documents.failures import NeedsRecognition, Unreadable, os_failure, unreadable
from rankscope.core.documents.model import Extraction, Failure, Member, PassageSpan, ReadDocument
from rankscope.core.documents.office_crypt import decrypted
from rankscope.core.documents.registry import format_of, members_of, reader, recogniser
from rankscope.core.documents.text import has_content, shown
from rankscope.core.documents.unpacking import Allowance, Unpacked, holds_documents, unpack

if TYPE_CHECKING:
    from rankscope.core.documents.chunking import Chunker

MAX_BYTES = 200_000_000
MAX_ARCHIVE_BYTES = 2_000_000_000  # of files that are read piece by piece
ARCHIVES = frozenset(("mbox", "zip", "tar"))
_MAILBOX = b"From "
_TRIES = 3
_BETWEEN_TRIES = 0.2  # seconds


def read_document(
    path: str | Path,
    chunker: Chunker,
    spool: Path | None = None,
    allowance: Allowance | None = None,
    *,
    recognise: bool = False,
) -> ReadDocument:
    """Reads a file and cuts it into passages; whatever goes wrong becomes the document's failure.

    A file that changes while it is read is read again, at most three times; what is then known of it is that of the
    last reading, and the next scan finds it changed.

    Args:
        spool: the folder into which files inside the file are unpacked; None leaves them inside.
        allowance: what unpacking may cost.
        recognise: read it by OCR; set after NeedsRecognition was raised without it.

    Raises:
        NeedsRecognition: OCR is needed, and ``recognise`` was not set. Process exits and interrupts.
    """
    started = time.perf_counter()
    file = Path(path)
    attempt = _Attempt(file, chunker, spool, allowance or Allowance(), recognise)
    failure: Failure | None = None
    for number in range(_TRIES):
        if number:
            time.sleep(_BETWEEN_TRIES)
        failure = None
        try:
            attempt.run()
        except (KeyboardInterrupt, SystemExit):
            raise
        except NeedsRecognition:
            if not recognise:
                raise
            failure = _unrecognised(file)
        except BaseException as error:  # a panic in a library's Rust code is no Exception
            failure = _failure(file, error)
        if not attempt.changed():
            break
    else:
        if failure is not None:
            failure = Failure(
                "changing", f"{shown(file)} is being written to at the moment.", "It is read again at the next scan."
            )
    seconds = time.perf_counter() - started
    if failure is not None:
        return ReadDocument(attempt.digest, failure=failure, seconds=seconds)
    return ReadDocument(attempt.digest, attempt.extraction, attempt.passages, None, attempt.members, seconds)


class _Attempt:
    """One reading of one file, its results so far."""

    def __init__(self, file: Path, chunker: Chunker, spool: Path | None, allowance: Allowance, recognise: bool) -> None:
        self._file = file
        self._chunker = chunker
        self._spool = spool
        self._allowance = allowance
        self._recognise = recognise
        self._before: os.stat_result | None = None
        self.digest = ""
        self.extraction: Extraction | None = None
        self.passages: tuple[PassageSpan, ...] = ()
        self.members: tuple[Member, ...] = ()

    def run(self) -> None:
        """Reads the file. Raises what its reader raises."""
        self.digest, self._before = "", None
        self._before = _checked_status(self._file)
        self.digest, head = _fingerprint(self._file)
        with ExitStack() as stack:
            file, name = self._file, _real_format(self._file, head)
            if name == ENCRYPTED_OFFICE:
                file = decrypted(file, Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch()))))
                name = _real_format(file, _first_bytes(file))
            extraction = self._extracted(file, name)
            extraction, self.members = self._unpacked(file, name, extraction)
        if not has_content(extraction.text) and not self.members:
            raise unreadable("no text", f"{shown(file)} holds no text.", "There is nothing in it to search.")
        self.passages = self._chunker.passages(extraction)
        self.extraction = extraction

    def changed(self) -> bool:
        """Whether the file is no longer the one that this attempt began with."""
        if self._before is None:
            return False
        try:
            after = self._file.stat()
        except OSError:
            return False
        return _identity(self._before) != _identity(after)

    def _extracted(self, file: Path, name: str) -> Extraction:
        if self._recognise and (function := recogniser(name)) is not None:
            return function(file)
        return reader(name)(file)

    def _unpacked(self, file: Path, name: str, extraction: Extraction) -> tuple[Extraction, tuple[Member, ...]]:
        """The files inside, taken out. A mail whose attachments cannot be taken out is still a mail."""
        listing = members_of(name)
        if listing is None or self._spool is None:
            return extraction, ()
        if self._allowance.depth > 0:
            unpacked = unpack(file, listing(file), self._spool, self._allowance)
        else:
            too_deep = _too_deep(file) if holds_documents(listing(file)) else None
            unpacked = Unpacked((), (too_deep.message,) if too_deep else (), too_deep)
        if not unpacked.members and not has_content(extraction.text):
            if unpacked.stopped is not None:
                raise Unreadable(unpacked.stopped)
            if name in ARCHIVES:
                raise _nothing_inside(file, unpacked)
        return replace(extraction, warnings=(*extraction.warnings, *unpacked.warnings)), unpacked.members

    def _scratch(self) -> Path | None:
        if self._spool is not None:
            self._spool.mkdir(parents=True, exist_ok=True)
        return self._spool


def is_archive(file: Path) -> bool:
    """Whether a file is, by its name, one of those that have no text of their own and may be very large. Thunderbird's
    mailboxes have no ending in their names."""
    if file.suffix or not file.is_file():  # opening a pipe would wait for ever
        return format_of(file) in ARCHIVES
    with file.open("rb") as stream:
        return stream.read(len(_MAILBOX)) == _MAILBOX


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


def _checked_status(file: Path) -> os.stat_result:
    """The file's status, if it is one to read: never a pipe or device, which could block for ever."""
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        raise unreadable("unsupported", f"{shown(file)} is no ordinary file.", "Name a file or a folder of files.")
    if status.st_size == 0:
        raise unreadable(
            "empty", f"{shown(file)} is empty: it has no bytes.", "Restore it from a backup, or delete it."
        )
    limit = MAX_ARCHIVE_BYTES if is_archive(file) else MAX_BYTES
    if status.st_size > limit:
        raise unreadable(
            "too large",
            f"{shown(file)} has {status.st_size // 1_000_000:,} MB, and {limit // 1_000_000:,} is the limit.",
            "Split it into smaller files.",
        )
    return status


def _fingerprint(file: Path) -> tuple[str, bytes]:
    """The SHA-256 of the file's bytes in hex, and its first bytes."""
    with file.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest(), head


def _first_bytes(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def _real_format(file: Path, head: bytes) -> str:
    promised = format_of(file)
    if promised is None:
        raise unreadable(
            "unsupported",
            f"{shown(file)} is of a kind that Rankscope does not read.",
            "Save its text in a format that it reads.",
        )
    try:
        return real_format(file, promised, head)
    except Unreadable as error:
        if file.suffix or error.failure.reason != "wrong type":
            raise
        kind = error.failure.message.rpartition(": ")[2]
        raise unreadable("unsupported", f"{shown(file)} is no document: {kind}", "There is nothing to do.") from None


def _too_deep(file: Path) -> Failure:
    return Failure(
        "too deep",
        f"{shown(file)} lies too deep: files inside files inside files are not followed without end.",
        "Take it out and put it beside the others.",
    )


def _unrecognised(file: Path) -> Failure:
    return Failure(
        "needs OCR",
        f"{shown(file)} holds pictures of text that could not be recognised.",
        "Run text recognition on it with another program, and save it with the text.",
    )


def _nothing_inside(file: Path, unpacked: Unpacked) -> Unreadable:
    return unreadable(
        "empty",
        " ".join((f"{shown(file)} holds no file that could be read.", *unpacked.warnings)),
        "There is nothing in it to search.",
    )


def _failure(file: Path, error: BaseException) -> Failure:
    name = shown(file)
    if isinstance(error, Unreadable):
        return error.failure
    if isinstance(error, OSError):
        return os_failure(file, error)
    if isinstance(error, MemoryError):
        return Failure("too large", f"There is not enough memory to read {name}.", "Split it into smaller files.")
    if isinstance(error, RecursionError):
        return Failure("damaged", f"{name} is nested too deeply to be read.", "Save it anew in its own program.")
    return Failure(
        "damaged",
        f"{name} cannot be understood: its content breaks the rules of its format.",
        "Open it in its own program and save it anew; if that does not help, please report it.",
    )
