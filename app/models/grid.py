"""An alignment as the grid people read: words or tokens in rows and columns, and what each row adds to the score.

Numpy only, so that it is tested without a window. Merging takes the maximum of similarities and the sum of
contributions: a word's cell is the best its pieces reach, and the rows still add up to the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rankscope.core.api import Alignment, Token

TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Word:
    """One row or column: the tokens it is made of (indices into the alignment), its words for people and its place.

    ``start:end`` are offsets into the query, or into the document for a column of role "text"; -1 for the others.
    """

    text: str
    role: str
    tokens: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Grid:
    """What the heatmap shows of an alignment.

    ``values`` is float32 [rows, columns] (cosine), ``adds`` float64 [rows] what each row contributes, ``best``
    int64 [n, 2] the (row, column) of every row token's arg-max that is shown, ``strongest`` int64 [rows] the column of
    a row's largest shown arg-max, or -1. ``away[i]`` is the hidden column where row i matches best, or None.
    ``anchors`` float64 [rows] is the part of ``adds`` that comes from the pooled vectors, None where the score has no
    such part; ``anchor_score`` that part of the score, hidden rows included.
    """

    rows: tuple[Word, ...]
    columns: tuple[Word, ...]
    values: np.ndarray
    adds: np.ndarray
    best: np.ndarray
    strongest: np.ndarray
    away: tuple[Word | None, ...]
    score: float
    score_kind: str
    hidden_rows: int
    hidden_columns: int
    hidden_adds: float
    anchors: np.ndarray | None = None
    anchor_score: float = 0.0

    @property
    def lates(self) -> np.ndarray | None:
        """The rest of ``adds``, from late interaction: float64 [rows]."""
        return None if self.anchors is None else self.adds - self.anchors

    @property
    def shown_adds(self) -> float:
        return float(self.adds.sum())

    @property
    def reconciles(self) -> bool:
        """Whether all rows, shown and hidden, add up to the score within 1e-4."""
        return abs(self.shown_adds + self.hidden_adds - self.score) <= TOLERANCE


def build_grid(
    alignment: Alignment, *, merge: bool = True, hidden: bool = False, passage: str = "", passage_start: int = 0
) -> Grid:
    """The grid of an alignment.

    Args:
        merge: put the pieces of a word into one row or column.
        hidden: show special tokens, and in the columns the title and headings in front of the passage, too.
        passage: the passage's text, ``document text[passage_start:...]``, for the words as they are written.
    """
    rows = _words(alignment.query_tokens, merge, alignment.query, 0)
    columns = _words(alignment.passage_tokens, merge, passage, passage_start)
    shown_rows = [row for row in rows if hidden or row.role == "text"]
    shown_columns = [column for column in columns if hidden or column.role == "text"]
    if not shown_rows:
        shown_rows = rows
    contributions = np.asarray(alignment.contributions, dtype=np.float64)
    adds = _row_sums(contributions, shown_rows)
    anchor = None if alignment.anchor is None else np.asarray(alignment.anchor, dtype=np.float64)
    best, strongest, away = _best(alignment, shown_rows, columns, shown_columns)
    return Grid(
        tuple(shown_rows),
        tuple(shown_columns),
        _values(alignment.similarities, shown_rows, shown_columns),
        adds,
        best,
        strongest,
        away,
        float(alignment.score),
        alignment.score_kind,
        len(rows) - len(shown_rows),
        len(columns) - len(shown_columns),
        float(contributions.sum() - adds.sum()),
        None if anchor is None else _row_sums(anchor, shown_rows),
        0.0 if anchor is None else float(anchor.sum()),
    )


def _row_sums(values: np.ndarray, rows: Sequence[Word]) -> np.ndarray:
    return np.array([values[list(row.tokens)].sum() for row in rows], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class HeatWord:
    """A word of the passage: document offsets ``start:end``, its highest similarity to any word of the query, which
    word that is, and whether it is the arg-max of some word of the query (``matched``)."""

    start: int
    end: int
    value: float
    match: str
    matched: bool


def heat_words(alignment: Alignment, passage: str, passage_start: int) -> tuple[HeatWord, ...]:
    """The passage's own words with their heat; punctuation and the words of the query's special tokens are left out."""
    rows = [row for row in _words(alignment.query_tokens, True, alignment.query, 0) if row.role == "text"]
    words = [
        word
        for word in _words(alignment.passage_tokens, True, passage, passage_start)
        if word.role == "text" and any(letter.isalnum() for letter in word.text)
    ]
    rows = [row for row in rows if any(letter.isalnum() for letter in row.text)] or rows
    if not words or not rows:
        return ()
    values = np.nan_to_num(_values(alignment.similarities, rows, words), nan=0.0)  # [rows, words]
    match = values.argmax(axis=0)
    highest = values.max(axis=0)
    lexical = alignment.score_kind == "BM25"
    best = {
        int(alignment.best[token])
        for row in rows
        for token in row.tokens
        if not (lexical and alignment.contributions[token] == 0)
    }
    return tuple(
        HeatWord(word.start, word.end, float(highest[at]), rows[int(match[at])].text, not best.isdisjoint(word.tokens))
        for at, word in enumerate(words)
    )


def _words(tokens: Sequence[Token], merge: bool, text: str, offset: int) -> list[Word]:
    """Tokens grouped: consecutive ones of one word and role together when merging, special ones always alone."""
    words: list[Word] = []
    group: list[int] = []
    for index, token in enumerate(tokens):
        before = tokens[group[-1]] if group else None
        same = before is not None and (before.role, before.word) == (token.role, token.word)
        if group and not (merge and same and token.role != "special"):
            words.append(_word(tokens, group, text, offset))
            group = []
        group.append(index)
    if group:
        words.append(_word(tokens, group, text, offset))
    return words


def _word(tokens: Sequence[Token], group: list[int], text: str, offset: int) -> Word:
    first, last = tokens[group[0]], tokens[group[-1]]
    spelled = "".join(tokens[index].text.removeprefix("##").lstrip("▁") for index in group)
    if len(group) == 1 and first.text.startswith("##"):
        spelled = first.text
    elif first.start >= 0 and offset <= first.start and last.end - offset <= len(text):
        spelled = text[first.start - offset : last.end - offset] or spelled
    return Word(spelled, first.role, tuple(group), first.start, last.end)


def _flat(words: Sequence[Word]) -> tuple[list[int], list[int]]:
    """All tokens of the words in order, and where each word starts among them (for reduceat)."""
    order: list[int] = []
    starts: list[int] = []
    for word in words:
        starts.append(len(order))
        order.extend(word.tokens)
    return order, starts


def _values(similarities: np.ndarray, rows: Sequence[Word], columns: Sequence[Word]) -> np.ndarray:
    if not rows or not columns:
        return np.zeros((len(rows), len(columns)), np.float32)
    row_order, row_starts = _flat(rows)
    column_order, column_starts = _flat(columns)
    tokens = np.asarray(similarities, dtype=np.float32)[np.ix_(row_order, column_order)]  # [tokens, tokens]
    by_row = np.maximum.reduceat(tokens, row_starts, axis=0)  # [rows, tokens]
    return np.maximum.reduceat(by_row, column_starts, axis=1)  # [rows, columns]


def _best(
    alignment: Alignment, rows: Sequence[Word], columns: Sequence[Word], shown: Sequence[Word]
) -> tuple[np.ndarray, np.ndarray, tuple[Word | None, ...]]:
    """Which cells hold the arg-max of a row's tokens. A lexical row that adds nothing has none."""
    shown_at = {token: number for number, word in enumerate(shown) for token in word.tokens}
    owner = {token: word for word in columns for token in word.tokens}
    pairs: set[tuple[int, int]] = set()
    strongest = np.full(len(rows), -1, dtype=np.int64)
    away: list[Word | None] = []
    for number, row in enumerate(rows):
        elsewhere: Word | None = None
        height = -np.inf
        for token in row.tokens:
            column = int(alignment.best[token])
            if column not in owner or (alignment.score_kind == "BM25" and alignment.contributions[token] == 0):
                continue
            value = float(alignment.similarities[token, column])
            if alignment.anchor is not None and column not in shown_at:
                column = _twin(alignment.similarities[token], column, shown_at)
            at = shown_at.get(column, -1)
            if at >= 0:
                pairs.add((number, at))
            if value > height:
                height, strongest[number] = value, at
                elsewhere = None if at >= 0 else owner[column]
        away.append(elsewhere)
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2), strongest, tuple(away)


def _twin(similarities: np.ndarray, column: int, shown: Mapping[int, int]) -> int:
    """A shown column that matches as well as a hidden one, being of the same cluster; the hidden one where none is."""
    same = np.flatnonzero(similarities == similarities[column]).tolist()
    return next((other for other in same if other in shown), column)


def neighbourhood(
    centres: Sequence[int], widths: Sequence[float], available: float, gap: float
) -> tuple[np.ndarray, bool]:
    """The columns around the matched ones that fit into ``available`` pixels, growing evenly on all sides.

    Args:
        centres: columns that must be shown, in any order.
        widths: pixels of every column; ``gap`` pixels stand where columns are left out, at the ends as well.

    Returns:
        the columns in order, int64 [n], and whether any was left out. The centres are returned even where they
        do not fit.
    """
    count = len(widths)
    if sum(widths) <= available:
        return np.arange(count), False
    shown = np.zeros(count, dtype=bool)
    shown[sorted({0} if not centres else set(centres))] = True

    def used(mask: np.ndarray) -> float:
        padded = np.concatenate(([True], mask, [True]))
        gaps = np.count_nonzero(padded[:-1] & ~padded[1:])
        return float(np.dot(mask, widths)) + gap * gaps

    growing = True
    while growing:
        growing = False
        edges = np.flatnonzero(~shown & (np.append(shown[1:], False) | np.insert(shown[:-1], 0, False)))
        for edge in edges.tolist():
            shown[edge] = True
            if used(shown) > available:
                shown[edge] = False
            else:
                growing = True
    return np.flatnonzero(shown), True


def densest(centres: Sequence[int], edges: np.ndarray, available: float) -> float:
    """The left pixel of the window of ``available`` pixels that shows the most of ``centres``.

    ``edges`` are the columns' borders in pixels, float64 [columns + 1].
    """
    best_count, best_left = 0, 0.0
    for centre in sorted(set(centres)):
        left = float(edges[centre])
        count = sum(1 for other in set(centres) if left <= edges[other] and edges[other + 1] <= left + available)
        if count > best_count:
            best_count, best_left = count, left
    margin = max(0.0, min(80.0, available / 4)) if best_count else 0.0
    return max(0.0, min(best_left - margin, float(edges[-1]) - available))
