"""Hebrew and Arabic, from where their letters stand."""

from __future__ import annotations

import re

from rankscope.core.documents.readers.pdf import read
from rankscope.core.documents.right_to_left import reading_order

FIRST, SECOND, THIRD = "אבג", "דה", "וזחט"


def as_read(seen):
    """What is read where this stands on a line from left to right."""
    places = [(float(number), number + 1.0) for number in range(len(seen))]
    return "".join(seen[index] for index in reading_order(seen, places))


def test_a_line_of_hebrew_is_read_from_the_right():
    assert as_read(f"{THIRD[::-1]} {SECOND[::-1]} {FIRST[::-1]}") == f"{FIRST} {SECOND} {THIRD}"


def test_numbers_and_foreign_words_in_it_are_read_from_the_left():
    assert as_read(f"{SECOND[::-1]} 12.50 {FIRST[::-1]}") == f"{FIRST} 12.50 {SECOND}"
    assert as_read(f"{SECOND[::-1]} 2021 - 2016 {FIRST[::-1]}") == f"{FIRST} 2016 - 2021 {SECOND}"
    assert as_read(f"{THIRD[::-1]} to be {FIRST[::-1]}") == f"{FIRST} to be {THIRD}"


def test_hebrew_words_in_an_english_line_stay_where_they_are():
    assert as_read(f"The word {SECOND[::-1]} {FIRST[::-1]} means peace") == f"The word {FIRST} {SECOND} means peace"
    assert as_read("Only English, 12 words.") == "Only English, 12 words."


def test_letters_of_one_glyph_keep_their_order():
    lam_alef = "לא"
    places = [(0.0, 1.0), (1.0, 3.0), (1.0, 3.0)]
    assert [f"ה{lam_alef}"[index] for index in reading_order(f"ה{lam_alef}", places)] == [*lam_alef, "ה"]


def test_a_real_page_of_arabic_is_read_in_order(shared_data):
    path = shared_data / "docs" / "gov-reports" / "NCT06152952_Prot_000.pdf"
    words = set(re.findall(r"\w+", read(path).text))
    assert {"البحث", "العلمي", "الدراسة"} <= words
    assert not {"ثحبلا", "يملعلا"} & words
