"""BM25 of the full-text index against the formula on the same tokens, and what is taken for a word."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from sqlalchemy import Connection

from rankscope.core.indexes import lexical
from rankscope.core.storage.database import Database

TEXTS = [
    "blades crack under load",
    "the blade of a turbine cracks; blades crack often under thermal load and load cycles",
    "fatigue",
    "a turbine turns",
    "nothing to see here, only words about cooking and soup",
    "soup and bread",
]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(tmp_path)
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO sources(id, path) VALUES (1, '/x')")
        connection.exec_driver_sql("INSERT INTO segments VALUES (1, 'f', 0, 0, 0, '')")
        for i, text in enumerate(TEXTS, 1):
            connection.exec_driver_sql(
                "INSERT INTO documents (id, source_id, path, format, size, mtime_ns, content_hash, title, author, pages, "
                "n_passages, reason, message, remedy, scan) "
                "VALUES (?, 1, ?, 'txt', 1, 1, '', '', '', '[]', 1, '', '', '', 1)",
                (i, f"/x/{i}"),
            )
            connection.exec_driver_sql(
                'INSERT INTO passages (id, document_id, start, "end", context, text, segment_id, row) '
                "VALUES (?, ?, 0, 1, '', ?, 1, 0)",
                (i, i, text),
            )
    return database


def stems(text: str) -> list[str]:
    """Good enough for these texts: what the Porter stemmer makes of them."""
    words = [word.strip(".,;") for word in text.lower().split()]
    return [word[:-1] if word.endswith("s") and len(word) > 3 else word for word in words]


def bm25(query: str, k1: float = 1.2, b: float = 0.75) -> dict[int, float]:
    """BM25 as FTS5 documents it: idf = log((N - n + 0.5) / (n + 0.5)), never below 1e-6."""
    documents = [stems(text) for text in TEXTS]
    average = sum(map(len, documents)) / len(documents)
    scores: dict[int, float] = {}
    for term in dict.fromkeys(stems(query)):
        n = sum(term in document for document in documents)
        idf = max(math.log((len(documents) - n + 0.5) / (n + 0.5)), 1e-6)
        for i, document in enumerate(documents, 1):
            if tf := document.count(term):
                weight = idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / average))
                scores[i] = scores.get(i, 0.0) + weight
    return scores


def hits(connection: Connection, query: str, depth: int | None = None) -> dict[int, float]:
    found = lexical.search(connection, query, depth)
    return dict(zip(found.ids.tolist(), found.scores.tolist(), strict=True))


@pytest.mark.parametrize("query", ["turbine blades crack", "soup", "thermal load cycles", "crack"])
def test_scores_are_those_of_the_formula(database: Database, query: str) -> None:
    with database.read() as connection:
        found = hits(connection, query)
    assert found == pytest.approx(bm25(query), rel=1e-5)
    assert list(found) == sorted(found, key=lambda i: (-found[i], i))


def test_term_weights_sum_to_the_score(database: Database) -> None:
    with database.read() as connection:
        score = hits(connection, "turbine blades crack")[2]
        weights = lexical.term_weights(connection, "turbine blades crack", 2)
    assert sum(weight for _, weight in weights) == pytest.approx(score, rel=1e-5)


def test_words_of_a_query() -> None:
    assert [term.text for term in lexical.terms("What is the Blade, blade or “turbine”?")] == ["Blade", "turbine"]
    assert [term.text for term in lexical.terms("to be or not to be")] == ["to", "be", "or", "not"]
    assert lexical.terms("?!  --  ") == ()
    assert len(lexical.terms(" ".join(f"word{i}" for i in range(10_000)))) == lexical.MAX_TERMS


def test_the_language_of_the_index_is_not_spoken(database: Database) -> None:
    """Operators, quotes and brackets of FTS5 in a query are words or nothing, never syntax."""
    with database.read() as connection:
        for query in ('"', "NEAR(a b", "soup AND", "* ^ :", "text:soup", "soup NOT bread", "-", "🥣 soup"):
            hits(connection, query)
        assert set(hits(connection, "soup NOT bread")) == {5, 6}


def test_depth_limits_and_deleting_keeps_the_statistics(database: Database) -> None:
    with database.write() as connection:
        assert len(hits(connection, "soup bread turbine", 2)) == 2
        connection.exec_driver_sql("DELETE FROM passages WHERE id = 6")
        assert set(hits(connection, "soup")) == {5}
        assert lexical.check(connection) == ""
