"""Meta tokens read and never write: the backbone stays what it is, and a prefix of the vectors needs no more tokens."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.append(str(Path(__file__).parents[1]))  # for tiny_models

from tiny_models import make_model

from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.meta_tokens import SIDES, MetaTokens
from rankscope.core.encoding.registry import resolve
from rankscope.core.training.adapter import as_multi_vector_encoder, save_adapter
from rankscope.core.training.pairs import Pair, Pairs

TEXTS = ["The rotor cracks when the load changes.", "Soup.", "Seals leak. " * 9]
DIM = 32


def moved(blocks: int, n_passage: int = 64) -> MetaTokens:
    """Meta tokens away from their start, as training leaves them."""
    torch.manual_seed(3)
    model = MetaTokens(DIM, blocks=blocks, rank=4, heads=2, n_passage=n_passage)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    return model.eval()


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_model(tmp_path_factory.mktemp("backbone"), ("rotor", "the", "soup", "seals", "leak"))


@pytest.fixture(scope="module", params=[0, 1])
def adapter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, backbone: str) -> str:
    folder = tmp_path_factory.mktemp("adapter") / "meta"
    pairs = Pairs((Pair("query", "passage", "test"),))
    save_adapter(folder, moved(request.param), resolve(backbone).identity, {}, pairs, [])
    return str(folder)


def test_the_backbones_vectors_stay_bit_identical(adapter: str, backbone: str) -> None:
    plain, with_meta = Encoder.load(backbone, "cpu"), Encoder.load(adapter, "cpu")
    a, b = plain.encode_passages(TEXTS), with_meta.encode_passages(TEXTS)
    assert (a.pooled == b.pooled).all() and (a.tokens == b.tokens).all() and (a.offsets == b.offsets).all()
    one, other = plain.encode_query(TEXTS[0]), with_meta.encode_query(TEXTS[0])
    assert (one.pooled == other.pooled).all() and (one.tokens == other.tokens).all()
    assert one.meta is None and other.meta is not None
    assert plain.identity.kind == "token-level" and with_meta.identity.kind == "meta-token"
    assert plain.identity.sha256 != with_meta.identity.sha256


@pytest.mark.parametrize("blocks", [0, 1, 2])
@pytest.mark.parametrize("r", [2, 5, 16])
def test_a_prefix_is_what_so_many_meta_tokens_alone_give(blocks: int, r: int) -> None:
    whole, short = moved(blocks), moved(blocks, n_passage=r)
    short.load_state_dict(
        {name: value[: r - 1] if name.endswith(("document.bank", "document.own")) else value
         for name, value in whole.state_dict().items()}
    )  # fmt: skip
    tokens = torch.nn.functional.normalize(torch.randn(3, 11, DIM), dim=-1)
    mask = torch.arange(11)[None] < torch.tensor([11, 4, 1])[:, None]
    with torch.no_grad():
        all_vectors, _, attention = whole.read(tokens, mask, tokens[:, 0], is_query=False)
        few, _, _ = short.read(tokens, mask, tokens[:, 0], is_query=False)
    assert few.shape[1] == r
    torch.testing.assert_close(few, all_vectors[:, :r], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(attention.sum(-1), torch.ones(3, 63))
    assert (attention.masked_select(~mask[:, None]) == 0).all(), "padding is never attended to"


def test_vectors_do_not_depend_on_the_company(adapter: str) -> None:
    encoder = Encoder.load(adapter, "cpu")
    together, alone = encoder.encode_passages(TEXTS), encoder.encode_passages(TEXTS[1:2])
    assert together.meta is not None and alone.meta is not None and together.labels is not None
    assert np.abs(together.meta[1].astype(np.float32) - alone.meta[0].astype(np.float32)).max() < 2e-3
    assert np.linalg.norm(together.meta.astype(np.float32), axis=-1) == pytest.approx(1.0, abs=2e-3)
    assert len(together.labels) == len(together.tokens) and together.labels.max() < 63
    reversed_ = encoder.encode_passages(TEXTS[::-1])
    assert reversed_.labels is not None
    assert (reversed_.labels[reversed_.offsets[2] :] == together.labels[: together.offsets[1]]).all()


def test_it_is_an_ordinary_multi_vector_encoder(adapter: str, tmp_path: Path) -> None:
    from sentence_transformers import MultiVectorEncoder

    model = as_multi_vector_encoder(resolve(adapter))
    model.save(str(tmp_path / "published"))
    loaded = MultiVectorEncoder(str(tmp_path / "published"), device="cpu", trust_remote_code=True)
    encoder = Encoder.load(adapter, "cpu")
    own = encoder.encode_passages(TEXTS)
    assert own.meta is not None
    for i, vectors in enumerate(loaded.encode_document(TEXTS)):
        assert vectors.shape == (64, DIM)
        assert np.abs(np.asarray(vectors[0]) - own.pooled[i]).max() < 0.02
        assert np.abs(np.asarray(vectors[1:]) - own.meta[i].astype(np.float32)).max() < 0.05
    query = loaded.encode_query(TEXTS[0])
    assert query.shape == (16, DIM)
    assert loaded.similarity([query], [vectors]).shape == (1, 1)


def test_both_sides_have_their_own_bank() -> None:
    model = moved(0)
    assert model.bank(SIDES[0]).shape == (15, DIM) and model.bank(SIDES[1]).shape == (63, DIM)
