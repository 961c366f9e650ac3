"""The list of formats, and that reading it imports no library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rankscope.core.documents.registry import FORMATS, format_of, reader, supported_suffixes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.PDF", "pdf"),
        ("b.docx", "docx"),
        ("c.tar.HTM", "html"),
        ("d.markdown", "md"),
        ("e.Log", "txt"),
        ("f.png", None),
        ("pdf", None),
        (".pdf", None),
        ("g", None),
        ("h.doc", None),
    ],
)
def test_the_name_promises_the_format(name, expected):
    assert format_of(name) == expected
    assert format_of(Path("folder.pdf") / name) == expected


def test_every_suffix_has_a_reader():
    assert set(supported_suffixes()) >= {".txt", ".md", ".html", ".pdf", ".docx", ".xhtml", ".text"}
    for name in FORMATS:
        assert callable(reader(name))


def test_listing_formats_imports_no_library():
    code = (
        "import sys; from rankscope.core.documents.registry import supported_suffixes; supported_suffixes();"
        "import rankscope.core.documents.scan, rankscope.core.documents.reading;"
        "print([name for name in ('pypdfium2', 'lxml', 'docx', 'markdown_it', 'tokenizers', 'numpy', 'torch')"
        " if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
