"""The meta tokens that are shipped: they load by name, fit the offline encoder, and know what they were trained for."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rankscope.core.budgets import BUDGETS
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.registry import ADAPTER_NOTE, OFFLINE_DEFAULT, SHIPPED_META, resolve
from rankscope.core.ranking.levels import at_budget

QUESTION = "How do I list the files of a folder by size?"
ANSWER = "Use ls with -S: it sorts by file size, the largest first. Add -l to see the sizes."
OTHERS = (
    "A rotor vibrates at its critical speeds; bearings and seals damp the vibration of the shaft.",
    "Peel the onions, fry them in butter, add stock and bread, and let the soup simmer for an hour.",
    "The folder holds the minutes of the meetings of the committee on the size of the harbour.",
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(SHIPPED_META, "cpu")


def test_they_belong_to_the_offline_encoder_and_are_small(encoder: Encoder) -> None:
    files = resolve(SHIPPED_META)
    assert files.adapter is not None and files.folder == resolve(OFFLINE_DEFAULT).folder
    assert sum(path.stat().st_size for path in files.adapter.iterdir()) < 20e6
    note = json.loads((files.adapter / ADAPTER_NOTE).read_text("utf-8"))
    assert note["encoder"]["sha256"] == resolve(OFFLINE_DEFAULT).identity.sha256
    assert note["settings"]["steps"] == note["curve"][-1]["step"]
    assert "enron" not in "".join(note["pairs"]["sources"]), "for experiments only"


def test_they_find_the_answer_at_every_budget(encoder: Encoder) -> None:
    query, passages = encoder.encode_query(QUESTION), encoder.encode_passages([ANSWER, *OTHERS])
    assert query.meta is not None and passages.meta is not None
    for budget in BUDGETS:
        level = at_budget(query, budget)
        scores = passages.pooled @ query.pooled
        if len(level.vectors):
            held = passages.meta[:, : budget.r_c - 1].astype(np.float32)
            scores = scores + np.einsum("rd,ncd->nrc", level.vectors, held).max(axis=2) @ level.counts
        assert scores.argmax() == 0
    spread = passages.meta[0].astype(np.float32)
    assert np.linalg.matrix_rank(spread, tol=0.05) > 8, "they are not one vector over and over"
