"""Meta tokens: a short, nested list of trained vectors for a text, read from the states of any token-level encoder.

MetaEmbed (arXiv 2509.18095) appends learnable tokens to a decoder's input and keeps their last states. In a
bidirectional encoder that disturbs the text's own states (appending 64 untrained tokens to all-MiniLM-L6-v2 lowers
CISI from .425 to .334). So these tokens read and never write: they attend to the text's last states and to earlier meta
tokens, in blocks of their own, and nothing attends to them. The backbone's outputs stay bit-identical, and the first r
of 64 vectors are what r meta tokens alone would give.

A meta token's last act is to point: its vector is the mean of the text's token vectors under its attention, moved by
a residual of low rank. What it stands for can therefore be read off exactly, without attention roll-out.
"""

from __future__ import annotations

from typing import Any

import torch
from sentence_transformers.base.modules import Module
from torch import Tensor, nn
from torch.nn import functional

from rankscope.core.budgets import LARGEST

SIDES = ("query", "document")
_NEVER = -1e4


class MetaTokens(Module):  # type: ignore[misc]
    """A sentence-transformers module behind a ``Transformer``, to make a ``MultiVectorEncoder`` of both.

    It replaces ``token_embeddings`` [n, longest, dim] by [n, R, dim], unit rows: first the backbone's own pooled vector
    (a residual on it lost .002 on the development sets), then the meta vectors, 15 for ``task="query"`` and 63 for
    documents. ``meta_attention`` [n, R - 1, longest] is what each attends to, ``meta_weights`` [n, R - 1] what it
    counts for in a score (1 for documents).

    Args:
        dim: of the backbone. blocks: of attention before the pointing. rank: of the residuals. heads: of attention.
        n_query, n_passage: vectors of either side, the pooled one included.
    """

    config_keys: list[str] = ["dim", "blocks", "rank", "heads", "n_query", "n_passage"]
    forward_kwargs: set[str] = {"task"}

    def __init__(
        self,
        dim: int,
        blocks: int = 1,
        rank: int = 64,
        heads: int = 6,
        n_query: int = LARGEST.r_q,
        n_passage: int = LARGEST.r_c,
    ) -> None:
        super().__init__()
        self.dim, self.blocks, self.rank, self.heads = dim, blocks, rank, heads
        self.n_query, self.n_passage = n_query, n_passage
        self.values = LowRank(dim, rank)
        self.readers = nn.ModuleDict(
            {side: Reader(dim, n - 1, blocks, rank, heads) for side, n in zip(SIDES, (n_query, n_passage), strict=True)}
        )
        self.importance = nn.Linear(dim, 1)
        nn.init.zeros_(self.importance.weight)
        nn.init.zeros_(self.importance.bias)

    def forward(self, features: dict[str, Any], task: str | None = None) -> dict[str, Any]:
        """Read the text's states. ``task`` is "query" or anything else for a document."""
        states, mask = features["token_embeddings"].float(), features["attention_mask"].bool()
        pooled = functional.normalize((states * mask[:, :, None]).sum(1), dim=-1)
        vectors, weights, attention = self.read(
            functional.normalize(states, dim=-1), mask, pooled, is_query=task == "query"
        )
        features["token_embeddings"], features["meta_weights"] = vectors, weights
        features["meta_attention"] = attention
        features["attention_mask"] = torch.ones(vectors.shape[:2], dtype=torch.bool, device=vectors.device)
        return features

    def read(self, tokens: Tensor, mask: Tensor, pooled: Tensor, *, is_query: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors [n, R, dim], weights [n, R - 1] and attention [n, R - 1, longest].

        Args:
            tokens: float32 [n, longest, dim], unit rows. mask: bool [n, longest], no padding. pooled: [n, dim].
        """
        values = functional.normalize(tokens + self.values(tokens), dim=-1)
        meta, attention = self.readers[SIDES[not is_query]](tokens, values, mask)
        weights = torch.ones_like(meta[:, :, 0])
        if is_query:
            weights = self.importance(meta * self.dim**0.5).squeeze(-1).clamp(-5, 5).exp()
        return torch.cat([pooled[:, None], meta], dim=1), weights, attention

    def bank(self, side: str) -> nn.Parameter:
        """The learnable start of one side's meta tokens, float32 [R - 1, dim]; ``side`` is of :data:`SIDES`."""
        reader = self.readers[side]
        assert isinstance(reader, Reader)
        return reader.bank

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Save the configuration and the weights, as sentence-transformers asks for."""
        self.save_config(output_path)
        self.save_torch_weights(output_path, safe_serialization=safe_serialization)

    @classmethod
    def load(cls, model_name_or_path: str, **kwargs: Any) -> MetaTokens:
        """Load what :meth:`save` saved, as sentence-transformers asks for."""
        hub = ("subfolder", "token", "cache_folder", "revision", "local_files_only")
        known = {key: kwargs[key] for key in hub if key in kwargs}
        model = cls(**cls.load_config(model_name_or_path, **known))
        return cls.load_torch_weights(model_name_or_path, model=model, **known)  # type: ignore[no-any-return]


class Reader(nn.Module):
    """One side's meta tokens: a bank of learnable vectors that attend to a text and then point at its tokens."""

    def __init__(self, dim: int, n: int, blocks: int, rank: int, heads: int) -> None:
        super().__init__()
        self.bank = nn.Parameter(torch.randn(n, dim) / dim**0.5)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(blocks)])
        self.point = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(3.0))  # logarithm: attention begins as a soft choice of a tenth
        self.residual = LowRank(dim, rank)
        self.own = nn.Parameter(torch.zeros(n, dim))
        nn.init.eye_(self.key.weight)
        nn.init.eye_(self.point.weight)

    def forward(self, tokens: Tensor, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Meta vectors [n, r, dim] and attention [n, r, longest]."""
        meta = self.bank[None].expand(len(tokens), -1, -1)
        read = meta
        for block in self.blocks:
            read = block(read, tokens * tokens.shape[-1] ** 0.5, mask)
        pointer = self.bank + self.point(read - meta)
        products = pointer @ self.key(tokens).transpose(1, 2) * self.sharpness.exp()  # [n, r, longest]
        attention = products.masked_fill(~mask[:, None], _NEVER).softmax(dim=-1)
        seen = attention @ values
        return functional.normalize(seen + self.residual(seen) + self.own, dim=-1), attention


class Block(nn.Module):
    """Pre-norm attention of meta tokens to themselves and earlier ones, to the text, and a small feed-forward part.

    It begins close to the identity, so that an untrained meta token is its bank vector.
    """

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(dim) for _ in range(3)])
        self.own = nn.Linear(dim, 3 * dim)
        self.own_out = nn.Linear(dim, dim)
        self.to_text = nn.Linear(dim, dim)
        self.text = nn.Linear(dim, 2 * dim)
        self.text_out = nn.Linear(dim, dim)
        self.widen = nn.Linear(dim, dim)
        self.narrow = nn.Linear(dim, dim)
        for last in (self.own_out, self.text_out, self.narrow):
            nn.init.zeros_(last.bias)
            with torch.no_grad():
                last.weight.mul_(0.1)

    def forward(self, meta: Tensor, text: Tensor, mask: Tensor) -> Tensor:
        query, key, value = (self._split(part) for part in self.own(self.norms[0](meta)).chunk(3, dim=-1))
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        meta = meta + self.own_out(seen.transpose(1, 2).flatten(2))
        key, value = (self._split(part) for part in self.text(text).chunk(2, dim=-1))
        query = self._split(self.to_text(self.norms[1](meta)))
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None])
        meta = meta + self.text_out(seen.transpose(1, 2).flatten(2))
        return meta + self.narrow(functional.gelu(self.widen(self.norms[2](meta))))

    def _split(self, vectors: Tensor) -> Tensor:
        return vectors.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class LowRank(nn.Module):
    """A residual of low rank that begins at zero: unit rows [..., dim] to [..., dim]."""

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, rank)
        self.outer = nn.Linear(rank, dim, bias=False)
        self.scale = dim**0.5 / 2
        nn.init.zeros_(self.outer.weight)

    def forward(self, vectors: Tensor) -> Tensor:
        return self.outer(functional.gelu(self.inner(vectors * self.scale)))
