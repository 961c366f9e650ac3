"""Fixed dimensional encodings: what the paper's definition promises, whatever the vectors."""

from __future__ import annotations

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.errors import UsageError
from rankscope.core.indexes import fde
from rankscope.core.indexes.fde import FdeEncoder, FdeSettings, passage_blocks

DIM = 12

seeds = st.integers(0, 10_000)
lengths = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def rows(n: int, seed: int, dtype: type = np.float16) -> np.ndarray:
    """Unit vectors."""
    drawn = np.random.default_rng(seed).normal(size=(n, DIM))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(dtype)


def passages(counts: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    return rows(sum(counts), seed), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def one(encoder: FdeEncoder, vectors: np.ndarray) -> np.ndarray:
    return encoder.encode_passages(vectors, np.array([0, len(vectors)]))[0]


@st.composite
def encoders(draw: st.DrawFn, final: bool = False) -> FdeEncoder:
    chosen = FdeSettings(
        draw(st.integers(1, 4)), draw(st.integers(0, 4)), draw(st.sampled_from([1, 5, DIM])), None, draw(seeds)
    )
    if final and chosen.full_dims > 1 and draw(st.booleans()):
        chosen = FdeSettings(chosen.repetitions, chosen.k_sim, chosen.d_proj, (chosen.full_dims + 1) // 2, chosen.seed)
    return FdeEncoder(chosen, DIM)


@given(seeds, seeds)
def test_one_vector_each_without_cuts_or_projection_gives_the_inner_product(first: int, second: int) -> None:
    encoder = FdeEncoder(FdeSettings(1, 0, DIM), DIM)
    query, passage = rows(1, first, np.float32), rows(1, second, np.float32)
    assert encoder.encode_query(query) @ one(encoder, passage) == pytest.approx(
        float((query @ passage.T)[0, 0]), abs=1e-6
    )


@given(encoders(final=True), st.integers(0, 8), st.integers(0, 8), seeds)
def test_a_query_encoding_is_linear(encoder: FdeEncoder, n: int, m: int, seed: int) -> None:
    query = rows(n + m, seed, np.float32)
    parts = encoder.encode_query(query[:n]) + encoder.encode_query(query[n:])
    assert encoder.encode_query(query) == pytest.approx(parts, abs=1e-4)
    assert encoder.encode_query(3 * query) == pytest.approx(3 * parts, abs=1e-3)


@given(encoders(), st.integers(1, 12), st.integers(2, 4), seeds)
def test_as_many_copies_of_every_vector_change_no_passage(encoder: FdeEncoder, n: int, times: int, seed: int) -> None:
    vectors = rows(n, seed)
    assert one(encoder, np.repeat(vectors, times, axis=0)).tolist() == one(encoder, vectors).tolist()


@given(encoders(final=True), st.integers(1, 12), seeds)
def test_the_order_of_vectors_does_not_matter(encoder: FdeEncoder, n: int, seed: int) -> None:
    vectors = rows(n, seed)
    mixed = vectors[np.random.default_rng(seed).permutation(n)]
    assert one(encoder, mixed).tolist() == one(encoder, vectors).tolist()
    assert encoder.encode_query(mixed) == pytest.approx(encoder.encode_query(vectors), abs=1e-5)


@given(encoders(final=True), lengths, seeds, st.integers(1, 12))
@settings(max_examples=60)
def test_a_batch_gives_what_each_passage_gives_alone(
    encoder: FdeEncoder, counts: list[int], seed: int, at_once: int
) -> None:
    vectors, offsets = passages(counts, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fde, "_ROWS", at_once)
        batch = encoder.encode_passages(vectors, offsets)
    alone = [one(encoder, vectors[a:b]) for a, b in pairwise(offsets)]
    if encoder.settings.d_final is None:
        assert batch.tolist() == np.stack(alone).tolist()
    assert batch == pytest.approx(np.stack(alone), abs=1e-5)


@given(encoders(final=True), seeds)
def test_the_seed_decides(encoder: FdeEncoder, seed: int) -> None:
    vectors, used = rows(5, seed), encoder.settings
    again = FdeEncoder(used, DIM)
    assert one(again, vectors).tolist() == one(encoder, vectors).tolist()
    assert again.encode_query(vectors).tolist() == encoder.encode_query(vectors).tolist()


def test_another_seed_gives_another_encoding_and_repetitions_differ() -> None:
    vectors = rows(5, 1)
    first, second = (one(FdeEncoder(FdeSettings(2, 2, 4, None, seed), DIM), vectors) for seed in (0, 1))
    assert first.tolist() != second.tolist()
    assert first[:16].tolist() != first[16:].tolist()
    assert first[16:].tolist() == second[:16].tolist()  # seed 0's repetition 1 draws what seed 1's repetition 0 does


@given(st.integers(1, 4), st.integers(0, 4), st.integers(1, DIM), st.sampled_from([np.float32, np.float16]))
def test_dimensions_are_repetitions_times_buckets_times_projection(
    repetitions: int, k_sim: int, d_proj: int, dtype: type
) -> None:
    encoder = FdeEncoder(FdeSettings(repetitions, k_sim, d_proj), DIM)
    vectors, offsets = passages([3, 1], 0)
    encodings = encoder.encode_passages(vectors, offsets, dtype)
    assert encodings.shape == (2, repetitions * 2**k_sim * d_proj) and encodings.dtype == dtype
    assert encoder.encode_query(vectors).shape == (encoder.settings.dims,)
    assert encoder.encode_query(vectors).dtype == np.float32


@given(st.integers(1, 4), st.integers(1, 10), seeds)
def test_buckets_hold_means_or_the_nearest_vector_by_hamming_distance(k_sim: int, n: int, seed: int) -> None:
    encoder = FdeEncoder(FdeSettings(1, k_sim, DIM, None, seed), DIM)
    vectors = rows(n, seed)
    alone = np.stack([encoder.encode_query(vector[None]).reshape(-1, DIM) for vector in vectors])
    assert (alone.any(axis=2).sum(axis=1) == 1).all()  # a query's vector lies in one bucket, the others stay empty
    own = alone.any(axis=2).argmax(axis=1)
    for bucket, block in enumerate(one(encoder, vectors).reshape(-1, DIM)):
        distances = np.array([int(bucket ^ other).bit_count() for other in own])
        if not distances.min():
            assert block == pytest.approx(vectors[distances == 0].astype(np.float64).mean(axis=0), abs=1e-6)
        else:
            assert block.tolist() in vectors[distances == distances.min()].astype(np.float32).tolist()


def test_projections_are_signs_and_keep_inner_products_on_average() -> None:
    unit = np.eye(DIM, dtype=np.float32)[:1]
    assert np.abs(one(FdeEncoder(FdeSettings(3, 0, 5), DIM), unit)) == pytest.approx(1 / math.sqrt(5))
    query, passage = rows(1, 1, np.float32), rows(1, 1, np.float32) + rows(1, 2, np.float32)
    expected = float((query @ passage.T)[0, 0])
    inner = FdeEncoder(FdeSettings(2_000, 0, 8), DIM)
    assert inner.encode_query(query) @ one(inner, passage) / 2_000 == pytest.approx(expected, abs=0.05)
    final = FdeEncoder(FdeSettings(500, 0, DIM, 4_000), DIM)
    assert final.encode_query(query) @ one(final, passage) / 500 == pytest.approx(expected, abs=0.1)


def test_encodings_rank_as_maxsim_does() -> None:
    rng = np.random.default_rng(0)
    documents = [rows(int(rng.integers(5, 15)), 100 + i, np.float32) for i in range(150)]
    offsets = np.concatenate([[0], np.cumsum([len(d) for d in documents])])
    encoder = FdeEncoder(FdeSettings(20, 4, DIM), DIM)
    encodings = encoder.encode_passages(np.concatenate(documents), offsets, np.float16).astype(np.float32)
    best = []
    for wanted in range(0, 150, 10):
        query = documents[wanted][:5] + rng.normal(size=(5, DIM)).astype(np.float32) * 0.1
        best.append(int((encodings @ encoder.encode_query(query)).argmax()) == wanted)
    assert np.mean(best) > 0.8


def test_a_query_without_vectors_is_zero_and_no_passages_are_none() -> None:
    encoder = FdeEncoder(FdeSettings(2, 2, 4), DIM)
    assert not encoder.encode_query(np.empty((0, DIM), np.float32)).any()
    assert encoder.encode_passages(np.empty((0, DIM), np.float16), np.zeros(1, np.int64)).shape == (0, 32)


def test_zero_vectors_and_what_does_not_fit() -> None:
    encoder = FdeEncoder(FdeSettings(2, 2, 4), DIM)
    assert not one(encoder, np.zeros((2, DIM), np.float32)).any()
    with pytest.raises(ValueError, match="without vectors"):
        encoder.encode_passages(rows(2, 0), np.array([0, 2, 2]))
    with pytest.raises(ValueError, match="dimensions"):
        encoder.encode_query(np.zeros((2, DIM + 1), np.float32))
    with pytest.raises(ValueError, match="dimensions"):
        encoder.encode_passages(np.zeros((2, DIM - 1), np.float16), np.array([0, 2]))


@pytest.mark.parametrize(
    "wrong",
    [
        FdeSettings(repetitions=0),
        FdeSettings(k_sim=-1),
        FdeSettings(k_sim=11),
        FdeSettings(d_proj=0),
        FdeSettings(d_proj=DIM + 1),
        FdeSettings(1, 1, 4, 8),
        FdeSettings(1, 1, 4, 0),
        FdeSettings(seed=-1),
    ],
)
def test_settings_that_make_no_sense(wrong: FdeSettings) -> None:
    with pytest.raises(UsageError):
        FdeEncoder(wrong, DIM)


@given(lengths, st.integers(1, 12), st.integers(1, 4))
def test_blocks_cover_every_passage_once_and_stay_small(counts: list[int], most_rows: int, most: int) -> None:
    offsets = np.concatenate([[0], np.cumsum(counts)])
    ranges = list(passage_blocks(offsets, most_rows, most))
    assert [i for first, last in ranges for i in range(first, last)] == list(range(len(counts)))
    for first, last in ranges:
        assert last - first <= most
        assert last - first == 1 or offsets[last] - offsets[first] <= most_rows


def test_memory_does_not_grow_with_the_passages() -> None:
    encoder = FdeEncoder(FdeSettings(10, 4, 4), DIM)
    peaks = []
    for n in (1_000, 4_000):
        vectors, offsets = passages([8] * n, 0)
        tracemalloc.start()
        held = encoder.encode_passages(vectors, offsets, np.float16).nbytes
        peaks.append(tracemalloc.get_traced_memory()[1] - held)
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
