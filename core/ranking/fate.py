"""Where did my document go? Its best passage, stage by stage, with the cut and a verdict."""

from __future__ import annotations

import numpy as np

from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.pipeline import Pipeline
from rankscope.core.ranking.stages.base import Standing
from rankscope.core.ranking.trace import Fate, FateStage, StageTrace


def fate(pipeline: Pipeline, search: SearchContext, document: str, passages: np.ndarray) -> Fate:
    """Follow a document through a pipeline.

    Args:
        document: its path, for the answer.
        passages: its passage ids (int64), not empty.
    """
    if search.allowed is not None:
        passages = passages[np.isin(passages, search.allowed)]
        if not len(passages):
            return Fate(document, "The filters leave it out.", ())
    traces = pipelines.run(pipeline, search)
    outputs = {trace.name: trace.output for trace in traces}
    lines: list[FateStage] = []
    followed: int | None = None
    for stage, trace in zip(pipeline.stages, traces, strict=True):
        last = trace is traces[-1]
        cut = search.k if last else trace.cut
        standing = stage.standing(search, passages, {name: outputs[name] for name in stage.inputs})
        there = np.isin(trace.output.ids, passages)
        kept = bool(there[: search.k].any() if last else there.any())
        if there.any():
            place = int(np.flatnonzero(there)[0])
            standing = Standing(int(trace.output.ids[place]), place + 1, float(trace.output.scores[place]))
            if not last and not trace.exact:
                # The approximate search's own list skips what it missed; the exact rank is the honest one.
                standing = stage.standing(search, passages, {name: outputs[name] for name in stage.inputs})
        followed = standing.passage_id if standing.rank is not None else followed
        lines.append(FateStage(trace.name, trace.title, standing.rank, standing.score, stage.score_kind, cut, kept))
    return Fate(document, _verdict(traces, lines, search.k), tuple(lines), followed)


def _verdict(traces: tuple[StageTrace, ...], lines: list[FateStage], k: int) -> str:
    final = lines[-1]
    before = next((line for line in lines if traces[-1].inputs and line.name == traces[-1].inputs[0]), None)
    if final.kept:
        return f"It is result {final.rank} of {k}" + _moved(before, final) + "."
    if before is None or before.kept:
        if final.rank is None:
            return f"{_lost(final)[:1].upper()}{_lost(final)[1:]}."
        if final.rank <= k:  # only a stage that does not look at everything can leave that out
            if before is None:
                return f"It is not in the list: {_lost(final)}."
            return f"Not looked at: the scan of {final.title} had ended. Its score would have put it at {final.rank}."
        came = f" from {before.rank}" if before is not None and before.rank and before.rank != final.rank else ""
        verb = f"moved it{came} to" if came else "put it at rank"
        return f"{final.title} {verb} {final.rank}; the list ends at {k}."
    lost = [line for line, trace in zip(lines, traces, strict=True) if not trace.inputs]
    said = "; ".join(_lost(line) for line in lost if not line.kept)
    if any(line.kept for line in lost):
        said = f"{before.title} cut it: rank {before.rank}, cut at {before.cut}"
    would = f" {final.title} alone would have put it at rank {final.rank}." if final.rank else ""
    return f"It was lost before {final.title}: {said}.{would}"


def _lost(line: FateStage) -> str:
    if line.rank is None and line.score_kind != "BM25":
        return f"its passages have no vectors that {line.title} could read"
    if line.rank is None:
        return f"{line.title} found none of the words in it"
    if line.cut is not None and line.rank <= line.cut:
        return f"rank {line.rank} of {line.title}, missed by its approximate search"
    return f"rank {line.rank:,} of {line.title}, cut at {line.cut}"


def _moved(before: FateStage | None, final: FateStage) -> str:
    if before is None or before.rank is None or final.rank is None or before.rank == final.rank:
        return ""
    return f", moved from {before.rank} by {final.title}"
