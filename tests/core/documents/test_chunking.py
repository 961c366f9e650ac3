"""Passages cover the text, fit the encoder, and start and end where a reader would."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rankscope.core.documents.chunking import MAX_CHARACTERS, Chunker
from rankscope.core.documents.model import Extraction, Heading, Page
from rankscope.core.errors import ModelError

# Letters, blanks and signs that tokenizers and sentence splitters stumble over, and words that only look like tokens.
ODD = st.sampled_from(
    [
        " ",
        "\n",
        "\n\n",
        "\t",
        ". ",
        "。",
        "!",
        "\xa0",
        "\u3000",
        "\u200b",
        "́",
        "\x1c",
        "\x01",
        "�",
        "ß",
        "İ",
        "日本語",
        "한국어",
        "ไทย",
        "العربية",
        "😀",
        "👩\u200d👩\u200d👧",
        "z. B. ",
        "Dr. A.\xa0B. ",
        "[SEP]",
        "[",
        "]",
        "##ing",
        "'s",
        "-",
        "(“",
        "x" * 99,
        "y" * 101,
        "z" * 5000,
        "don't",
        "1.2.3",
        "Wort ",
        "The end. ",
        "a",
        "- item\n",
        "ﷺ",
        "ﬁ",
    ]
)
TEXTS = st.lists(st.one_of(ODD, st.text(max_size=12)), max_size=60).map("".join)


@st.composite
def extractions(draw):
    text = draw(TEXTS).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    cuts = sorted(draw(st.lists(st.integers(0, max(0, len(text))), max_size=8, unique=True)))
    headings = tuple(
        Heading(start, end, draw(st.integers(1, 3)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
        if text[start:end].strip()
    )
    title = draw(st.sampled_from(["", "A title", "Kapitel 日本", "long " * 60]))
    return Extraction(text, "text/plain", title=title, headings=headings)


@pytest.fixture(scope="session")
def tokenizer(tokenizer_json):
    tokenizer = Tokenizer.from_file(str(tokenizer_json))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def check(extraction, passages, max_tokens, tokenizer):
    text = extraction.text
    covered = bytearray(len(text))
    previous = (-1, -1)
    for passage in passages:
        body = text[passage.start : passage.end]
        assert body and body == body.strip()
        assert previous < (passage.start, passage.end) and passage.end > previous[1]
        previous = (passage.start, passage.end)
        covered[passage.start : passage.end] = b"\x01" * len(body)
        encoded = f"{passage.context}\n{body}" if passage.context else body
        assert passage.n_tokens == len(tokenizer.encode(encoded).ids)
        assert passage.n_tokens <= max_tokens
        assert len(body) <= MAX_CHARACTERS
    missed = [character for character, seen in zip(text, covered, strict=True) if not seen and not character.isspace()]
    assert not missed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(extraction=extractions(), max_tokens=st.sampled_from([16, 40, 256]))
def test_passages_cover_the_text_and_fit(extraction, max_tokens, make_chunker, tokenizer):
    check(extraction, make_chunker(max_tokens).passages(extraction), max_tokens, tokenizer)


SENTENCE = "The turbine blade number {} failed after a long time of cyclic load at high temperature."


def prose(count: int, first: int = 0) -> str:
    return " ".join(SENTENCE.format(number) for number in range(first, first + count))


def test_sentences_stay_whole_and_neighbours_overlap(make_chunker):
    text = prose(100)
    passages = make_chunker().passages(Extraction(text, "text/plain"))
    assert len(passages) > 5
    for passage in passages:
        assert text[passage.start : passage.end].startswith("The turbine")
        assert text[passage.start : passage.end].endswith("temperature.")
    for before, after in itertools.pairwise(passages):
        shared = before.end - after.start
        assert 0 < shared <= 2 * len(SENTENCE) + 8


def test_the_last_passage_is_no_scrap(make_chunker):
    for count in range(9, 40):
        sizes = [p.n_tokens for p in make_chunker().passages(Extraction(prose(count), "text/plain"))]
        assert min(sizes) > 0.4 * max(sizes), (count, sizes)


def test_a_heading_starts_a_passage_and_names_the_ones_that_follow(make_chunker):
    chapter, section = "Chapter one", "Fatigue of blades"
    text = f"{chapter}\n\n{prose(12)}\n\n{section}\n\n{prose(40, 100)}"
    at = text.index(section)
    headings = (Heading(0, len(chapter), 1), Heading(at, at + len(section), 2))
    passages = make_chunker().passages(Extraction(text, "text/plain", title="Manual", headings=headings))
    inside = [passage for passage in passages if passage.start >= at]
    assert inside[0].start == at
    assert inside[0].context == "Manual › Chapter one"
    assert len(inside) > 2
    assert {passage.context for passage in inside[1:]} == {"Manual › Chapter one › Fatigue of blades"}
    assert all(passage.end <= at for passage in passages if passage.start < at), "nothing overlaps across the heading"


def test_a_title_that_the_text_begins_with_is_not_said_twice(make_chunker):
    text = f"Blades\n\n{prose(40)}"
    passages = make_chunker().passages(Extraction(text, "text/plain", title="Blades", headings=(Heading(0, 6, 1),)))
    assert [passage.context for passage in passages][:2] == ["", "Blades"]


def test_tiny_sections_share_a_passage(make_chunker):
    parts = [f"Section {number}\n\nA few words here.\n\n" for number in range(30)]
    text = "".join(parts)
    starts = [sum(map(len, parts[:number])) for number in range(30)]
    headings = tuple(Heading(start, text.index("\n", start), 1) for start in starts)
    passages = make_chunker().passages(Extraction(text, "text/plain", headings=headings))
    assert 3 <= len(passages) <= 12
    assert all(not text[: passage.end].rsplit("\n", 1)[-1].startswith("Section") for passage in passages)


def test_a_long_context_is_shortened_and_leaves_room_for_text(make_chunker, tokenizer):
    text = f"Deep\n\n{prose(30)}"
    headings = (Heading(0, 4, 1),)
    extraction = Extraction(text, "text/plain", title="Unabridged proceedings " * 40, headings=headings)
    passages = make_chunker().passages(extraction)
    check(extraction, passages, 256, tokenizer)
    assert all(1 < len(tokenizer.encode(passage.context).ids) - 2 <= 48 for passage in passages)


def test_the_page_is_that_of_the_first_character(make_chunker):
    first, second = prose(20), prose(20, 50)
    text = f"{first}\n{second}"
    pages = (Page(3, 0, len(first), 600, 800), Page(4, len(first) + 1, len(text), 600, 800))
    passages = make_chunker().passages(Extraction(text, "application/pdf", pages=pages))
    assert [p.page for p in passages] == [3 if p.start < len(first) else 4 for p in passages]
    assert {3, 4} == {p.page for p in passages}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("word " * 400_000, id="one line"),
        pytest.param("x" * 2_000_000, id="one word"),
        pytest.param("日本語の文章。" * 100_000, id="no blanks"),
        pytest.param("(“" * 250_000, id="opening brackets"),
        pytest.param("\x01" * 500_000, id="control characters"),
        pytest.param("line without an end\n" * 100_000, id="lines"),
        pytest.param("a.b," * 300_000, id="signs without blanks"),
    ],
)
def test_time_is_linear_in_hostile_texts(text, make_chunker, tokenizer):
    chunker = make_chunker()
    started = time.perf_counter()
    passages = chunker.passages(Extraction(text, "text/plain"))
    assert time.perf_counter() - started < 20
    sample = Extraction(text[:30_000], "text/plain")
    check(sample, chunker.passages(sample), 256, tokenizer)
    assert passages[-1].end == len(text.rstrip())


def test_white_space_gives_no_passages(make_chunker):
    assert make_chunker().passages(Extraction("", "text/plain")) == ()
    assert make_chunker().passages(Extraction(" \n\u00a0\t ", "text/plain")) == ()


def test_overlapping_headings_of_a_bad_reader_cost_no_text(make_chunker, tokenizer):
    text = prose(30)
    headings = (Heading(5, 90, 1), Heading(50, 60, 2), Heading(95, 10_000, 1), Heading(95, 99, 1))
    extraction = Extraction(text, "text/plain", headings=headings)
    check(extraction, make_chunker().passages(extraction), 256, tokenizer)


def test_bad_settings_are_refused(tokenizer_json, tmp_path):
    with pytest.raises(ValueError, match="at least 16"):
        Chunker(tokenizer_json, 8)
    with pytest.raises(ValueError, match="do not go with"):
        Chunker(tokenizer_json, 64, overlap_tokens=64)
    with pytest.raises(ModelError, match="cannot be read"):
        Chunker(tmp_path / "missing.json")
    damaged = tmp_path / "tokenizer.json"
    damaged.write_text("{}")
    with pytest.raises(ModelError, match="is no tokenizer"):
        Chunker(damaged)


def test_rows_and_lines_of_programs_stay_whole(make_chunker):
    rows = [f"{n}\tSeal no. {n}, e.g. for a shaft. Worn\t{n * 3} mm" for n in range(300)]
    text = "\n".join(rows)
    passages = make_chunker().passages(Extraction(text, "csv", numbered_lines=True))
    assert len(passages) > 5
    for passage in passages:
        assert (
            text[passage.start : passage.end].split("\n")
            == rows[int(passage.place.removeprefix("row ")) - 1 :][: text[passage.start : passage.end].count("\n") + 1]
        )
