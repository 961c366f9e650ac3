"""Text to vectors: one forward pass gives the pooled vector and every token's vector.

A single-vector model serves as a late-interaction encoder without training: the last hidden state of each token,
L2-normalised, special tokens included, scored with MaxSim (Khattab and Zaharia, "ColBERT", SIGIR 2020).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from rankscope.core.encoding.device import Device, choose_device, respect_thread_limit
from rankscope.core.encoding.registry import OFFLINE_DEFAULT, EncoderFiles, EncoderIdentity, resolve
from rankscope.core.errors import ModelError
from rankscope.core.progress import CancelledCheck, never, stop_if

# Texts per forward pass, measured on the CPU: larger batches pad more and gain nothing.
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class EncodedPassages:
    """``pooled`` float32 [n, dim]; ``tokens`` float16 [n_vectors, dim], both rows L2-normalised; passage i owns
    ``tokens[offsets[i]:offsets[i + 1]]`` (``offsets`` int64 [n + 1]).

    From an encoder with meta tokens also ``meta`` float16 [n, n_meta, dim], and ``labels`` uint8 [n_vectors]: the meta
    token that attends most to each token.
    """

    pooled: np.ndarray
    tokens: np.ndarray
    offsets: np.ndarray
    meta: np.ndarray | None = None
    labels: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class MetaQuery:
    """A query's meta vectors float32 [n_meta, dim], L2-normalised, what each counts for in a score (float32 [n_meta],
    above 0), and how it attends to the query's tokens (float32 [n_meta, n], rows that add up to 1)."""

    vectors: np.ndarray
    weights: np.ndarray
    attention: np.ndarray


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """``pooled`` float32 [dim] and ``tokens`` float32 [n, dim], L2-normalised.

    ``weights`` float32 [n]: what each token vector weighs in the pooled one, ``pooled = weights @ tokens``.
    ``spans`` are the tokens' (start, end) in the query, (-1, -1) for special tokens; ``truncated`` tells that
    the query was longer than the encoder reads. ``meta`` is there where the encoder has meta tokens.
    """

    pooled: np.ndarray
    tokens: np.ndarray
    weights: np.ndarray
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int, ...]
    truncated: bool
    meta: MetaQuery | None = None


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """The tokens that the encoder sees of a text, in order, special tokens included (span (-1, -1), word -1)."""

    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int, ...]
    truncated: bool


class Encoder:
    """A loaded model. Thread-safe: one forward pass at a time.

    Raises:
        ModelError: the model cannot be loaded.
    """

    def __init__(self, files: EncoderFiles, device: Device) -> None:
        self.identity: EncoderIdentity = files.identity
        self.device = device
        self._lock = Lock()
        self._model = _load(files, device)
        self._meta: Any = load_meta(files, device) if files.adapter else None
        self._tokenizer = _tokenizer(files)
        self._remembered = lru_cache(maxsize=64)(self._encode_query)

    @classmethod
    def load(cls, name: str = OFFLINE_DEFAULT, device: str = "auto") -> Encoder:
        """Load an encoder by name (see :func:`rankscope.core.encoding.registry.resolve`)."""
        return cls(resolve(name), choose_device(device))

    def encode_query(self, text: str) -> EncodedQuery:
        """The vectors of a query; the last 64 are remembered."""
        return self._remembered(text)

    def encode_passages(
        self, texts: Sequence[str], lengths: Sequence[int] | None = None, cancelled: CancelledCheck = never
    ) -> EncodedPassages:
        """Encode texts, longest first so that a batch holds texts of like length and pads little.

        Args:
            texts: what to encode; cut at the encoder's length.
            lengths: their token counts where known (else their character counts decide the order).
            cancelled: asked between batches.
        """
        lengths = lengths if lengths is not None else [len(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: (-lengths[i], i))
        dim = self.identity.dim
        pooled = np.empty((len(texts), dim), np.float32)
        # One block for all: a matrix per passage, kept between the model's own large and short-lived ones, leaves the
        # heap full of holes, and an hour of indexing would show in memory. What is not touched costs nothing.
        block = np.empty((len(texts) * self.identity.max_tokens, dim), np.float16)
        counts = np.zeros(len(texts), np.int64)
        meta = None if self._meta is None else np.empty((len(texts), self._meta.n_passage - 1, dim), np.float16)
        labels = np.empty(len(block) if self._meta is not None else 0, np.uint8)
        filled = 0
        for start in range(0, len(order), BATCH_SIZE):
            stop_if(cancelled)
            batch = order[start : start + BATCH_SIZE]
            found = self._forward([texts[i] for i in batch])
            pooled[batch], counts[batch] = found.pooled, np.diff(found.offsets)
            end = filled + len(found.tokens)
            block[filled:end] = found.tokens
            if meta is not None and found.meta is not None and found.labels is not None:
                meta[batch], labels[filled:end] = found.meta, found.labels
            filled = end
            _give_back_memory()
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        tokens = _in_order(block[:filled], order, counts, offsets)
        if meta is None:
            return EncodedPassages(pooled, tokens, offsets)
        return EncodedPassages(pooled, tokens, offsets, meta, _in_order(labels[:filled], order, counts, offsets))

    def tokenize(self, text: str) -> TokenizedText:
        """The tokens the encoder sees of this text, with their places in it."""
        encoding = self._tokenizer.encode(text)
        special = encoding.special_tokens_mask
        spans = tuple((-1, -1) if s else span for span, s in zip(encoding.offsets, special, strict=True))
        words = tuple(-1 if word is None else word for word in encoding.word_ids)
        return TokenizedText(tuple(encoding.tokens), spans, words, bool(encoding.overflowing))

    def forget_queries(self) -> None:
        """Drop the remembered query vectors, so that a measurement encodes each query for real."""
        self._remembered.cache_clear()

    def _encode_query(self, text: str) -> EncodedQuery:
        tokenized = self.tokenize(text)
        states, mask = self._hidden_states([text])
        hidden = states[0][mask[0]].numpy()  # [n, dim]
        norms = np.maximum(np.linalg.norm(hidden, axis=1), 1e-12)  # [n]
        tokens = hidden / norms[:, None]  # [n, dim]
        pooled = _pool(states, mask)[0].numpy()  # [dim]
        weights = norms / max(float(np.linalg.norm(hidden.sum(axis=0))), 1e-12)  # [n]
        meta = None
        if self._meta is not None:
            read = self._meta_tokens(states, mask, is_query=True)
            vectors, counts, attention = (part[0].numpy() for part in read)
            meta = MetaQuery(vectors[1:], counts, attention[:, mask[0].numpy()])
        return EncodedQuery(
            pooled, tokens, weights, tokenized.pieces, tokenized.spans, tokenized.words, tokenized.truncated, meta
        )

    def _forward(self, texts: list[str]) -> EncodedPassages:
        """The vectors of one batch."""
        import torch

        with torch.inference_mode():
            states, mask = self._hidden_states(texts)
            rows = torch.nn.functional.normalize(states, dim=-1).half()[mask].numpy()  # [n_vectors, dim]
            offsets = np.concatenate([[0], np.cumsum(mask.sum(dim=1).numpy())])
            pooled = _pool(states, mask).numpy()
            if self._meta is None:
                return EncodedPassages(pooled, rows, offsets)
            vectors, _, attention = self._meta_tokens(states, mask, is_query=False)
            labels = attention.argmax(dim=1)[mask].to(torch.uint8).numpy()
            return EncodedPassages(pooled, rows, offsets, vectors[:, 1:].half().numpy(), labels)

    def _meta_tokens(self, states: Any, mask: Any, *, is_query: bool) -> Any:
        """What the meta tokens read from these states; see :meth:`MetaTokens.read`. On the CPU."""
        import torch

        with self._lock, torch.inference_mode():
            tokens = torch.nn.functional.normalize(states, dim=-1)
            inputs = [part.to(self.device.name) for part in (tokens, mask, _pool(states, mask))]
            return [part.float().cpu() for part in self._meta.read(*inputs, is_query=is_query)]

    def _hidden_states(self, texts: list[str]) -> tuple[Any, Any]:
        """The last hidden states, float32 [n, longest, dim], and which of them are no padding, bool [n, longest];
        both on the CPU."""
        import torch

        with self._lock, torch.inference_mode():
            features = self._model.preprocess(texts)
            mask = features["attention_mask"].bool().cpu()
            features = {k: v.to(self.device.name) if hasattr(v, "to") else v for k, v in features.items()}
            return self._model[0](features)["token_embeddings"].float().cpu(), mask


def _in_order(rows: np.ndarray, order: list[int], counts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Rows that lie text after text in this order, text after text in the order of the texts."""
    if order == list(range(len(order))):
        return rows
    sorted_rows = np.empty_like(rows)
    at = 0
    for i in order:
        sorted_rows[offsets[i] : offsets[i + 1]] = rows[at : at + counts[i]]
        at += counts[i]
    return sorted_rows


def _give_back_memory() -> None:
    """Return what the forward pass has freed to the system.

    Every batch has other shapes, so its large arrays leave holes that the next ones do not fit: without this, indexing
    2,560 passages grew from 0.6 to 1.2 GB, with it from 0.55 to 0.65 GB, at the same speed.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; other C libraries have none
        if trim is not None:
            trim(0)


def _pool(states: Any, mask: Any) -> Any:
    """Mean pooling without padding, L2-normalised, in fp32: [n, dim]."""
    import torch

    sums = (states * mask[:, :, None]).sum(dim=1)
    return torch.nn.functional.normalize(sums / mask.sum(dim=1, keepdim=True), dim=-1)


def _load(files: EncoderFiles, device: Device) -> Any:
    """Load through sentence-transformers, offline, with weights in the device's precision."""
    # oneDNN keeps a compiled kernel for every shape of batch it has met, 1,024 by default; lengths vary so much that
    # few are met again soon. Read at its first use, which is after this.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    respect_thread_limit()
    try:
        model = SentenceTransformer(str(files.folder), device=device.name, local_files_only=True)
    except Exception as error:
        raise ModelError(
            f"The model “{files.identity.name}” in {files.folder} cannot be loaded: {error}.", "Choose another model."
        ) from error
    if len(model) > 1 and getattr(model[1], "pooling_mode", "mean") != "mean":
        raise ModelError(
            f"The model “{files.identity.name}” pools by “{model[1].pooling_mode}”; only mean pooling is supported.",
            "Choose a model with mean pooling.",
        )
    # Weights in bf16 are as good as autocast (nDCG within 0.001 on Cranfield) and save the casts of every layer.
    return model.to(device.dtype).eval()


def load_meta(files: EncoderFiles, device: Device) -> Any:
    """The meta tokens that belong to an encoder. Raises ModelError: their files do not fit or are damaged."""
    from rankscope.core.encoding.meta_tokens import MetaTokens

    try:
        meta = MetaTokens.load(str(files.adapter))
        if meta.dim != files.identity.dim:
            raise ValueError(f"they have {meta.dim} dimensions, the encoder {files.identity.dim}")
    except Exception as error:
        raise ModelError(
            f"The meta tokens in {files.adapter} cannot be loaded: {error}.", "Choose another encoder."
        ) from error
    return meta.to(device.name).eval()


def _tokenizer(files: EncoderFiles) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files.tokenizer_json))
    tokenizer.enable_truncation(files.identity.max_tokens)
    tokenizer.no_padding()
    return tokenizer
