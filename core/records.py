"""What a workspace tells about itself. Plain data for panels, the command line and tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from rankscope.core.documents.model import Page


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A folder or file the user added. ``last_scan`` is an ISO timestamp (UTC) or None when never scanned."""

    source_id: int
    path: str
    documents: int
    passages: int
    errors: int
    last_scan: str | None


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One file. ``status`` is "indexed" or "failed"; the failure fields are empty for an indexed one.

    ``size`` is in bytes, ``modified`` the file's ISO timestamp (UTC).
    """

    document_id: int
    source_id: int
    path: str
    title: str
    format: str
    size: int
    modified: str
    passages: int
    status: str
    reason: str = ""
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's extracted text; ``changed`` tells that the file on disk is no longer the one that was read."""

    document_id: int
    path: str
    title: str
    format: str
    text: str
    pages: tuple[Page, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one indexing run did. ``encoded`` counts passages that went through the encoder."""

    scanned: int
    unchanged: int
    added: int
    changed: int
    renamed: int
    removed: int
    failed: int
    passages: int
    encoded: int
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """The figures of a workspace. Sizes in bytes."""

    path: str
    format_version: int
    encoder: str
    encoder_sha256: str
    dim: int
    codec: str
    sources: int
    documents: int
    passages: int
    vectors: int
    failed: int
    bytes_total: int
    bytes_segments: int
    bytes_database: int
    bytes_indexes: int
    device: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a workspace: which file, what, and what repairs it."""

    file: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The outcome of verifying a workspace: whole when there are no findings."""

    checked: tuple[str, ...]
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def whole(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Facet:
    """One value of a filter with how many documents have it."""

    value: str
    documents: int
