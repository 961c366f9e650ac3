"""What the Library shows, read from a workspace in one go, and how its check boxes become filters. No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rankscope.core.api import Facet, Filters, SourceInfo, WorkspaceInfo

if TYPE_CHECKING:
    from rankscope.core.api import Workspace


@dataclass(frozen=True)
class LibrarySnapshot:
    """A workspace's figures, sources, facets and pipelines at one moment.

    ``paused``: the user wants indexing to rest. ``unfinished``: the last run of indexing was cut off.
    """

    info: WorkspaceInfo
    sources: tuple[SourceInfo, ...]
    facets: dict[str, list[Facet]] = field(default_factory=dict)
    pipelines: tuple[str, ...] = ()
    paused: bool = False
    unfinished: bool = False

    def source(self, source_id: int) -> SourceInfo | None:
        """The source of this id, or None when it is no longer followed."""
        return next((source for source in self.sources if source.source_id == source_id), None)


def read_library(workspace: Workspace) -> LibrarySnapshot:
    """Ask the workspace for all of it. Takes long: never on the thread of the window."""
    return LibrarySnapshot(
        info=workspace.info(),
        sources=tuple(workspace.sources()),
        facets=workspace.facets(),
        pipelines=tuple(workspace.pipelines()),
        paused=workspace.paused,
        unfinished=workspace.unfinished,
    )


def toggle_year(offered: Collection[str], checked: Collection[str], year: str, on: bool) -> set[str]:
    """The years that are checked after a click on ``year``.

    Filters hold one stretch of time, so the checked years have to stay without a gap: checking one fills in
    those between, and unchecking one in the middle lets go of the older part.
    """
    result = set(checked)
    if on:
        result.add(year)
        low, high = min(result), max(result)
        return {other for other in offered if low <= other <= high}
    result.discard(year)
    if any(other > year for other in result):
        result = {other for other in result if other > year}
    return result


def make_filters(types: Collection[str], years: Collection[str], path: str) -> Filters:
    """Filters for the checked types and years and the text of the path field."""
    return Filters(
        path=path.strip(),
        types=tuple(sorted(types)),
        modified_from=f"{min(years)}-01-01" if years else "",
        modified_to=f"{max(years)}-12-31" if years else "",
    )


def watched_sources(sources: Collection[SourceInfo]) -> frozenset[int]:
    """The ids of the sources that are to be watched."""
    return frozenset(source.source_id for source in sources if source.watch)


def watched_folders(sources: Collection[SourceInfo]) -> tuple[object, ...]:
    """What a watcher of these sources depends on: two equal answers need no new watcher."""
    return tuple(
        (source.source_id, source.path, source.include, source.exclude, source.reachable)
        for source in sources
        if source.watch
    )
