"""Real office files, whole and broken: each is read or has a reason that fits."""

from __future__ import annotations

import pytest

from rankscope.core.documents.reading import read_document

SUFFIXES = frozenset(".docx .pptx .xlsx .xls .odt .rtf .epub .doc .ppt .pages .heic .p7s".split())
REASONS = {
    ".doc": "unsupported",
    ".ppt": "unsupported",
    ".pages": "unsupported",
    ".heic": "unsupported",
    ".p7s": "unsupported",
    "eng_spa_mult.doc": "",  # new files under old names
    "eng_spa_mult.ppt": "",
    "empty.xlsx": "no text",
    "password_protected.xlsx": "encrypted",
    "picture.pptx": "no text",
    "test-image-jpg-mime.pptx": "no text",
    "truncated.docx": "damaged",
    "zip-not-docx.docx": "wrong type",
    "zipbomb-200MB.docx": "too large",
}


@pytest.mark.parametrize(
    "folder", ["docs/office-zoo-unstructured", "broken/unstructured", "broken/docling", "broken/handmade"]
)
def test_every_file_is_read_or_has_its_reason(shared_data, make_chunker, folder):
    if not (shared_data / folder).is_dir():
        pytest.skip(f"no {shared_data / folder}")
    files = [path for path in sorted((shared_data / folder).rglob("*")) if path.suffix in SUFFIXES]
    assert files
    chunker = make_chunker()
    for path in files:
        document = read_document(path, chunker)
        expected = REASONS.get(path.name, REASONS.get(path.suffix, ""))
        assert (document.failure.reason if document.failure else "") == expected, path.name
        assert document.passages or expected, path.name
