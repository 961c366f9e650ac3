"""What a vector codec is: the specification that people write, and the contract that every coder keeps.

A specification is a codec, with one optional reduction before it: ``float16``, ``pca192+int8``, ``truncate128+pq32``.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from rankscope.core.errors import UsageError

Scorer = Callable[[np.ndarray], np.ndarray]
"""Codes (uint8 [n, bytes]) to inner products (float32 [n, q]) with the query vectors it was made for."""

Step = Callable[[int, int], None]
"""Hears before each step of learning its number, from 0, and how many there are; may raise Cancelled."""

LARGEST_FLOAT16 = float(np.finfo(np.float16).max)
BLOCK_ROWS = 2_048  # rows worked on at once: 3 MiB of float32 at 384 dimensions
_CODECS = re.compile(r"(float32|float16|float8|int8|binary)|(residual)([124])|(pq)([1-9]\d{0,4})")
_REDUCTIONS = re.compile(r"(pca|truncate)([1-9]\d{0,4})")
_KNOWN = "float32, float16, float8, int8, binary, residual1, residual2, residual4 and pq48, pq96, pq192 and the like"


@dataclass(frozen=True, slots=True)
class CodecSpec:
    """How vectors are stored.

    Attributes:
        codec: ``float32``, ``float16``, ``float8``, ``int8``, ``binary``, ``residual`` or ``pq``.
        number: bits per dimension of ``residual``, sub-quantisers of ``pq``; None for the others.
        reduction: ``pca`` or ``truncate`` before the codec; None for neither.
        width: dimensions that the reduction keeps; None without one.
    """

    codec: str
    number: int | None = None
    reduction: str | None = None
    width: int | None = None

    def __str__(self) -> str:
        codec = self.codec if self.number is None else f"{self.codec}{self.number}"
        return codec if self.reduction is None else f"{self.reduction}{self.width}+{codec}"

    def coded_dim(self, dim: int) -> int:
        """Dimensions that reach the codec, for vectors of ``dim`` dimensions."""
        return dim if self.width is None else self.width

    def check(self, dim: int) -> None:
        """Does this fit vectors of ``dim`` dimensions? Raises UsageError where it does not."""
        if self.width is not None and self.width > dim:
            raise UsageError(
                f"{self.reduction}{self.width} is wider than {dim}.",
                f"The vectors have {dim} dimensions; keep that many or fewer.",
            )
        left = self.coded_dim(dim)
        if self.codec == "pq" and self.number is not None and left % self.number:
            raise UsageError(f"pq{self.number} does not divide {left}.", _fitting(self.number, left))


def parse(text: str, dim: int | None = None) -> CodecSpec:
    """Read a specification such as ``residual2`` or ``pca192+int8``.

    Args:
        dim: dimensions of the vectors, where they are known: then the specification has to fit them.

    Raises:
        UsageError: the codec or the reduction is unknown, or does not fit ``dim``.
    """
    before, plus, name = text.strip().lower().rpartition("+")
    found = _CODECS.fullmatch(name)
    if found is None:
        raise UsageError(f"The codec “{text}” is unknown.", f"There are {_KNOWN}.")
    plain, residual, bits, product, parts = found.groups()
    number = bits or parts
    reduced = _REDUCTIONS.fullmatch(before) if plus else None
    if plus and reduced is None:
        raise UsageError(f"The reduction “{before}” is unknown.", "There are pca and truncate, as in pca192+int8.")
    spec = CodecSpec(
        plain or residual or product,
        int(number) if number else None,
        reduced[1] if reduced else None,
        int(reduced[2]) if reduced else None,
    )
    if dim is not None:
        spec.check(dim)
    return spec


def unheard(number: int, of: int) -> None:
    """The step of a caller who neither watches nor stops."""


@dataclass(frozen=True, slots=True)
class FitOptions:
    """What fitting may depend on beside the sample.

    Attributes:
        seed: of everything random; the same seed, sample and options give the same coder.
        total: how many vectors the coder is meant for; decides the number of centroids of ``residual``.
        max_centroids: at most this many of them.
        step: called before each step that takes long.
    """

    seed: int
    total: int
    max_centroids: int
    step: Step = unheard


class Coder(ABC):
    """Vectors of ``dim`` dimensions to rows of bytes and back. Never changes after fitting, so threads may share it.

    A coder sees float32 blocks that are already checked and reduced; :class:`~.fitted.FittedCodec` does that.
    """

    learns: ClassVar[bool] = True  # whether fitting needs a sample

    def __init__(self, dim: int, bytes_per_vector: int) -> None:
        self.dim = dim
        self.bytes_per_vector = bytes_per_vector

    @staticmethod
    @abstractmethod
    def bytes_for(dim: int, number: int | None) -> int:
        """Bytes of one vector of ``dim`` dimensions."""

    @classmethod
    @abstractmethod
    def fit(cls, sample: np.ndarray, number: int | None, options: FitOptions) -> Self:
        """Learn from float32 [n, dim]; n may be 0 only where ``learns`` is False."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], dim: int, number: int | None) -> Self:
        """The coder that gave these arrays. Raises ValueError or KeyError where they are not such."""

    @abstractmethod
    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything that was learned."""

    @abstractmethod
    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """One block, float32 [n, dim], as uint8 [n, bytes_per_vector]."""

    @abstractmethod
    def decode(self, codes: np.ndarray) -> np.ndarray:
        """One block of codes as float32 [n, dim]."""

    def scorer(self, query: np.ndarray) -> Scorer:
        """Prepare inner products with float32 [q, dim]; the default decodes and multiplies."""
        return lambda codes: self.decode(codes) @ query.T


def _fitting(pieces: int, dim: int) -> str:
    """The numbers nearest to ``pieces`` that divide ``dim``, as a remedy."""
    divisors = sorted((other for other in range(1, dim + 1) if dim % other == 0), key=lambda other: abs(other - pieces))
    return f"These do: {', '.join(f'pq{other}' for other in sorted(divisors[:3]))}."


def blocks(n: int) -> Iterator[slice]:
    """Slices of ``BLOCK_ROWS`` rows that cover ``n`` rows."""
    return (slice(start, start + BLOCK_ROWS) for start in range(0, n, BLOCK_ROWS))


def expect(array: np.ndarray, dtype: type[np.generic], *shape: int | None) -> np.ndarray:
    """The array itself, if it has this type and shape (None: any length). Raises ValueError otherwise."""
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        raise ValueError(f"{array.dtype} {array.shape} is not {np.dtype(dtype)} {shape}")
    return array
