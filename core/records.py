"""What a workspace tells about itself. Plain data for panels, the command line and tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from rankscope.core.documents.model import Page


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A folder or file the user added. ``last_scan`` is an ISO timestamp (UTC) or None when never scanned.

    ``documents`` counts all files that were taken, ``errors`` those of them that gave no passages, ``copies`` those
    that are copies of another one. ``skipped`` are the kinds that no reader takes, ``(suffix, files)``, most first.
    ``reachable`` is False while the folder is not there (an unplugged disk): its documents are kept.
    """

    source_id: int
    path: str
    documents: int
    passages: int
    errors: int
    last_scan: str | None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    watch: bool = True
    copies: int = 0
    skipped: tuple[tuple[str, int], ...] = ()
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """One file, or one file inside a file. ``status`` is "indexed", "failed" or "copy".

    ``size`` is in bytes, ``modified`` the file's ISO timestamp (UTC). The failure fields are empty unless it failed.
    ``container`` is the file on disk that it lies in; empty for a file of its own. ``copy_of`` is the path of the
    document that is shown in its place. ``note`` says what was left out when it was read.
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
    container: str = ""
    copy_of: str = ""
    note: str = ""

    @property
    def file(self) -> str:
        """The file on disk that has to be opened to see it."""
        return self.container or self.path


@dataclass(frozen=True, slots=True)
class RemovedDocument:
    """A document that was taken out of the index and can still be brought back, without reading or encoding.

    ``removed`` is an ISO timestamp (UTC); ``file_is_there`` tells whether its file still exists.
    """

    document_id: int
    source_id: int
    path: str
    title: str
    passages: int
    removed: str
    file_is_there: bool


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Files of the same content, shown as one: ``paths[0]`` is the one that results name."""

    document_id: int
    title: str
    size: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document's extracted text; ``changed`` tells that the file on disk is no longer the one that was read.

    ``container`` and ``note`` as in :class:`DocumentInfo`; ``copies`` are the paths of further files of this content.
    """

    document_id: int
    path: str
    title: str
    format: str
    text: str
    pages: tuple[Page, ...]
    changed: bool
    container: str = ""
    note: str = ""
    copies: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file on disk that has to be opened to see it."""
        return self.container or self.path


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one indexing run did. ``encoded`` counts passages that went through the encoder, ``copies`` the new files
    that turned out to be copies of known ones, ``restored`` removed documents whose files came back."""

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
    copies: int = 0
    restored: int = 0


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What tidying a workspace did. ``forgotten`` counts removed documents that can no longer be brought back."""

    segments_before: int
    segments_after: int
    bytes_before: int
    bytes_after: int
    forgotten: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """The figures of a workspace. Sizes in bytes.

    ``kind`` is "levels" or "tokens": what is stored of each passage beside its pooled vector, in ``codec``, with
    ``row_bytes`` for one vector; ``largest_r_c`` is the largest budget r_c of levels. ``notes`` say what the work that
    they are returned by has left for later.
    """

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
    kind: str = "tokens"
    row_bytes: int = 0
    largest_r_c: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BegunIndex:
    """An index that is being built beside the one that serves: its encoder, kind of vectors and codec."""

    encoder: str
    vectors: str
    codec: str


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
