"""Damaged and hostile files give passages or a reason, within their time limit, and never end the program."""

from __future__ import annotations

import time

import pytest

from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.scan import scan

REASONS = {
    "bitrot.pdf": {"damaged"},
    "deep.json": {"too deep"},
    "header-only.pdf": {"damaged"},
    "text-named.pdf": {"wrong type"},
    "trailing-garbage.pdf": {"damaged"},
    "truncated-half.pdf": {"damaged"},
    "truncated.docx": {"damaged"},
    "zero-bytes.pdf": {"empty"},
    "zip-not-docx.docx": {"wrong type"},
    "zipbomb-200MB.docx": {"too large"},
}
TIMEOUT = 30.0


def check(folder, tokenizer_json, spool):
    """Each file's reason, or None for one that was read."""
    outcome = {}
    with ReaderPool(tokenizer_json, spool=spool, timeout=TIMEOUT, recognition_timeout=TIMEOUT) as pool:
        last = time.monotonic()
        for found, document in pool.results(scan(folder)):
            name = found.path.rsplit("/", 1)[-1]
            assert time.monotonic() - last < 2 * TIMEOUT + 10, name
            last = time.monotonic()
            assert bool(document.passages or document.members) is not bool(document.failure), name
            outcome[name] = document.failure.reason if document.failure else None
            if document.failure:
                assert document.failure.message.endswith(".") and document.failure.remedy.endswith("."), name
                continue
            text = document.extraction.text
            text.encode("utf-8")
            assert "\x00" not in text
            for passage in document.passages:
                assert text[passage.start : passage.end].strip() and passage.n_tokens <= 256, name
    assert not spool.exists()
    return outcome


def test_handmade_files(shared_data, tokenizer_json, tmp_path):
    folder = shared_data / "broken" / "handmade"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    outcome = check(folder, tokenizer_json, tmp_path / "spool")
    assert len(outcome) >= 16
    assert {name: {reason} for name, reason in outcome.items() if reason} == REASONS


@pytest.mark.parametrize("name", ["pdfjs", "verapdf", "unstructured", "docling"])
def test_collected_files(shared_data, tokenizer_json, tmp_path, name):
    folder = shared_data / "broken" / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    outcome = check(folder, tokenizer_json, tmp_path / "spool")
    assert outcome
    assert set(outcome.values()) <= {
        None, "damaged", "no text", "encrypted", "wrong type", "empty", "crashed", "unsupported", "needs OCR", "too large",
    }  # fmt: skip
