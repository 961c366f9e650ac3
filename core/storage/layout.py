"""What is stored of each passage: which vectors, in which codec. All segments of one index share it.

Two kinds: ``tokens``, every token's vector, and ``levels``, the nested list that serves every budget
(:mod:`rankscope.core.storage.levels`). The pooled vector is stored beside either. ``levels16`` are levels of which only
what the budget r_c = 16 reads is stored: a quarter of the bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np

from rankscope.core.budgets import LARGEST
from rankscope.core.errors import UsageError
from rankscope.core.storage import codecs, levels
from rankscope.core.storage.codecs import FittedCodec

# As people and manifests write them; of levels, the largest r_c that they serve.
KINDS = {"levels": LARGEST.r_c, "levels16": 16, "tokens": LARGEST.r_c}
FOLDER = "codecs"
_SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class Packed:
    """Passages as a segment holds them.

    ``pooled`` float32 or float16 [n, dim]; ``rows`` uint8 [n_rows, row_bytes]; passage i owns rows
    ``offsets[i]:offsets[i + 1]`` (int64 [n + 1]). For levels also ``fold`` :data:`~rankscope.core.storage.levels.FOLD`
    [n_rows], and ``labels`` uint8 [n_tokens], each token's cluster, with ``label_offsets`` int64 [n + 1]; empty for
    tokens.
    """

    pooled: np.ndarray
    rows: np.ndarray
    offsets: np.ndarray
    fold: np.ndarray
    labels: np.ndarray
    label_offsets: np.ndarray


@dataclass(frozen=True)
class Layout:
    """``kind`` is "levels" or "tokens". ``codec_name`` is what segments call the codec: its specification, and behind
    a colon the name of the file of what it has learned, where it has. ``most`` is the largest budget r_c of levels."""

    kind: str
    codec: FittedCodec
    codec_name: str
    most: int = LARGEST.r_c

    @classmethod
    def of(cls, vectors: str, codec: FittedCodec, codec_name: str) -> Self:
        """The layout of a kind of vectors, one of :data:`KINDS`."""
        return cls(vectors.rstrip("0123456789"), codec, codec_name, KINDS[vectors])

    @property
    def dim(self) -> int:
        return self.codec.dim

    @property
    def row_bytes(self) -> int:
        return self.codec.bytes_per_vector

    def pack(
        self,
        pooled: np.ndarray,
        tokens: np.ndarray,
        offsets: np.ndarray,
        meta: np.ndarray | None = None,
        labels: np.ndarray | None = None,
    ) -> Packed:
        """Pack what the encoder gave: float32 [n, dim], float16 [n_vectors, dim], int64 [n + 1], and of an encoder with
        meta tokens float16 [n, n_meta, dim] and uint8 [n_vectors], which stand in the place of clusters."""
        pooled = self.rounded(pooled)
        if self.kind == "tokens":
            nothing = np.zeros(len(offsets), np.int64)
            rows = self.codec.encode(tokens)
            return Packed(pooled, rows, offsets, np.empty(0, levels.FOLD), np.empty(0, np.uint8), nothing)
        if meta is not None and labels is not None:
            folded = levels.fold_meta(meta[:, : self.most - 1], labels)
        else:
            folded = levels.fold(tokens, offsets, self.most)
        rows = self.codec.encode(folded.rows)
        return Packed(pooled, rows, folded.offsets, folded.fold, folded.labels, offsets)

    def rounded(self, pooled: np.ndarray) -> np.ndarray:
        """Pooled vectors as they are stored: in float32 beside float32 and float16, in float16 beside smaller codecs,
        where they would take a fifth of the whole (int8, 16 vectors a passage)."""
        return pooled if is_plain(self.codec) else pooled.astype(np.float16)


def shortened(packed: Packed, most: int) -> Packed:
    """Nested lists, cut to what the budget r_c = ``most`` reads: what folding to no more would have given."""
    counts = np.minimum(np.diff(packed.offsets), most - 1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    kept = np.arange(offsets[-1]) + np.repeat(packed.offsets[:-1] - offsets[:-1], counts)
    ends = zip(pairwise(packed.offsets.tolist()), pairwise(packed.label_offsets.tolist()), strict=True)
    labels = [levels.coarser(packed.labels[c:d], packed.fold[a:b], most - 1) for (a, b), (c, d) in ends]
    joined = np.concatenate([packed.labels[:0], *labels]).astype(np.uint8)
    return replace(packed, rows=packed.rows[kept], offsets=offsets, fold=packed.fold[kept], labels=joined)


def is_plain(codec: FittedCodec) -> bool:
    """Whether vectors stay what they are, but for the rounding of float16."""
    return codec.spec.codec in ("float32", "float16") and codec.spec.reduction is None


def plain_layout(kind: str, codec: str, dim: int) -> Layout:
    """A layout whose codec has nothing to learn. Raises UsageError for another one."""
    if kind not in KINDS:
        raise UsageError(f"There is no kind of vectors “{kind}”.", f"Choose one of {', '.join(KINDS)}.")
    spec = codecs.parse(codec, dim)
    if learns(codec):
        raise UsageError(
            f"The codec {codec} has to learn from vectors, and there are none yet.",
            "Index with float16 first, then run “rankscope convert”.",
        )
    return Layout.of(kind, codecs.fit(spec, np.empty((0, dim), np.float32)), str(spec))


def learns(codec: str) -> bool:
    """Whether this codec has to be fitted to vectors before it can encode any. Raises UsageError for an unknown one."""
    spec = codecs.parse(codec)
    return codecs.CODERS[spec.codec].learns or spec.reduction == "pca"


def save_codec(folder: Path, codec: FittedCodec) -> str:
    """Store what a codec has learned in a workspace; returns the codec's name for segments. Raises WorkspaceError."""
    spec = str(codec.spec)
    if not learns(spec):
        return spec
    digest = hashlib.sha256(spec.encode())
    for name, array in sorted(codec.to_arrays().items()):
        digest.update(name.encode() + np.ascontiguousarray(array).tobytes())
    name = digest.hexdigest()[:12]
    (folder / FOLDER).mkdir(exist_ok=True)
    path = codec_file(folder, name)
    codec.save(path)  # even where it is there: that file may be damaged
    return f"{spec}{_SEPARATOR}{name}"


@lru_cache(maxsize=32)
def stored_codec(folder: Path, name: str, dim: int) -> FittedCodec:
    """The codec that segments of this workspace call by this name. Raises WorkspaceError: its file is damaged."""
    spec, _, file = name.partition(_SEPARATOR)
    if file:
        return codecs.load(codec_file(folder, file))
    return codecs.fit(codecs.parse(spec, dim), np.empty((0, dim), np.float32))


def codec_file(folder: Path, name: str) -> Path:
    return folder / FOLDER / f"{name}.safetensors"


def drop_codecs(folder: Path, kept: str) -> None:
    """Delete what other codecs than the one of this name have learned."""
    for path in (folder / FOLDER).glob("*.safetensors"):
        if path.name != file_of(kept):
            with contextlib.suppress(OSError):  # the next conversion does it
                path.unlink()


def file_of(codec_name: str) -> str:
    """The name of the codec's file within :data:`FOLDER`, or "" where it has none."""
    _, _, file = codec_name.partition(_SEPARATOR)
    return f"{file}.safetensors" if file else ""
