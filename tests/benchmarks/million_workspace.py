"""A workspace of as many passages as wanted, for the benchmark ``million``: real ones, repeated with noise.

Everything is written by the engine's own functions: segments, metadata, the learned int8 codec, the graph. Only reading
and encoding are left out: a million different passages would take six hours on two cores.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, insert

from rankscope.core.compacting import FULL_PASSAGES
from rankscope.core.evaluation.collections import Collection
from rankscope.core.evaluation.corpus import corpus_workspace
from rankscope.core.generation import layout_of, plain_layout
from rankscope.core.indexes.dense import DenseIndex
from rankscope.core.progress import Progress
from rankscope.core.storage import codecs, schema
from rankscope.core.storage.codecs import FittedCodec
from rankscope.core.storage.layout import Layout, Packed, save_codec, shortened
from rankscope.core.storage.meta import set_meta
from rankscope.core.storage.segments import Segment, SegmentWriter, WrittenSegment
from rankscope.core.storage.vectors import FOLDER, VectorStore, bump_generation, next_number, record_segment
from rankscope.core.workspace import Workspace
from tests.benchmarks.figures import say

ROWS = 15  # beside the pooled vector: what a budget of r_c = 16 reads
# Each repeated passage is moved by so much of the difference of two others: a cosine of about 0.85 to the original, in
# the directions in which real passages differ. (White noise would lie mostly where no passage ever does.)
_NOISE = 0.5
_AT_ONCE = 1_024
_SAMPLE = 200_000
_PER_DOCUMENT = 64


def real_passages(collections: list[Collection], folder: Path) -> tuple[Segment, FittedCodec]:
    """The passages of these collections in a random order as one segment of lists of :data:`ROWS` rows, their pooled
    vectors in float32; and the int8 codec that was fitted to the rows."""
    layout = plain_layout("levels", "float16", 384)
    parts = []
    for collection in collections:
        say(f"{collection.name}: {collection.n_entries:,} passages")
        with corpus_workspace(collection) as workspace:
            vectors = VectorStore(workspace.path, workspace.database).current()
            segments = vectors.segments.values()
            parts += [shortened(segment.of_passages(np.arange(len(segment))), ROWS + 1) for segment in segments]
    _segment(folder / "whole.vec", layout, parts)
    whole = Segment(folder / "whole.vec")
    sample = layout.codec.decode(whole.rows)
    codec = codecs.fit(codecs.parse("int8", layout.dim), sample[:: max(len(sample) // _SAMPLE, 1)])
    shuffled = np.array_split(np.random.default_rng(0).permutation(len(whole)), 32)
    coded = Layout("levels", codec, "int8")
    _segment(folder / "real.vec", coded, (_coded(whole.of_passages(order), layout, coded) for order in shuffled))
    return Segment(folder / "real.vec"), codec


def write_workspace(place: Path, real: Segment, codec: FittedCodec, n: int) -> None:
    """Make a workspace of n passages: the first of the real ones, then all of them again and again with noise."""
    with Workspace.open(place, create=True, vectors=f"levels{ROWS + 1}") as workspace:
        layout = _with_codec(workspace, codec)
        with workspace.database.write() as connection:
            source = connection.execute(insert(schema.sources), {"path": "repeated"}).inserted_primary_key
        for start in range(0, n, FULL_PASSAGES):
            size = min(FULL_PASSAGES, n - start)
            with workspace.database.read() as connection:
                path = place / FOLDER / f"{next_number(connection):06d}.vec"
            written = _segment(path, layout, _repeated(real, layout, start, size))
            with workspace.database.write() as connection:
                _record(connection, written, int(source[0]), start)
            if start // FULL_PASSAGES % 16 == 15:
                say(f"{start + size:,} passages written")


def link(place: Path) -> None:
    """Make the graph, in a process that does nothing else."""
    with Workspace.open(place) as workspace:
        encoder = workspace.manifest.encoder
        vectors = VectorStore(place, workspace.database).current()
        DenseIndex(place, encoder["sha256"], encoder["dim"]).sync(vectors, _told)


def _told(progress: Progress) -> None:
    if progress.total and progress.done % 100_000 < 50 <= progress.done:
        say(f"{progress.done:,} of {progress.total:,} passages linked")


def _coded(packed: Packed, layout: Layout, coded: Layout) -> Packed:
    return replace(packed, rows=coded.codec.encode(layout.codec.decode(packed.rows)))


def _segment(path: Path, layout: Layout, parts: Iterable[Packed]) -> WrittenSegment:
    writer = SegmentWriter(path, layout.kind, layout.codec_name, layout.dim, layout.row_bytes)
    for part in parts:
        writer.append(part)
    return writer.finish()


def _with_codec(workspace: Workspace, codec: FittedCodec) -> Layout:
    """Give an empty workspace a codec that has learned."""
    manifest = replace(workspace.manifest, codec=save_codec(workspace.path, codec))
    manifest.write(workspace.path)
    with workspace.database.write() as connection:
        set_meta(connection, "manifest", manifest.to_json())
    return layout_of(manifest, workspace.path)


def _repeated(real: Segment, layout: Layout, start: int, size: int) -> Iterator[Packed]:
    rng = np.random.default_rng(start)
    for at in range(start, start + size, _AT_ONCE):
        numbers = np.arange(at, min(at + _AT_ONCE, start + size))
        packed = real.of_passages(numbers % len(real))
        others = rng.integers(len(real), size=(2, len(numbers)))
        noise = _NOISE * (real.pooled[others[0]] - real.pooled[others[1]])
        pooled = packed.pooled + noise * (numbers >= len(real))[:, None]
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        yield replace(packed, pooled=layout.rounded(pooled))


def _record(connection: Connection, written: WrittenSegment, source: int, start: int) -> None:
    """Documents and passages for a finished segment, each passage with a line of text of its own."""
    segment_id = record_segment(connection, written)
    documents, texts, passages = [], [], []
    for first in range(start, start + written.n_passages, _PER_DOCUMENT):
        number, text = first // _PER_DOCUMENT + 1, ""
        for passage in range(first, min(first + _PER_DOCUMENT, start + written.n_passages)):
            line = f"Passage {passage}\n"
            span = (len(text), len(text) + len(line) - 1)
            text += line
            row = (number, *span, "", line[:-1], segment_id, passage - start, os.urandom(16))
            passages.append((passage + 1, *row))
        documents.append(
            {
                "id": number, "source_id": source, "path": f"{number}.txt", "format": "txt", "size": len(text),
                "mtime_ns": 0, "content_hash": f"{number:064x}", "title": "", "author": "", "pages": "[]",
                "n_passages": text.count("\n"), "reason": "", "message": "", "remedy": "", "scan": 1,
            }
        )  # fmt: skip
        texts.append({"document_id": number, "text": text})
    connection.execute(insert(schema.documents), documents)
    connection.execute(insert(schema.texts), texts)
    connection.exec_driver_sql(
        "INSERT INTO passages(id, document_id, start, end, context, text, segment_id, row, hash) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        passages,
    )
    bump_generation(connection, added=True)


def bytes_by_kind(place: Path) -> dict[str, int]:
    """What the parts of the workspace take on disk."""
    found = dict.fromkeys(("rows", "how they unfold", "clusters of tokens", "pooled vectors", "offsets"), 0)
    with Workspace.open(place) as workspace:
        vectors = VectorStore(place, workspace.database).current()
        for segment in vectors.segments.values():
            parts = (segment.rows, segment.fold, segment.labels, segment.pooled)
            for name, array in zip(found, parts, strict=False):
                found[name] += array.nbytes
            found["offsets"] += segment.n_bytes - sum(array.nbytes for array in parts)
    found["graph"] = sum(path.stat().st_size for path in (place / "indexes").iterdir())
    inside = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    found["metadata and the rest"] = inside - sum(found.values())
    return found
