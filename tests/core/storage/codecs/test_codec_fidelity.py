"""How much of a vector each codec keeps, and what must get better with more bytes."""

from __future__ import annotations

import numpy as np
import pytest
from codec_samples import error, fitted, unit
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rankscope.core.storage.codecs import fit, parse

seeds = st.integers(0, 2**32 - 1)
widths = st.integers(1, 40)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 5), widths), elements=st.floats(-1, 1, width=32)))
def test_float32_is_the_vector_itself(vectors: np.ndarray) -> None:
    codec = fit(parse("float32"), vectors)
    assert np.array_equal(codec.decode(codec.encode(vectors)).view(np.uint32), vectors.view(np.uint32))


@given(arrays.arrays(np.float32, st.tuples(st.integers(0, 5), widths), elements=st.floats(-1e6, 1e6, width=32)))
def test_float16_is_the_nearest_half(vectors: np.ndarray) -> None:
    codec = fit(parse("float16"), vectors)
    nearest = vectors.clip(-65504, 65504).astype(np.float16).astype(np.float32)
    assert np.array_equal(codec.decode(codec.encode(vectors)), nearest)


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 5), widths), elements=st.floats(-1, 1, width=32)))
def test_float8_errs_by_a_sixteenth_at_most(vectors: np.ndarray) -> None:
    codec = fit(parse("float8"), vectors)
    scale = 2.0 ** round(np.log2(vectors.shape[1]) / 2)
    off = np.abs(codec.decode(codec.encode(vectors)) - vectors)
    assert (off <= np.maximum(np.abs(vectors) / 16, 2.0**-10 / scale) * (1 + 1e-6)).all()


def test_float8_keeps_the_greatest_value_instead_of_overflowing() -> None:
    codec = fit(parse("float8"), np.empty((0, 1), np.float32))
    assert codec.decode(codec.encode(np.array([[1e9], [-1e9]], np.float32))).ravel().tolist() == [448.0, -448.0]


@settings(deadline=None, max_examples=20)
@given(seeds, st.sampled_from(["int8", "float8"]), st.booleans())
def test_a_byte_a_dimension_keeps_the_direction(seed: int, text: str, outlier: bool) -> None:
    rows = np.random.default_rng(seed).normal(size=(1200, 384)).astype(np.float32)
    if outlier:  # one dimension with heavy tails and a mean of its own, as encoders have
        rows[:, 7] = np.random.default_rng(seed + 1).standard_t(3, 1200).clip(-12, 12) * 2 + 6
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    codec = fit(parse(text), rows[:1000])
    assert cosines(codec.decode(codec.encode(rows[1000:])), rows[1000:]).mean() > 0.999


@settings(deadline=None, max_examples=20)
@given(seeds)
def test_int8_errs_by_half_a_step_within_its_range(seed: int) -> None:
    rows = unit(200, seed=seed)
    codec = fit(parse("int8"), rows)
    steps = codec.to_arrays()["coder.steps"]
    assert (np.abs(codec.decode(codec.encode(rows)) - rows) <= steps * 0.501).all()


def test_int8_clips_what_its_sample_never_showed() -> None:
    codec = fit(parse("int8"), unit(200))
    far = np.full((1, 24), 50.0, np.float32)
    steps, middles = codec.to_arrays()["coder.steps"], codec.to_arrays()["coder.middles"]
    np.testing.assert_allclose(codec.decode(codec.encode(far))[0], middles + 127 * steps, rtol=1e-6)


def test_more_bytes_err_less() -> None:
    rows = unit(400, seed=11)
    for ladder in (
        ["float32", "float16", "int8", "residual4", "residual2", "residual1", "binary"],
        ["pq24", "pq12", "pq8", "pq4", "pq2", "pq1"],
        ["float16", "float8"],
    ):
        errors = [error(fitted(text, 1500), rows) for text in ladder]
        assert errors == sorted(errors) and len(set(errors)) == len(errors), dict(zip(ladder, errors, strict=True))


def test_more_components_err_less() -> None:
    rows = unit(400, seed=12)
    for reduction in ("pca", "truncate"):
        lost = [
            1 - (fitted(f"{reduction}{width}+float32").transform_query(rows) ** 2).sum(1).mean()
            for width in (2, 6, 12, 18, 24)
        ]
        assert lost == sorted(lost, reverse=True) and abs(lost[-1]) < 1e-6
    assert error(fitted("pca12+int8"), rows) < 1e-3


def test_components_lose_less_than_truncation() -> None:
    rows = unit(400, seed=13)
    kept = {text: (fitted(text).transform_query(rows) ** 2).sum() for text in ("pca8+float32", "truncate8+float32")}
    assert kept["pca8+float32"] > kept["truncate8+float32"] * 1.3


@settings(deadline=None, max_examples=30)
@given(seeds, widths)
def test_all_components_are_a_rotation(seed: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    sample, rows, query = rng.normal(size=(30, dim)), rng.normal(size=(5, dim)), rng.normal(size=(4, dim))
    codec = fit(parse(f"pca{dim}+float32"), sample)
    basis = codec.to_arrays()["reduction.basis"]
    np.testing.assert_allclose(basis.T @ basis, np.eye(dim), atol=1e-5)
    np.testing.assert_allclose(codec.products(query, codec.encode(rows)), rows @ query.T, atol=1e-4 * dim)


def test_truncation_keeps_the_first_dimensions_as_they_are() -> None:
    rows = unit(5)
    codec = fitted("truncate7+float32")
    assert np.array_equal(codec.transform_query(rows), rows[:, :7])
    assert np.array_equal(codec.decode(codec.encode(rows)), rows[:, :7])


@settings(deadline=None, max_examples=30)
@given(seeds, widths, st.floats(0.05, 1))
def test_sign_bits_keep_the_norm_and_the_signs(seed: int, dim: int, norm: float) -> None:
    rows = unit(6, dim, seed) * np.float32(norm)
    codec = fit(parse("binary"), rows)
    decoded = codec.decode(codec.encode(rows))
    np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-3)
    assert np.array_equal(decoded > 0, rows >= 0)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from([1, 7, 8, 24, 63, 64, 128, 130]), st.integers(0, 5), st.integers(0, 5))
def test_hamming_distances_count_signs(seed: int, dim: int, n: int, q: int) -> None:
    rng = np.random.default_rng(seed)
    rows, query = rng.normal(size=(n, dim)), rng.normal(size=(q, dim))
    codec = fit(parse("binary"), rows)
    expected = ((rows >= 0)[:, None] != (query >= 0)[None]).sum(2)
    assert np.array_equal(codec.hamming(query, codec.encode(rows)), expected)


@pytest.mark.parametrize(
    "text", ["float16", "float8", "int8", "residual4", "residual2", "binary", "pq12", "pca24+int8"]
)
def test_means_of_unit_vectors_keep_their_norm(text: str) -> None:
    pairs = unit(2000, seed=14).reshape(1000, 2, -1)
    means = pairs.mean(1)
    codec = fit(parse(text), means[:900])
    norms = np.linalg.norm(means[900:], axis=1)
    ratios = np.linalg.norm(codec.decode(codec.encode(means[900:])), axis=1) / norms
    assert norms.mean() < 0.9 and abs(ratios.mean() - 1) < 0.06


def test_a_vector_that_a_codebook_holds_comes_back_whole() -> None:
    rows = unit(200)
    codec = fit(parse("pq4"), rows)  # fewer rows than centroids: every row is one
    np.testing.assert_allclose(codec.decode(codec.encode(rows)), rows, atol=1e-6)


def test_zero_vectors_stay_near_zero() -> None:
    for text in ("float32", "float16", "float8", "int8", "binary"):
        codec = fitted(text)
        assert np.abs(codec.decode(codec.encode(np.zeros((1, 24), np.float32)))).max() < 0.01, text
