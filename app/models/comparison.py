"""Where each candidate stood before a stage and where it stands after it. Plain Python: the Results panel draws it."""

from __future__ import annotations

from dataclasses import dataclass

from rankscope.core.api import PassageInfo, Ranking, StageTrace, Trace

_DECIMALS = {"RRF": 4, "cosine": 3}


def format_score(score: float, kind: str) -> str:
    """A score with the digits its scale deserves: RRF "0.0328", cosine "0.612", MaxSim and BM25 "3.63"."""
    return f"{score:.{_DECIMALS.get(kind, 2)}f}"


@dataclass(frozen=True, slots=True)
class Move:
    """One candidate in both rankings.

    ``before`` and ``after`` are its ranks from 1 in the whole rankings, None where it is not among them;
    ``before_row`` and ``after_row`` the rows from 0 it is shown in, None where the column ends above it.
    """

    passage_id: int
    before: int | None
    after: int | None
    before_row: int | None
    after_row: int | None

    @property
    def delta(self) -> int | None:
        """How many ranks it rose (negative: fell); None when one of the rankings does not hold it."""
        return None if self.before is None or self.after is None else self.before - self.after

    @property
    def kind(self) -> str:
        """ "up", "down", "same"; "entered" or "dropped" when only one column shows it."""
        if self.before_row is None:
            return "entered"
        if self.after_row is None:
            return "dropped"
        delta = self.delta or 0
        return "up" if delta > 0 else "down" if delta < 0 else "same"


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One row of a column. ``share`` is the score over the column's maximum, between 0 and 1."""

    passage: PassageInfo
    rank: int
    score: float
    score_kind: str
    share: float
    found_by: tuple[str, ...]
    move: Move | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two columns of rows and how they hang together; ``before`` is empty where nothing came before."""

    before_title: str
    after_title: str
    before: tuple[ResultRow, ...]
    after: tuple[ResultRow, ...]
    moves: dict[int, Move]
    before_scale: tuple[float, str]
    after_scale: tuple[float, str]

    @property
    def has_before(self) -> bool:
        return bool(self.before_title)


EMPTY = Comparison("", "", (), (), {}, (0.0, ""), (0.0, ""))


def compare(trace: Trace, before: str | None, after: str | None) -> Comparison:
    """The first ``trace.k`` candidates of two stages side by side.

    Args:
        before: a stage's name; None (or a name the trace does not know) for no left column.
        after: a stage's name; None (or an unknown one) for the last stage.
    """
    if not trace.stages:
        return EMPTY
    stages = {stage.name: stage for stage in trace.stages}
    right = stages.get(after or "", trace.stages[-1])
    left = stages.get(before or "")
    ranks_after = _ranks(right.output)
    ranks_before = _ranks(left.output) if left is not None else {}
    moves: dict[int, Move] = {}
    if left is not None:
        shown = [*_shown(trace, left.output), *_shown(trace, right.output)]
        for passage_id in dict.fromkeys(shown):
            rank_before, rank_after = ranks_before.get(passage_id), ranks_after.get(passage_id)
            moves[passage_id] = Move(
                passage_id,
                rank_before,
                rank_after,
                rank_before - 1 if rank_before is not None and rank_before <= trace.k else None,
                rank_after - 1 if rank_after is not None and rank_after <= trace.k else None,
            )
    return Comparison(
        left.title if left is not None else "",
        right.title,
        _rows(trace, left, moves) if left is not None else (),
        _rows(trace, right, moves),
        moves,
        _scale(left, trace.k),
        _scale(right, trace.k),
    )


def _ranks(ranking: Ranking) -> dict[int, int]:
    return {int(passage_id): rank for rank, passage_id in enumerate(ranking.ids.tolist(), start=1)}


def _shown(trace: Trace, ranking: Ranking) -> list[int]:
    """The ids a column shows: the first k. A candidate without details cannot be shown, so the column ends there."""
    ids: list[int] = []
    for passage_id in ranking.ids[: trace.k].tolist():
        if passage_id not in trace.passages:
            break
        ids.append(passage_id)
    return ids


def _scale(stage: StageTrace | None, k: int) -> tuple[float, str]:
    if stage is None or not len(stage.output):
        return 0.0, ""
    return max(0.0, float(stage.output.scores[:k].max())), stage.output.score_kind


def _rows(trace: Trace, stage: StageTrace, moves: dict[int, Move]) -> tuple[ResultRow, ...]:
    ranking = stage.output
    maximum = _scale(stage, trace.k)[0]
    rows = []
    for row, passage_id in enumerate(_shown(trace, ranking)):
        score = float(ranking.scores[row])
        share = min(1.0, max(0.0, score / maximum)) if maximum > 0 else 0.0
        found_by = _found_by(trace, stage, passage_id)
        move = moves.get(passage_id)
        rows.append(ResultRow(trace.passages[passage_id], row + 1, score, ranking.score_kind, share, found_by, move))
    return tuple(rows)


def _found_by(trace: Trace, stage: StageTrace, passage_id: int) -> tuple[str, ...]:
    """The titles of the first stages that proposed a candidate."""
    titles = {other.name: other.title for other in trace.stages}
    sources = stage.output.sources.get(passage_id, ())
    if sources:
        return tuple(titles.get(name, name) for name, _rank in sources)
    return () if stage.inputs else (stage.title,)
