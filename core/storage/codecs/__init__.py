"""How vectors are stored: codecs from float32 down to one bit per dimension, with or without fewer dimensions.

:func:`parse` reads a specification, :func:`fit` learns a codec from a sample, and :class:`FittedCodec` encodes,
decodes and multiplies queries with the codes themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rankscope.core.errors import UsageError, WorkspaceError, WorkspaceTooNew
from rankscope.core.storage.codecs.base import CodecSpec, Coder, FitOptions, Scorer, Step, parse, unheard
from rankscope.core.storage.codecs.binary import BinaryCoder
from rankscope.core.storage.codecs.fitted import FORMAT_VERSION, FittedCodec, LostCodec, checksum, finite
from rankscope.core.storage.codecs.int8 import Int8Coder
from rankscope.core.storage.codecs.plain import Float8Coder, Float16Coder, Float32Coder
from rankscope.core.storage.codecs.product import ProductCoder
from rankscope.core.storage.codecs.reduction import fit_reduction, stored_reduction
from rankscope.core.storage.codecs.residual import ResidualCoder
from rankscope.core.storage.files import disk_errors

__all__ = [
    "CODERS",
    "CodecSpec",
    "FittedCodec",
    "LostCodec",
    "Scorer",
    "bytes_per_vector",
    "fit",
    "from_arrays",
    "load",
    "parse",
]

CODERS: dict[str, type[Coder]] = {
    "float32": Float32Coder,
    "float16": Float16Coder,
    "float8": Float8Coder,
    "int8": Int8Coder,
    "binary": BinaryCoder,
    "residual": ResidualCoder,
    "pq": ProductCoder,
}
MAX_CENTROIDS = 4_096
REPAIR = (
    "Run “rankscope verify --repair”: the stored texts are encoded anew. Searching for words works meanwhile, and so "
    "does the pipeline “dense”."
)


def bytes_per_vector(spec: CodecSpec, dim: int) -> int:
    """What one vector of ``dim`` dimensions will take, before anything is fitted. Raises UsageError for a misfit."""
    spec.check(dim)
    return CODERS[spec.codec].bytes_for(spec.coded_dim(dim), spec.number)


def fit(
    spec: CodecSpec,
    sample: np.ndarray,
    seed: int = 0,
    *,
    total: int | None = None,
    max_centroids: int = MAX_CENTROIDS,
    step: Step = unheard,
) -> FittedCodec:
    """Learn a codec.

    Args:
        sample: float [n, dim], vectors of the kind that will be stored; a few thousand serve most codecs, for
            ``residual`` some fifty for each centroid. Fewer rows than centroids mean fewer centroids.
        seed: the same seed and sample give the same codec.
        total: how many vectors will be stored, which decides the number of centroids of ``residual``; the sample's
            own number where it is not known.
        max_centroids: at most so many centroids for ``residual``; the time to encode a vector grows with them.
        step: called before each step of learning that takes long, with its number and how many there are. What it
            raises ends the fitting.

    Raises:
        UsageError: the specification does not fit the vectors, or there is nothing to learn from.
        ValueError: the sample is not two-dimensional, or holds NaN or infinity.
    """
    rows = finite(sample)
    dim = rows.shape[1]
    if not dim:
        raise ValueError("vectors of no dimensions")
    spec.check(dim)
    kind = CODERS[spec.codec]
    if not len(rows) and (kind.learns or spec.reduction == "pca"):
        raise UsageError(f"{spec} learns from vectors, and there are none.", "Add documents first, or use float16.")
    reduction = fit_reduction(spec, rows)
    options = FitOptions(seed, len(rows) if total is None else total, max_centroids, step)
    coder = kind.fit(rows if reduction is None else reduction.apply(rows), spec.number, options)
    return FittedCodec(spec, dim, reduction, coder)


def from_arrays(spec: CodecSpec, arrays: Mapping[str, np.ndarray]) -> FittedCodec:
    """The codec that gave these arrays (:meth:`FittedCodec.to_arrays`). Raises ValueError where they are not such."""
    try:
        dim = int(arrays["dim"][0])
        spec.check(dim)
        reduction = stored_reduction(spec, _below("reduction.", arrays), dim)
        coder = CODERS[spec.codec].from_arrays(_below("coder.", arrays), spec.coded_dim(dim), spec.number)
    except (KeyError, IndexError, UsageError) as error:
        raise ValueError(f"these arrays are not those of {spec}: {error}") from error
    return FittedCodec(spec, dim, reduction, coder)


def load(path: Path) -> FittedCodec:
    """Read what :meth:`FittedCodec.save` wrote.

    Raises:
        WorkspaceTooNew: a newer Rankscope wrote it.
        WorkspaceError: the file is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WorkspaceError(f"The codec {path} is missing.", REPAIR)
    try:
        with disk_errors("reading the codec", path), safe_open(path, framework="numpy") as stored:
            notes = stored.metadata() or {}
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118 -- not a dict
        if int(notes["format_version"]) > FORMAT_VERSION:
            raise WorkspaceTooNew(f"The codec {path} was written by a newer Rankscope.", "Update Rankscope.")
        if notes["sha256"] != checksum(notes["spec"], arrays):
            raise ValueError("its checksum is another")
        return from_arrays(parse(notes["spec"]), arrays)
    except (SafetensorError, KeyError, ValueError, UsageError) as error:
        raise WorkspaceError(f"The codec {path} is damaged: {error}.", REPAIR) from error


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
