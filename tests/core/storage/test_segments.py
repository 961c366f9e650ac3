"""Vector segments: what is written is read, and nothing unfinished or damaged is taken for whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.errors import WorkspaceError
from rankscope.core.storage.segments import Segment, SegmentWriter, sha256_of


def batch(rng: np.random.Generator, lengths: list[int], dim: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    tokens = rng.normal(size=(int(offsets[-1]), dim)).astype(np.float16)
    return rng.normal(size=(len(lengths), dim)).astype(np.float32), tokens, offsets


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=8), min_size=1, max_size=5), st.integers(1, 17))
def test_reads_what_was_appended(tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], dim: int) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("segments") / "000001.vec"
    writer = SegmentWriter(path, dim)
    made = [batch(rng, lengths, dim) for lengths in batches]
    for pooled, tokens, offsets in made:
        writer.append(pooled, tokens, offsets)
    written = writer.finish()
    segment = Segment(path)
    assert (len(segment), written.n_bytes, written.sha256) == (
        written.n_passages,
        path.stat().st_size,
        sha256_of(path),
    )
    row = 0
    for pooled, tokens, offsets in made:
        for i in range(len(pooled)):
            assert (segment.pooled[row] == pooled[i]).all()
            assert (segment.of_passage(row) == tokens[offsets[i] : offsets[i + 1]]).all()
            row += 1
    assert row == len(segment)


@pytest.fixture
def segment_file(tmp_path: Path) -> Path:
    writer = SegmentWriter(tmp_path / "000001.vec", 8)
    writer.append(*batch(np.random.default_rng(0), [3, 5], 8))
    return writer.finish().path


def test_an_unfinished_file_is_refused(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "000001.vec", 8)
    writer.append(*batch(np.random.default_rng(0), [3], 8))
    with pytest.raises(WorkspaceError, match="header"):
        Segment(tmp_path / "000001.vec")
    writer.abandon()
    assert not (tmp_path / "000001.vec").exists()


@pytest.mark.parametrize("at", [0, 9, 13, 20, 34, 50])
def test_a_flipped_bit_in_the_header_is_found_when_opening(segment_file: Path, at: int) -> None:
    data = bytearray(segment_file.read_bytes())
    data[at] ^= 1
    segment_file.write_bytes(data)
    with pytest.raises(WorkspaceError, match=r"000001\.vec"):
        Segment(segment_file)


def test_a_short_or_missing_file_is_named(segment_file: Path) -> None:
    data = segment_file.read_bytes()
    segment_file.write_bytes(data[:-1])
    with pytest.raises(WorkspaceError, match="bytes instead of"):
        Segment(segment_file)
    segment_file.unlink()
    with pytest.raises(WorkspaceError, match="missing"):
        Segment(segment_file)


def test_the_checksum_sees_every_byte(segment_file: Path) -> None:
    whole, data = sha256_of(segment_file), bytearray(segment_file.read_bytes())
    for at in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 0x40
        segment_file.write_bytes(damaged)
        assert sha256_of(segment_file) != whole


def test_another_segment_in_its_place_is_refused(segment_file: Path) -> None:
    size = segment_file.stat().st_size
    assert len(Segment(segment_file, (2, 8, size))) == 2
    for expected in ((3, 8, size), (2, 9, size), (2, 8, size + 1)):
        with pytest.raises(WorkspaceError, match="not the one that was written"):
            Segment(segment_file, expected)


def test_copies_of_chosen_rows(segment_file: Path) -> None:
    segment = Segment(segment_file)
    pooled, tokens, offsets = segment.of_passages(np.array([1, 0]))
    assert (pooled == segment.pooled[[1, 0]]).all() and offsets.tolist() == [0, 5, 8]
    assert (tokens[:5] == segment.of_passage(1)).all() and (tokens[5:] == segment.of_passage(0)).all()
