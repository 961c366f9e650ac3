"""Plain texts: encoding, line ends, title."""

from __future__ import annotations

import time

import pytest

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.places import Places
from rankscope.core.documents.readers.plain import read


def write(tmp_path, data):
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    return path


def test_lines_are_numbered_as_in_an_editor_and_nul_is_replaced(tmp_path):
    extraction = read(write(tmp_path, "one\r\ntwo\rthree\nfo\x0cur\u2028\x85\x1efive\x00\n\nsix".encode()))
    assert extraction.text == "one\ntwo\nthree\nfo ur   five\ufffd\n\nsix"
    assert extraction.format == "txt"
    assert extraction.warnings == ("1 NUL characters were replaced.",)
    assert extraction.numbered_lines
    places = Places(extraction)
    assert [places.name(extraction.text.index(word)) for word in ("one", "five", "six")] == [
        "line 1",
        "line 4",
        "line 6",
    ]


def test_the_colours_of_a_log_are_not_read(tmp_path):
    log = "\x1b[1;31mERROR\x1b[0m disk full\n\x1b]0;title\x07done\x1b(B"
    assert read(write(tmp_path, log.encode())).text == "ERROR disk full\ndone"


@pytest.mark.parametrize("data", [b"x" * 5_000_000, b" \t" * 2_500_000, b"\n" * 5_000_000, b"a\x0c" * 2_500_000])
def test_five_megabytes_of_anything(tmp_path, data):
    started = time.perf_counter()
    assert len(read(write(tmp_path, data)).text) == 5_000_000
    assert time.perf_counter() - started < 5


def test_lone_surrogates_of_utf16_are_replaced(tmp_path):
    data = b"\xff\xfe" + "a".encode("utf-16-le") + b"\x00\xd8" + "b".encode("utf-16-le")
    text = read(write(tmp_path, data)).text
    assert text == "a\ufffdb"
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The annual report\n\nIt was a good year.", "The annual report"),
        ("\n  The annual report  \n=================\n\nIt was a good year.", "The annual report"),
        ("Dear Mr Smith,\n\nThank you.", ""),
        ("It was a good year.\n\nNext.", ""),
        ("From: someone\n\nText", ""),
        ("One line\nand another", ""),
        ("Only a title\n\n", ""),
        ("1234\n\nText", ""),
        ("", ""),
    ],
)
def test_a_short_line_on_its_own_is_the_title(tmp_path, text, title):
    assert read(write(tmp_path, text.encode())).title == title


def test_binary_data_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(Unreadable) as caught:
        read(write(tmp_path, bytes(range(256)) * 4))
    assert caught.value.failure.reason == "wrong type"
    assert "file.txt is not a text" in caught.value.failure.message
