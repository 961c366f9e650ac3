"""Vector segments: what is written is read, and nothing unfinished or damaged is taken for whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from old_segments import as_second_version, write_first_segment

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.layout import Layout, Packed, plain_layout
from rankscope.core.storage.segments import Segment, SegmentWriter, WrittenSegment, sha256_of

FIELDS = ("pooled", "rows", "offsets", "fold", "labels", "label_offsets")
TOKENS = ("tokens", "float16")


def batch(rng: np.random.Generator, layout: Layout, lengths: list[int]) -> Packed:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = rng.normal(size=(int(offsets[-1]), layout.dim)).astype(np.float32)
    tokens /= np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-6)
    return layout.pack(rng.normal(size=(len(lengths), layout.dim)).astype(np.float32), tokens, offsets)


def writer_of(path: Path, layout: Layout) -> SegmentWriter:
    return SegmentWriter(path, layout.kind, layout.codec_name, layout.dim, layout.row_bytes)


def write(path: Path, layout: Layout, batches: list[Packed]) -> WrittenSegment:
    writer = writer_of(path, layout)
    for packed in batches:
        writer.append(packed)
    return writer.finish()


def same(one: Packed, other: Packed) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in FIELDS)


def part(packed: Packed, i: int) -> Packed:
    """One passage of several."""
    a, b = packed.offsets[i : i + 2]
    c, d = packed.label_offsets[i : i + 2]
    return Packed(
        packed.pooled[i : i + 1], packed.rows[a:b], np.array([0, b - a]), packed.fold[a:b], packed.labels[c:d],
        np.array([0, d - c]),
    )  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(["tokens", "levels"]),
    st.sampled_from(["float32", "float16", "float8", "binary"]),
    st.lists(st.lists(st.integers(0, 90), min_size=1, max_size=8), min_size=1, max_size=5),
    st.integers(1, 17),
)
def test_reads_what_was_appended(
    tmp_path_factory: pytest.TempPathFactory, kind: str, codec: str, batches: list[list[int]], dim: int
) -> None:
    rng = np.random.default_rng(0)
    layout = plain_layout(kind, codec, dim)
    path = tmp_path_factory.mktemp("segments") / "000001.vec"
    fewest = 1 if kind == "levels" else 0  # a text has at least one token
    made = [batch(rng, layout, [max(n, fewest) for n in lengths]) for lengths in batches]
    written = write(path, layout, made)
    segment = Segment(path)
    assert (segment.head.kind, segment.head.codec, segment.head.dim) == (kind, codec, dim)
    assert (len(segment), len(segment.rows), written.n_bytes, written.sha256) == (
        written.n_passages,
        written.n_vectors,
        path.stat().st_size,
        sha256_of(path),
    )
    parts = [part(packed, i) for packed in made for i in range(len(packed.pooled))]
    assert len(parts) == len(segment)
    for row, expected in enumerate(parts):
        assert same(segment.of_passages(np.array([row])), expected)


@pytest.fixture(params=["tokens", "levels"])
def layout(request: pytest.FixtureRequest) -> Layout:
    return plain_layout(request.param, "float16", 8)


@pytest.fixture
def segment_file(tmp_path: Path, layout: Layout) -> Path:
    return write(tmp_path / "000001.vec", layout, [batch(np.random.default_rng(0), layout, [3, 5])]).path


@pytest.fixture
def first_file(tmp_path: Path) -> Path:
    """A segment of the first version."""
    rng = np.random.default_rng(0)
    path = tmp_path / "000007.vec"
    write_first_segment(path, rng.normal(size=(2, 8)), rng.normal(size=(8, 8)), np.array([0, 3, 8]))
    return path


def test_an_unfinished_file_is_refused(tmp_path: Path, layout: Layout) -> None:
    writer = writer_of(tmp_path / "000001.vec", layout)
    writer.append(batch(np.random.default_rng(0), layout, [3]))
    with pytest.raises(WorkspaceError, match="header"):
        Segment(tmp_path / "000001.vec")
    writer.abandon()
    assert not (tmp_path / "000001.vec").exists()


def test_a_flipped_bit_in_the_header_is_found_when_opening(segment_file: Path, first_file: Path) -> None:
    for path, used in ((segment_file, 116), (first_file, 52)):
        data = path.read_bytes()
        for at in range(used):
            for bit in (1, 0x80):
                damaged = bytearray(data)
                damaged[at] ^= bit
                path.write_bytes(damaged)
                with pytest.raises(WorkspaceError, match=path.name):
                    Segment(path)
        path.write_bytes(data)
        assert len(Segment(path)) == 2


def test_a_short_or_missing_file_is_named(segment_file: Path) -> None:
    data = segment_file.read_bytes()
    segment_file.write_bytes(data[:-1])
    with pytest.raises(WorkspaceError, match="bytes instead of"):
        Segment(segment_file)
    segment_file.write_bytes(data[:40])
    with pytest.raises(WorkspaceError, match="header"):
        Segment(segment_file)
    segment_file.unlink()
    with pytest.raises(WorkspaceError, match="missing"):
        Segment(segment_file)


def test_the_checksum_sees_every_byte(segment_file: Path, first_file: Path) -> None:
    for path in (segment_file, first_file):
        whole, data = sha256_of(path), bytearray(path.read_bytes())
        for at in range(0, len(data), 7):
            damaged = bytearray(data)
            damaged[at] ^= 0x40
            path.write_bytes(damaged)
            assert sha256_of(path) != whole


def test_another_segment_in_its_place_is_refused(segment_file: Path) -> None:
    size, n = segment_file.stat().st_size, len(Segment(segment_file).rows)
    assert len(Segment(segment_file, (2, n, size))) == 2
    for expected in ((3, n, size), (2, n + 1, size), (2, n, size + 1)):
        with pytest.raises(WorkspaceError, match="not the one that was written"):
            Segment(segment_file, expected)


def test_copies_of_chosen_rows(segment_file: Path) -> None:
    segment = Segment(segment_file)
    taken = segment.of_passages(np.array([1, 0]))
    assert (taken.pooled == segment.pooled[[1, 0]]).all() and taken.offsets.tolist() == [0, 5, 8]
    assert same(part(taken, 0), segment.of_passages(np.array([1])))
    assert same(part(taken, 1), segment.of_passages(np.array([0])))
    assert not len(segment.of_passages(np.empty(0, np.int64)).pooled)


def test_a_segment_of_the_first_version_is_read_and_can_be_written_anew(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pooled, tokens = rng.normal(size=(3, 8)).astype(np.float32), rng.normal(size=(9, 8)).astype(np.float16)
    offsets = np.array([0, 4, 4, 9])
    n_bytes, checksum = write_first_segment(tmp_path / "000001.vec", pooled, tokens, offsets)
    old = Segment(tmp_path / "000001.vec", (3, 9, n_bytes))
    assert sha256_of(old.path) == checksum and (old.head.version, old.head.kind, old.head.codec) == (1, *TOKENS)
    assert (old.rows.view(np.float16) == tokens).all() and (old.pooled == pooled).all()
    assert old.offsets.tolist() == offsets.tolist() and not len(old.fold) and not len(old.labels)
    layout = plain_layout(*TOKENS, 8)
    made = [old.of_passages(np.array([0, 2])), batch(rng, layout, [2])]  # as compacting merges an old one and a new one
    new = Segment(write(tmp_path / "000002.vec", layout, made).path)
    assert new.head.version == 3 and (new.head.kind, new.head.codec) == TOKENS
    assert same(new.of_passages(np.array([0, 1])), made[0]) and same(new.of_passages(np.array([2])), made[1])


@pytest.mark.parametrize(("codec", "dtype"), [("float32", np.float32), ("float16", np.float32), ("float8", np.float16)])
def test_pooled_vectors_are_halved_beside_small_codecs_only(tmp_path: Path, codec: str, dtype: type) -> None:
    layout = plain_layout("levels", codec, 8)
    packed = batch(np.random.default_rng(0), layout, [3, 5])
    segment = Segment(write(tmp_path / "000001.vec", layout, [packed]).path)
    assert packed.pooled.dtype == segment.pooled.dtype == segment.of_passages(np.array([1])).pooled.dtype == dtype


def test_a_segment_of_the_second_version_is_read_and_merged_with_a_new_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    layout = plain_layout("levels", "float8", 8)
    made = replace(batch(rng, layout, [3, 5]), pooled=rng.normal(size=(2, 8)).astype(np.float32))
    written = write(tmp_path / "000001.vec", layout, [made])
    checksum = as_second_version(written.path)
    old = Segment(written.path, (2, written.n_vectors, written.n_bytes))
    assert old.head.version == 2 and sha256_of(old.path) == checksum
    assert same(old.of_passages(np.array([0, 1])), made)
    new = batch(rng, layout, [4])
    merged = Segment(write(tmp_path / "000002.vec", layout, [old.of_passages(np.array([1])), new]).path)
    # What one of them has in full, the merged one keeps.
    assert merged.pooled.dtype == np.float32 and (merged.pooled[0] == made.pooled[1]).all()
    assert (merged.pooled[1] == new.pooled[0]).all()


def test_pages_that_were_given_back_are_read_again(segment_file: Path) -> None:
    segment = Segment(segment_file)
    before = segment.of_passages(np.array([0, 1]))
    segment.release()
    assert same(segment.of_passages(np.array([0, 1])), before)
