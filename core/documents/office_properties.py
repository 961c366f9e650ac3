"""Title, author and dates as office documents keep them beside their text."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import olefile

from rankscope.core.documents.dates import iso_date
from rankscope.core.documents.office_zip import parsed
from rankscope.core.documents.text import chosen_title, one_line

# What programs put there by themselves, beyond what chosen_title knows.
_NO_TITLES = frozenset(
    "presentation|powerpoint presentation|powerpoint-präsentation|présentation powerpoint|presentación de powerpoint|"
    "presentazione standard di powerpoint|apresentação do powerpoint|slide 1|folie 1".split("|")
)


@dataclass(frozen=True, slots=True)
class Properties:
    """What a document says about itself; empty or None where it says nothing. Dates are ISO 8601."""

    title: str = ""
    author: str = ""
    created: str | None = None
    modified: str | None = None


def core_properties(archive: zipfile.ZipFile) -> Properties:
    """The properties of an Office Open XML file."""
    name = next((name for name in archive.namelist() if name.lower().endswith(("docprops/core.xml", ".psmdcp"))), "")
    return _properties(parsed(archive, name), author=("creator", "lastModifiedBy"), dates=("created", "modified"))


def odf_properties(archive: zipfile.ZipFile) -> Properties:
    """The properties of an OpenDocument file."""
    return _properties(
        parsed(archive, "meta.xml"), author=("initial-creator", "creator"), dates=("creation-date", "date")
    )


def ole_properties(path: Path) -> Properties:
    """The properties of an old Office file."""
    try:
        with olefile.OleFileIO(path) as container:
            found = container.get_metadata()
    except Exception:  # olefile raises what its struct and index operations raise on damaged files
        return Properties()
    encoding = f"cp{(found.codepage or 1252) % 65536}"  # a signed number: UTF-8, 65001, is kept as -535
    return Properties(
        usable_title(_decoded(found.title, encoding)),
        one_line(_decoded(found.author, encoding) or _decoded(found.last_saved_by, encoding)),
        _moment(found.create_time),
        _moment(found.last_saved_time),
    )


def usable_title(title: str) -> str:
    """The title on one line; empty where a program made it up."""
    chosen = chosen_title(title)
    return "" if chosen.lower() in _NO_TITLES else chosen


def _properties(root: Any | None, author: tuple[str, ...], dates: tuple[str, str]) -> Properties:
    if root is None:
        return Properties()
    values = {name: _value(root, name) for name in ("title", *author, *dates)}
    return Properties(
        usable_title(values["title"]),
        one_line(next((values[name] for name in author if values[name]), "")),
        iso_date(values[dates[0]]),
        iso_date(values[dates[1]]),
    )


def _value(root: Any, name: str) -> str:
    return next((element.text for element in root.iter(f"{{*}}{name}") if element.text), "").strip()


def _decoded(value: bytes | str | None, encoding: str) -> str:
    if not isinstance(value, bytes):
        return value or ""
    try:
        return value.decode(encoding, "replace")
    except LookupError:
        return value.decode("cp1252", "replace")


def _moment(value: datetime | None) -> str | None:
    """A date, unless it is the zero that stands for none (1601)."""
    return iso_date(value.isoformat()) if isinstance(value, datetime) else None
