"""Measures of rankings, through ir-measures and its pytrec_eval provider: the same numbers as trec_eval.

nDCG has linear gains, as in trec_eval. Ties are broken as trec_eval breaks them: scores are compared in single
precision, and among equal ones the document whose id is larger, byte by byte, comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rankscope.core.errors import RankscopeError, UsageError

DEFAULT_METRICS = ("nDCG@10", "R@100", "MRR@10")
_NAME = re.compile(r"(nDCG|R|MRR|MAP|P|Success)(?:@([1-9][0-9]{0,5}))?")
_LIBRARY_NAMES = {"MRR": "RR", "MAP": "AP"}
_NEEDS_CUTOFF = {"R", "P", "Success"}

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """``mean`` maps a metric's name to its mean over all judged queries; ``per_query`` to each query's value."""

    mean: dict[str, float]
    per_query: dict[str, dict[str, float]]


def measure(qrels: Qrels, run: Run, names: Sequence[str] = DEFAULT_METRICS) -> Measured:
    """Measure a run. Every query of the qrels counts; one without results counts as 0.

    Args:
        qrels: query id to entry id to relevance; 1 and above is relevant, negative counts as 0.
        run: query id to entry id to score.
        names: "nDCG@10", "nDCG", "R@100", "MRR@10", "MRR", "MAP", "MAP@100", "P@5", "Success@5".

    Raises:
        UsageError: an unknown metric.
    """
    parsed = [_parse(name) for name in names]
    library = _provider()
    # The provider cannot take negative relevance, and queries that are not judged would be measured for nothing.
    judged = {query: {entry: max(0, int(r)) for entry, r in entries.items()} for query, entries in qrels.items()}
    ranked = {query: {e: float(s) for e, s in run[query].items()} for query in judged if run.get(query)}
    per_query: dict[str, dict[str, float]] = {}
    for name, (kind, cutoff) in zip(names, parsed, strict=True):
        library_name = _LIBRARY_NAMES.get(kind, kind)
        seen = ranked
        # trec_eval has no reciprocal rank at a cutoff; ir-measures' own breaks ties the other way round.
        if kind == "MRR" and cutoff is not None:
            seen = {query: _first(scores, cutoff) for query, scores in ranked.items()}
        elif cutoff is not None:
            library_name += f"@{cutoff}"
        values = dict.fromkeys(judged, 0.0)
        for found in library.iter_calc([_library().parse_measure(library_name)], judged, seen):
            values[found.query_id] = float(found.value)
        per_query[name] = values
    mean = {name: float(np.mean(list(values.values()))) if values else 0.0 for name, values in per_query.items()}
    return Measured(mean, per_query)


def trec_order(scores: Mapping[str, float]) -> list[str]:
    """Entry ids in trec_eval's order: falling single-precision score, ties by falling id (as bytes)."""
    return sorted(scores, key=lambda entry: (np.float32(scores[entry]), entry.encode()), reverse=True)


def _first(scores: Mapping[str, float], cutoff: int) -> dict[str, float]:
    return {entry: scores[entry] for entry in trec_order(scores)[:cutoff]}


def _parse(name: str) -> tuple[str, int | None]:
    found = _NAME.fullmatch(name)
    if not found or (found[1] in _NEEDS_CUTOFF and not found[2]):
        raise UsageError(f"There is no metric “{name}”.", "Known: nDCG@k, R@k, MRR@k, MAP@k, P@k, Success@k.")
    return found[1], int(found[2]) if found[2] else None


def _library() -> Any:
    import ir_measures

    return ir_measures


def _provider() -> Any:
    provider = _library().pytrec_eval
    if not provider.is_available():
        raise RankscopeError(
            "The measures need the Python package pytrec-eval-terrier, which is not installed.",
            "Install it and start again.",
        )
    return provider
