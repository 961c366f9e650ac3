from __future__ import annotations

import math
import random

import numpy as np
import pytest
import pytrec_eval

from rankscope.core.errors import UsageError
from rankscope.core.evaluation.metrics import DEFAULT_METRICS, measure, trec_order


def _random(seed: int) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Qrels and a run with many ties, unjudged entries, missing queries and graded relevance."""
    rng = random.Random(seed)
    entries = [f"d{i}" for i in range(150)] + ["ä b", "ß#", "z\u0085z", "Z", "a"]
    qrels = {f"q{i}": {e: rng.choice([0, 0, 1, 2, 3]) for e in rng.sample(entries, 30)} for i in range(25)}
    run = {
        name: {e: rng.choice([0.5, 1.0, 1.5, rng.random()]) for e in rng.sample(entries, rng.randint(1, 120))}
        for name in list(qrels)[:22]
    }
    return qrels, run | {"not judged": {"d1": 1.0}}


@pytest.mark.parametrize("seed", range(5))
def test_the_measures_are_those_of_trec_eval(seed: int) -> None:
    qrels, run = _random(seed)
    names = ("nDCG@10", "R@100", "MRR", "MAP", "P@5", "nDCG")
    measured = measure(qrels, run, names)
    oracle = pytrec_eval.RelevanceEvaluator(
        qrels, {"ndcg_cut.10", "recall.100", "recip_rank", "map", "P.5", "ndcg"}
    ).evaluate(run)
    for name, theirs in zip(names, ("ndcg_cut_10", "recall_100", "recip_rank", "map", "P_5", "ndcg"), strict=True):
        expected = {query: oracle[query][theirs] if query in oracle else 0.0 for query in qrels}
        assert measured.per_query[name] == pytest.approx(expected, abs=1e-12)
        assert measured.mean[name] == pytest.approx(np.mean(list(expected.values())), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_mrr_at_a_cutoff_breaks_ties_as_trec_eval_does(seed: int) -> None:
    qrels, run = _random(seed)
    cut = measure(qrels, run, ["MRR@10"]).per_query["MRR@10"]
    whole = measure(qrels, run, ["MRR"]).per_query["MRR"]
    # The first relevant one is at 1 / value: beyond the tenth place it counts for nothing.
    assert cut == pytest.approx({query: value if value >= 0.1 - 1e-9 else 0.0 for query, value in whole.items()})
    assert any(0 < value < 0.1 for value in whole.values()) or seed != 0


def test_gains_are_linear() -> None:
    measured = measure({"q": {"a": 3, "b": 1}}, {"q": {"b": 2.0, "a": 1.0}}, ["nDCG@10"])
    ideal = 3 + 1 / math.log2(3)
    assert measured.mean["nDCG@10"] == pytest.approx((1 + 3 / math.log2(3)) / ideal)


def test_queries_without_results_count_as_nothing_found() -> None:
    measured = measure({"found": {"a": 1}, "missing": {"a": 1}, "empty": {"a": 1}}, {"found": {"a": 1.0}, "empty": {}})
    assert measured.mean == {name: pytest.approx(1 / 3) for name in DEFAULT_METRICS}
    assert measured.per_query["R@100"] == {"found": 1.0, "missing": 0.0, "empty": 0.0}


def test_negative_relevance_is_not_relevant() -> None:
    run = {"q": {"bad": 2.0, "good": 1.0}}
    assert measure({"q": {"bad": -2, "good": 1}}, run) == measure({"q": {"bad": 0, "good": 1}}, run)


def test_scores_are_compared_in_single_precision() -> None:
    assert trec_order({"a": 1.0 + 1e-12, "b": 1.0, "c": 2.0}) == ["c", "b", "a"]
    assert trec_order({"é": 1.0, "z": 1.0, "A": 1.0}) == ["é", "z", "A"]


@pytest.mark.parametrize("name", ["ndcg", "R", "nDCG@0", "nDCG@ten", "F1", ""])
def test_an_unknown_metric_says_so(name: str) -> None:
    with pytest.raises(UsageError, match="no metric"):
        measure({"q": {"a": 1}}, {}, [name])
