"""Sentence ends are exact and sensible in several languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rankscope.core.documents.sentences import guess_language, sentence_ends

ODD = st.sampled_from(
    ["A.", ". ", "\u00a0", "\x85", "\u3000", "\n\n", "(“", "Dr. ", "।", "。", "😀", "\u0301", "...", "é", "1. "]
)


def sentences(text: str) -> list[str]:
    ends = sentence_ends(text)
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


@settings(max_examples=300, deadline=None)
@given(text=st.lists(st.one_of(ODD, st.text(max_size=6)), max_size=40).map("".join))
def test_ends_ascend_to_the_end_of_the_text(text):
    text = text.encode("utf-8", "replace").decode()
    ends = sentence_ends(text)
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(text)] if text else [])
    assert 0 not in ends


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith paid $3.50. He left.", ["Dr. Smith paid $3.50.", "He left."]),
        (
            "Am 3. Mai kam er z. B. nach Köln. Das ist die Stadt.",
            ["Am 3. Mai kam er z. B. nach Köln.", "Das ist die Stadt."],
        ),
        ("Il est venu hier avec la dame. Elle est partie.", ["Il est venu hier avec la dame.", "Elle est partie."]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("A.\u00a0B. Miller wrote it. We read it.", ["A.\u00a0B. Miller wrote it.", "We read it."]),
        ("one line\nwrapped over two. Next.", ["one line\nwrapped over two.", "Next."]),
    ],
)
def test_sentences(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The cat is in the house and it is warm.", "en"),
        ("Die Katze ist nicht in dem Haus und sie friert.", "de"),
        ("Le chat est dans la maison et les souris sont dehors.", "fr"),
        ("El gato está en la casa y los ratones se van por el campo.", "es"),
        ("42", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_guessed_from_small_words(text, language):
    assert guess_language(text) == language
