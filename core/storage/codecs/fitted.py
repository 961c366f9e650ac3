"""A fitted codec: checks, reduces and works block by block, whatever coder stands behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.core.errors import UsageError, WorkspaceError
from rankscope.core.storage.codecs.base import CodecSpec, Coder, Scorer, blocks
from rankscope.core.storage.codecs.binary import BinaryCoder
from rankscope.core.storage.codecs.reduction import Reduction
from rankscope.core.storage.files import disk_errors, write_atomically

FORMAT_VERSION = 1


class FittedCodec:
    """Turns vectors into bytes and multiplies queries with them. Never changes, so threads may share it.

    Vectors are rows of norm up to 1. Blocks of a few thousand rows are worked on at a time, so that memory beyond
    inputs and results does not grow with their number; inputs may be memory-mapped and of any float type.

    Attributes:
        spec: the specification.
        dim: dimensions of the vectors that go in.
        coded_dim: dimensions that come out: ``dim``, or the reduction's width.
        bytes_per_vector: of the codes.
    """

    def __init__(self, spec: CodecSpec, dim: int, reduction: Reduction | None, coder: Coder) -> None:
        self.spec = spec
        self.dim = dim
        self.coded_dim = coder.dim
        self.bytes_per_vector = coder.bytes_per_vector
        self._reduction = reduction
        self._coder = coder

    def encode(self, vectors: np.ndarray) -> np.ndarray:
        """Float [n, dim] to uint8 [n, bytes_per_vector]. Raises ValueError for another shape, NaN or infinity."""
        _check_shape(vectors, self.dim)
        codes = np.empty((len(vectors), self.bytes_per_vector), np.uint8)
        for rows in blocks(len(vectors)):
            codes[rows] = self._coder.encode(self._reduced(vectors[rows]))
        return codes

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Uint8 [n, bytes_per_vector] to float32 [n, coded_dim]. Raises ValueError for another type or shape."""
        self._check_codes(codes)
        vectors = np.empty((len(codes), self.coded_dim), np.float32)
        for rows in blocks(len(codes)):
            vectors[rows] = self._coder.decode(codes[rows])
        return vectors

    def transform_query(self, query: np.ndarray) -> np.ndarray:
        """Float [q, dim] to float32 [q, coded_dim], the space that codes live in.

        Raises:
            ValueError: another shape, NaN or infinity.
        """
        return self._reduced(query)

    def scorer(self, query: np.ndarray) -> Scorer:
        """Prepare a query once and score many batches of codes: see :meth:`products`."""
        reduced = self.transform_query(query)
        score = self._coder.scorer(reduced) if len(reduced) else None

        def products(codes: np.ndarray) -> np.ndarray:
            self._check_codes(codes)
            result = np.empty((len(codes), len(reduced)), np.float32)
            if score is not None:
                for rows in blocks(len(codes)):
                    result[rows] = score(codes[rows])
            return result

        return products

    def products(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Inner products of float [q, dim] with uint8 [n, bytes_per_vector], from the codes directly: float32 [n, q].

        Up to rounding they are ``decode(codes) @ transform_query(query).T``.

        Raises:
            ValueError: another shape or type, NaN or infinity in the query.
        """
        return self.scorer(query)(codes)

    def hamming(self, query: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """In how many signs queries and stored vectors differ, for a first pass: uint16 [n, q].

        Raises:
            UsageError: the codec is not binary.
            ValueError: as :meth:`products`.
        """
        if not isinstance(self._coder, BinaryCoder):
            raise UsageError(f"{self.spec} stores no sign bits.", "Only binary has Hamming distances.")
        reduced = self.transform_query(query)
        self._check_codes(codes)
        result = np.empty((len(codes), len(reduced)), np.uint16)
        for rows in blocks(len(codes) if len(reduced) else 0):
            result[rows] = self._coder.hamming(reduced, codes[rows])
        return result

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything that was learned; with ``spec`` enough to make the codec again."""
        arrays = {} if self._reduction is None else _prefixed("reduction.", self._reduction.to_arrays())
        return {"dim": np.array([self.dim], np.int64), **arrays, **_prefixed("coder.", self._coder.to_arrays())}

    def save(self, path: Path) -> None:
        """Write a safetensors file with a checksum, atomically. Raises WorkspaceError where the disk refuses."""
        from safetensors.numpy import save

        arrays = self.to_arrays()
        notes = {
            "spec": str(self.spec),
            "format_version": str(FORMAT_VERSION),
            "sha256": checksum(str(self.spec), arrays),
        }
        with disk_errors("writing the codec", path):
            write_atomically(path, save(arrays, notes))

    def _reduced(self, vectors: np.ndarray) -> np.ndarray:
        checked = finite(vectors, self.dim)
        return checked if self._reduction is None else self._reduction.apply(checked)

    def _check_codes(self, codes: np.ndarray) -> None:
        _check_shape(codes, self.bytes_per_vector)
        if codes.dtype != np.uint8:
            raise ValueError(f"codes are uint8, not {codes.dtype}")


class LostCodec(FittedCodec):
    """Stands for a codec whose file is damaged or missing: whoever needs it gets the error that says so."""

    def __init__(self, error: WorkspaceError) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise WorkspaceError(self.error.message, self.error.remedy) from self.error


def finite(vectors: np.ndarray, dim: int | None = None) -> np.ndarray:
    """Vectors as contiguous float32 [n, dim]. Raises ValueError for another shape, NaN or infinity."""
    _check_shape(vectors, dim)
    checked = np.ascontiguousarray(vectors, np.float32)
    if not np.isfinite(checked).all():
        raise ValueError("a vector holds NaN or infinity")
    return checked


def checksum(spec: str, arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over a specification and its arrays: names, types, shapes and bytes."""
    total = hashlib.sha256(spec.encode())
    for name in sorted(arrays):
        total.update(f"\n{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        total.update(np.ascontiguousarray(arrays[name]).data)
    return total.hexdigest()


def _check_shape(array: np.ndarray, width: int | None) -> None:
    if array.ndim != 2 or (width is not None and array.shape[1] != width):
        raise ValueError(f"an array of shape {array.shape} where [n, {'dim' if width is None else width}] is needed")


def _prefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {prefix + name: array for name, array in arrays.items()}
