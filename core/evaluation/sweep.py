"""Quality against milliseconds and bytes, over budgets, codecs and first stages, and which setting to choose."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from rankscope.core.budgets import BUDGETS, Budget
from rankscope.core.encoding.encoder import EncodedQuery
from rankscope.core.encoding.registry import OFFLINE_DEFAULT
from rankscope.core.errors import UsageError
from rankscope.core.evaluation.collections import Collection
from rankscope.core.evaluation.corpus import corpus_workspace
from rankscope.core.evaluation.metrics import DEFAULT_METRICS, measure
from rankscope.core.generation import encoder_files
from rankscope.core.indexes.candidates import CandidateIndexes
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, silent, stop_if
from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.pipeline import Pipeline
from rankscope.core.storage import codecs
from rankscope.core.storage.levels import FOLD
from rankscope.core.storage.vectors import Vectors
from rankscope.core.workspace import Workspace

FIRST_STAGES = ("dense", "lexical", "hybrid", "plaid", "fde")
DEPTH = 1_000  # candidates that a first stage proposes
_SAMPLE = 200_000  # vectors that a codec learns from
_DEEPEST = 100  # entries of each ranking that are measured


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One setting. ``budget`` is None for MaxSim over all token vectors. ``ms`` p50 and p95 of a whole query, its
    encoding included; ``bytes_per_passage`` is what late interaction reads of one candidate."""

    encoder: str
    budget: tuple[int, int] | None
    codec: str
    first_stage: str
    metrics: dict[str, float]
    ms: tuple[float, float]
    bytes_per_passage: int

    @property
    def title(self) -> str:
        budget = f"({self.budget[0]},{self.budget[1]})" if self.budget else "all tokens"
        return f"{budget} {self.codec} {self.first_stage}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What :func:`sweep` found; ``passages`` is how many the collection has."""

    collection: str
    passages: int
    rows: tuple[SweepRow, ...]

    def as_json(self) -> dict[str, Any]:
        """The documented JSON of ``rankscope sweep``."""
        best = {id(row) for row in pareto(self.rows)}
        rows = []
        for row in self.rows:
            fields = asdict(row)
            p50, p95 = fields.pop("ms")
            budget = list(row.budget) if row.budget else None
            rows.append(
                {**fields, "budget": budget, "ms_per_query": {"p50": p50, "p95": p95}, "pareto": id(row) in best}
            )
        return {"collection": self.collection, "passages": self.passages, "rows": rows}


def sweep(
    collection: Collection,
    *,
    budgets: Sequence[Budget] = BUDGETS,
    codec_specs: Sequence[str] = ("float16",),
    first_stages: Sequence[str] = ("dense",),
    tokens: bool = False,
    encoder: str | None = None,
    depth: int = DEPTH,
    metrics: Sequence[str] = DEFAULT_METRICS,
    device: str = "auto",
    progress: ProgressCallback = silent,
    cancelled: CancelledCheck = never,
    found: Callable[[Sweep], None] | None = None,
) -> Sweep:
    """Measure every combination of budgets, codecs and first stages on a collection.

    Args:
        tokens: also measure MaxSim over all token vectors, in each codec.
        encoder: the name of another encoder than the default.
        depth: candidates of the first stage.
        found: called after every setting with all that is measured so far.

    Raises:
        UsageError: an unknown codec, first stage or metric, or a codec that does not fit. Cancelled, CollectionError,
            WorkspaceError.
    """
    plans = [_pipeline(name, depth) for name in first_stages]
    dim = encoder_files(encoder or OFFLINE_DEFAULT).identity.dim
    for spec in codec_specs:
        codecs.parse(spec, dim)
    measure({}, {}, metrics)
    kinds = ("levels", "tokens") if tokens else ("levels",)
    n_rows = len(plans) * len(codec_specs) * (len(budgets) + tokens)
    rows: list[SweepRow] = []
    n = 0
    for kind in kinds:
        with corpus_workspace(
            collection, device=device, vectors=kind, encoder=encoder, progress=progress, cancelled=cancelled
        ) as workspace:
            runner = _Runner(workspace, collection, depth, cancelled)
            n = len(runner.vectors)
            for spec in codec_specs:
                stop_if(cancelled)
                recoded = _recoded(runner.vectors, spec)
                for plan in plans:
                    for budget in budgets if kind == "levels" else (None,):
                        progress(Progress(len(rows), n_rows, f"{collection.name}: {spec}, {plan.name}", "settings"))
                        rows.append(runner.row(recoded, spec, plan, budget, metrics))
                        if found is not None:
                            found(Sweep(collection.name, n, tuple(rows)))
    progress(Progress(n_rows, n_rows, collection.name, "settings"))
    return Sweep(collection.name, n, tuple(rows))


def pareto(rows: Sequence[SweepRow], metric: str = "nDCG@10") -> list[SweepRow]:
    """The rows that no other row beats in quality, milliseconds and bytes at once."""

    def beats(one: SweepRow, other: SweepRow) -> bool:
        a = (one.metrics[metric], -one.ms[0], -one.bytes_per_passage)
        b = (other.metrics[metric], -other.ms[0], -other.bytes_per_passage)
        return a != b and all(x >= y for x, y in zip(a, b, strict=True))

    return [row for row in rows if not any(beats(other, row) for other in rows)]


def recommend(
    found: Sweep, *, max_mb: float | None = None, max_ms: float | None = None, metric: str = "nDCG@10"
) -> tuple[SweepRow, str]:
    """The best setting within a limit, and why.

    Args:
        max_mb: for the multi-vectors of this collection, in megabytes. max_ms: for the median query.

    Raises:
        UsageError: no setting is within the limits.
    """
    fitting = [
        row
        for row in found.rows
        if (max_mb is None or row.bytes_per_passage * found.passages <= max_mb * 1e6)
        and (max_ms is None or row.ms[0] <= max_ms)
    ]
    if not fitting:
        smallest = min(row.bytes_per_passage for row in found.rows) * found.passages / 1e6
        fastest = min(row.ms[0] for row in found.rows)
        raise UsageError(
            "No setting is within these limits.", f"The smallest takes {smallest:.1f} MB, the fastest {fastest:.1f} ms."
        )
    best = max(fitting, key=lambda row: (row.metrics[metric], -row.bytes_per_passage, -row.ms[0]))
    top = max(found.rows, key=lambda row: row.metrics[metric])
    share = best.metrics[metric] / top.metrics[metric] if top.metrics[metric] else 1.0
    why = (
        f"{best.title}: {metric} {best.metrics[metric]:.4f}, {best.ms[0]:.1f} ms, "
        f"{best.bytes_per_passage * found.passages / 1e6:.1f} MB. That is {share:.1%} of the best measured "
        f"({top.title}), and the best of the {len(fitting)} settings of {len(found.rows)} within the limits."
    )
    return best, why


class _Runner:
    """Runs the queries of a collection on vectors in any codec."""

    def __init__(self, workspace: Workspace, collection: Collection, depth: int, cancelled: CancelledCheck) -> None:
        self._workspace = workspace
        self._k = min(depth, _DEEPEST)  # with more, first stages would propose more than their depth
        self._collection = collection
        self._cancelled = cancelled
        self.vectors = workspace._vectors.current()
        self._recoded: tuple[Vectors, CandidateIndexes] | None = None
        with workspace.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT p.id, d.path FROM passages p JOIN documents d ON d.id = p.document_id"
            )
            self._entry_of: dict[int, str] = {row[0]: row[1] for row in rows}
        workspace.warm_up()
        self._queries = {name: text for name, text in collection.queries.items() if text.strip()}
        self._encoded = {name: self._encode(text) for name, text in self._queries.items()}

    def row(
        self, vectors: Vectors, spec: str, plan: Pipeline, budget: Budget | None, metrics: Sequence[str]
    ) -> SweepRow:
        """One setting, measured."""
        run: dict[str, dict[str, float]] = {}
        times: list[float] = []
        for name, text in self._warm(self._queries):
            stop_if(self._cancelled)
            encoded, encode_ms = self._encoded[name]
            with self._workspace._context(text, self._k, None, self._cancelled, budget) as search:
                search = replace(search, vectors=vectors, candidates=self._candidates_of(vectors, search.candidates))
                search.__dict__["encoded"] = encoded
                start = time.perf_counter()
                ranking = pipelines.run(plan, search)[-1].output
                times.append((time.perf_counter() - start) * 1e3 + encode_ms)
            pairs = zip(ranking.ids[:_DEEPEST].tolist(), ranking.scores[:_DEEPEST].tolist(), strict=True)
            run[name] = {self._entry_of[passage]: score for passage, score in pairs}
        p50, p95 = (float(np.percentile(times[1:] or times or [0.0], percent)) for percent in (50, 95))
        mean = measure(self._collection.qrels, run, metrics).mean
        shown = (budget.r_q, budget.r_c) if budget else None
        name = self._workspace.manifest.encoder["name"]
        return SweepRow(name, shown, spec, plan.name, dict(mean), (p50, p95), _bytes_of(vectors, budget))

    def _candidates_of(self, vectors: Vectors, stored: CandidateIndexes) -> CandidateIndexes:
        """Indexes of these vectors: in another codec than the workspace's own, in memory."""
        if vectors is self.vectors:
            return stored
        if self._recoded is None or self._recoded[0] is not vectors:
            sha256 = self._workspace.manifest.encoder["sha256"]
            self._recoded = (vectors, CandidateIndexes(None, sha256))
        return self._recoded[1]

    @staticmethod
    def _warm(queries: dict[str, str]) -> Iterator[tuple[str, str]]:
        """The first query twice: the first time it loads what the others find warm."""
        yield from list(queries.items())[:1]
        yield from queries.items()

    def _encode(self, text: str) -> tuple[EncodedQuery, float]:
        start = time.perf_counter()
        encoded = self._workspace.encoder().encode_query(text)
        return encoded, (time.perf_counter() - start) * 1e3


def _pipeline(first_stage: str, depth: int) -> Pipeline:
    """A first stage, and late interaction over its candidates."""
    if first_stage not in FIRST_STAGES:
        raise UsageError(f"There is no first stage “{first_stage}”.", f"Choose from {', '.join(FIRST_STAGES)}.")
    names = ("dense", "lexical") if first_stage == "hybrid" else (first_stage,)
    text = "".join(f'[[stage]]\nname = "{name}"\nkind = "{name}"\ndepth = {depth}\n' for name in names)
    if first_stage == "hybrid":
        text += f'[[stage]]\nname = "hybrid"\nkind = "rrf"\ninputs = ["dense", "lexical"]\nk = 60\ndepth = {depth}\n'
    return pipelines.parse(
        f'{text}[[stage]]\nname = "late"\nkind = "maxsim"\ninputs = ["{first_stage}"]\n', first_stage
    )


def _recoded(vectors: Vectors, spec: str) -> Vectors:
    """The same vectors in another codec, in memory."""
    if spec == str(vectors.codec.spec) or not vectors.segments:
        return vectors
    dim = vectors.codec.dim
    total = sum(len(segment.rows) for segment in vectors.segments.values())
    every = max(1, -(-total // _SAMPLE))
    sample = [vectors.codec.decode(np.asarray(segment.rows[::every])) for segment in vectors.segments.values()]
    codec = codecs.fit(codecs.parse(spec, dim), np.concatenate(sample), total=total)
    segments = {}
    for name, segment in vectors.segments.items():
        changed = copy.copy(segment)
        changed.rows = codec.encode(vectors.codec.decode(np.asarray(segment.rows)))
        segments[name] = changed
    return replace(vectors, segments=segments, codec=codec)


def _bytes_of(vectors: Vectors, budget: Budget | None) -> int:
    """Bytes of an average passage's vectors at a budget: the pooled one, and the rows of the codec."""
    most = budget.r_c - 1 if budget else None
    counts = [np.diff(segment.offsets) for segment in vectors.segments.values()]
    n = sum(len(part) for part in counts)
    if not n:
        return 0
    rows = sum(int(part.sum() if most is None else np.minimum(part, most).sum()) for part in counts)
    extra = FOLD.itemsize if budget else 0
    pooled = 4 * vectors.codec.dim if budget else 0
    return round(pooled + rows * (vectors.codec.bytes_per_vector + extra) / n)
