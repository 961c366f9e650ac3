"""manifest.json: what kind of workspace this is. Small, readable, with its own checksum."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from rankscope.core.errors import WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.files import disk_errors, write_atomically
from rankscope.core.storage.meta import get_meta
from rankscope.core.version import __version__

FORMAT_VERSION = 3
NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The settings that every vector in the workspace shares.

    ``encoder`` is :meth:`rankscope.core.encoding.registry.EncoderIdentity.as_dict`; ``codec`` and ``vectors`` are
    codec name and kind of :class:`rankscope.core.storage.layout.Layout`; ``chunking`` and ``index`` the settings that
    the passages and the derived index were made with.
    """

    encoder: dict[str, Any]
    codec: str
    chunking: dict[str, Any]
    index: dict[str, Any] = field(default_factory=dict)
    vectors: str = "tokens"  # what workspaces of format 1 held
    format_version: int = FORMAT_VERSION
    written_by: str = __version__

    def to_json(self) -> str:
        """The file's content: the fields and a SHA-256 over their canonical form."""
        fields = asdict(self)
        return json.dumps({**fields, "checksum": _checksum(fields)}, indent=2, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, name: Path) -> Manifest:
        """Parse and check.

        Raises:
            WorkspaceTooNew: a newer Rankscope wrote it.
            WorkspaceError: it is damaged.
        """
        damaged = WorkspaceError(f"The manifest {name} is damaged.", "Restore it from a backup of the workspace.")
        try:
            fields = json.loads(text)
            checksum = fields.pop("checksum")
            version = int(fields["format_version"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged from error
        # The version first: a newer format may hold fields and checksums that this version cannot judge.
        if version > FORMAT_VERSION:
            raise WorkspaceTooNew(
                f"The workspace {name.parent} was written by a newer Rankscope "
                f"(format {version}; this version reads up to {FORMAT_VERSION}).",
                "Update Rankscope, or use another workspace.",
            )
        if checksum != _checksum(fields):
            raise damaged
        try:
            return cls(**{**fields, "format_version": FORMAT_VERSION})
        except TypeError as error:
            raise damaged from error

    def write(self, folder: Path) -> None:
        """Write ``manifest.json`` atomically. Raises WorkspaceError when the disk refuses."""
        with disk_errors("writing the manifest", folder):
            write_atomically(folder / NAME, self.to_json().encode())


def read_manifest(folder: Path) -> Manifest:
    """Read and check ``manifest.json``. Raises WorkspaceError (WorkspaceTooNew)."""
    path = folder / NAME
    with disk_errors("reading the manifest", folder):
        data = path.read_bytes()
    return Manifest.from_json(data.decode("utf-8", "replace"), path)


def stored_manifest(connection: Connection, folder: Path) -> Manifest | None:
    """The database's copy of the manifest, which decides; None when it is damaged or missing.

    Raises:
        WorkspaceTooNew: a newer Rankscope wrote it.
    """
    try:
        return Manifest.from_json(get_meta(connection, "manifest") or "", folder / NAME)
    except WorkspaceTooNew:
        raise
    except WorkspaceError:
        return None


def _checksum(fields: dict[str, Any]) -> str:
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
