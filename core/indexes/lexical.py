"""The lexical first stage: BM25 over SQLite's full-text index.

BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009. FTS5 fixes k1 = 1.2 and
b = 0.75 and returns the negative score; its tokens are Porter stems of lower-cased words without diacritics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

# FTS5 refuses expressions deeper than 256.
MAX_TERMS = 200
_WORD = re.compile(r"[^\W_]+")

# Words that tell nothing about a document. They are dropped when other words remain, because each of them makes
# BM25 score nearly every passage.
_STOP_WORDS = frozenset(
    """a about an and are as at be been but by can did do does for from had has have how i if in into is it its me my
    no not of on or our so such than that the their them then there these they this to was we were what when where
    which who why will with would you your""".split()
)


@dataclass(frozen=True, slots=True)
class LexicalHits:
    """``ids`` int64 [n] by falling ``scores`` (BM25, float32 [n]), ties by rising id."""

    ids: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a query that BM25 looks for: ``query[start:end]``."""

    text: str
    start: int
    end: int


def terms(query: str) -> tuple[Term, ...]:
    """The distinct words of a query, stop words dropped unless there is nothing else; at most MAX_TERMS."""
    found: dict[str, Term] = {}
    for match in _WORD.finditer(query):
        found.setdefault(match.group().lower(), Term(match.group(), match.start(), match.end()))
    telling = [term for word, term in found.items() if is_telling(word)]
    return tuple((telling or list(found.values()))[:MAX_TERMS])


def is_telling(word: str) -> bool:
    """False for words that stand in nearly every text ("the", "of")."""
    return word.lower() not in _STOP_WORDS


def search(
    connection: Connection, query: str, depth: int | None, limit_sql: str = "", limit_values: tuple[object, ...] = ()
) -> LexicalHits:
    """The passages that hold any of the query's words, best first.

    Args:
        depth: how many at most; None for all.
        limit_sql: a condition on passage ids, e.g. ``rowid IN (SELECT ...)``, with its ``limit_values``.
    """
    wanted = terms(query)
    if not wanted:
        return LexicalHits(np.empty(0, np.int64), np.empty(0, np.float32))
    condition = f" AND {limit_sql}" if limit_sql else ""
    rows = connection.exec_driver_sql(
        f"SELECT rowid, -bm25(lexical) AS score FROM lexical WHERE lexical MATCH ?{condition} "
        "ORDER BY score DESC, rowid LIMIT ?",
        (_expression(wanted), *limit_values, -1 if depth is None else depth),
    ).fetchall()
    return LexicalHits(np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float32))


def term_weights(connection: Connection, query: str, passage_id: int) -> list[tuple[Term, float]]:
    """What each term of the query adds to the passage's BM25 score; the terms' weights sum to it.

    FTS5's score is a sum over phrases, each with its own idf and frequency, so a query of one term gives its part.
    """
    weights = []
    for term in terms(query):
        score = connection.exec_driver_sql(
            "SELECT -bm25(lexical) FROM lexical WHERE lexical MATCH ? AND rowid = ?",
            (_expression((term,)), passage_id),
        ).scalar()
        weights.append((term, float(score or 0.0)))
    return weights


def check(connection: Connection) -> str:
    """What is wrong with the full-text index against the passages; empty when it is whole."""
    from sqlalchemy.exc import DatabaseError

    try:
        connection.exec_driver_sql("INSERT INTO lexical(lexical, rank) VALUES ('integrity-check', 1)")
    except DatabaseError as error:
        return str(error.orig)
    return ""


def rebuild(connection: Connection) -> None:
    """Make the full-text index anew from the passages."""
    connection.exec_driver_sql("INSERT INTO lexical(lexical) VALUES ('rebuild')")


def _expression(wanted: tuple[Term, ...]) -> str:
    return " OR ".join(f'"{term.text}"' for term in wanted)
