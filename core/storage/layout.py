"""What is stored of each passage: which vectors, in which codec. All segments of one index share it.

Two kinds: ``tokens``, every token's vector, and ``levels``, the nested list that serves every budget
(:mod:`rankscope.core.storage.levels`). The pooled vector is stored beside either.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rankscope.core.errors import UsageError
from rankscope.core.storage import codecs, levels
from rankscope.core.storage.codecs import FittedCodec

KINDS = ("levels", "tokens")
FOLDER = "codecs"
_SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class Packed:
    """Passages as a segment holds them.

    ``pooled`` float32 [n, dim]; ``rows`` uint8 [n_rows, row_bytes]; passage i owns rows ``offsets[i]:offsets[i + 1]``
    (int64 [n + 1]). For levels also ``fold`` :data:`~rankscope.core.storage.levels.FOLD` [n_rows], and ``labels`` uint8
    [n_tokens], each token's cluster, with ``label_offsets`` int64 [n + 1]; empty for tokens.
    """

    pooled: np.ndarray
    rows: np.ndarray
    offsets: np.ndarray
    fold: np.ndarray
    labels: np.ndarray
    label_offsets: np.ndarray


@dataclass(frozen=True)
class Layout:
    """``kind`` is one of :data:`KINDS`. ``codec_name`` is what segments call the codec: its specification, and behind
    a colon the name of the file of what it has learned, where it has."""

    kind: str
    codec: FittedCodec
    codec_name: str

    @property
    def dim(self) -> int:
        return self.codec.dim

    @property
    def row_bytes(self) -> int:
        return self.codec.bytes_per_vector

    def pack(self, pooled: np.ndarray, tokens: np.ndarray, offsets: np.ndarray) -> Packed:
        """Pack what the encoder gave: float32 [n, dim], float16 [n_vectors, dim], int64 [n + 1]."""
        if self.kind == "tokens":
            nothing = np.zeros(len(offsets), np.int64)
            rows = self.codec.encode(tokens)
            return Packed(pooled, rows, offsets, np.empty(0, levels.FOLD), np.empty(0, np.uint8), nothing)
        folded = levels.fold(tokens, offsets)
        rows = self.codec.encode(folded.rows)
        return Packed(pooled, rows, folded.offsets, folded.fold, folded.labels, offsets)


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
    return Layout(kind, codecs.fit(spec, np.empty((0, dim), np.float32)), str(spec))


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
