"""A workspace in memory with the same face as the engine's and real records."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.core.api import (
    BUDGETS,
    Alignment,
    BegunIndex,
    Budget,
    Cancelled,
    CompactReport,
    DocumentInfo,
    DocumentText,
    Duplicates,
    Facet,
    Fate,
    FateStage,
    Filters,
    IndexReport,
    PageView,
    PassageInfo,
    Patterns,
    Progress,
    Ranking,
    RemovedDocument,
    SourceInfo,
    StageTrace,
    TestedFile,
    Token,
    Trace,
    WorkspaceInfo,
)

TITLES = (
    "Fatigue of cast blades",
    "Annual report 2025",
    "Rotor dynamics primer",
    "Maintenance log 14",
    "Alloy data sheet",
    "Inspection photos",
)
FILES = ("a.pdf", "b.pdf", "drafts/c.pdf", "important.pdf", "notes.md", "talk.mp4")
SENTENCE = "Thermal cycling and centrifugal load cause cracks at the blade root which grow until the turbine fails."


class FakeWatcher:
    """Calls from a thread of its own when a test says that something changed."""

    def __init__(self, on_change: Callable[[frozenset[int]], None], notes: tuple[str, ...]) -> None:
        self._on_change = on_change
        self.notes = notes
        self.started = self.stopped = False

    def start(self) -> None:
        self.started = True

    def wait_until_watching(self, timeout: float) -> bool:
        return self.started

    def stop(self) -> None:
        self.stopped = True

    def tell(self, *source_ids: int) -> None:
        thread = threading.Thread(target=self._on_change, args=(frozenset(source_ids),))
        thread.start()
        thread.join()


class FakeWorkspace:
    """Six documents of one passage each. ``hold`` (an Event) stops a search or a run of indexing until it is set.

    Sources are not watched unless a test says so in ``settings``, which holds what differs from a plain source.
    """

    def __init__(self, path: Path | str = "/nowhere/Handbook", *, indexed: bool = True) -> None:
        self.path = Path(path)
        self.notes: tuple[str, ...] = ()
        self.device = ""
        self.closed = False
        self.calls: list[tuple[Any, ...]] = []
        self.hold: dict[str, threading.Event] = {}
        self.errors: dict[str, BaseException] = {}
        self.added: list[Path] = [Path("/docs/reports")] if indexed else []
        self.passages = len(TITLES) if indexed else 0
        self.failed = 2 if indexed else 0
        self.settings: dict[int, dict[str, Any]] = {}
        self.out: dict[int, Path] = {}  # removed sources
        self.gone: list[RemovedDocument] = []
        self.groups: list[Duplicates] = []
        self.paused = self.unfinished = False
        self.budgets: list[Budget | None] = []  # of every search that was begun
        self.explained: list[Budget | None] = []
        self.fates: list[Budget | None] = []
        self.kind, self.codec = "levels", "float16"
        self.left: tuple[str, ...] = ()  # what a conversion leaves for later, in words
        self.unfinished_conversion: BegunIndex | None = None
        self.watchers: list[FakeWatcher] = []
        self.watcher_notes: tuple[str, ...] = ()

    def _called(self, name: str, *details: Any) -> None:
        self.calls.append((name, *details))
        if name in self.hold:
            self.hold[name].wait(10)
        if name in self.errors:
            raise self.errors[name]

    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    def close(self) -> None:
        self.closed = True

    def info(self) -> WorkspaceInfo:
        return WorkspaceInfo(
            path=str(self.path), format_version=1, encoder="fake", encoder_sha256="0" * 64, dim=4, codec=self.codec,
            sources=len(self.added), documents=self.passages, passages=self.passages, vectors=self.passages * 20,
            failed=self.failed, bytes_total=84_000_000, bytes_segments=1, bytes_database=1, bytes_indexes=1,
            kind=self.kind, row_bytes=8,
        )  # fmt: skip

    def sources(self) -> list[SourceInfo]:
        plain = [
            SourceInfo(
                number, str(path), self.passages, self.passages, self.failed, "2026-11-20T09:30:00+00:00", watch=False
            )
            for number, path in enumerate(self.added, start=1)
            if number not in self.out
        ]
        return [replace(source, **self.settings.get(source.source_id, {})) for source in plain]

    def documents(self, source_id: int | None = None, status: str | None = None) -> list[DocumentInfo]:
        self._called("documents", source_id, status)
        return [
            DocumentInfo(
                50 + n, 1, f"/docs/reports/{name}", "", "application/pdf", 10, "2026-01-01", 0, "failed",
                "encrypted", f"{name} needs a password.", "Remove the password and update.",
            )
            for n, name in enumerate(("secret.pdf", "locked.pdf"))
        ]  # fmt: skip

    def facets(self) -> dict[str, list[Facet]]:
        if not self.passages:
            return {"type": [], "year": []}
        return {
            "type": [Facet("pdf", 4), Facet("md", 2)],
            "year": [Facet("2026", 3), Facet("2025", 2), Facet("2024", 1)],
        }

    def index(
        self,
        paths: Any = (),
        *,
        progress: Callable[[Progress], None] = lambda p: None,
        cancelled: Callable[[], bool] = lambda: False,
        **details: Any,
    ) -> IndexReport:
        self.calls.append(("index", tuple(paths), details))
        self.unfinished = True
        self.added += [path for path in paths if path not in self.added]
        for done in range(1, 7):
            progress(Progress(done, 6, f"Reading {TITLES[done - 1]}.pdf"))
            gate = self.hold.get("index")
            while gate is not None and not gate.wait(0.005):
                if cancelled():
                    raise Cancelled()
            if cancelled():
                raise Cancelled()
        if "index" in self.errors:
            raise self.errors["index"]
        self.unfinished = False
        if self.passages and not paths:
            return IndexReport(6, 6, 0, 0, 0, 0, 0, 6, 0, 0.1)
        self.passages = 6
        return IndexReport(6, 0, 6, 0, 0, 0, 0, 6, 6, 0.1)

    def set_paused(self, paused: bool) -> None:
        self._called("set_paused", paused)
        self.paused = paused

    def configure_source(self, source_id: int, *, include: Any = None, exclude: Any = None, watch: Any = None) -> None:
        self._called("configure_source", source_id, include, exclude, watch)
        Patterns(include or (), exclude or ())
        given = {"include": include, "exclude": exclude, "watch": watch}
        self.settings.setdefault(source_id, {}).update({k: v for k, v in given.items() if v is not None})

    def test_patterns(
        self, folder: Any, patterns: Patterns, *, limit: int = 2000, cancelled: Callable[[], bool] = lambda: False
    ) -> list[TestedFile]:
        self._called("test_patterns", str(folder), patterns)
        if cancelled():
            raise Cancelled()
        return [tested_file(name, patterns) for name in FILES[:limit]]

    def remove_source(self, source_id: int) -> None:
        self._called("remove_source", source_id)
        self.out[source_id] = self.added[source_id - 1]

    def bring_back_source(self, source_id: int) -> None:
        self._called("bring_back_source", source_id)
        del self.out[source_id]

    def removed(self) -> list[RemovedDocument]:
        return list(self.gone)

    def bring_back(self, document_ids: Iterable[int]) -> None:
        self._called("bring_back", tuple(document_ids))
        self.gone = [one for one in self.gone if one.document_id not in self.calls[-1][1]]

    def duplicates(self) -> list[Duplicates]:
        return list(self.groups)

    def watcher(self, on_change: Callable[[frozenset[int]], None]) -> FakeWatcher:
        self.watchers.append(FakeWatcher(on_change, self.watcher_notes))
        return self.watchers[-1]

    def compact(
        self,
        progress: Callable[[Progress], None] = lambda p: None,
        cancelled: Callable[[], bool] = lambda: False,
        forget_removed: bool = False,
    ) -> CompactReport:
        self.calls.append(("compact", forget_removed))
        progress(Progress(1, 3, "Joining segments", "segments"))
        gate = self.hold.get("compact")
        while gate is not None and not gate.wait(0.005):
            if cancelled():
                raise Cancelled()
        if "compact" in self.errors:
            raise self.errors["compact"]
        forgotten = len(self.gone) if forget_removed else 0
        if forget_removed:
            self.gone = []
        return CompactReport(9, 1, 84_000_000, 61_000_000, forgotten)

    def convert(
        self,
        vectors: str | None = None,
        codec: str | None = None,
        progress: Callable[[Progress], None] = lambda p: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> WorkspaceInfo:
        self.calls.append(("convert", vectors, codec))
        progress(Progress(1, 6, f"Converting to {vectors}, {codec}", "documents"))
        gate = self.hold.get("convert")
        while gate is not None and not gate.wait(0.005):
            if cancelled():
                raise Cancelled()
        if "convert" in self.errors:
            raise self.errors["convert"]
        self.kind, self.codec = vectors or self.kind, codec or self.codec
        return replace(self.info(), notes=self.left)

    def begun(self) -> BegunIndex | None:
        return self.unfinished_conversion

    def give_up(self) -> WorkspaceInfo:
        self.calls.append(("give_up",))
        self.unfinished_conversion = None
        return self.info()

    def pipelines(self) -> list[str]:
        return ["hybrid", "late", "dense", "lexical"]

    def warm_up(self) -> None:
        self._called("warm_up")
        self.device = "CPU bf16"

    def search(
        self,
        query: str,
        *,
        pipeline: str = "hybrid",
        k: int = 10,
        filters: Filters | None = None,
        budget: Budget | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Trace:
        self.budgets.append(budget)
        self._called("search", query, pipeline, k, filters)
        return make_trace(query, pipeline, k, budget if self.kind == "levels" else None)

    def evidence(self, trace: Trace, passage_ids: Any) -> dict[int, tuple[str, ...]]:
        self._called("evidence", tuple(passage_ids))
        return dict.fromkeys(passage_ids, ("blade", "cracks", "turbine"))

    def explain(
        self, query: str, passage_id: int, *, pipeline: str = "hybrid", budget: Budget | None = None
    ) -> Alignment:
        self._called("explain", query, passage_id)
        self.explained.append(budget)
        return make_alignment(query, passage_id, pipeline)

    def fate(
        self,
        query: str,
        document: int | str,
        *,
        pipeline: str = "hybrid",
        k: int = 10,
        filters: Filters | None = None,
        budget: Budget | None = None,
    ) -> Fate:
        self._called("fate", query, document)
        self.fates.append(budget)
        stages = (
            FateStage("dense", "Dense", 12, 0.41, "cosine", 100, True),
            FateStage("late", "MaxSim", 23, 2.1, "MaxSim", 10, False),
        )
        return Fate(str(document), "Rank 23 after MaxSim; 10 were asked for.", stages, 3)

    def document_text(self, document_id: int) -> DocumentText:
        self._called("document_text", document_id)
        title = TITLES[document_id - 1]
        return DocumentText(document_id, f"/docs/reports/{title}.md", title, "text/markdown", SENTENCE, (), False)

    def page_view(self, document_id: int, page: int, width: int) -> PageView:
        self._called("page_view", document_id, page, width)
        return PageView(page, width, 10, bytes(width * 10 * 3))


def tested_file(name: str, patterns: Patterns) -> TestedFile:
    """What the patterns make of a file; there is no reader for films."""
    if not patterns.takes(name):
        return TestedFile(name, False, patterns.judged(name).why)
    return TestedFile(name, False, "no reader for .mp4") if name.endswith(".mp4") else TestedFile(name, True, "taken")


def make_trace(query: str, pipeline: str = "hybrid", k: int = 10, budget: Budget | None = None) -> Trace:
    """A trace in which the second stage turns the order of the first around. A query of "nothing" finds none.

    Smaller budgets than the largest turn the order on, so that every budget has another first result. The pipelines
    "dense" and "lexical" have the first stage only.
    """
    ids = np.arange(1, len(TITLES) + 1) if query != "nothing" else np.empty(0, np.int64)
    scores = np.linspace(0.9, 0.4, len(ids)).astype(np.float32)
    first = Ranking(ids, scores, "cosine", {int(i): (("dense", int(i)),) for i in ids})
    turn = 0 if budget is None else BUDGETS.index(budget) + 1 - len(BUDGETS)
    second = Ranking(np.roll(ids[::-1], turn), scores * 4, "MaxSim", first.sources)
    settings: dict[str, object] = {} if budget is None else {"budget": list(budget)}
    stages = (
        StageTrace("dense", "hnsw", "Dense", {"ef": 100}, (), 6, len(ids), 100, 3.2, first, False),
        StageTrace(
            "late", "maxsim", "MaxSim", settings, ("dense",), len(ids), len(ids), None, 17.4, second,
            bytes_read=0 if budget is None else len(ids) * budget.r_c * 8,
        ),
    )[: 1 if pipeline in ("dense", "lexical") else 2]  # fmt: skip
    passages = {
        int(i): PassageInfo(
            int(i), int(i), f"/docs/reports/{TITLES[i - 1]}.md", TITLES[i - 1], TITLES[i - 1], None, 0, len(SENTENCE),
            SENTENCE, "text/markdown",
        )
        for i in ids
    }  # fmt: skip
    return Trace(query, pipeline, k, stages, passages, 11.0, 38.0)


def make_alignment(query: str, passage_id: int, pipeline: str = "hybrid") -> Alignment:
    """Query words between [CLS] and [SEP] against the words of the sentence."""
    words, position = [Token("[CLS]", -1, -1, "special", 0)], 0
    for number, word in enumerate(query.split(), start=1):
        start = query.index(word, position)
        position = start + len(word)
        words.append(Token(word, start, position, "text", number))
    words.append(Token("[SEP]", -1, -1, "special", len(words)))
    passage, position = [], 0
    for number, word in enumerate(SENTENCE.split()):
        start = SENTENCE.index(word, position)
        position = start + len(word)
        passage.append(Token(word, start, position, "text", number))
    rng = np.random.default_rng(passage_id)
    similarities = rng.uniform(0, 1, (len(words), len(passage))).astype(np.float32)
    contributions = similarities.max(1)
    return Alignment(
        query, passage_id, pipeline, float(contributions.sum()), "MaxSim", tuple(words), tuple(passage), similarities,
        similarities.argmax(1), contributions,
    )  # fmt: skip
