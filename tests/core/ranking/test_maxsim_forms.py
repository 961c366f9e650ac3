"""MaxSim in bfloat16, from codes, on the path of other devices, across blocks, and within a limit of threads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.ranking import maxsim as module
from rankscope.core.ranking.maxsim import limited_threads, maxsim, maxsim_of_codes
from rankscope.core.storage import codecs

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=30)
SEED = st.integers(0, 2**32 - 1)


def unit(rng: np.random.Generator, n: int, dim: int) -> np.ndarray:
    rows = rng.normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def made(lengths: list[int], n_query: int, dim: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return unit(rng, n_query, dim), unit(rng, int(offsets[-1]), dim), offsets


def exact(query: np.ndarray, tokens: np.ndarray, offsets: np.ndarray) -> list[float]:
    products = tokens.astype(np.float64) @ query.astype(np.float64).T
    return [products[a:b].max(axis=0).sum() for a, b in pairwise(offsets)]


@settings(deadline=None, max_examples=25)
@given(LENGTHS, st.integers(1, 40), SEED)
def test_other_devices_give_the_same(lengths: list[int], n_query: int, seed: int) -> None:
    """Torch's “cpu:0” is the CPU by the name of one of several devices, and goes the way of a GPU."""
    query, tokens, offsets = made(lengths, n_query, 16, seed)
    half = tokens.astype(np.float16)
    assert maxsim(query, half, offsets, "cpu:0") == pytest.approx(exact(query, half, offsets), rel=1e-5, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(LENGTHS, st.integers(1, 40), SEED, st.integers(1, 3_000))
def test_where_blocks_begin_changes_nothing(lengths: list[int], n_query: int, seed: int, block: int) -> None:
    """A block may hold many passages, end within one, or hold a part of one only."""
    query, tokens, offsets = made(lengths, n_query, 8, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CPU_BLOCK", block)
        found = maxsim(query, tokens, offsets)
    assert found == pytest.approx(exact(query, tokens, offsets), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("stored", ["float32", "float16", "bfloat16"])
def test_bf16_is_near_whatever_is_stored(stored: str, device: str, monkeypatch: pytest.MonkeyPatch) -> None:
    query, tokens, offsets = made([1, 40, 300, 3, 9_000, 16], 20, 64, 3)
    given_tokens = torch.from_numpy(tokens).to(getattr(torch, stored))
    for there in (True, False):
        monkeypatch.setattr(module, "cpu_has_bf16", lambda there=there: there)
        found = maxsim(query, given_tokens, offsets, device, precision="bf16")
        assert found == pytest.approx(exact(query, tokens, offsets), rel=2e-2)


def test_bf16_means_fp32_where_the_cpu_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    query, tokens, offsets = made([5, 90, 12], 8, 64, 4)
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: False)
    assert np.array_equal(maxsim(query, tokens, offsets, precision="bf16"), maxsim(query, tokens, offsets))


@pytest.mark.parametrize("spec", ["int8", "binary", "pca16+int8"])
def test_codes_score_as_the_vectors_they_stand_for(spec: str) -> None:
    query, tokens, offsets = made([3, 5_000, 1, 77, 4_200, 128], 9, 32, 5)
    codec = codecs.fit(codecs.parse(spec), tokens[:2_000])
    codes = codec.encode(tokens)
    found = maxsim_of_codes(codec.scorer(query), codes, offsets)
    decoded = codec.decode(codes)
    assert found == pytest.approx(exact(codec.transform_query(query), decoded, offsets), rel=1e-4, abs=1e-4)


def test_a_part_of_the_vectors_may_be_scored() -> None:
    query, tokens, offsets = made([10, 20, 30, 40], 4, 16, 6)
    assert maxsim(query, tokens, offsets[1:4]) == pytest.approx(exact(query, tokens, offsets[1:4]), rel=1e-5)


def test_offsets_beyond_the_vectors_are_refused_and_nothing_gives_nothing() -> None:
    query, tokens, _ = made([10], 4, 16, 7)
    for wrong in (np.array([0, 11]), np.array([-1, 10])):
        with pytest.raises(ValueError, match="do not fit 10 vectors"):
            maxsim(query, tokens, wrong)
    codec = codecs.fit(codecs.parse("int8"), tokens)
    assert len(maxsim_of_codes(codec.scorer(query), codec.encode(tokens), np.array([0]))) == 0
    with pytest.raises(ValueError, match="without vectors"):
        maxsim_of_codes(codec.scorer(query), codec.encode(tokens), np.array([0, 4, 4]))


def test_threads_are_limited_while_scoring_and_given_back() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        seen = []

        def products(codes: np.ndarray) -> np.ndarray:
            seen.append(torch.get_num_threads())
            return codes.astype(np.float32)

        codes, offsets = np.ones((4, 2), np.uint8), np.array([0, 1, 4])
        for threads in (1, 2, 8, None):
            assert maxsim_of_codes(products, codes, offsets, threads=threads).tolist() == [2, 2]
        assert seen == [1, 2, 3, 3], "a limit never raises the number"
        with pytest.raises(ZeroDivisionError), limited_threads(1):
            raise ZeroDivisionError
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
