"""What the command line prints: for people, or one JSON object."""

from __future__ import annotations

import json
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.core.budgets import LARGEST
from rankscope.core.errors import RankscopeError
from rankscope.core.progress import Progress
from rankscope.core.ranking.trace import Alignment, Fate, Trace
from rankscope.core.records import SourceInfo, VerifyReport, WorkspaceInfo


class ProgressLine:
    """Progress on stderr: one line that renews itself on a terminal, nothing otherwise."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        finished = progress.total is not None and progress.done >= progress.total
        if not self._terminal or (now - self._last < 0.1 and not finished):
            return
        self._last = now
        total = f"/{progress.total:,}" if progress.total is not None else ""
        line = f"{progress.done:,}{total} {progress.unit}  {progress.what}"
        sys.stderr.write("\r\033[K" + printable(line)[:110] + ("\r\033[K" if finished else ""))
        sys.stderr.flush()


def printable(text: str) -> str:
    """Text that any terminal and JSON take: lone surrogates as ``\\xNN``, control characters as blanks."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(character if character.isprintable() else " " for character in text)


def complain(error: RankscopeError) -> None:
    """One line on stderr."""
    sys.stderr.write(f"rankscope: {' '.join(printable(str(error)).split())}\n")


def note(text: str) -> None:
    """Something to know, on stderr, so that stdout stays what was asked for."""
    sys.stderr.write(f"note: {printable(text)}\n")


def show_search(trace: Trace, as_json: bool) -> None:
    """The ranking, and what each stage did."""
    final = trace.final
    if as_json:
        print_json(search_json(trace))
        return
    for text in trace.notes:
        note(text)
    if not len(final):
        print("No results.")
    for rank, (passage_id, score) in enumerate(zip(final.ids.tolist(), final.scores.tolist(), strict=True), 1):
        passage = trace.passages[passage_id]
        where = f", {printable(passage.place)}" if passage.place else ""
        more = f"  (+{passage.copies} {'copy' if passage.copies == 1 else 'copies'})" if passage.copies else ""
        shown = f"{score:.3f} {final.score_kind}   [passage {passage_id}]"
        print(f"{rank:3}. {printable(passage.title)}{where}{more}   {shown}")
        print(f"     {printable(passage.document)}")
        print(textwrap.indent(textwrap.fill(printable(passage.text)[:280], 100), "     "))
    spent = [f"encode {trace.encode_ms:.1f}"] + [f"{stage.name} {stage.ms:.1f}" for stage in trace.stages]
    print(
        f"{len(final)} of {trace.stages[-1].left if trace.stages else 0}, {trace.total_ms:.1f} ms ({', '.join(spent)})"
    )


def search_json(trace: Trace) -> dict[str, Any]:
    """The documented JSON of a search."""
    final = trace.final
    results = []
    for rank, (passage_id, score) in enumerate(zip(final.ids.tolist(), final.scores.tolist(), strict=True), 1):
        passage = trace.passages[passage_id]
        results.append(
            {
                "rank": rank,
                "score": score,
                "score_kind": final.score_kind,
                "passage_id": passage_id,
                "document": passage.document,
                "page": passage.page,
                "place": passage.place,
                "copies": passage.copies,
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
            }
        )
    stages = [{"name": s.name, "in": s.entered, "out": s.left, "ms": round(s.ms, 3)} for s in trace.stages]
    found = {"query": trace.query, "pipeline": trace.pipeline, "results": results, "stages": stages}
    return {**found, "total_ms": round(trace.total_ms, 3), "notes": list(trace.notes)}


def show_compare(trace: Trace, evidence: dict[int, tuple[str, ...]]) -> None:
    """The ranking before and after the last stage, with what moved and the words that decided."""
    before, after = trace.before, trace.final
    if before is not None:
        print(f"Before: {before.title} ({before.output.score_kind})")
        rows = zip(before.output.ids[: trace.k].tolist(), before.output.scores[: trace.k].tolist(), strict=True)
        for rank, (passage_id, score) in enumerate(rows, 1):
            found = ", ".join(f"{name} {at}" for name, at in before.output.sources.get(passage_id, ()))
            print(
                f"{rank:3}. {_place(trace, passage_id):60.60} {score:9.4f}" + (f"  found by {found}" if found else "")
            )
    print(f"After: {trace.stages[-1].title}")
    for rank, (passage_id, score) in enumerate(zip(after.ids.tolist(), after.scores.tolist(), strict=True), 1):
        words = " … ".join(evidence.get(passage_id, ()))
        move = _move(before.output.rank_of(passage_id) if before else None, rank)
        print(f"{rank:3}. {_place(trace, passage_id):60.60} {score:9.4f}  {move:>5}  best: “{printable(words)}”")


def _place(trace: Trace, passage_id: int) -> str:
    passage = trace.passages[passage_id]
    return printable(passage.title) + (f", {printable(passage.place)}" if passage.place else "")


def _move(before: int | None, after: int) -> str:
    if before is None or before == after:
        return "–"
    return f"▲ {before - after}" if before > after else f"▼ {after - before}"


def show_explain(alignment: Alignment, as_json: bool) -> None:
    """Contributions that add up to the score, with each query token's best passage token."""
    names = [token.text for token in alignment.passage_tokens]
    best = [names[j] if names else None for j in alignment.best.tolist()]
    if as_json:
        print_json(
            {
                "query": alignment.query,
                "passage_id": alignment.passage_id,
                "pipeline": alignment.pipeline,
                "score": alignment.score,
                "score_kind": alignment.score_kind,
                "query_tokens": [token.text for token in alignment.query_tokens],
                "passage_tokens": names,
                "contributions": alignment.contributions.tolist(),
                **({"pooled_part": alignment.anchor.tolist()} if alignment.anchor is not None else {}),
                "best_passage_token": best,
                "similarities": alignment.similarities.tolist(),
            }
        )
        return
    print(f"{alignment.score:.4f} {alignment.score_kind} = sum of")
    if alignment.anchor is not None:
        pooled = float(alignment.anchor.sum(dtype=np.float64))
        print(
            f"  {pooled:.4f} from the pooled vectors + {alignment.score - pooled:.4f} from late interaction; by token:"
        )
    largest = max(float(np.abs(alignment.contributions).max(initial=0.0)), 1e-9)
    rows = zip(alignment.query_tokens, alignment.contributions.tolist(), best, strict=True)
    for token, contribution, word in rows:
        bar = "█" * round(20 * abs(contribution) / largest)
        print(f"  {printable(token.text):16} {contribution:8.4f}  {bar:20}  {printable(word or '')}")


def show_fate(fate: Fate, as_json: bool) -> None:
    """Stage by stage, and the verdict."""
    if as_json:
        stages = [{"name": s.name, "rank": s.rank, "score": s.score, "cut": s.cut, "kept": s.kept} for s in fate.stages]
        print_json({"document": fate.document, "verdict": fate.verdict, "stages": stages})
        return
    print(f"{printable(fate.document)}: {fate.verdict}")
    for s in fate.stages:
        rank = f"rank {s.rank:,}" if s.rank else "not scored"
        score = f"{s.score:.4f} {s.score_kind}" if s.score is not None else ""
        cut = f"cut at {s.cut}" if s.cut else "no cut"
        print(f"  {'✓' if s.kept else '✗'} {s.title:14} {rank:14} {score:16} {cut}")


def show_eval(result: dict[str, Any], as_json: bool) -> None:
    """A table of metrics."""
    if as_json:
        print_json(result)
        return
    metrics = list(result["pipelines"][0]["metrics"]) if result["pipelines"] else []
    print(f"{result['collection']}")
    print(
        f"{'pipeline':12}" + "".join(f"{name:>10}" for name in metrics) + f"{'ms p50':>10}{'ms p95':>10}{'queries':>10}"
    )
    for row in result["pipelines"]:
        values = "".join(f"{row['metrics'][name]:10.4f}" for name in metrics)
        times = row["ms_per_query"]
        print(f"{row['name']:12}{values}{times['p50']:10.1f}{times['p95']:10.1f}{row['queries']:10}")


def show_sweep(found: dict[str, Any], as_json: bool) -> None:
    """One line per setting, and the recommended one."""
    if as_json:
        print_json(found)
        return
    print(f"{found['collection']}, {found['passages']:,} passages   (* no other is better, faster and smaller)")
    print(f"  {'budget':10} {'codec':16} {'first stage':12} {'nDCG@10':>8} {'ms p50':>8} {'p95':>8} {'bytes':>8}")
    for row in found["rows"]:
        mark = "*" if row["pareto"] else " "
        budget = ",".join(map(str, row["budget"])) if row["budget"] else "all tokens"
        ms = row["ms_per_query"]
        print(
            f"{mark} {budget:10} {row['codec']:16} {row['first_stage']:12} {row['metrics']['nDCG@10']:8.4f} "
            f"{ms['p50']:8.1f} {ms['p95']:8.1f} {row['bytes_per_passage']:8,}"
        )
    if "recommended" in found:
        print(found["recommended"]["why"])


def show_training(folder: Path, curve: Sequence[dict[str, Any]], as_json: bool) -> None:
    """Where the trained tokens lie, and how to use them."""
    if as_json:
        print_json({"folder": str(folder), "curve": list(curve)})
        return
    last = curve[-1]
    print(f"{last['step']:,} steps in {last['seconds']:,.0f} s: {folder}")
    print(f"Use them with “rankscope index --encoder {folder}”, or “rankscope switch {folder}”.")


def show_info(info: WorkspaceInfo, sources: Sequence[SourceInfo], as_json: bool) -> None:
    """What is in a workspace."""
    if as_json:
        print_json({**asdict(info), "source_list": [asdict(source) for source in sources]})
        return
    for text in info.notes:
        note(text)
    kind = f"levels{info.largest_r_c}" if info.kind == "levels" and info.largest_r_c < LARGEST.r_c else info.kind
    print(f"{info.path}  (format {info.format_version})")
    print(
        f"  {info.documents:,} documents, {info.passages:,} passages, {info.vectors:,} vectors; {info.failed:,} failed"
    )
    print(
        f"  {info.encoder}, {info.dim} dims, {kind} in {info.codec}, {info.row_bytes} bytes a vector, "
        f"weights {info.encoder_sha256[:12]}"
    )
    parts = (
        f"vectors {_mb(info.bytes_segments)}, metadata {_mb(info.bytes_database)}, indexes {_mb(info.bytes_indexes)}"
    )
    print(f"  {_mb(info.bytes_total)}: {parts}")
    for source in sources:
        counts = f"{source.documents:,} documents, {source.passages:,} passages, {source.errors:,} errors"
        print(f"  {printable(source.path)}: {counts}")


def show_verify(report: VerifyReport, done: Sequence[str], as_json: bool) -> None:
    """Whole, or what is wrong and what to do."""
    if as_json:
        findings = [asdict(finding) for finding in report.findings]
        print_json(
            {"whole": report.whole, "checked": list(report.checked), "repaired": list(done), "findings": findings}
        )
        return
    for text in done:
        print(text)
    print(f"Whole: {len(report.checked)} files checked." if report.whole else f"{len(report.findings)} findings:")
    for finding in report.findings:
        print(f"  {finding.file}: {finding.problem} {finding.remedy}")


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on stdout."""
    print(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _mb(n: int) -> str:
    return f"{n / 1e6:,.1f} MB"
