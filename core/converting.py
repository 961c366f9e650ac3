"""From one way of storing vectors to another, without the encoder: tokens to levels, one codec to another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import select

from rankscope.core.budgets import LARGEST
from rankscope.core.errors import UsageError
from rankscope.core.generation import layout_of
from rankscope.core.progress import CancelledCheck, stop_if
from rankscope.core.storage import codecs, schema
from rankscope.core.storage.codecs import FittedCodec
from rankscope.core.storage.database import Database
from rankscope.core.storage.layout import Layout, Packed
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.segments import Segment
from rankscope.core.storage.vectors import FOLDER

# Of so many vectors a codec learns: 50 for each of 4,096 centroids.
_SAMPLE = 200_000
_AT_ONCE = 256


class Converter:
    """Makes the vectors of another layout from those that a workspace has.

    Tokens can become anything, levels only levels in another codec; what cannot be made has to be encoded.
    """

    def __init__(self, folder: Path, database: Database, current: Manifest, target: Layout) -> None:
        self._folder = folder / FOLDER
        self._database = database
        self._source = layout_of(current, folder)
        self._target = target
        # What a codec has lost does not come back: from anything but plain floats the vectors are made anew.
        spec = self._source.codec.spec
        is_plain = spec.codec in ("float32", "float16") and spec.reduction is None
        self._can = is_plain and self._source.kind in ("tokens", target.kind)

    def known(self, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
        """Those of these passages (by hash) that can be converted, and the segment and row of their vectors."""
        found: dict[bytes, tuple[int, int]] = {}
        if not self._can:
            return found
        with self._database.read() as connection:
            for start in range(0, len(hashes), 500):
                for table in (schema.passages, schema.shelf):
                    columns = select(table.c.hash, table.c.segment_id, table.c.row)
                    part = columns.where(table.c.hash.in_(hashes[start : start + 500]))
                    found.update({row.hash: (row.segment_id, row.row) for row in connection.execute(part)})
        return dict(sorted(found.items(), key=lambda item: item[1]))

    def packed(self, places: Sequence[tuple[int, int]]) -> Iterator[Packed]:
        """These passages, given by segment and row, in the new layout and in this order. Raises WorkspaceError."""
        start = 0
        while start < len(places):
            segment_id = places[start][0]
            end = start
            while end < len(places) and places[end][0] == segment_id and end - start < _AT_ONCE:
                end += 1
            rows = np.array([row for _, row in places[start:end]], np.int64)
            yield self._converted(self._segment(segment_id).of_passages(rows))
            start = end

    def fitted(self, spec: str, cancelled: CancelledCheck) -> FittedCodec:
        """A codec that has learned from a sample of the vectors in the new layout.

        Raises:
            UsageError: there are no vectors to learn from. Cancelled, WorkspaceError.
        """
        if not self._can:
            raise UsageError(
                f"The codec {spec} cannot be fitted: it learns from {self._target.kind} in float16 or float32, and the "
                f"workspace holds {self._source.kind} in {self._source.codec.spec}.",
                f"Convert to {self._target.kind} in float16 first.",
            )
        with self._database.read() as connection:
            found = connection.exec_driver_sql("SELECT DISTINCT segment_id, row FROM passages ORDER BY segment_id, row")
            places = [(int(row[0]), int(row[1])) for row in found]
            vectors, passages = connection.exec_driver_sql("SELECT sum(n_vectors), sum(n_passages) FROM segments").one()
        # Of each chosen passage all vectors take part, and so many are chosen as hold the sample.
        each = vectors / passages if places else 1.0
        each = min(each, LARGEST.r_c - 1) if self._target.kind == "levels" else each
        chosen = np.sort(np.random.default_rng(0).permutation(len(places))[: math.ceil(_SAMPLE / each)]).tolist()
        sample = [np.empty((0, self._target.dim), np.float32)]
        for packed in self.packed([places[i] for i in chosen]):
            stop_if(cancelled)
            sample.append(self._target.codec.decode(packed.rows))
        rows = np.concatenate(sample)
        total = round(len(rows) * len(places) / max(len(chosen), 1))
        return codecs.fit(codecs.parse(spec, self._target.dim), rows, total=total)

    def _segment(self, segment_id: int) -> Segment:
        with self._database.read() as connection:
            file = connection.execute(select(schema.segments.c.file).where(schema.segments.c.id == segment_id)).scalar()
        return Segment(self._folder / str(file))

    def _converted(self, packed: Packed) -> Packed:
        vectors = self._source.codec.decode(packed.rows)
        if self._source.kind == self._target.kind:
            rows = self._target.codec.encode(vectors)
            return Packed(packed.pooled, rows, packed.offsets, packed.fold, packed.labels, packed.label_offsets)
        return self._target.pack(packed.pooled, vectors, packed.offsets)
