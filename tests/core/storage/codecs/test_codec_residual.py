"""The residual codec against the paper's own rules."""

from __future__ import annotations

import numpy as np
import pytest
from codec_samples import unit

from rankscope.core.storage.codecs import fit, parse
from rankscope.core.storage.codecs.base import FitOptions
from rankscope.core.storage.codecs.clusters import nearest
from rankscope.core.storage.codecs.residual import ResidualCoder


@pytest.mark.parametrize(
    ("total", "cap", "expected"),
    [(100, 4096, 128), (2_000, 4096, 512), (1_000_000, 4096, 1900), (1_000_000, 64, 64), (1, 4096, 16)],
)
def test_the_number_of_centroids(total: int, cap: int, expected: int) -> None:
    codec = fit(parse("residual1"), unit(2000), total=total, max_centroids=cap)
    assert len(codec.to_arrays()["coder.centroids"]) == expected  # at most as many as rows that are not held out


def test_centroids_of_unit_vectors_have_norm_one() -> None:
    centroids = fit(parse("residual2"), unit(500)).to_arrays()["coder.centroids"]
    np.testing.assert_allclose(np.linalg.norm(centroids, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_cutoffs_and_weights_alternate(bits: int) -> None:
    arrays = fit(parse(f"residual{bits}"), unit(800)).to_arrays()
    cutoffs, weights = arrays["coder.cutoffs"], arrays["coder.weights"]
    assert (len(cutoffs), len(weights)) == (2**bits - 1, 2**bits)
    assert (weights[:-1] <= cutoffs).all() and (cutoffs <= weights[1:]).all()


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("dim", [5, 8, 24])
def test_codes_are_the_nearest_centroid_and_the_bucket_of_each_residual(bits: int, dim: int) -> None:
    codec = fit(parse(f"residual{bits}"), unit(400, dim))
    arrays = codec.to_arrays()
    centroids, cutoffs, weights = (arrays[f"coder.{name}"] for name in ("centroids", "cutoffs", "weights"))
    rows = unit(60, dim, 1)
    nearest = ((rows[:, None].astype(np.float64) - centroids[None]) ** 2).sum(2).argmin(1)
    buckets = np.searchsorted(cutoffs, rows - centroids[nearest])
    codes = codec.encode(rows)
    assert np.array_equal(codes[:, 0] + 256 * codes[:, 1].astype(int), nearest)
    assert np.array_equal(codec.decode(codes), centroids[nearest] + weights[buckets])


def test_the_nearer_of_two_almost_equal_centroids_is_found() -> None:
    centroids, rows = unit(40, 384), unit(500, 384, 3)
    centroids = np.vstack([centroids, np.nextafter(centroids, np.float32(2)), centroids])
    distances = ((rows[:, None].astype(np.float64) - centroids[None]) ** 2).sum(2)
    assert np.array_equal(nearest(rows, centroids, (centroids**2).sum(1) / 2), distances.argmin(1))


def test_each_bucket_takes_its_share() -> None:
    codec = fit(parse("residual2"), unit(4000), max_centroids=32)
    codes = codec.encode(unit(1000, seed=21))[:, 2:]
    levels = (codes[:, :, None] >> np.array([6, 4, 2, 0])) & 3
    shares = np.bincount(levels.ravel(), minlength=4) / levels.size
    assert np.abs(shares - 0.25).max() < 0.03


def test_renormalising_is_there_for_those_who_ask() -> None:
    rows = unit(300)
    coder = ResidualCoder.fit(rows, 2, FitOptions(0, 300, 64), renormalise=True)
    again = ResidualCoder.from_arrays(coder.to_arrays(), 24, 2)
    codes = again.encode(rows)
    decoded = again.decode(codes)
    np.testing.assert_allclose(np.linalg.norm(decoded, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(again.scorer(rows[:3])(codes), decoded @ rows[:3].T, atol=1e-5)


def test_more_centroids_and_bits_converge_to_the_exact_products() -> None:
    rows, query = unit(1000, seed=22), unit(5, seed=23)
    exact = rows @ query.T
    off = []
    for bits, count in ((1, 8), (2, 64), (4, 512)):
        codec = fit(parse(f"residual{bits}"), unit(3000), max_centroids=count)
        off.append(np.abs(codec.products(query, codec.encode(rows)) - exact).mean())
    assert off[0] > 2 * off[1] > 4 * off[2] and off[2] < 0.02
