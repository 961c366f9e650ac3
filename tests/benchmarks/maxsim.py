"""MaxSim over 1,000 candidates of 128 tokens in 384 dimensions, against sentence-transformers'."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from rankscope.core.ranking.maxsim import maxsim
from tests.benchmarks.figures import Figure, Settings, at_least, at_most, info

N, TOKENS, DIM, QUERY = 1_000, 128, 384, 32


def run(settings: Settings) -> list[Figure]:
    """Time both on the same arrays, in turns, and compare the scores with double precision."""
    import torch
    from sentence_transformers.util import maxsim as theirs

    rng = np.random.default_rng(0)
    query = _unit(rng.standard_normal((QUERY, DIM)))
    tokens = _unit(rng.standard_normal((N * TOKENS, DIM)))
    offsets = np.arange(0, N * TOKENS + 1, TOKENS, dtype=np.int64)
    half = tokens.astype(np.float16)
    ragged = np.concatenate([[0], np.cumsum(rng.integers(64, 193, N))]).astype(np.int64)
    ragged_half = _unit(rng.standard_normal((int(ragged[-1]), DIM))).astype(np.float16)

    query32, query16 = torch.from_numpy(query)[None], torch.from_numpy(query.astype(np.float16))[None]
    docs32, docs16 = torch.from_numpy(tokens.reshape(N, TOKENS, DIM)), torch.from_numpy(half.reshape(N, TOKENS, DIM))
    ragged_list = [torch.from_numpy(part) for part in np.split(ragged_half, ragged[1:-1])]
    runs: dict[str, Callable[[], object]] = {
        "ours fp32": lambda: maxsim(query, tokens, offsets),
        "theirs fp32": lambda: theirs(query32, docs32),
        "ours fp16": lambda: maxsim(query, half, offsets),
        "theirs fp16": lambda: theirs(query16, docs16),
        "ours ragged fp16": lambda: maxsim(query, ragged_half, ragged),
        "theirs ragged fp16": lambda: theirs(query16, ragged_list),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(1 + settings.choose(5, 15)):
        for name, call in runs.items():
            start = time.perf_counter()
            call()
            if repeat:  # the first round warms up
                times[name].append((time.perf_counter() - start) * 1e3)
    ms = {name: statistics.median(values) for name, values in times.items()}
    best = {name: min(values) for name, values in times.items()}

    exact = _exact(query, tokens)
    wrong32 = _relative_error(maxsim(query, tokens, offsets), exact)
    wrong16 = _relative_error(maxsim(query, half, offsets), exact)
    how = f"{N:,} candidates × {TOKENS} tokens × {DIM} dims, a query of {QUERY} tokens, medians of {len(times['ours fp32'])} turns"
    flops = 2 * N * TOKENS * DIM * QUERY
    return [
        at_least(
            "MaxSim fp32: theirs ÷ ours",
            ms["theirs fp32"] / ms["ours fp32"],
            3.0,
            "×",
            f"sentence_transformers.util.maxsim on the same arrays; {how}",
            ms=ms,
        ),
        at_least(
            "MaxSim fp16: theirs ÷ ours",
            ms["theirs fp16"] / ms["ours fp16"],
            3.0,
            "×",
            f"both on float16 arrays; {how}",
            ms=ms,
        ),
        info(
            "MaxSim: theirs fp32 ÷ ours fp16",
            ms["theirs fp32"] / ms["ours fp16"],
            "×",
            f"ours on float16 as a workspace stores it, theirs on the same vectors in its faster precision; {how}",
        ),
        info(
            "MaxSim fp32, best turns: theirs ÷ ours",
            best["theirs fp32"] / best["ours fp32"],
            "×",
            "the fastest turn of each: what a busy machine disturbs least",
            ms=best,
        ),
        info(
            "MaxSim fp16, best turns: theirs ÷ ours", best["theirs fp16"] / best["ours fp16"], "×", "as above", ms=best
        ),
        info(
            "MaxSim fp16, ragged: theirs ÷ ours",
            ms["theirs ragged fp16"] / ms["ours ragged fp16"],
            "×",
            "candidates of 64 to 192 tokens",
            ms=ms,
        ),
        info("MaxSim fp32", ms["ours fp32"], "ms", f"{flops / ms['ours fp32'] / 1e6:.0f} GFLOP/s; {how}"),
        info("MaxSim fp16", ms["ours fp16"], "ms", f"{flops / ms['ours fp16'] / 1e6:.0f} GFLOP/s; {how}"),
        at_most("MaxSim fp32: relative error", wrong32, 1e-5, "", "largest of 1,000 scores against double precision"),
        at_most("MaxSim fp16: relative error", wrong16, 1e-2, "", "largest of 1,000 scores against double precision"),
    ]


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _exact(query: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """MaxSim in double precision: float64 [N]."""
    products = tokens.astype(np.float64) @ query.astype(np.float64).T
    return products.reshape(N, TOKENS, QUERY).max(axis=1).sum(axis=1)


def _relative_error(scores: np.ndarray, exact: np.ndarray) -> float:
    return float((np.abs(scores - exact) / np.abs(exact)).max())
