"""Cleaning text: its short cuts for text that is clean already give what the long way gives."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.documents.text import clean, safe
from rankscope.core.documents.text_lines import numbered

_TEXT = st.text(st.sampled_from("ab \t\n\r\x00\x0b\x0c\x1c\x1e\x7f\x85\xa0é\u2028\u2029\ud800\udfff\ufeff\U0001f600"))


@given(_TEXT)
def test_no_nul_and_no_lone_surrogate_is_left_and_nothing_moves(text):
    assert safe(text) == re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


@given(_TEXT)
def test_every_kind_of_line_break_becomes_one(text):
    assert clean(text) == safe(re.sub("\r\n|[\r\x0b\x0c\x85\u2028\u2029]", "\n", text))


@given(_TEXT)
def test_only_the_line_ends_of_editors_count(text):
    cleaned = numbered(text)
    assert cleaned.count("\n") == len(re.findall("\r\n|\r|\n", text))
    assert len(cleaned.split("\n")) == max(1, len(cleaned.splitlines()) + cleaned.endswith("\n"))
