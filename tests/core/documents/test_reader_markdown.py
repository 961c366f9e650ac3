"""Markdown as a person sees it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents.places import Places
from rankscope.core.documents.readers.markdown import read

SOURCE = """---
title: "The handbook"
author: Ada
date: 2024-03-01
---
# First *things* first

A paragraph with **bold**, `code()`, a [link](https://example.org), an
![image of a blade](x.png) and a <b>tag</b>.

- one
- two
  1. inner
  2. inner too

> quoted

```python
def f():
    return 1
```

| a | b |
|---|---|
| 1 | 2 |

## Second

<div><p>In <i>HTML</i></p></div>
"""


def test_text_headings_and_front_matter(tmp_path):
    path = tmp_path / "file.md"
    path.write_text(SOURCE, encoding="utf-8")
    extraction = read(path)
    assert extraction.text == (
        "First things first\n\n"
        "A paragraph with bold, code(), a link, an image of a blade and a tag.\n\n"
        "- one\n- two\n  1. inner\n  2. inner too\n\n"
        "quoted\n\n"
        "def f():\n    return 1\n\n"
        "a\tb\n1\t2\n\n"
        "Second\n\n"
        "In HTML"
    )
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [
        ("First things first", 1),
        ("Second", 2),
    ]
    assert (extraction.title, extraction.author, extraction.created) == ("The handbook", "Ada", "2024-03-01")


def test_each_block_knows_its_line_in_the_file(tmp_path):
    path = tmp_path / "file.md"
    path.write_text(SOURCE, encoding="utf-8")
    extraction = read(path)
    places = Places(extraction)
    for shown, source in (
        ("First", "# First"),
        ("A paragraph", "A paragraph"),
        ("two", "- two"),
        ("inner too", "  2. inner too"),
        ("quoted", "> quoted"),
        ("def f", "```python"),
        ("1\t2", "| 1 | 2 |"),
        ("Second", "## Second"),
        ("In HTML", "<div>"),
    ):
        line = SOURCE.count("\n", 0, SOURCE.index(f"\n{source}") + 1) + 1
        assert places.name(extraction.text.index(shown)) == f"line {line}", shown


def test_footnotes_and_deep_lists_keep_their_text(tmp_path):
    path = tmp_path / "file.md"
    path.write_text("Text[^1].\n\n[^1]: https://example.org/source\n")
    assert read(path).text == "Text[^1].\n\n[^1]: https://example.org/source"
    path.write_text("".join("  " * level + f"- level {level}\n" for level in range(40)))
    assert "level 39" in read(path).text


def test_a_very_long_file_is_read_as_text_with_headings(tmp_path):
    path = tmp_path / "file.md"
    path.write_text("# Title\n\nSome *text*.\n\n" * 300_000)
    extraction = read(path)
    assert extraction.text[extraction.headings[1].start :].startswith("Title\n\nSome *text*.")
    assert extraction.numbered_lines and "very long" in extraction.warnings[0]


@pytest.mark.parametrize("source", ["> " * 100_000, "[" * 30_000, "<div>" * 50_000, "**a" * 30_000, "`a" * 60_000])
def test_hostile_marks_take_no_long_time(tmp_path, source):
    path = tmp_path / "file.md"
    path.write_text(source)
    started = time.perf_counter()
    read(path)
    assert time.perf_counter() - started < 10


def test_the_only_first_heading_is_the_title(tmp_path):
    path = tmp_path / "file.md"
    path.write_text("# git add\n\n> Stage a file.\n")
    assert read(path).title == "git add"
    path.write_text("# One\n\n# Two\n")
    assert read(path).title == ""


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="#*_`>-|\n [](){}<>!&;ab1.\t\\~=:\u00a0", max_size=200))
def test_headings_are_exact_whatever_the_source(tmp_path_factory, source):
    path = tmp_path_factory.mktemp("md") / "file.md"
    path.write_text(source, encoding="utf-8")
    extraction = read(path)
    for heading in extraction.headings:
        line = extraction.text[heading.start : heading.end]
        assert line.strip()
        assert heading.start == 0 or extraction.text[heading.start - 1] in "\n\t"
