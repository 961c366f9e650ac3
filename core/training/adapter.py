"""Trained meta tokens as files: weights, configuration, how they were trained, and a model card.

The folder is a sentence-transformers module. With the backbone in front it makes an ordinary ``MultiVectorEncoder``
(:func:`as_multi_vector_encoder`) that saves, loads and can be published.
"""

from __future__ import annotations

import json
import platform
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rankscope.core.budgets import BUDGETS
from rankscope.core.encoding.encoder import load_meta
from rankscope.core.encoding.registry import ADAPTER_NOTE, EncoderFiles, EncoderIdentity
from rankscope.core.storage.files import write_atomically
from rankscope.core.training.pairs import Pairs
from rankscope.core.version import __version__

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

    from rankscope.core.encoding.meta_tokens import MetaTokens


def save_adapter(
    folder: Path,
    model: MetaTokens,
    encoder: EncoderIdentity,
    settings: dict[str, Any],
    pairs: Pairs,
    curve: list[dict[str, Any]],
) -> None:
    """Write trained meta tokens into a folder. Raises OSError.

    The note is written last: a folder without it is no adapter.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.cpu().save(str(folder))
    sources = dict(sorted(Counter(pair.source for pair in pairs.pairs).items()))
    note = {
        "encoder": {"name": encoder.name, "revision": encoder.revision, "sha256": encoder.sha256},
        "settings": settings,
        "pairs": {"sha256": pairs.sha256, "sources": sources},
        "rankscope": __version__,
        "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "curve": curve,
    }
    (folder / "README.md").write_text(_card(note), "utf-8")
    write_atomically(folder / ADAPTER_NOTE, (json.dumps(note, indent=1) + "\n").encode())


def as_multi_vector_encoder(files: EncoderFiles) -> MultiVectorEncoder:
    """Backbone and meta tokens as one sentence-transformers model, in float32 on the CPU.

    Its vectors are those of Rankscope: the pooled vector first, then the meta vectors; slice them to a budget.

    Raises:
        ModelError: the meta tokens cannot be loaded.
    """
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Transformer

    from rankscope.core.encoding.device import choose_device

    backbone = Transformer(str(files.folder), max_seq_length=files.identity.max_tokens)
    return MultiVectorEncoder(modules=[backbone, load_meta(files, choose_device("cpu"))], device="cpu")


def _card(note: dict[str, Any]) -> str:
    encoder, curve = note["encoder"], note["curve"]
    total = sum(note["pairs"]["sources"].values())
    sources = "\n".join(f"- {name}: {count:,} pairs" for name, count in note["pairs"]["sources"].items())
    settings = ", ".join(f"{name} {value}" for name, value in note["settings"].items())
    last: dict[str, Any] = curve[-1] if curve else {"step": 0, "mrr": (), "seconds": 0}
    rows = "\n".join(
        f"| ({budget.r_q},{budget.r_c}) | {mrr:.3f} |" for budget, mrr in zip(BUDGETS, last["mrr"], strict=False)
    )
    return f"""# Meta tokens for {encoder["name"]}

Reads the states of {encoder["name"]} (revision {encoder["revision"]}, weights {encoder["sha256"][:12]}) and gives
nested vectors: up to 16 of a query, up to 64 of a passage; the first of each is the encoder's own pooled vector.

Trained with `rankscope train meta`, Rankscope {note["rankscope"]}, in {last["seconds"]:,.0f} seconds after the text
pass, on {note["machine"]}.

## Data
{total:,} pairs:

{sources}

## Settings
{settings}

## On pairs held out
MRR@10 among the passages of the held-out pairs and four times as many others:

| budget | MRR@10 |
|---|---|
{rows}
"""
