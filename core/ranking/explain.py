"""Why one passage has its score: an alignment whose contributions sum to the score."""

from __future__ import annotations

import re

import numpy as np

from rankscope.core.budgets import LARGEST, Budget
from rankscope.core.encoding.encoder import TokenizedText
from rankscope.core.errors import UsageError, WorkspaceError
from rankscope.core.indexes import lexical
from rankscope.core.ranking import pipeline as pipelines
from rankscope.core.ranking.context import SearchContext
from rankscope.core.ranking.levels import at_budget, level_parts
from rankscope.core.ranking.maxsim import similarities
from rankscope.core.ranking.passages import encoded_text, passage_info
from rankscope.core.ranking.pipeline import Pipeline
from rankscope.core.ranking.stages.late import LateStage
from rankscope.core.ranking.trace import Alignment, PassageInfo, Ranking, Token

_WORD = re.compile(r"[^\W_]+")
_MARK = "\ue000"  # private use: cannot be part of a word, so it may mark one


def explain(pipeline: Pipeline, search: SearchContext, passage_id: int) -> Alignment:
    """Explain the score that the pipeline's last stage gives this passage (computed for it alone if need be).

    Raises:
        UsageError: there is no such passage, or it has no vectors. WorkspaceError: they are damaged.
    """
    passage = passage_info(search.connection, passage_id)
    kind = pipeline.stages[-1].score_kind
    if kind == "BM25":
        return _bm25(pipeline.name, search, passage)
    if kind == "RRF":
        return _rrf(pipeline, search, passage)
    last = pipeline.stages[-1]
    budget = last.chosen(search) if isinstance(last, LateStage) else search.budget or LARGEST
    return _vectors(pipeline.name, search, passage, budget, pooled=kind == "cosine")


def best_words(alignment: Alignment, document_text: str, offset: int = 0, limit: int = 4) -> tuple[str, ...]:
    """The passage's words that match the query best, strongest first.

    Args:
        document_text: text that holds the passage's words; ``offset`` is what to take from their document offsets.
    """
    # "how", "does" and "a" match something in every passage; the words that lexical search looks for decide.
    telling = [(term.start, term.end) for term in lexical.terms(alignment.query)]
    rows = [i for i, token in enumerate(alignment.query_tokens) if any(a <= token.start < b for a, b in telling)]
    columns = [j for j, token in enumerate(alignment.passage_tokens) if token.role == "text" and _is_word(token.text)]
    if not rows or not columns:
        return ()
    part = alignment.similarities[np.ix_(rows, columns)]
    found: dict[str, float] = {}
    for i, j in enumerate(part.argmax(axis=1)):
        token = alignment.passage_tokens[columns[int(j)]]
        pieces = [t for t in alignment.passage_tokens if t.role == "text" and t.word == token.word]
        word = document_text[pieces[0].start - offset : pieces[-1].end - offset].lower()
        if lexical.is_telling(word):
            found[word] = max(found.get(word, -1.0), float(part[i, j]))
    return tuple(sorted((word for word in found if found[word] > 0), key=lambda word: -found[word])[:limit])


def _vectors(pipeline: str, search: SearchContext, passage: PassageInfo, budget: Budget, *, pooled: bool) -> Alignment:
    encoded = search.encoded
    ids = np.array([passage.passage_id], np.int64)
    if not len(search.vectors.known(ids)):
        raise UsageError(f"Passage {passage.passage_id} has no vectors.", "Bring the index up to date.")
    anchor = None
    if search.vectors.kind == "levels":
        matrix = _by_clusters(search, passage.passage_id, budget)
    else:
        held = search.vectors.multi(ids)
        matrix = similarities(held.codec.transform_query(encoded.tokens), held.decoded())  # [n_q, n_d]
    if pooled:
        own = search.vectors.pooled(ids)[0]  # [dim]
        # The query's pooled vector is the weighted sum of its token vectors, so its product with the passage's
        # pooled vector splits over them without rest.
        contributions = encoded.weights * (encoded.tokens @ own)  # [n_q]
        score, kind = float(encoded.pooled @ own), "cosine"
    elif search.vectors.kind == "levels":
        parts = level_parts(encoded, at_budget(encoded, budget), search.vectors, passage.passage_id)
        anchor, contributions = parts.anchor, parts.anchor + parts.late
        score, kind = float(contributions.sum(dtype=np.float64)), "MaxSim"
    else:
        contributions = matrix.max(axis=1)
        score, kind = float(contributions.sum(dtype=np.float64)), "MaxSim"
    query_tokens = _tokens(TokenizedText(encoded.pieces, encoded.spans, encoded.words, encoded.truncated), 0, 0)
    tokenized = search.encoder().tokenize(encoded_text(passage.context, passage.text))
    prefix = len(passage.context) + 1 if passage.context else 0
    passage_tokens = _tokens(tokenized, prefix, passage.start)
    if not (np.isfinite(matrix).all() and np.isfinite(contributions).all()):
        raise WorkspaceError(
            f"The vectors of passage {passage.passage_id} are damaged.", "Run “rankscope verify --repair”."
        )
    if len(passage_tokens) != matrix.shape[1]:
        raise UsageError(
            f"Passage {passage.passage_id} was encoded by another tokenizer.", "Make a new workspace from its folders."
        )
    return Alignment(
        search.query,
        passage.passage_id,
        pipeline,
        score,
        kind,
        query_tokens,
        passage_tokens,
        matrix,
        _best(matrix, query_tokens, passage_tokens),
        contributions.astype(np.float32),
        anchor,
    )


def _best(matrix: np.ndarray, query_tokens: tuple[Token, ...], passage_tokens: tuple[Token, ...]) -> np.ndarray:
    """The column of each row's maximum: int64 [n_q]. The tokens of one cluster tie; then the same word comes first,
    then what the passage itself says, then a word that tells something."""
    best = matrix.argmax(axis=1)
    for i, query in enumerate(query_tokens):
        tied = np.flatnonzero(matrix[i] == matrix[i, best[i]])
        if len(tied) > 1:

            def order(j: int, query: Token = query) -> tuple[bool, bool, bool, int]:
                token = passage_tokens[j]
                telling = _is_word(token.text) and lexical.is_telling(token.text.lower())
                return token.text != query.text, token.role != "text", not telling, j

            best[i] = min(tied.tolist(), key=order)
    return best


def _by_clusters(search: SearchContext, passage_id: int, budget: Budget) -> np.ndarray:
    """Query tokens against passage tokens, each of these standing for its cluster: float32 [n_q, n_d]."""
    rows = max(budget.r_c - 1, 1)
    held = search.vectors.multi(np.array([passage_id], np.int64), rows)
    return held.products(search.encoded.tokens).T[:, search.vectors.clusters(passage_id, rows)]


def _tokens(tokenized: TokenizedText, prefix: int, offset: int) -> tuple[Token, ...]:
    """Tokens with document offsets: the first ``prefix`` characters are context, the rest starts at ``offset``."""
    tokens = []
    for piece, (start, end), word in zip(tokenized.pieces, tokenized.spans, tokenized.words, strict=True):
        if start < 0:
            tokens.append(Token(piece, -1, -1, "special", word))
        elif start < prefix:
            tokens.append(Token(piece, -1, -1, "context", word))
        else:
            tokens.append(Token(piece, start - prefix + offset, end - prefix + offset, "text", word))
    return tuple(tokens)


def _bm25(pipeline: str, search: SearchContext, passage: PassageInfo) -> Alignment:
    """Query words against passage words: 1 where the full-text index sees the same stem, 0 elsewhere."""
    weights = {
        term.start: (term, weight)
        for term, weight in lexical.term_weights(search.connection, search.query, passage.passage_id)
    }
    query_words = list(_WORD.finditer(search.query))
    query_tokens = tuple(Token(m.group(), m.start(), m.end(), "text", i) for i, m in enumerate(query_words))
    contributions = np.array([weights[m.start()][1] if m.start() in weights else 0.0 for m in query_words], np.float32)
    prefix = len(passage.context) + 1 if passage.context else 0
    whole = encoded_text(passage.context, passage.text)
    words = list(_WORD.finditer(whole))
    passage_tokens = tuple(
        Token(m.group(), -1, -1, "context", j)
        if m.start() < prefix
        else Token(m.group(), m.start() - prefix + passage.start, m.end() - prefix + passage.start, "text", j)
        for j, m in enumerate(words)
    )
    matrix = np.zeros((len(query_words), len(words)), np.float32)
    columns = {m.start(): j for j, m in enumerate(words)}
    for i, match in enumerate(query_words):
        if contributions[i]:
            for start in _matches(search, match.group(), passage, prefix):
                if start in columns:
                    matrix[i, columns[start]] = 1.0
    best = matrix.argmax(axis=1) if len(words) else np.zeros(len(query_words), np.int64)
    return Alignment(
        search.query,
        passage.passage_id,
        pipeline,
        float(contributions.sum(dtype=np.float64)),
        "BM25",
        query_tokens,
        passage_tokens,
        matrix,
        best,
        contributions,
    )


def _matches(search: SearchContext, word: str, passage: PassageInfo, prefix: int) -> list[int]:
    """Where the full-text index finds this word, as offsets into the encoded text."""
    row = search.connection.exec_driver_sql(
        "SELECT highlight(lexical, 0, ?, ''), highlight(lexical, 1, ?, '') FROM lexical "
        "WHERE lexical MATCH ? AND rowid = ?",
        (_MARK, _MARK, f'"{word}"', passage.passage_id),
    ).fetchone()
    if row is None:
        return []
    found = []
    for marked, original, offset in ((row[0], passage.context, 0), (row[1], passage.text, prefix)):
        if _MARK in original:
            continue  # a text that uses the mark itself: better no match shown than a wrong one
        at = -1
        for seen, _ in enumerate(range(marked.count(_MARK))):
            at = marked.index(_MARK, at + 1)
            found.append(at - seen + offset)
    return found


def _rrf(pipeline: Pipeline, search: SearchContext, passage: PassageInfo) -> Alignment:
    """One row per fused stage: 1 / (k + rank there)."""
    last = pipeline.stages[-1]
    outputs: dict[str, Ranking] = {trace.name: trace.output for trace in pipelines.run(pipeline, search)}
    constant = int(getattr(last, "k", 0))
    ranks = {name: outputs[name].rank_of(passage.passage_id) for name in last.inputs}
    contributions = np.array([1.0 / (constant + rank) if rank else 0.0 for rank in ranks.values()], np.float32)
    n = len(ranks)
    return Alignment(
        search.query,
        passage.passage_id,
        pipeline.name,
        float(contributions.sum(dtype=np.float64)),
        "RRF",
        tuple(Token(name, -1, -1, "special", -1) for name in ranks),
        (),
        np.zeros((n, 0), np.float32),
        np.zeros(n, np.int64),
        contributions,
    )


def _is_word(piece: str) -> bool:
    return any(character.isalnum() for character in piece)
