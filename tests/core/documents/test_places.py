"""Where in its file a stretch of text stands, in words."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.documents.model import Extraction, Mark, Page
from rankscope.core.documents.places import Places


def test_lines_are_counted_from_one_and_a_line_end_belongs_to_its_line():
    places = Places(Extraction("one\ntwo\n\nfour", "txt", numbered_lines=True))
    assert [places.name(offset) for offset in (0, 3, 4, 7, 8, 9, 12)] == [
        "line 1",
        "line 1",
        "line 2",
        "line 2",
        "line 3",
        "line 4",
        "line 4",
    ]
    assert places.page(0) is None


def test_the_lines_of_a_table_are_rows():
    assert Places(Extraction("a\tb\n1\t2", "csv", numbered_lines=True)).name(4) == "row 2"


def test_a_mark_holds_up_to_the_next_one_and_not_before_itself():
    marks = (Mark(2, "slide 1"), Mark(5, "slide 2"))
    places = Places(Extraction("0123456789", "pptx", marks=marks))
    assert [places.name(offset) for offset in (0, 2, 4, 5, 9)] == ["", "slide 1", "slide 1", "slide 2", "slide 2"]


def test_marks_go_before_lines_and_pages():
    pages = (Page(1, 0, 5, 10, 10), Page(2, 5, 10, 10, 10))
    places = Places(Extraction("0123456789", "pdf", pages=pages, marks=(Mark(7, "appendix"),)))
    assert [places.name(offset) for offset in (0, 5, 7)] == ["page 1", "page 2", "appendix"]
    assert [places.page(offset) for offset in (0, 5, 7)] == [1, 2, 2]


def test_the_only_page_needs_no_name_and_what_stands_before_the_first_has_none():
    assert Places(Extraction("text", "pdf", pages=(Page(1, 0, 4, 10, 10),))).name(2) == ""
    pages = (Page(1, 3, 5, 10, 10), Page(2, 5, 10, 10, 10))
    places = Places(Extraction("0123456789", "pdf", pages=pages))
    assert (places.page(0), places.name(0)) == (None, "")


def test_a_document_without_places():
    places = Places(Extraction("text", "html"))
    assert (places.page(1), places.name(1)) == (None, "")


@given(st.text(alphabet="a\n\r\x0c\u2028", max_size=60), st.integers(0, 60))
def test_only_newlines_make_lines(text, offset):
    offset = min(offset, len(text))
    expected = text.count("\n", 0, offset) + 1
    assert Places(Extraction(text, "txt", numbered_lines=True)).name(offset) == f"line {expected}"


def test_a_million_lines_take_no_long_time():
    started = time.perf_counter()
    places = Places(Extraction("some words\n" * 1_000_000, "txt", numbered_lines=True))
    assert places.name(11 * 999_999) == "line 1000000"
    assert time.perf_counter() - started < 3
