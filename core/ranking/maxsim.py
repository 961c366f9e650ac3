"""MaxSim: score(Q, D) = sum over query vectors of the maximum over passage vectors of their inner product.

Khattab and Zaharia, "ColBERT: Efficient and Effective Passage Search via Contextualized Late Interaction over BERT",
SIGIR 2020. Passages of different length lie one after another without padding, so a score cannot depend on which
other passages share the batch.

A query of some thirty vectors does so little with each passage vector that reading them from memory decides the time.
A block is therefore first copied into a buffer that stays in cache, widened on the way if need be, and multiplied from
there: 0.75 of the peak rate of large square products against 0.57 from memory directly (one core of a Zen 4 server,
fp32, 128 dimensions, 32 query vectors), 0.79 from float16, which is half as much to read. The maximum then leaves 0.6
to 0.7. Only bfloat16 at just this shape is read from memory as fast; with 16 query vectors or 384 dimensions it gains
a fifth to a half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from rankscope.core.encoding.device import cpu_has_bf16
from rankscope.core.ranking.running_max import RunningMax
from rankscope.core.storage.codecs.base import Scorer

if TYPE_CHECKING:
    import torch
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

Precision = Literal["fp32", "bf16"]

# A block of passage vectors, in bytes as multiplied. A CPU keeps 4 MiB in its cache beside the products; the fastest
# of 0.25 to 8 MiB at 128 and 384 dimensions. A GPU wants few large products, and memory that stays bounded.
_CPU_BLOCK = 4 << 20
_GPU_BLOCK = 64 << 20
_CODE_ROWS = 4_096


def maxsim(
    query: np.ndarray,
    tokens: np.ndarray | torch.Tensor,
    offsets: np.ndarray,
    device: str = "cpu",
    *,
    precision: Precision = "fp32",
    threads: int | None = None,
) -> np.ndarray:
    """The MaxSim of one query with many passages.

    Args:
        query: float32 [n_q, dim].
        tokens: float16, float32 or (as a torch tensor) bfloat16 [n_vectors, dim], all passages' vectors, passage after
            passage.
        offsets: int64 [n + 1]; passage i owns ``tokens[offsets[i]:offsets[i + 1]]`` and has at least one vector.
        device: torch's device to compute on.
        precision: "bf16" rounds vectors and products to bfloat16 where the device multiplies that in hardware (each
            product by up to 1 in 256); on another CPU it means "fp32".
        threads: see :func:`limited_threads`.

    Returns:
        float32 [n]. In "fp32" products and sums are in fp32; with float16 tokens only the stored values are rounded.

    Raises:
        ValueError: a passage without vectors, or shapes that do not fit.
    """
    if query.ndim != 2 or tokens.ndim != 2 or query.shape[1] != tokens.shape[1]:
        raise ValueError(f"query {query.shape} and tokens {tuple(tokens.shape)} do not fit")
    _check_offsets(offsets, len(tokens))
    if len(offsets) < 2:
        return np.empty(0, np.float32)
    import torch

    with limited_threads(threads), torch.inference_mode():
        dtype = torch.bfloat16 if precision == "bf16" and (device != "cpu" or cpu_has_bf16()) else torch.float32
        columns = torch.from_numpy(np.ascontiguousarray(query.T, np.float32)).to(device, dtype)  # [dim, n_q]
        rows = torch.from_numpy(tokens) if isinstance(tokens, np.ndarray) else tokens
        best = RunningMax(offsets, len(query), dtype, device)
        multiply = _cached_product(columns) if device == "cpu" else _device_product(columns)
        step = _block_rows(columns, _CPU_BLOCK if device == "cpu" else _GPU_BLOCK)
        for start, stop in _blocks(offsets, step):
            best.add(start, multiply(rows[start:stop]))
        return best.sums()


def maxsim_of_codes(
    products: Scorer, codes: np.ndarray, offsets: np.ndarray, *, threads: int | None = None
) -> np.ndarray:
    """The MaxSim of one query with passages whose vectors are stored by a codec, on the CPU.

    Args:
        products: ``codec.scorer(query)``.
        codes: uint8 [n_vectors, bytes], passage after passage.
        offsets: int64 [n + 1], as for :func:`maxsim`.
        threads: see :func:`limited_threads`.

    Returns:
        float32 [n], exact for the stored values where the codec's products are.

    Raises:
        ValueError: a passage without vectors, or codes of another type or shape than the codec's.
    """
    _check_offsets(offsets, len(codes))
    if len(offsets) < 2:
        return np.empty(0, np.float32)
    import torch

    with limited_threads(threads), torch.inference_mode():
        best: RunningMax | None = None
        for start, stop in _blocks(offsets, _CODE_ROWS):
            block = torch.from_numpy(products(codes[start:stop]))  # [rows, n_q]
            if best is None:
                best = RunningMax(offsets, block.shape[1], block.dtype, "cpu")
            best.add(start, block)
        assert best is not None
        return best.sums()


def similarities(query: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """The matrix behind one MaxSim: float32 [n_q, n_d] of inner products, computed like :func:`maxsim`."""
    return (tokens.astype(np.float32) @ query.astype(np.float32).T).T


@contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """At most so many threads for torch's products and numpy's meanwhile; None leaves the numbers as they are.

    One fewer than there are cores leaves one to a window. The limit is the process's: an encoder that works at the
    same time keeps to it, too. It never raises torch's number. Where other programs want the cores, one thread is the
    fastest: threads that wait for each other at every block took 104 ms where one took 16 (two cores, load 6).
    """
    if threads is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    count = min(max(threads, 1), before)
    with _libraries().limit(limits=count, user_api="blas"):  # a codec multiplies with numpy
        torch.set_num_threads(count)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@cache
def _libraries() -> ThreadpoolController:
    """The process's BLAS libraries; finding them takes milliseconds, so only once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _check_offsets(offsets: np.ndarray, n_vectors: int) -> None:
    if not len(offsets):
        return
    if (np.diff(offsets) < 1).any():
        raise ValueError("a passage without vectors has no MaxSim")
    if offsets[0] < 0 or offsets[-1] > n_vectors:
        raise ValueError(f"offsets from {offsets[0]} to {offsets[-1]} do not fit {n_vectors} vectors")


def _blocks(offsets: np.ndarray, step: int) -> Iterator[tuple[int, int]]:
    """Ranges of ``step`` rows, wherever passages begin."""
    end = int(offsets[-1])
    return ((start, min(start + step, end)) for start in range(int(offsets[0]), end, step))


def _block_rows(columns: torch.Tensor, n_bytes: int) -> int:
    return max(n_bytes // (max(len(columns), 1) * columns.element_size()), 1)


def _cached_product(columns: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Multiply blocks with the query from buffers that stay in cache; a result holds until the next call."""
    import torch

    step = _block_rows(columns, _CPU_BLOCK)
    buffer = torch.empty(step, len(columns), dtype=columns.dtype)
    wide = torch.empty(step, len(columns)) if columns.dtype != torch.float32 else buffer
    products = torch.empty(step, columns.shape[1], dtype=columns.dtype)

    def multiply(rows: torch.Tensor) -> torch.Tensor:
        n = len(rows)
        if rows.dtype == torch.float16:
            # By way of float32: torch turns float16 into bfloat16 five times as slowly as in these two steps.
            rows = wide[:n].copy_(rows)
        block = rows if rows.data_ptr() == buffer.data_ptr() else buffer[:n].copy_(rows)
        # Passage vectors first: the product then runs along the long side and its rows are what is reduced.
        return torch.mm(block, columns, out=products[:n])

    return multiply


def _device_product(columns: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Multiply blocks with the query on the query's device; stored values travel and are widened there."""
    return lambda rows: rows.to(columns.device).to(columns.dtype) @ columns
