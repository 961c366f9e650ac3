"""Excerpts: the words in their order, the stretch that holds most of them."""

from __future__ import annotations

import itertools

from rankscope.app.models.excerpt import best_words, first_words, snippet

TEXT = "Thermal cycling causes fatigue cracks at the blade root. The turbine fails. Nothing else happens."


def test_best_words_stand_in_text_order_and_neighbours_together() -> None:
    assert best_words(TEXT, ("blade", "cracks", "fatigue")) == "fatigue cracks … blade"


def test_best_words_are_whole_words_as_written() -> None:
    assert best_words("Unbladed parts. Blade root.", ("blade",)) == "Blade"


def test_a_word_outside_the_text_comes_first() -> None:
    assert best_words(TEXT, ("turbine", "handbook")) == "handbook … turbine"


def test_no_words_no_text() -> None:
    assert best_words(TEXT, ()) == ""
    assert best_words("", ("blade",)) == "blade"


def test_first_words_are_cut_at_a_word() -> None:
    assert first_words("one  two\nthree four", 9) == "one two …"
    assert first_words("short") == "short"


def test_snippet_marks_are_where_the_words_are() -> None:
    long = f"{'Filler words stand here. ' * 40}{TEXT} {'More filler follows. ' * 40}"
    shown, marks = snippet(long, ("fatigue", "blade"), 120)
    assert len(shown) <= 130
    assert [shown[start:end] for start, end in marks] == ["fatigue", "blade"]


def test_snippet_starts_at_a_word_and_says_that_it_is_cut() -> None:
    long = f"{'abcdefgh ' * 60}blade {'abcdefgh ' * 60}"
    shown, _marks = snippet(long, ("blade",), 100)
    assert shown.startswith("… abcdefgh ")
    assert shown.endswith(" …")


def test_snippet_of_a_text_with_no_match_is_its_beginning() -> None:
    shown, marks = snippet(TEXT, ("absent",), 30)
    assert shown == "Thermal cycling causes …"
    assert TEXT.startswith(shown.removesuffix(" …"))
    assert marks == ()


def test_overlapping_words_are_marked_once() -> None:
    _shown, marks = snippet("fatigue fatigue crack", ("fatigue", "fatigue crack"), 100)
    assert all(left[1] <= right[0] for left, right in itertools.pairwise(marks))


def test_snippet_of_unbroken_text_ends() -> None:
    shown, _marks = snippet("x" * 1000, ("y",), 50)
    assert len(shown) <= 54
