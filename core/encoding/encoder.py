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
    ``tokens[offsets[i]:offsets[i + 1]]`` (``offsets`` int64 [n + 1])."""

    pooled: np.ndarray
    tokens: np.ndarray
    offsets: np.ndarray


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """``pooled`` float32 [dim] and ``tokens`` float32 [n, dim], L2-normalised.

    ``weights`` float32 [n]: what each token vector weighs in the pooled one, ``pooled = weights @ tokens``.
    ``spans`` are the tokens' (start, end) in the query, (-1, -1) for special tokens; ``truncated`` tells that
    the query was longer than the encoder reads.
    """

    pooled: np.ndarray
    tokens: np.ndarray
    weights: np.ndarray
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    words: tuple[int, ...]
    truncated: bool


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
        filled = 0
        for start in range(0, len(order), BATCH_SIZE):
            stop_if(cancelled)
            batch = order[start : start + BATCH_SIZE]
            pooled[batch], rows, counts[batch] = self._forward([texts[i] for i in batch])
            block[filled : filled + len(rows)] = rows
            filled += len(rows)
            _give_back_memory()
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        if order == list(range(len(texts))):
            return EncodedPassages(pooled, block[:filled], offsets)
        tokens = np.empty((filled, dim), np.float16)
        at = 0
        for i in order:
            tokens[offsets[i] : offsets[i + 1]] = block[at : at + counts[i]]
            at += counts[i]
        return EncodedPassages(pooled, tokens, offsets)

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
        return EncodedQuery(
            pooled, tokens, weights, tokenized.pieces, tokenized.spans, tokenized.words, tokenized.truncated
        )

    def _forward(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pooled float32 [n, dim], token rows float16 [n_vectors, dim] text after text, counts int64 [n]."""
        import torch

        with torch.inference_mode():
            states, mask = self._hidden_states(texts)
            rows = torch.nn.functional.normalize(states, dim=-1).half()[mask]  # [n_vectors, dim]
            return _pool(states, mask).numpy(), rows.numpy(), mask.sum(dim=1).numpy()

    def _hidden_states(self, texts: list[str]) -> tuple[Any, Any]:
        """The last hidden states, float32 [n, longest, dim], and which of them are no padding, bool [n, longest];
        both on the CPU."""
        import torch

        with self._lock, torch.inference_mode():
            features = self._model.preprocess(texts)
            mask = features["attention_mask"].bool().cpu()
            features = {k: v.to(self.device.name) if hasattr(v, "to") else v for k, v in features.items()}
            return self._model[0](features)["token_embeddings"].float().cpu(), mask


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


def _tokenizer(files: EncoderFiles) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(files.tokenizer_json))
    tokenizer.enable_truncation(files.identity.max_tokens)
    tokenizer.no_padding()
    return tokenizer
