"""Numbers as people read them, and the words of a query."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fake_workspace import make_trace

from rankscope.app.models import wording
from rankscope.core.api import Token


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 KB"), (84_000_000, "84 MB"), (1_250_000_000, "1.2 GB"), (5e12, "5.0 TB")],
)
def test_sizes(bytes_: float, text: str) -> None:
    assert wording.size(int(bytes_)) == text


@pytest.mark.parametrize(
    ("skipped", "text"),
    [
        ((), ""),
        (((".mp4", 5),), "5 .mp4"),
        (((".mp4", 5), (".exe", 2)), "5 .mp4 and 2 .exe"),
        (((".mp4", 5_000), (".exe", 2), ("", 1)), "5,000 .mp4, 2 .exe and 1 without an ending"),
        (tuple((f".{n}", 1) for n in range(10)), "1 .0, 1 .1, 1 .2, 1 .3, 1 .4, 1 .5, 1 .6, 1 .7 and 2 more"),
    ],
)
def test_kinds_of_files(skipped: tuple[tuple[str, int], ...], text: str) -> None:
    assert wording.kinds(skipped) == text


def test_moments_are_told_in_the_time_of_this_machine() -> None:
    utc = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert wording.moment(utc.isoformat()) == utc.astimezone().strftime("%Y-%m-%d %H:%M")
    assert wording.moment("") == "" and wording.moment(None) == "" and wording.moment("soon") == "soon"


def test_one_is_not_many() -> None:
    assert wording.plural(1, "1 copy", "{count} copies") == "1 copy"
    assert wording.plural(1204, "1 copy", "{count} copies") == "1,204 copies"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (19.5, "20 s"), (59.5, "1 min"), (61, "2 min"), (7300, "2 h 2 min")]
)
def test_time_left(seconds: float, text: str) -> None:
    assert wording.time_left(seconds) == text


@pytest.mark.parametrize(("ms", "text"), [(0.42, "0.4 ms"), (38.2, "38 ms"), (1234, "1.2 s")])
def test_milliseconds(ms: float, text: str) -> None:
    assert wording.milliseconds(ms) == text


def test_a_path_is_said_by_its_name() -> None:
    assert wording.doing("/home/me/docs/a b.pdf") == "Reading a b.pdf"
    assert wording.doing("Encoding") == "Encoding"


def test_the_last_query_by_stage() -> None:
    assert wording.stage_times(make_trace("q")) == "encode 11, dense 3, late 17"


def test_word_pieces_become_words_and_special_tokens_stay_apart() -> None:
    query = "centrifugal load?"
    tokens = (
        Token("[CLS]", -1, -1, "special", 0),
        Token("cent", 0, 4, "text", 1),
        Token("##rif", 4, 7, "text", 1),
        Token("##ugal", 7, 11, "text", 1),
        Token("load", 12, 16, "text", 2),
        Token("?", 16, 17, "text", 3),
        Token("[SEP]", -1, -1, "special", 4),
    )
    assert wording.word_chips(query, tokens) == [
        ("[CLS]", False),
        ("centrifugal", True),
        ("load", True),
        ("?", True),
        ("[SEP]", False),
    ]


def test_names_of_formats() -> None:
    assert wording.type_name("docx") == "Word"
    assert wording.type_name("xyz") == "XYZ"


def test_how_long_something_took() -> None:
    assert [wording.clock(seconds) for seconds in (2.6, 59.7, 760, 3_723)] == ["0:03", "1:00", "12:40", "1:02:03"]
