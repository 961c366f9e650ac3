"""Org mode: the words without their marks, each on the line where it was."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents.readers.org import read

SOURCE = """\
#+TITLE: Garden notes
#+AUTHOR: Ada
#+DATE: <2024-03-02 Sat>
# a comment
Intro with *bold*, =code=, ~verb~ and [[https://example.org][a link]] or [[file:a.png]]; 5*3*2 and /usr/bin/.
* TODO Plan :work:
:PROPERTIES:
:ID: 123
:END:
Text
** Inner *bold* heading
| a | b |
|---+---|
| 1 | =x= |
#+CAPTION: A nice table
#+BEGIN_SRC python
* not a heading
x = [[1][2]]
#+END_SRC
#+begin_quote
Quoted *text*
#+end_quote
: as it is
*not a heading*
"""


def write(tmp_path, text):
    path = tmp_path / "file.org"
    path.write_text(text, encoding="utf-8")
    return path


def test_marks_go_and_lines_stay(tmp_path):
    extraction = read(write(tmp_path, SOURCE))
    assert extraction.text.split("\n") == [
        "Garden notes",
        "",
        "",
        "",
        "Intro with bold, code, verb and a link or a.png; 5*3*2 and /usr/bin/.",
        "TODO Plan :work:",
        "",
        "",
        "",
        "Text",
        "Inner bold heading",
        "a\tb",
        "",
        "1\tx",
        "A nice table",
        "",
        "* not a heading",
        "x = [[1][2]]",
        "",
        "",
        "Quoted text",
        "",
        "as it is",
        "not a heading",
        "",
    ]
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [
        ("TODO Plan :work:", 1),
        ("Inner bold heading", 2),
    ]
    assert (extraction.title, extraction.author, extraction.created) == ("Garden notes", "Ada", "2024-03-02")
    assert (extraction.format, extraction.numbered_lines) == ("org", True)


def test_the_only_first_heading_is_the_title(tmp_path):
    assert read(write(tmp_path, "* Example\n\nText\n** Part\n")).title == "Example"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab *=~:#+|-[]\n", max_size=120))
def test_lines_stay_lines_whatever_the_source(tmp_path_factory, source):
    extraction = read(write(tmp_path_factory.mktemp("org"), source))
    assert extraction.text.count("\n") == source.count("\n")
    for heading in extraction.headings:
        line = extraction.text[heading.start : heading.end]
        assert line and "\n" not in line


@pytest.mark.parametrize("source", ["[[" * 100_000, "=a " * 100_000, "*a " * 100_000, "* a\n" * 50_000, "|" * 200_000])
def test_hostile_marks_take_no_long_time(tmp_path, source):
    started = time.perf_counter()
    read(write(tmp_path, source))
    assert time.perf_counter() - started < 10
