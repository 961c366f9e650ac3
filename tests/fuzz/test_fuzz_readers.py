"""Whatever a file holds, reading it gives a document or a reason, and the program goes on.

The short form spoils a few files of each format in every run of the tests. ``make fuzz`` spoils 10,000 of each
(RANKSCOPE_FUZZ sets the number). What was ever found has become a test of its reader.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.registry import FORMATS
from rankscope.core.encoding.registry import resolve
from tests.fuzz.mutations import mutations
from tests.fuzz.seeds import seeds

EXAMPLES = int(os.environ.get("RANKSCOPE_FUZZ", "20"))
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "docs"
REASONS = {
    "unreadable", "empty", "encrypted", "damaged", "wrong type", "no text", "needs OCR", "unsupported", "too large",
    "too deep", "changing", "vanished", "timed out", "crashed",
}  # fmt: skip
NAMES = sorted(name for name, entry in FORMATS.items() if entry.module != "refused")
pytestmark = pytest.mark.timeout(24 * 3600 if EXAMPLES > 1000 else 300)


@pytest.fixture(scope="module")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(resolve().tokenizer_json, timeout=20, recognition_timeout=20) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_a_spoiled_file_is_a_document_or_has_a_reason(name: str, pool: ReaderPool, tmp_path: Path) -> None:
    originals = seeds(name, tmp_path, REAL if REAL.is_dir() else None)
    file = tmp_path / f"spoiled{FORMATS[name].suffixes[0]}"
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True
    )
    @given(st.integers(0, len(originals) - 1), mutations(zipped=FORMATS[name].family == "zip"))
    def spoil(which: int, changes: list) -> None:  # type: ignore[type-arg]
        data = originals[which]
        for change in changes:
            data = change(data)[:2_000_000]
        file.write_bytes(data)
        document = pool.read(str(file))
        assert (document.extraction is None) != (document.failure is None)
        if document.failure is not None:
            assert document.failure.reason in REASONS
            assert file.name in document.failure.message, document.failure.message
            outcomes[document.failure.reason] += 1
        else:
            assert document.extraction is not None and "\x00" not in document.extraction.text
            outcomes["read"] += 1

    spoil()
    assert {path.name for path in tmp_path.iterdir()} <= {file.name, *(p.name for p in tmp_path.glob("made*"))}
    print(f"{name}: {sum(outcomes.values()):,} files, {dict(outcomes.most_common())}")
