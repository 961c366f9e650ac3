"""The real offline encoder: identity, agreement with plain sentence-transformers, invariances."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from rankscope.core.encoding import registry
from rankscope.core.encoding.device import NAMES, choose_device
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.errors import ModelError, UsageError

TEXTS = [
    "Blades crack under thermal load.",
    "MaxSim adds up, for each query token, the best match in the passage. " * 12,
    "Suppe",
    "Fatigue grows with every cycle until the root of the blade breaks.",
    "word " * 2_000,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load()


@pytest.fixture(scope="module")
def reference() -> object:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(registry.resolve().folder), device="cpu")


def test_identity_of_the_offline_default(encoder: Encoder) -> None:
    assert encoder.identity.dim == 384 and encoder.identity.max_tokens == 256
    assert encoder.identity.sha256.startswith("53aa5117")


def test_pooled_vectors_are_those_of_sentence_transformers(encoder: Encoder, reference: object) -> None:
    expected = reference.encode(TEXTS)  # type: ignore[attr-defined]
    cosines = (encoder.encode_passages(TEXTS).pooled * expected).sum(axis=1)
    assert cosines.min() > 0.9995
    query = encoder.encode_query(TEXTS[0])
    assert float(query.pooled @ expected[0]) > 0.9995


def test_token_vectors_are_unit_and_one_per_token(encoder: Encoder) -> None:
    encoded = encoder.encode_passages(TEXTS)
    assert np.linalg.norm(encoded.tokens.astype(np.float32), axis=1) == pytest.approx(1.0, abs=2e-3)
    for i, text in enumerate(TEXTS):
        assert encoded.offsets[i + 1] - encoded.offsets[i] == len(encoder.tokenize(text).pieces) <= 256
    assert encoder.tokenize(TEXTS[-1]).truncated and not encoder.tokenize(TEXTS[0]).truncated


def test_a_passage_is_the_same_in_any_batch(encoder: Encoder) -> None:
    together = encoder.encode_passages(TEXTS)
    for i, text in enumerate(TEXTS):
        alone = encoder.encode_passages([text])
        assert float(alone.pooled[0] @ together.pooled[i]) > 0.999
        mine = together.tokens[together.offsets[i] : together.offsets[i + 1]].astype(np.float32)
        assert (mine * alone.tokens.astype(np.float32)).sum(axis=1).min() > 0.99


def test_a_limit_to_the_threads_changes_no_vector(encoder: Encoder) -> None:
    """Under OMP_THREAD_LIMIT torch would leave a part of its work undone."""
    program = (
        "import sys, numpy as np; from rankscope.core.encoding.encoder import Encoder;"
        "np.save(sys.argv[1], Encoder.load().encode_passages(sys.argv[2:]).pooled)"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pooled.npy"
        subprocess.run(
            [sys.executable, "-c", program, str(file), *TEXTS],
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=True,
            capture_output=True,
        )
        limited = np.load(file)
    assert (limited * encoder.encode_passages(TEXTS).pooled).sum(axis=1).min() > 0.999


def test_the_pooled_query_is_the_weighted_sum_of_its_tokens(encoder: Encoder) -> None:
    query = encoder.encode_query("what drives turbine blade fatigue?")
    assert query.weights @ query.tokens == pytest.approx(query.pooled, abs=1e-5)
    assert [query.pieces[0], query.pieces[-1]] == ["[CLS]", "[SEP]"]
    assert [("what drives turbine blade fatigue?")[a:b] for a, b in query.spans if a >= 0][:3] == [
        "what",
        "drives",
        "turbine",
    ]


def test_empty_input(encoder: Encoder) -> None:
    encoded = encoder.encode_passages([])
    assert encoded.pooled.shape == (0, 384) and encoded.offsets.tolist() == [0]
    assert len(encoder.encode_passages([""]).tokens) == 2  # [CLS] and [SEP]


def test_a_local_folder_loads_through_the_same_code(tmp_path: Path) -> None:
    """A tiny model of the same architecture, made here."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel

    backbone = tmp_path / "backbone"
    BertModel(
        BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48)
    ).save_pretrained(backbone)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        source = registry.resolve().folder / name
        if source.exists():
            shutil.copy(source, backbone / name)
    transformer = Transformer(str(backbone), max_seq_length=64)
    folder = tmp_path / "tiny"
    SentenceTransformer(modules=[transformer, Pooling(32, pooling_mode="mean")], device="cpu").save(str(folder))
    tiny = Encoder.load(str(folder), "cpu")
    assert (tiny.identity.dim, tiny.identity.max_tokens) == (32, 64)
    encoded = tiny.encode_passages(["hello world", "a " * 100])
    assert encoded.pooled.shape == (2, 32) and int(np.diff(encoded.offsets)[1]) == 64
    (folder / "config.json").write_text("{")
    registry.resolve.cache_clear()
    with pytest.raises(ModelError, match=r"config\.json"):
        registry.resolve(str(folder))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"lacks the file model\.safetensors"):
        registry.resolve(str(folder))
    registry.resolve.cache_clear()


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    registry.resolve.cache_clear()
    monkeypatch.setattr(registry, "_OFFLINE_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the ones they should be"):
        registry.resolve()
    registry.resolve.cache_clear()


def test_devices() -> None:
    assert choose_device().name in NAMES
    assert choose_device("cpu").label.startswith("CPU")
    with pytest.raises(UsageError, match="no device"):
        choose_device("abacus")


@pytest.mark.gpu
def test_a_gpu_gives_the_same_vectors() -> None:
    device = choose_device()
    if device.name == "cpu":
        pytest.skip("no accelerator here")
    on_gpu, on_cpu = Encoder.load(device=device.name), Encoder.load(device="cpu")
    gpu, cpu = on_gpu.encode_passages(TEXTS), on_cpu.encode_passages(TEXTS)
    assert (gpu.pooled * cpu.pooled).sum(axis=1).min() > 0.999
    assert (gpu.tokens.astype(np.float32) * cpu.tokens.astype(np.float32)).sum(axis=1).min() > 0.98
