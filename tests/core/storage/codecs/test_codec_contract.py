"""What every codec promises: products equal those with the decoded vectors, and a row's code is the row's alone."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from codec_samples import DIM, EVERY, fitted, unit
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.errors import UsageError
from rankscope.core.storage.codecs import base, bytes_per_vector, fit, parse

FITTED = {text: fitted(text) for text in EVERY}
texts = st.sampled_from(EVERY)
few = st.integers(0, 9)
seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None)
@given(texts, few, few, seeds)
def test_products_are_those_with_the_decoded_vectors(text: str, n: int, q: int, seed: int) -> None:
    codec = FITTED[text]
    query, codes = unit(q, seed=seed + 1), codec.encode(unit(n, seed=seed))
    expected = codec.decode(codes).astype(np.float64) @ codec.transform_query(query).astype(np.float64).T
    products = codec.products(query, codes)
    assert products.dtype == np.float32 and products.shape == (n, q)
    np.testing.assert_allclose(products, expected, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("text", EVERY)
def test_products_of_more_queries_than_tables_serve(text: str) -> None:
    codec = FITTED[text]
    query, codes = unit(300, seed=1), codec.encode(unit(5, seed=2))
    np.testing.assert_allclose(
        codec.products(query, codes)[:, :7], codec.products(query[:7], codes), rtol=1e-4, atol=2e-6
    )


@settings(deadline=None)
@given(texts, st.integers(0, 40), seeds)
def test_shapes_and_types(text: str, n: int, seed: int) -> None:
    codec = FITTED[text]
    codes = codec.encode(unit(n, seed=seed))
    assert codes.dtype == np.uint8
    assert codes.shape == (n, bytes_per_vector(codec.spec, DIM)) == (n, codec.bytes_per_vector)
    decoded = codec.decode(codes)
    assert decoded.dtype == np.float32 and decoded.shape == (n, codec.spec.coded_dim(DIM))
    assert np.isfinite(decoded).all()


@settings(deadline=None)
@given(texts, st.integers(1, 40), seeds)
def test_a_code_does_not_depend_on_the_rows_beside_it(text: str, n: int, seed: int) -> None:
    codec, vectors = FITTED[text], unit(n, seed=seed)
    codes = codec.encode(vectors)
    order = np.random.default_rng(seed).permutation(n)
    assert np.array_equal(codec.encode(vectors[order]), codes[order])
    assert np.array_equal(np.concatenate([codec.encode(row[None]) for row in vectors]), codes)


@pytest.mark.parametrize("text", ["int8", "binary", "residual2", "pq8", "pca12+int8"])
def test_blocks_meet_without_a_seam(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    codec, vectors, query = FITTED[text], unit(50, seed=3), unit(4, seed=4)
    codes = codec.encode(vectors)
    decoded, products = codec.decode(codes), codec.products(query, codes)
    monkeypatch.setattr(base, "BLOCK_ROWS", 7)
    assert np.array_equal(codec.encode(vectors), codes)
    assert np.array_equal(codec.decode(codes), decoded)
    np.testing.assert_allclose(codec.products(query, codes), products, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("text", ["float16", "int8", "residual2", "pq8", "pca12+binary"])
def test_memory_does_not_grow_with_the_number_of_vectors(text: str) -> None:
    codec, query = fitted(text), unit(2)
    peaks = []
    for n in (6_000, 18_000):
        vectors = np.tile(unit(1000).astype(np.float16), (n // 1000, 1))
        tracemalloc.start()
        codes = codec.encode(vectors)
        encoding = tracemalloc.get_traced_memory()[1] - codes.nbytes
        tracemalloc.reset_peak()
        products = codec.products(query, codes)
        scoring = tracemalloc.get_traced_memory()[1] - codes.nbytes - products.nbytes
        tracemalloc.reset_peak()
        decoded = codec.decode(codes)
        peaks.append(
            (encoding, scoring, tracemalloc.get_traced_memory()[1] - codes.nbytes - products.nbytes - decoded.nbytes)
        )
        tracemalloc.stop()
    assert all(large < small + 100_000 for small, large in zip(*peaks, strict=True)), peaks


@pytest.mark.parametrize("text", EVERY)
def test_the_same_seed_gives_the_same_codec(text: str) -> None:
    vectors = unit(20, seed=5)
    first, second = fit(parse(text), unit(90), 3), fit(parse(text), unit(90), 3)
    assert np.array_equal(first.encode(vectors), second.encode(vectors))
    for name, array in first.to_arrays().items():
        assert np.array_equal(array, second.to_arrays()[name]), name


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("n", [1, 2, 3, 19])
def test_small_samples_serve(text: str, n: int) -> None:
    codec = fit(parse(text), unit(n))
    assert np.isfinite(codec.decode(codec.encode(unit(10, seed=8)))).all()


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("rows", [np.zeros((4, DIM)), np.ones((7, DIM)) / DIM**0.5])
def test_samples_without_any_variety_serve(text: str, rows: np.ndarray) -> None:
    codec = fit(parse(text), rows)
    decoded = codec.decode(codec.encode(np.vstack([rows, unit(3)])))
    assert np.isfinite(decoded).all()
    if not text.startswith(("binary", "pca13")):
        assert np.abs(decoded[: len(rows)] - codec.transform_query(rows)).max() < 0.01


@pytest.mark.parametrize("text", EVERY)
def test_half_precision_and_mapped_inputs_are_taken(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    codec, vectors = FITTED[text], unit(6, seed=6).astype(np.float16)
    file = tmp_path_factory.mktemp("codes") / "codes"
    codes = codec.encode(vectors)
    assert np.array_equal(codes, codec.encode(vectors.astype(np.float64)))
    codes.tofile(file)
    mapped = np.memmap(file, np.uint8, "r").reshape(codes.shape)
    assert np.array_equal(codec.decode(mapped), codec.decode(codes))
    assert np.array_equal(codec.products(vectors, mapped), codec.products(vectors, codes))
    apart = np.hstack([codes, codes])[:, codec.bytes_per_vector :]  # rows that do not lie one after another
    assert np.array_equal(codec.decode(apart), codec.decode(codes))


@pytest.mark.parametrize("text", EVERY)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(text: str, bad: float) -> None:
    codec, vectors = FITTED[text], unit(3)
    vectors[1, 2] = bad
    for attempt in (
        lambda: codec.encode(vectors),
        lambda: codec.transform_query(vectors),
        lambda: codec.products(vectors, codec.encode(unit(1))),
        lambda: fit(codec.spec, vectors),
    ):
        with pytest.raises(ValueError, match="NaN or infinity"):
            attempt()


@pytest.mark.parametrize("text", EVERY)
def test_other_shapes_are_refused(text: str) -> None:
    codec = FITTED[text]
    codes = codec.encode(unit(2))
    for attempt in (
        lambda: codec.encode(unit(2)[0]),
        lambda: codec.encode(unit(2, DIM + 1)),
        lambda: codec.transform_query(unit(2, DIM - 1)),
        lambda: codec.decode(codes[:, :-1]),
        lambda: codec.decode(codes.astype(np.int64)),
        lambda: codec.products(unit(1), codes[0]),
        lambda: fit(codec.spec, unit(2)[0]),
        lambda: fit(parse("float32"), np.empty((2, 0), np.float32)),
    ):
        with pytest.raises(ValueError):
            attempt()


def test_only_sign_bits_have_hamming_distances() -> None:
    with pytest.raises(UsageError, match="no sign bits"):
        FITTED["int8"].hamming(unit(1), FITTED["int8"].encode(unit(1)))
