"""The record of one query in one pipeline. Panels draw it, the command line prints it, tests assert on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Only named here: the window shows before numpy is imported.
    import numpy as np


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ordered candidates: ``ids[i]`` (passage id, int64) has ``scores[i]`` (float32) and rank ``i + 1``.

    Ordered by falling score, ties by rising passage id. ``score_kind`` names the scale: "cosine", "BM25", "RRF",
    "MaxSim". ``sources`` maps a passage id to where it came from: ``((stage name, rank there), ...)``.
    """

    ids: np.ndarray
    scores: np.ndarray
    score_kind: str
    sources: dict[int, tuple[tuple[str, int], ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def rank_of(self, passage_id: int) -> int | None:
        """The rank from 1, or None when the passage is not in this ranking."""
        where = (self.ids == passage_id).nonzero()[0]
        return int(where[0]) + 1 if len(where) else None


@dataclass(frozen=True, slots=True)
class StageTrace:
    """What one stage did.

    ``name`` is unique within the pipeline ("dense", "lexical", "fusion", "late"). ``kind`` is the registry's name
    of the stage. ``entered`` and ``left`` count candidates in and out; for a first stage ``entered`` counts
    the passages it chose from. ``cut`` is how many it may let through (None: as many as enter). ``inputs`` are
    the names of the stages it read from; empty for a first stage. ``exact`` is False for an approximate search.
    """

    name: str
    kind: str
    title: str
    settings: dict[str, object]
    inputs: tuple[str, ...]
    entered: int
    left: int
    cut: int | None
    ms: float
    output: Ranking
    exact: bool = True
    bytes_read: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class PassageInfo:
    """What is shown of a passage: ``text`` is ``document text[start:end]``; ``document`` the path as people read it.

    ``place`` says where in the file it stands ("page 3", "slide 4", "Costs!B7", "line 12"; empty where that is not
    known), ``page`` the page's number where pages can be drawn. ``copies`` counts further files of the same content.
    """

    passage_id: int
    document_id: int
    document: str
    title: str
    context: str
    page: int | None
    start: int
    end: int
    text: str
    format: str
    place: str = ""
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything one query did.

    ``k`` results were asked for; ``final`` is the last stage's output cut to k. ``passages`` has the details of
    every passage among the first k of any stage. ``encode_ms`` is 0.0 when no stage needed the encoder.
    """

    query: str
    pipeline: str
    k: int
    stages: tuple[StageTrace, ...]
    passages: dict[int, PassageInfo]
    encode_ms: float
    total_ms: float
    filters: dict[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def final(self) -> Ranking:
        """The last stage's output, cut to k (empty when the pipeline ran on nothing)."""
        if not self.stages:
            import numpy as np

            return Ranking(np.empty(0, np.int64), np.empty(0, np.float32), "none")
        last = self.stages[-1].output
        return Ranking(last.ids[: self.k], last.scores[: self.k], last.score_kind, last.sources)

    def stage(self, name: str) -> StageTrace:
        """The stage of that name. Raises KeyError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    @property
    def before(self) -> StageTrace | None:
        """The stage whose output the last stage re-ordered (None for a pipeline of one stage)."""
        if not self.stages or not self.stages[-1].inputs:
            return None
        return self.stage(self.stages[-1].inputs[0])


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a query or passage.

    ``start:end`` are character offsets into the query, or into the *document's* extracted text for a passage
    token of role "text"; -1 for the others. ``role``: "text", "context" (title and heading path in front of the
    passage) or "special" ([CLS], [SEP]). ``word`` numbers the words: word pieces of one word share it.
    """

    text: str
    start: int
    end: int
    role: str
    word: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """Why one passage has its score.

    ``similarities`` is float32 [n_query_tokens, n_passage_tokens] (cosine); ``best[i]`` the column of row i's
    maximum; ``contributions[i]`` what query token i adds: they sum to ``score`` (within 1e-4). For MaxSim a
    contribution is that row's maximum; for "cosine" the pooled vectors' product split over the query tokens;
    for "BM25" the term's weight in this passage (0.0 for tokens that are not terms). On anchored levels ``anchor[i]``
    is the part of ``contributions[i]`` that comes from the pooled vectors, the rest is late interaction; a column's
    similarity is that of the passage cluster which the token belongs to, and ``best[i]`` the best column of row i.
    """

    query: str
    passage_id: int
    pipeline: str
    score: float
    score_kind: str
    query_tokens: tuple[Token, ...]
    passage_tokens: tuple[Token, ...]
    similarities: np.ndarray
    best: np.ndarray
    contributions: np.ndarray
    anchor: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class FateStage:
    """One line of a document's fate: its best passage's rank and score in a stage, the cut, and whether it was kept.

    ``rank`` and ``score`` are exact, computed for it alone where the stage did not see it; None where the stage
    never scored it and could not (a lexical stage with no word in common).
    """

    name: str
    title: str
    rank: int | None
    score: float | None
    score_kind: str
    cut: int | None
    kept: bool


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a document went for a query, step by step, with the verdict in one sentence."""

    document: str
    verdict: str
    stages: tuple[FateStage, ...]
    passage_id: int | None = None
