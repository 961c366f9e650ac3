"""MaxSim over 1,000 candidates of 128 tokens: against the machine's peak, a bare product, and sentence-transformers'.

Every shape is timed in turns in one run, on one thread, so that a busy machine disturbs all alike; rates are those of
the fastest turn. The peak is the rate of a large square product of the same type. A bare product of the passages'
shape is what one call of the library reaches when the maximum costs nothing; it reads each vector from memory.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rankscope.core.encoding.device import cpu_has_bf16
from rankscope.core.ranking.maxsim import limited_threads, maxsim, maxsim_of_codes
from rankscope.core.storage import codecs
from tests.benchmarks.figures import Figure, Settings, at_least, at_most, info, say, skipped

N, TOKENS = 1_000, 128
SHAPES = ((128, 32), (128, 16), (384, 32), (384, 16))  # dimensions, query vectors; the first has the targets
SQUARE = 2_048
MULTIPLIED_AS = {"fp32": "fp32", "fp16": "fp32", "int8": "fp32", "bf16": "bf16"}


@dataclass(frozen=True)
class Times:
    """Milliseconds of one shape's calls, all turns."""

    turns: dict[str, list[float]]

    def best(self, name: str) -> float:
        return min(self.turns[name])

    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.turns.items()}


def run(settings: Settings) -> list[Figure]:
    """Time all shapes, then the first again with all of torch's threads, and compare scores with double precision."""
    import torch

    figures: list[Figure] = []
    turns = settings.choose(5, 15)
    with limited_threads(1):
        for dim, n_query in SHAPES:
            say(f"{dim} dimensions, {n_query} query vectors")
            figures += _figures(dim, n_query, turns, strict=(dim, n_query) == SHAPES[0])
    if torch.get_num_threads() > 1:
        dim, n_query = SHAPES[0]
        say(f"{torch.get_num_threads()} threads")
        calls = _calls(dim, n_query)
        times = _times({name: calls[name] for name in ("peak fp32", "fp32", "fp16")}, turns)
        how = f"{torch.get_num_threads()} threads; {_shape(dim, n_query)}"
        figures.append(info("MaxSim fp32, all threads", times.best("fp32"), "ms", how, ms=times.medians()))
    return figures + _errors()


def _figures(dim: int, n_query: int, turns: int, strict: bool) -> list[Figure]:
    times = _times(_calls(dim, n_query), turns)
    shape, ms = _shape(dim, n_query), times.medians()
    label = f"{dim} dims, {n_query} query vectors"
    flops = 2 * N * TOKENS * dim * n_query
    figures = []
    for kind, multiplied in MULTIPLIED_AS.items():
        if kind not in times.turns:
            figures.append(skipped(f"MaxSim {kind}, {label}: share of the peak", "this CPU does not multiply bf16"))
            continue
        peak = 2 * SQUARE**3 / times.best(f"peak {multiplied}") / 1e6  # GFLOP/s
        rate = flops / times.best(kind) / 1e6
        bare = times.best(f"bare {multiplied}") / times.best(kind)
        how = f"{rate:.0f} of {peak:.0f} GFLOP/s ({multiplied} products of {SQUARE} × {SQUARE}); {shape}"
        name = f"MaxSim {kind}, {label}: share of the peak"
        figures.append(
            at_least(name, rate / peak, 0.6, "×", how, ms=ms) if strict else info(name, rate / peak, "×", how, ms=ms)
        )
        how = f"a bare product of this shape in {multiplied}: {times.best(f'bare {multiplied}'):.1f} ms; {shape}"
        figures.append(info(f"MaxSim {kind}, {label}: bare product ÷ ours", bare, "×", how))
        ratio = times.best(f"{kind} ragged") / times.best(kind)
        how = f"passages of 16 to 512 vectors, as many vectors in all; {shape}"
        figures.append(at_most(f"MaxSim {kind}, {label}: ragged ÷ uniform", ratio, 1.3, "×", how))
    return figures + _against_theirs(times, label, shape)


def _against_theirs(times: Times, label: str, shape: str) -> list[Figure]:
    how = f"sentence_transformers.util.maxsim; {shape}"
    figures = [
        at_least(
            f"MaxSim {kind}, {label}: theirs ÷ ours", times.best(f"theirs {kind}") / times.best(kind), 5.0, "×", how
        )
        for kind in ("fp32", "fp16", "bf16")
        if kind in times.turns
    ]
    if "bf16" in times.turns:
        ratio = times.best("theirs fp32") / times.best("bf16")
        figures.append(info(f"MaxSim, {label}: theirs fp32 ÷ ours bf16", ratio, "×", how))
    ratio = times.best("theirs fp16 ragged") / times.best("fp16 ragged")
    return [*figures, info(f"MaxSim fp16, {label}: theirs ragged ÷ ours ragged", ratio, "×", how)]


def _calls(dim: int, n_query: int) -> dict[str, Callable[[], object]]:
    """What is timed: peaks, bare products, theirs, and ours at one length and at many."""
    import torch
    from sentence_transformers.util import maxsim as theirs

    query, tokens = _unit(1, n_query, dim), _unit(0, N * TOKENS, dim)
    half = tokens.astype(np.float16)
    uniform = np.arange(0, N * TOKENS + 1, TOKENS, dtype=np.int64)
    ragged = _ragged(N * TOKENS)
    codec = codecs.fit(codecs.parse("int8"), tokens[:4_096])
    codes, products = codec.encode(tokens), codec.scorer(query)
    square, dense, asked = torch.ones(SQUARE, SQUARE), torch.from_numpy(tokens), torch.from_numpy(query)
    halves, asked_half = torch.from_numpy(half), asked.half()
    parts = list(halves.split(np.diff(ragged).tolist()))
    calls: dict[str, Callable[[], object]] = {
        "peak fp32": lambda: square @ square,
        "bare fp32": lambda: dense @ asked.T,
        "theirs fp32": lambda: theirs(asked[None], dense.view(N, TOKENS, dim)),
        "theirs fp16": lambda: theirs(asked_half[None], halves.view(N, TOKENS, dim)),
        "theirs fp16 ragged": lambda: theirs(asked_half[None], parts),
    }
    for kind, offsets in (("", uniform), (" ragged", ragged)):
        calls[f"fp32{kind}"] = lambda offsets=offsets: maxsim(query, tokens, offsets)  # type: ignore[misc]
        calls[f"fp16{kind}"] = lambda offsets=offsets: maxsim(query, half, offsets)  # type: ignore[misc]
        calls[f"int8{kind}"] = lambda offsets=offsets: maxsim_of_codes(products, codes, offsets)  # type: ignore[misc]
    if not cpu_has_bf16():
        return calls
    wide, dense_bf16, asked_bf16 = square.bfloat16(), dense.bfloat16(), asked.bfloat16()
    return calls | {
        "peak bf16": lambda: wide @ wide,
        "bare bf16": lambda: dense_bf16 @ asked_bf16.T,
        "theirs bf16": lambda: theirs(asked_bf16[None], dense_bf16.view(N, TOKENS, dim)),
        "bf16": lambda: maxsim(query, dense_bf16, uniform, precision="bf16"),
        "bf16 ragged": lambda: maxsim(query, dense_bf16, ragged, precision="bf16"),
    }


def _times(calls: dict[str, Callable[[], object]], turns: int) -> Times:
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(1 + turns):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:  # the first round warms up
                times[name].append((time.perf_counter() - start) * 1e3)
    return Times(times)


def _errors() -> list[Figure]:
    """The largest relative error of 1,000 scores in each representation."""
    import torch

    query, tokens = _unit(1, 32, 128), _unit(0, N * TOKENS, 128)
    offsets = np.arange(0, N * TOKENS + 1, TOKENS, dtype=np.int64)
    exact = (tokens.astype(np.float64) @ query.astype(np.float64).T).reshape(N, TOKENS, -1).max(axis=1).sum(axis=1)
    codec = codecs.fit(codecs.parse("int8"), tokens[:4_096])
    found = {
        "fp32": (maxsim(query, tokens, offsets), 1e-5),
        "fp16": (maxsim(query, tokens.astype(np.float16), offsets), 1e-2),
        "bf16": (maxsim(query, torch.from_numpy(tokens).bfloat16(), offsets, precision="bf16"), 1e-2),
        "int8": (maxsim_of_codes(codec.scorer(query), codec.encode(tokens), offsets), 1e-2),
    }
    how = f"largest of {N:,} scores against double precision"
    return [
        at_most(f"MaxSim {kind}: relative error", float((np.abs(scores - exact) / exact).max()), limit, "", how)
        for kind, (scores, limit) in found.items()
    ]


def _shape(dim: int, n_query: int) -> str:
    return f"{N:,} candidates × {TOKENS} vectors × {dim} dims, {n_query} query vectors"


def _ragged(n_vectors: int) -> np.ndarray:
    """Offsets of passages of 16 to 512 vectors, n_vectors in all: int64."""
    ends = np.cumsum(np.random.default_rng(2).integers(16, 513, n_vectors // 16))
    return np.concatenate([[0], ends[ends <= n_vectors - 16], [n_vectors]]).astype(np.int64)


def _unit(seed: int, n: int, dim: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
