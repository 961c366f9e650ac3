"""What all zipped office documents share: the check for bombs, XML that is safe to parse, and the words for damage."""

from __future__ import annotations

import errno
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lxml import etree

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.text import shown

MAX_UNPACKED = 200_000_000
# XML shrinks to a tenth or a fortieth; what shrinks a lot more than that was made to fill memories.
_SUSPICIOUS_SIZE, _SUSPICIOUS_RATIO = 20_000_000, 200


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document in words for people: "a Word document", and the program that opens it."""

    name: str
    program: str

    def damaged(self, path: Path) -> Unreadable:
        """The failure of a file whose content breaks the rules of its format."""
        return unreadable(
            "damaged",
            f"{shown(path)} is {self.name} that is damaged.",
            f"Restore it from a backup, or open it in {self.program}, let it repair the file and save it.",
        )


WORD = Kind("a Word document", "Word")
POWERPOINT = Kind("a PowerPoint presentation", "PowerPoint")
EXCEL = Kind("a spreadsheet", "Excel or LibreOffice")
ODF_TEXT = Kind("an OpenDocument text", "LibreOffice")
ODF_SLIDES = Kind("an OpenDocument presentation", "LibreOffice")
EPUB = Kind("an EPUB book", "Calibre")


@contextmanager
def damage_named(path: Path, kind: Kind) -> Iterator[None]:
    """Names what goes wrong inside as the failure "damaged", except for the disk's own troubles.

    For calls into libraries only: zip, XML and office libraries raise anything on files that break their rules.
    """
    try:
        yield
    except (Unreadable, MemoryError, RecursionError):
        raise
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # a seek to a place that a damaged directory names
            raise
        raise kind.damaged(path) from None
    except Exception:
        raise kind.damaged(path) from None


@contextmanager
def opened(
    path: Path, kind: Kind, limit: int = MAX_UNPACKED, ratio: int = _SUSPICIOUS_RATIO
) -> Iterator[zipfile.ZipFile]:
    """The archive, once the sizes that it declares are checked; zipfile never unpacks more of a member than that.

    Args:
        limit: bytes that all its members may have together.
        ratio: how many times its own size a large file may unpack to.

    Raises:
        Unreadable: ("damaged") it is no archive; ("too large") it is a bomb.
    """
    with damage_named(path, kind):
        archive = zipfile.ZipFile(path)
    with archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
        packed = max(1, path.stat().st_size)
        if unpacked > limit or (unpacked > _SUSPICIOUS_SIZE and unpacked > ratio * packed):
            raise unreadable(
                "too large",
                f"{shown(path)} unpacks to {unpacked // 1_000_000:,} MB, {unpacked // packed:,} times its size.",
                "If it is a real document, split it, or save it without its pictures.",
            )
        yield archive


def parse(data: bytes) -> Any:
    """The root of an XML part. Entities are not expanded, nothing is loaded from elsewhere, nesting has a limit.

    Raises:
        lxml.etree.XMLSyntaxError: it is no XML.
    """
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def parsed(archive: zipfile.ZipFile, name: str) -> Any | None:
    """The root of a member that a document can do without; None where it is missing or damaged."""
    try:
        return parse(archive.read(name))
    except Exception:  # as in damage_named: a damaged member makes zipfile, zlib and lxml raise anything
        return None


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part of an Office Open XML file says of another: the last word of its ``type`` ("comments"), and the
    member's name."""

    type: str
    target: str


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """The relations of a part to other members by their ids; empty where it has none."""
    folder, name = posixpath.split(part)
    root = parsed(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    found: dict[str, Relation] = {}
    for element in () if root is None else root.iter("{*}Relationship"):
        if element.get("TargetMode") != "External":
            target = member_name(folder, element.get("Target", ""))
            found[element.get("Id", "")] = Relation(element.get("Type", "").rpartition("/")[2], target)
    return found


def member_name(folder: str, reference: str) -> str:
    """The name of the member that a part in ``folder`` refers to."""
    return posixpath.normpath(posixpath.join("/", folder, unquote(reference.partition("#")[0]))).lstrip("/")
