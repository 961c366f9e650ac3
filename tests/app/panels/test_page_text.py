"""Boxes of words on a page, windows of long texts, and offsets in Qt's counting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.app.models.page_text import PageText, Utf16Offsets, displayable, page_at, text_window
from rankscope.core.api import Page


def boxes_of(lines: list[str], width: float = 8, height: float = 12, x: float = 50) -> list[tuple[float, ...]]:
    """One box per character, lines 20 below each other; a line end has none."""
    boxes: list[tuple[float, ...]] = []
    for number, line in enumerate(lines):
        top = 100 + 20 * number
        for at, letter in enumerate(line):
            lower = 2 if letter.islower() else 0
            boxes.append((x + width * at, top + lower, x + width * (at + 1), top + height))
        boxes.append((0, 0, 0, 0))
    return boxes


def test_a_word_has_one_rectangle_as_high_as_its_line() -> None:
    text = PageText(boxes_of(["The blade", "fails"]))  # type: ignore[arg-type]
    assert text.rects(4, 9) == [(82.0, 100.0, 122.0, 112.0)]


def test_a_word_broken_over_two_lines_has_two_rectangles() -> None:
    text = PageText(boxes_of(["High tur", "bine"]))  # type: ignore[arg-type]
    rects = text.rects(5, 13)
    assert [(rect[0], rect[1]) for rect in rects] == [(90.0, 100.0), (50.0, 122.0)]


def test_offsets_beyond_the_page_are_cut() -> None:
    text = PageText(boxes_of(["abc"]))  # type: ignore[arg-type]
    assert text.rects(-50, 2) == text.rects(0, 2)
    assert text.rects(2, 500) == text.rects(2, 3)
    assert text.rects(-9, -3) == [] and text.rects(40, 50) == []


def test_a_page_without_boxes_has_no_places() -> None:
    assert PageText([]).rects(0, 10) == []
    assert PageText([(0, 0, 0, 0)] * 5).rects(0, 5) == []


def test_the_second_column_is_another_line() -> None:
    left, right = boxes_of(["left"]), boxes_of(["right"], x=300)
    text = PageText([*left, *right])  # type: ignore[arg-type]
    assert len(text.rects(0, 4)) == 1
    below = PageText([*right, *left])  # type: ignore[arg-type]
    assert len(below.rects(0, 12)) == 2  # a jump back to the left starts a new line


def test_page_of_an_offset() -> None:
    pages = [Page(1, 0, 100, 1, 1), Page(2, 100, 100, 1, 1), Page(3, 102, 200, 1, 1)]
    assert [page_at(pages, offset) for offset in (0, 99, 101, 102, 199, 500)] == [0, 0, 1, 2, 2, 2]


def test_a_short_text_is_shown_whole() -> None:
    assert text_window(1000, 400, 500) == (0, 1000)


@given(st.integers(100_000, 5_000_000), st.integers(0, 5_000_000))
def test_the_window_holds_the_passage_and_stays_small(length: int, start: int) -> None:
    start = min(start, length - 1)
    end = min(length, start + 900)
    first, last = text_window(length, start, end)
    assert 0 <= first <= start and end <= last <= length
    assert last - first <= 81_000


def test_displayable_keeps_every_offset() -> None:
    text = "a\r\nb\u2028c\x0cd\u2029e\ufdd0f"
    assert len(displayable(text)) == len(text)
    assert "\r" not in displayable(text)


@given(st.text(alphabet=st.sampled_from("ab é漢😀𝄞\n"), max_size=40))
def test_utf16_positions_are_those_of_the_encoding(text: str) -> None:
    offsets = Utf16Offsets(text)
    for offset in range(len(text) + 1):
        position = offsets.to_utf16(offset)
        assert position == len(text[:offset].encode("utf-16-le")) // 2
        assert offsets.to_code_points(position) == offset


@pytest.mark.parametrize("text", ["", "plain"])
def test_plain_text_needs_no_table(text: str) -> None:
    assert Utf16Offsets(text).to_utf16(3) == 3
