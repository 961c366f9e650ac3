"""Quality on Cranfield and SciFact, against plain sentence-transformers with exact search in the same run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rankscope.core.encoding.registry import resolve
from rankscope.core.evaluation.collections import Collection, open_collection
from rankscope.core.evaluation.evaluate import evaluate
from rankscope.core.evaluation.metrics import measure
from rankscope.core.ranking.pipeline import PRESETS
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_most, info, say, skipped

COLLECTIONS = ("dev/cranfield", "test/scifact")
_QUICK_ENTRIES = 300


def run(settings: Settings) -> list[Figure]:
    """Evaluate all presets on each collection that is here."""
    os.environ["RANKSCOPE_CACHE_DIR"] = str(settings.work / "cache")  # no figure from vectors of another day
    figures: list[Figure] = []
    for name in COLLECTIONS[: settings.choose(1, len(COLLECTIONS))]:
        folder = SHARED_DATA / "eval" / name
        if not folder.is_dir():
            figures.append(skipped(f"{name}: quality", f"the collection is not here (../shared/data/eval/{name})"))
            continue
        if settings.quick:
            folder = _part(folder, settings.work / "part" / f"{folder.name}-{_QUICK_ENTRIES}")
        figures += _measure(open_collection(folder), whole=not settings.quick)
    return figures


def _measure(collection: Collection, whole: bool) -> list[Figure]:
    """The figures of one collection; only on a whole one do the pipelines' differences have a target."""
    name = collection.name
    say(f"{name}: sentence-transformers with exact search")
    reference = measure(collection.qrels, _reference(collection), ["nDCG@10"]).mean["nDCG@10"]
    say(f"{name}: {', '.join(PRESETS)}")
    results = {result.name: result for result in evaluate(collection, list(PRESETS)).pipelines}
    ndcg = {pipeline: result.metrics["nDCG@10"] for pipeline, result in results.items()}
    size = f"{collection.n_entries:,} entries, {len(collection.queries)} queries"
    how = f"nDCG@10 on {size}"
    figures = [
        info(f"{name}: {pipeline}", ndcg[pipeline], "nDCG@10", how, **results[pipeline].metrics)
        for pipeline in ("lexical", "dense", "late", "hybrid")
    ]
    plain = f"SentenceTransformer.encode in fp32, all cosines, on {size}"
    figures.append(info(f"{name}: sentence-transformers, exact", reference, "nDCG@10", plain))
    distance = abs(ndcg["dense"] - reference)
    figures.append(at_most(f"{name}: |dense − sentence-transformers|", distance, 0.005, "nDCG@10", f"{how}; {plain}"))
    if not whole:
        return figures
    figures.append(_above(f"{name}: late − dense", ndcg["late"], ndcg["dense"], how))
    why = f"{how}; BM25 alone has {ndcg['lexical']:.3f}, and MaxSim alone decides the order of what both propose"
    figures.append(_above(f"{name}: hybrid − late", ndcg["hybrid"], ndcg["late"], why))
    return figures


def _above(name: str, higher: float, lower: float, how: str) -> Figure:
    difference = higher - lower
    return Figure(name, difference, "nDCG@10", "> 0", "ok" if difference > 0 else "missed", how)


def _reference(collection: Collection) -> Mapping[str, Mapping[str, float]]:
    """The 100 nearest entries of each query by plain sentence-transformers: query id to entry id to cosine."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = SentenceTransformer(str(resolve().folder))
    entries = [json.loads(line) for file in collection.corpus for line in file.read_text("utf-8").split("\n") if line]
    names = [str(entry["_id"]) for entry in entries]
    texts = [f"{entry.get('title') or ''} {entry['text']}".strip() for entry in entries]
    filled = [i for i, text in enumerate(texts) if text]
    passages = model.encode([texts[i] for i in filled], normalize_embeddings=True, show_progress_bar=False)
    asked = model.encode(list(collection.queries.values()), normalize_embeddings=True, show_progress_bar=False)
    run = {}
    for query, scores in zip(collection.queries, np.asarray(asked) @ np.asarray(passages).T, strict=True):
        best = np.argsort(-scores, kind="stable")[:100]
        run[query] = {names[filled[i]]: float(scores[i]) for i in best}
    return run


def _part(folder: Path, part: Path) -> Path:
    """The first entries of a collection with the judgments among them: quick, and not comparable with the whole."""
    lines = (folder / "corpus.jsonl").read_text("utf-8").split("\n")[:_QUICK_ENTRIES]
    kept = {str(json.loads(line)["_id"]) for line in lines}
    header, *judgments = (folder / "qrels" / "test.tsv").read_text("utf-8").strip("\n").split("\n")
    rows = [row for row in judgments if row.split("\t")[1] in kept]
    relevant = {row.split("\t")[0] for row in rows if int(row.split("\t")[2]) > 0}
    (part / "qrels").mkdir(parents=True)
    (part / "corpus.jsonl").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
    (part / "queries.jsonl").write_bytes((folder / "queries.jsonl").read_bytes())
    chosen = [row for row in rows if row.split("\t")[0] in relevant]
    (part / "qrels" / "test.tsv").write_text("\n".join([header, *chosen]) + "\n", "utf-8", newline="\n")
    return part
