"""From one way of storing vectors to another, without the encoder: tokens to levels, one codec to another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import select

from rankscope.core.errors import UsageError
from rankscope.core.generation import layout_of
from rankscope.core.progress import CancelledCheck, Progress, ProgressCallback, never, stop_if
from rankscope.core.storage import codecs, levels, schema
from rankscope.core.storage.codecs import FittedCodec
from rankscope.core.storage.database import Database
from rankscope.core.storage.layout import Layout, Packed, shortened
from rankscope.core.storage.manifest import Manifest
from rankscope.core.storage.segments import Segment
from rankscope.core.storage.vectors import FOLDER, segment_problem

# Of so many vectors a codec learns: 50 for each of 4,096 centroids.
_SAMPLE = 200_000
_AT_ONCE = 256
_CHECKED_AT_ONCE = 1 << 20  # bytes


class Converter:
    """Makes the vectors of another layout from those that a workspace has.

    Tokens can become anything, levels only levels in another codec; what cannot be made has to be encoded. So has what
    lies in a damaged segment: converted, the damage would get a checksum of its own.
    """

    def __init__(self, folder: Path, database: Database, current: Manifest, target: Layout) -> None:
        self._folder = folder
        self._database = database
        self._sound: dict[int, bool] = {}
        self._source = layout_of(current, folder)
        self._target = target
        # What a codec has lost does not come back: from anything but plain floats the vectors are made anew.
        spec = self._source.codec.spec
        is_plain = spec.codec in ("float32", "float16") and spec.reduction is None
        is_enough = self._source.kind == target.kind and self._source.most >= target.most
        # Tokens say nothing of what meta tokens would have read from them.
        from_tokens = self._source.kind == "tokens" and current.encoder["kind"] != "meta-token"
        self._can = is_plain and (from_tokens or is_enough)

    def known(self, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, int]]:
        """Those of these passages (by hash) that can be converted, and the segment and row of their vectors; in the
        order in which these lie."""
        found: dict[bytes, tuple[int, int]] = {}
        if not self._can:
            return found
        with self._database.read() as connection:
            for start in range(0, len(hashes), 500):
                for table in (schema.passages, schema.shelf):
                    columns = select(table.c.hash, table.c.segment_id, table.c.row)
                    part = columns.where(table.c.hash.in_(hashes[start : start + 500]))
                    found.update({row.hash: (row.segment_id, row.row) for row in connection.execute(part)})
        places = sorted(found.items(), key=lambda item: item[1])
        return {key: place for key, place in places if self._is_sound(place[0])}

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

    def fitted(self, spec: str, progress: ProgressCallback, cancelled: CancelledCheck) -> FittedCodec:
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
            every = [(int(row[0]), int(row[1])) for row in found]
            vectors, passages = connection.exec_driver_sql("SELECT sum(n_vectors), sum(n_passages) FROM segments").one()
        places = [place for place in every if self._is_sound(place[0], cancelled)]
        # Of each chosen passage all vectors take part, and so many are chosen as hold the sample.
        each = vectors / passages if places else 1.0
        each = min(each, self._target.most - 1) if self._target.kind == "levels" else each
        chosen = np.sort(np.random.default_rng(0).permutation(len(places))[: math.ceil(_SAMPLE / each)]).tolist()
        sample = [np.empty((0, self._target.dim), np.float32)]
        done = 0
        for packed in self.packed([places[i] for i in chosen]):
            stop_if(cancelled)
            progress(Progress(done, len(chosen), f"Reading what {spec} learns from", "passages"))
            sample.append(self._target.codec.decode(packed.rows))
            done += len(packed.pooled)
        rows = np.concatenate(sample)
        total = round(len(rows) * len(every) / max(len(chosen), 1))

        def step(number: int, of: int) -> None:
            stop_if(cancelled)
            progress(Progress(number, of, f"Fitting {spec}", "steps"))

        codec = codecs.fit(codecs.parse(spec, self._target.dim), rows, total=total, step=step)
        stop_if(cancelled)
        return codec

    def _is_sound(self, segment_id: int, cancelled: CancelledCheck = never) -> bool:
        """Whether this segment is what was written, and holds numbers. Reads all of it, once."""
        if segment_id not in self._sound:
            stop_if(cancelled)
            with self._database.read() as connection:
                row = connection.execute(select(schema.segments).where(schema.segments.c.id == segment_id)).first()
            whole = row is not None and not segment_problem(self._folder, row)
            self._sound[segment_id] = whole and self._holds_numbers(self._segment(segment_id))
        return self._sound[segment_id]

    def _holds_numbers(self, segment: Segment) -> bool:
        """What an older version converted from a damaged segment has a checksum that fits."""
        number = np.float32 if self._source.codec.spec.codec == "float32" else np.float16
        each = max(_CHECKED_AT_ONCE // max(segment.head.row_bytes, 1), 1)
        parts = (segment.rows[start : start + each] for start in range(0, len(segment.rows), each))
        return (
            all(np.isfinite(np.ascontiguousarray(part).view(number)).all() for part in parts)
            and bool(np.isfinite(segment.pooled).all())
            and not (len(segment.fold) and levels.misfits(segment.fold, segment.offsets).any())
        )

    def _segment(self, segment_id: int) -> Segment:
        with self._database.read() as connection:
            file = connection.execute(select(schema.segments.c.file).where(schema.segments.c.id == segment_id)).scalar()
        return Segment(self._folder / FOLDER / str(file))

    def _converted(self, packed: Packed) -> Packed:
        if self._target.most < self._source.most and self._source.kind == "levels":
            packed = shortened(packed, self._target.most)
        vectors = self._source.codec.decode(packed.rows)
        if self._source.kind == self._target.kind:
            rows = self._target.codec.encode(vectors)
            return Packed(packed.pooled, rows, packed.offsets, packed.fold, packed.labels, packed.label_offsets)
        return self._target.pack(packed.pooled, vectors, packed.offsets)
