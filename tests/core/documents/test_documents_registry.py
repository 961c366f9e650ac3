"""The list of formats, and that reading it imports no library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rankscope.core.documents.registry import FORMATS, format_of, members_of, reader, recogniser, supported_suffixes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.PDF", "pdf"),
        ("b.docx", "docx"),
        ("c.tar.HTM", "html"),
        ("d.markdown", "md"),
        ("e.Log", "txt"),
        ("f.png", "image"),
        ("g.Tsv", "csv"),
        ("h.jsonl", "json"),
        ("i.opml", "xml"),
        ("j.cpp", "code"),
        ("k.rst", "rst"),
        ("l.org", "org"),
        ("m.tar.gz", "tar"),
        ("n.doc", "doc"),
        ("README", "txt"),
        ("pdf", "txt"),
        (".bashrc", "txt"),
        ("o.exe", None),
        ("p.ipynb", None),
        ("q.", "txt"),
    ],
)
def test_the_name_promises_the_format(name, expected):
    assert format_of(name) == expected
    assert format_of(Path("folder.pdf") / name) == expected


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_reader(name):
    assert callable(reader(name))
    assert (members_of(name) is not None) is FORMATS[name].container


def test_every_suffix_stands_for_one_format():
    suffixes = [suffix for entry in FORMATS.values() for suffix in entry.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert tuple(sorted(suffixes)) == supported_suffixes()
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)


def test_texts_are_not_read_by_ocr():
    assert recogniser("txt") is None
    assert recogniser("html") is None


def test_listing_formats_imports_no_library():
    code = (
        "import sys; from rankscope.core.documents.registry import supported_suffixes; supported_suffixes();"
        "import rankscope.core.documents.scan, rankscope.core.documents.reading;"
        "print([name for name in ('pypdfium2', 'lxml', 'docx', 'markdown_it', 'tokenizers', 'numpy', 'torch',"
        " 'tree_sitter', 'charset_normalizer', 'openpyxl', 'pptx', 'PIL') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
