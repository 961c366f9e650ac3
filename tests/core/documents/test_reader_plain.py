"""Plain texts: encoding, line ends, title."""

from __future__ import annotations

import pytest

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.plain import read


def write(tmp_path, data):
    path = tmp_path / "file.txt"
    path.write_bytes(data)
    return path


def test_line_ends_become_newlines_and_nul_is_replaced(tmp_path):
    extraction = read(write(tmp_path, b"one\r\ntwo\rthree\nfour\x0cfive\x00"))
    assert extraction.text == "one\ntwo\nthree\nfour\nfive\ufffd"
    assert extraction.format == "txt"
    assert extraction.warnings == ("1 NUL characters were replaced.",)


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
