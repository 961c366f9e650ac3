"""Made records of the real shape (ten results, four stages, passages of ~200 tokens) and a session to feed them to."""

from __future__ import annotations

import hashlib
import re

import numpy as np
from PySide6.QtCore import QObject, Signal

from rankscope.core import api

QUERY = "what drives turbine blade fatigue?"

SENTENCES = (
    "Thermal cycling and the centrifugal load cause cracks at the blade root, which grow until the turbine fails.",
    "High cycle fatigue in service is driven by vibration near a resonance of the blade.",
    "The inspection found fretting marks on the fir tree root of eleven blades in the second row.",
    "A crack of half a millimetre is the smallest that dye penetrant shows reliably on a cast surface.",
    "Grain size and casting pores decide where a crack starts; the load decides how fast it grows.",
    "Start and stop cycles strain the metal more than steady running does.",
    "The rotor passes its first critical speed at 2,900 revolutions per minute and must not stay there.",
    "Damping wires between neighbouring blades lower the stress amplitude by about a third.",
    "The annual cost of unplanned outages fell by four percent, mostly through earlier replacement of seals.",
    "Creep becomes the leading mechanism above 850 degrees, and fatigue below it.",
    "Samples of the alloy were aged for two hundred hours and then tested in tension.",
    "A shot-peened surface carries compressive stress that delays the first crack.",
    "The maintenance crew replaced the thermocouples and noted a slow drift of the exhaust temperature.",
    "Strain gauges on three blades confirmed the finite element model within eight percent.",
    "The press office announced the new factory and thanked the employees for their patience.",
    "Corrosion pits act as notches, so that a blade in sea air lasts half as many cycles.",
)

TITLES = (
    ("Fatigue of cast blades", "reports/Fatigue of cast blades.pdf", "application/pdf"),
    ("Annual report 2025", "reports/Annual report 2025.pdf", "application/pdf"),
    ("Maintenance log 14", "logs/Maintenance log 14.txt", "text/plain"),
    ("Rotor dynamics primer", "papers/Rotor dynamics primer.pdf", "application/pdf"),
    ("Press release", "mail/Press release.html", "text/html"),
    (
        "Inspection photos with notes of the autumn outage, unit 3, second stage blades",
        "scans/Inspection.md",
        "text/markdown",
    ),
    ("Alloy data sheet", "papers/Alloy data sheet.pdf", "application/pdf"),
)


def passage_text(seed: int) -> str:
    """About 200 tokens of sentences, starting somewhere in the list."""
    return " ".join(SENTENCES[(seed * 5 + step * 3) % len(SENTENCES)] for step in range(9))


def make_passage(passage_id: int) -> api.PassageInfo:
    title, path, media_type = TITLES[passage_id % len(TITLES)]
    text = passage_text(passage_id)
    start = 120 * passage_id
    page = 3 + passage_id if media_type == "application/pdf" else None
    return api.PassageInfo(
        passage_id,
        passage_id % len(TITLES),
        path,
        title,
        title,
        page,
        start,
        start + len(text),
        text,
        media_type,
        place=f"page {page}" if page else "",
    )


def ranking(ids: list[int], top: float, step: float, kind: str, sources: dict | None = None) -> api.Ranking:
    scores = (top - step * np.arange(len(ids))).astype(np.float32)
    return api.Ranking(np.array(ids, np.int64), scores, kind, sources or {})


def make_trace(k: int = 10, candidates: int = 60, seed: int = 3, **changes: object) -> api.Trace:
    """dense + lexical -> fusion -> late, as the hybrid pipeline records it."""
    generator = np.random.default_rng(seed)
    pool = list(range(1, candidates + 1))
    dense = sorted(pool, key=lambda item: item + generator.normal(0, 3))
    lexical = sorted(pool, key=lambda item: item + generator.normal(0, 6))[: candidates * 2 // 3]
    fused = sorted(pool, key=lambda item: dense.index(item) + (lexical.index(item) if item in lexical else candidates))
    late = sorted(pool[: candidates - 5], key=lambda item: fused.index(item) + generator.normal(0, 4))
    if candidates > 40:
        late.remove(fused[36])
        late.insert(3, fused[36])
    sources = {
        item: tuple(
            (name, ids.index(item) + 1) for name, ids in (("dense", dense), ("lexical", lexical)) if item in ids[:40]
        )
        or (("dense", dense.index(item) + 1),)
        for item in pool
    }
    stages = (
        api.StageTrace("dense", "hnsw", "dense", {"ef": 200}, (), 12408, 100, 100, 3.1, ranking(dense, 0.72, 0.006, "cosine"), exact=False),
        api.StageTrace("lexical", "bm25", "BM25", {"k1": 1.2, "b": 0.75}, (), 12408, 87, 100, 2.2, ranking(lexical, 14.2, 0.2, "BM25")),
        api.StageTrace("fusion", "rrf", "dense + BM25", {"k": 60}, ("dense", "lexical"), 147, 100, 100, 0.2, ranking(fused, 0.0328, 0.0003, "RRF", sources)),
        api.StageTrace("late", "maxsim", "MaxSim", {"codec": "float16"}, ("fusion",), 100, len(late), None, 17.4, ranking(late, 3.63, 0.19 if candidates < 100 else 0.01, "MaxSim", sources), bytes_read=9_830_400),
    )  # fmt: skip
    shown = {item for stage in stages for item in stage.output.ids[:k].tolist()}
    values: dict[str, object] = {
        "query": QUERY,
        "pipeline": "hybrid",
        "k": k,
        "stages": stages,
        "passages": {item: make_passage(item) for item in sorted(shown)},
        "encode_ms": 11.3,
        "total_ms": 38.0,
    }
    values.update(changes)
    return api.Trace(**values)  # type: ignore[arg-type]


def tokenize(text: str, offset: int, role: str = "text", first_word: int = 0) -> list[api.Token]:
    """Words cut into pieces of at most seven letters, as a word piece vocabulary would."""
    tokens = []
    for number, match in enumerate(re.finditer(r"\w+|[^\w\s]", text)):
        for at in range(match.start(), match.end(), 7):
            piece = text[at : min(at + 7, match.end())].lower()
            place = (offset + at, offset + at + len(piece)) if role == "text" else (-1, -1)
            tokens.append(api.Token(("##" if at > match.start() else "") + piece, *place, role, first_word + number))
    return tokens


def similarity(a: str, b: str) -> float:
    """Made up and repeatable: high for equal words, something for kin, noise for the rest."""
    a, b = a.removeprefix("##"), b.removeprefix("##")
    noise = int(hashlib.md5(f"{a} {b}".encode()).hexdigest()[:6], 16) / 0xFFFFFF
    kin = {("fatigue", "cracks"): 0.71, ("drives", "cause"): 0.72, ("drives", "driven"): 0.83, ("blade", "blades"): 0.9}
    if a == b:
        return 0.93 + 0.05 * noise
    return kin.get((a, b), 0.12 + 0.4 * noise)


def make_alignment(passage: api.PassageInfo, query: str = QUERY, kind: str = "MaxSim") -> api.Alignment:
    special = [api.Token("[CLS]", -1, -1, "special", -1)], [api.Token("[SEP]", -1, -1, "special", -1)]
    query_tokens = [*special[0], *tokenize(query, 0), *special[1]]
    context = tokenize(passage.context, 0, "context")
    text = tokenize(passage.text, passage.start, "text", len(context))
    passage_tokens = [*special[0], *context, *text, *special[1]]
    matrix = np.array([[similarity(q.text, p.text) for p in passage_tokens] for q in query_tokens], np.float32)
    best = matrix.argmax(axis=1)
    contributions = matrix.max(axis=1)
    if kind == "BM25":
        there = {token.text for token in text}
        contributions = np.array([2.5 if token.text in there else 0.0 for token in query_tokens], np.float32)
    elif kind == "cosine":
        contributions = (matrix.mean(axis=1) - 0.25).astype(np.float32)
    score = float(contributions.astype(np.float64).sum())
    return api.Alignment(
        query, passage.passage_id, "hybrid", score, kind, tuple(query_tokens), tuple(passage_tokens), matrix, best, contributions
    )  # fmt: skip


def make_document(
    passage: api.PassageInfo, before: str = "", after: str = "", changed: bool = False
) -> api.DocumentText:
    """A document whose text holds the passage at its offsets."""
    filler = (before + " " + " ".join(SENTENCES) * 40)[: passage.start]
    text = filler.ljust(passage.start) + passage.text + "\n\n" + after + " ".join(SENTENCES)
    pages: tuple[api.Page, ...] = ()
    if passage.page is not None:
        cut = max(0, passage.start - 200)
        earlier = [api.Page(number, 0, 0, 595, 842) for number in range(1, passage.page)]
        here = api.Page(passage.page, cut, min(len(text), cut + 2400), 595, 842)
        pages = (*earlier, here, api.Page(passage.page + 1, here.end, len(text), 595, 842))
    return api.DocumentText(
        passage.document_id, f"/nowhere/{passage.document}", passage.title, passage.format, text, pages, changed
    )


class FakeSession(QObject):
    """What the panels see of a session; everything is set by the test, nothing happens by itself."""

    workspaceChanged = Signal()
    traceChanged = Signal()
    selectionChanged = Signal()
    evidenceChanged = Signal()
    alignmentChanged = Signal()
    documentChanged = Signal()
    stagesChanged = Signal()
    fateChanged = Signal()
    searching = Signal(bool)
    failed = Signal(str, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.workspace = object()
        self.trace: api.Trace | None = None
        self.selected: int | None = None
        self.query, self.pipeline, self.k = "", "hybrid", 10
        self.filters = api.Filters()
        self.before: str | None = None
        self.after: str | None = None
        self.evidence: dict[int, tuple[str, ...]] = {}
        self.alignment: api.Alignment | None = None
        self.document: api.DocumentText | None = None
        self.fate: api.Fate | None = None
        self.asked_pages: list[tuple[int, int, int]] = []
        self.page_callback: object = None
        self.asked_fates: list[str] = []

    def give_trace(self, trace: api.Trace | None) -> None:
        self.trace, self.evidence = trace, {}
        self.before = trace.before.name if trace and trace.before else None
        self.after = trace.stages[-1].name if trace and trace.stages else None
        self.query = trace.query if trace else ""
        final = trace.final.ids.tolist() if trace else []
        self.selected = final[0] if final else None
        self.alignment = self.document = self.fate = None
        for signal in (self.traceChanged, self.stagesChanged, self.evidenceChanged, self.selectionChanged):
            signal.emit()

    def give_evidence(self, evidence: dict[int, tuple[str, ...]]) -> None:
        self.evidence = evidence
        self.evidenceChanged.emit()

    def give_alignment(self, alignment: api.Alignment | None) -> None:
        self.alignment = alignment
        self.alignmentChanged.emit()

    def give_document(self, document: api.DocumentText | None) -> None:
        self.document = document
        self.documentChanged.emit()

    def give_fate(self, fate: api.Fate | None) -> None:
        self.fate = fate
        self.fateChanged.emit()

    def select(self, passage_id: int | None) -> None:
        if passage_id != self.selected:
            self.selected = passage_id
            self.selectionChanged.emit()

    def set_stages(self, before: str | None, after: str) -> None:
        self.before, self.after = before, after
        self.stagesChanged.emit()

    def set_filters(self, filters: api.Filters) -> None:
        self.filters = filters

    def set_pipeline(self, name: str) -> None:
        self.pipeline = name

    def ask_fate(self, document: str) -> None:
        self.asked_fates.append(document)

    def request_page(self, document_id: int, page: int, width: int, callback: object) -> None:
        self.asked_pages.append((document_id, page, width))
        self.page_callback = callback
