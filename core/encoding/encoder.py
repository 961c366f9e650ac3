"""Text to vectors: one forward pass gives the pooled vector and every token's vector.

A single-vector model serves as a late-interaction encoder without training: the last hidden state of each token,
L2-normalised, special tokens included, scored with MaxSim (Khattab and Zaharia, "ColBERT", SIGIR 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np

from rankscope.core.encoding.device import Device, choose_device
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
        self.encode_query: Callable[[str], EncodedQuery] = lru_cache(maxsize=64)(self._encode_query)

    @classmethod
    def load(cls, name: str = OFFLINE_DEFAULT, device: str = "auto") -> Encoder:
        """Load an encoder by name (see :func:`rankscope.core.encoding.registry.resolve`)."""
        return cls(resolve(name), choose_device(device))

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
        pooled = np.empty((len(texts), self.identity.dim), np.float32)
        tokens: list[np.ndarray] = [np.empty((0, self.identity.dim), np.float16)] * len(texts)
        for start in range(0, len(order), BATCH_SIZE):
            stop_if(cancelled)
            batch = order[start : start + BATCH_SIZE]
            for index, (vector, matrix) in zip(batch, self._forward([texts[i] for i in batch]), strict=True):
                pooled[index] = vector
                tokens[index] = matrix
        counts = [len(matrix) for matrix in tokens]
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        stacked = np.concatenate(tokens) if tokens else np.empty((0, self.identity.dim), np.float16)
        return EncodedPassages(pooled, stacked, offsets)

    def tokenize(self, text: str) -> TokenizedText:
        """The tokens the encoder sees of this text, with their places in it."""
        encoding = self._tokenizer.encode(text)
        special = encoding.special_tokens_mask
        spans = tuple((-1, -1) if s else span for span, s in zip(encoding.offsets, special, strict=True))
        words = tuple(-1 if word is None else word for word in encoding.word_ids)
        return TokenizedText(tuple(encoding.tokens), spans, words, bool(encoding.overflowing))

    def _encode_query(self, text: str) -> EncodedQuery:
        tokenized = self.tokenize(text)
        raw = self._hidden_states([text])
        hidden = raw[0][: len(tokenized.pieces)].numpy()  # [n, dim]
        norms = np.maximum(np.linalg.norm(hidden, axis=1), 1e-12)  # [n]
        tokens = hidden / norms[:, None]  # [n, dim]
        pooled = self._pool(raw)[0]  # [dim]
        weights = norms / max(float(np.linalg.norm(hidden.sum(axis=0))), 1e-12)  # [n]
        return EncodedQuery(
            pooled, tokens, weights, tokenized.pieces, tokenized.spans, tokenized.words, tokenized.truncated
        )

    def _forward(self, texts: list[str]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        import torch

        hidden = self._hidden_states(texts)
        pooled = self._pool(hidden)
        for matrix, vector in zip(hidden, pooled, strict=True):
            yield vector, torch.nn.functional.normalize(matrix, dim=-1).half().numpy()

    def _hidden_states(self, texts: list[str]) -> list[Any]:
        """The last hidden states of each text without padding: list of float32 tensors [n_tokens, dim] on the CPU."""
        import torch

        with self._lock, torch.inference_mode():
            features = self._model.preprocess(texts)
            mask = features["attention_mask"]
            features = {k: v.to(self.device.name) if hasattr(v, "to") else v for k, v in features.items()}
            hidden = self._model[0](features)["token_embeddings"].float().cpu()  # [n, longest, dim]
        return [states[: int(count)] for states, count in zip(hidden, mask.sum(dim=1), strict=True)]

    def _pool(self, hidden: list[Any]) -> np.ndarray:
        """Mean pooling, L2-normalised, in fp32: float32 [n, dim]."""
        import torch

        means = torch.stack([states.mean(dim=0) for states in hidden])
        return torch.nn.functional.normalize(means, dim=-1).numpy()


def _load(files: EncoderFiles, device: Device) -> Any:
    """Load through sentence-transformers, offline, with weights in the device's precision."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
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
