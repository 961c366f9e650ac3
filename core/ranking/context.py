"""What the stages of one search share: the query and its vectors, the workspace's indexes, the limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from rankscope.core.budgets import LARGEST, Budget
from rankscope.core.encoding.encoder import EncodedQuery, Encoder
from rankscope.core.indexes.candidates import CandidateIndexes
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import CancelledCheck, ProgressCallback, never, silent
from rankscope.core.ranking import filtering
from rankscope.core.ranking.filters import Filters
from rankscope.core.storage.vectors import Vectors

T = TypeVar("T")
_NOTED_FROM = 0.5  # seconds


@dataclass
class SearchContext:
    """One search. ``connection`` is inside a read transaction, so every stage sees the same workspace.

    ``encoder`` is called when a stage first needs vectors; a lexical search needs no model. ``budget`` is the user's
    choice for late interaction, before that of the pipeline. ``progress`` hears of an index that the first search which
    needs it has to make.
    """

    query: str
    k: int
    filters: Filters
    connection: Connection
    vectors: Vectors
    dense: DenseIndex
    candidates: CandidateIndexes
    encoder: Callable[[], Encoder]
    cancelled: CancelledCheck = never
    progress: ProgressCallback = silent
    budget: Budget | None = None
    largest_r_c: int = LARGEST.r_c
    encode_ms: float = 0.0
    notes: list[str] = field(default_factory=list)

    @cached_property
    def encoded(self) -> EncodedQuery:
        """The query's vectors, made once; their time is kept apart from the stages' own."""
        encoder = self.encoder()
        start = time.perf_counter()
        encoded = encoder.encode_query(self.query)
        self.encode_ms = (time.perf_counter() - start) * 1e3
        if encoded.truncated:
            self.notes.append(
                "The query is longer than the encoder reads; "
                f"only its first {encoder.identity.max_tokens} tokens count."
            )
        return encoded

    def prepared(self, title: str, make: Callable[[], T]) -> T:
        """An index that may have to be made first; then the trace says how long that took."""
        start = time.perf_counter()
        index = make()
        seconds = time.perf_counter() - start
        if seconds >= _NOTED_FROM:
            self.notes.append(f"{title} was prepared first, which took {seconds:.1f} s; later searches find it ready.")
        return index

    @cached_property
    def device(self) -> str:
        """torch's device for scoring."""
        return self.encoder().device.name

    @cached_property
    def allowed(self) -> np.ndarray | None:
        """The passage ids that the filters leave (int64, rising), or None when nothing is filtered."""
        return filtering.allowed_passages(self.connection, self.filters) if self.filters else None

    @cached_property
    def n_allowed(self) -> int:
        """How many passages a first stage chooses from."""
        if self.allowed is not None:
            return len(self.allowed)
        return self.vectors.n_passages
