"""Searching, explaining and following documents, on a real workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rankscope.core.errors import Cancelled, UsageError
from rankscope.core.ranking.filters import Filters
from rankscope.core.ranking.pipeline import PRESETS
from rankscope.core.workspace import Workspace

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
QUERIES = (
    "how does late interaction score a passage?",
    "what drives turbine blade fatigue?",
    "reciprocal rank fusion k",
    "why are results missing",
)


@pytest.fixture(scope="module")
def token_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Three of the sample documents, with every token's vector."""
    chosen = [path for path in sorted(SAMPLES.rglob("*")) if path.suffix in (".md", ".html", ".txt")][:3]
    with Workspace.open(tmp_path_factory.mktemp("tokens") / "workspace", create=True, vectors="tokens") as workspace:
        workspace.index(chosen)
        yield workspace


@pytest.mark.parametrize("pipeline", PRESETS)
@pytest.mark.parametrize("query", QUERIES)
def test_a_trace_is_complete_and_in_order(sample_workspace: Workspace, pipeline: str, query: str) -> None:
    trace = sample_workspace.search(query, pipeline=pipeline, k=7)
    assert trace.pipeline == pipeline and len(trace.final) == 7
    n = sample_workspace.info().passages
    for stage in trace.stages:
        ids, scores = stage.output.ids, stage.output.scores
        assert len(ids) == stage.left == len(set(ids.tolist())) and stage.ms >= 0
        assert all(
            scores[i] > scores[i + 1] or (scores[i] == scores[i + 1] and ids[i] < ids[i + 1])
            for i in range(len(ids) - 1)
        )
        assert stage.entered == (n if not stage.inputs else stage.entered)
        if len(stage.inputs) == 1:
            assert stage.entered == trace.stage(stage.inputs[0]).left
    assert set(trace.final.ids.tolist()) <= set(trace.passages)
    assert (trace.encode_ms > 0) == (pipeline != "lexical")
    assert trace.total_ms >= sum(stage.ms for stage in trace.stages)


@pytest.mark.parametrize("pipeline", PRESETS)
def test_contributions_add_up_to_the_listed_score(sample_workspace: Workspace, pipeline: str) -> None:
    for query in QUERIES:
        trace = sample_workspace.search(query, pipeline=pipeline, k=5)
        for passage_id, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
            alignment = sample_workspace.explain(query, passage_id, pipeline=pipeline)
            assert float(alignment.contributions.sum()) == pytest.approx(score, abs=1e-4)
            assert alignment.score == pytest.approx(score, abs=1e-4)
            assert alignment.similarities.shape == (len(alignment.query_tokens), len(alignment.passage_tokens))
            highest = alignment.similarities.max(axis=1)  # the tokens of one cluster tie
            assert (alignment.similarities[np.arange(len(highest)), alignment.best] == highest).all()
            assert (alignment.anchor is not None) == (alignment.score_kind == "MaxSim")
            if alignment.anchor is not None:  # the pooled vectors' part, which dense search ranks by
                pooled = sample_workspace.explain(query, passage_id, pipeline="dense")
                assert alignment.anchor == pytest.approx(pooled.contributions, abs=1e-6)


def test_with_token_vectors_a_contribution_is_the_rows_maximum(token_workspace: Workspace) -> None:
    for query in QUERIES:
        trace = token_workspace.search(query, pipeline="late", k=5)
        for passage_id, score in zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True):
            alignment = token_workspace.explain(query, passage_id, pipeline="late")
            assert alignment.score == pytest.approx(score, abs=1e-4) and alignment.anchor is None
            assert float(alignment.contributions.sum()) == pytest.approx(score, abs=1e-4)
            best = alignment.similarities[np.arange(len(alignment.best)), alignment.best]
            assert best == pytest.approx(alignment.contributions, abs=1e-6)
            assert best == pytest.approx(alignment.similarities.max(axis=1), abs=1e-6)


def test_alignment_tokens_stand_where_they_say(sample_workspace: Workspace) -> None:
    trace = sample_workspace.search(QUERIES[0], k=5)
    for passage_id in trace.final.ids.tolist():
        passage = trace.passages[passage_id]
        text = sample_workspace.document_text(passage.document_id).text
        assert text[passage.start : passage.end] == passage.text
        alignment = sample_workspace.explain(QUERIES[0], passage_id)
        words = [t for t in alignment.passage_tokens if t.role == "text" and t.text.isalpha()]
        assert words
        for token in words:
            assert passage.start <= token.start < token.end <= passage.end
            assert text[token.start : token.end].lower() == token.text


def test_bm25_matches_are_the_words_on_the_page(sample_workspace: Workspace) -> None:
    trace = sample_workspace.search("scoring passages", pipeline="lexical", k=3)
    alignment = sample_workspace.explain("scoring passages", int(trace.final.ids[0]), pipeline="lexical")
    rows, columns = np.nonzero(alignment.similarities)
    assert len(rows)
    stems = {"scoring": "scor", "passages": "passag"}
    for row, column in zip(rows, columns, strict=True):
        expected = stems[alignment.query_tokens[row].text]
        assert alignment.passage_tokens[column].text.lower().startswith(expected)


def test_evidence_names_words_of_the_passage(sample_workspace: Workspace) -> None:
    trace = sample_workspace.search(QUERIES[0], k=5)
    evidence = sample_workspace.evidence(trace, trace.final.ids.tolist())
    assert set(evidence) == set(trace.final.ids.tolist())
    for passage_id, words in evidence.items():
        assert words and all(word in trace.passages[passage_id].text.lower() for word in words)


def test_filters_limit_the_candidates_not_the_results(sample_workspace: Workspace) -> None:
    for pipeline in PRESETS:
        trace = sample_workspace.search("ranking", pipeline=pipeline, k=5, filters=Filters(types=("pdf",)))
        assert len(trace.final) == 5
        assert {trace.passages[i].format for i in trace.final.ids.tolist()} == {"pdf"}
    one = next(d for d in sample_workspace.documents() if d.format == "docx")
    trace = sample_workspace.search("ranking", filters=Filters(path=one.path))
    assert {p.document for p in trace.passages.values()} == {one.path}
    glob = sample_workspace.search("ranking", filters=Filters(path="*.html"))
    assert glob.passages and all(p.document.endswith(".html") for p in glob.passages.values())
    assert not len(sample_workspace.search("ranking", filters=Filters(modified_to="1999-12-31")).final)
    assert len(sample_workspace.search("ranking", filters=Filters(modified_from="2000-01-01")).final)
    with pytest.raises(UsageError, match="not a date"):
        sample_workspace.search("ranking", filters=Filters(modified_from="tomorrow"))


def test_odd_queries_and_limits(sample_workspace: Workspace) -> None:
    for empty in ("", "   \n"):
        with pytest.raises(UsageError, match="empty"):
            sample_workspace.search(empty)
    with pytest.raises(UsageError, match="k is 0"):
        sample_workspace.search("x", k=0)
    n = sample_workspace.info().passages
    assert len(sample_workspace.search("ranking", k=1_000_000).final) == n
    assert len(sample_workspace.search("ranking", k=1_000_000, pipeline="dense").final) == n
    for pipeline in PRESETS:
        long = sample_workspace.search("ranking of passages by vectors " * 2_000, pipeline=pipeline)
        assert len(long.final) == 10 and bool(long.notes) == (pipeline != "lexical")
        assert sample_workspace.search("?!", pipeline=pipeline).query == "?!"
        assert len(sample_workspace.search('"quoted" AND (NEAR', pipeline=pipeline).stages)
    with pytest.raises(UsageError, match="no pipeline"):
        sample_workspace.search("x", pipeline="magic")
    with pytest.raises(Cancelled):
        sample_workspace.search("x", cancelled=lambda: True)
    with pytest.raises(UsageError, match="no passage"):
        sample_workspace.explain("x", 10**9)


def test_the_same_query_gives_the_same_ranking(sample_workspace: Workspace) -> None:
    first, second = (sample_workspace.search(QUERIES[1]) for _ in range(2))
    assert first.final.ids.tolist() == second.final.ids.tolist()
    assert first.final.scores.tolist() == second.final.scores.tolist()


@pytest.mark.parametrize("pipeline", PRESETS)
def test_fate_agrees_with_brute_force(sample_workspace: Workspace, pipeline: str) -> None:
    query = QUERIES[1]
    everything = sample_workspace.search(query, pipeline=pipeline, k=1_000_000)  # every stage without a cut
    for document in sample_workspace.documents()[::4]:
        fate = sample_workspace.fate(query, document.document_id, pipeline=pipeline, k=3)
        assert fate.document == document.path and fate.verdict
        assert [line.name for line in fate.stages] == [stage.name for stage in everything.stages]
        cut = sample_workspace.search(query, pipeline=pipeline, k=3)
        for line, full, stage in zip(fate.stages, everything.stages, cut.stages, strict=True):
            ranks = [
                rank
                for rank, i in enumerate(full.output.ids.tolist(), 1)
                if everything.passages[i].document == document.path
            ]
            kept = [i for i in stage.output.ids.tolist() if everything.passages[i].document == document.path]
            if not stage.inputs:
                assert line.rank == (ranks[0] if ranks else None)
            if stage is not cut.stages[-1]:
                assert line.kept == bool(kept)
        final = cut.final.ids.tolist()
        assert fate.stages[-1].kept == any(everything.passages[i].document == document.path for i in final)


def test_input_that_is_no_text_or_no_date(sample_workspace: Workspace) -> None:
    assert len(sample_workspace.search("caf\udce9 bm25").final) == 10
    with pytest.raises(UsageError, match="not a date"):
        sample_workspace.search("x", filters=Filters(modified_to="9999-12-31"))


def test_fate_of_a_document_without_the_words(sample_workspace: Workspace) -> None:
    document = sample_workspace.documents()[0].document_id
    fate = sample_workspace.fate("xylophone quark", document, pipeline="lexical")
    assert fate.verdict == "BM25 found none of the words in it." and fate.stages[0].rank is None


def test_fate_of_what_is_not_there(sample_workspace: Workspace) -> None:
    source = sample_workspace.sources()[0].path
    assert "none of the sources" in sample_workspace.fate("x", f"{source}/missing.pdf").verdict
    assert "none of the sources" in sample_workspace.fate("x", "/nowhere/at all.pdf").verdict
