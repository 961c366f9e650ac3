"""Every common encoding is read, and nothing is guessed or lost without a word."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.documents.decoding import NotText, decode

LATIN = "Grüße aus Köln, naïve Cafés kosten 5 € – „günstig“. " * 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_unicode_encodings_with_and_without_a_mark(encoding):
    decoded = decode(LATIN.encode(encoding))
    assert decoded.text == LATIN
    marked = encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32")
    assert bool(decoded.warnings) is not marked


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (LATIN, "cp1252"),
        ("Zażółć gęślą jaźń. Proszę państwa, dziękuję bardzo za uwagę i przepraszam za spóźnienie. " * 4, "cp1250"),
        ("Съешь же ещё этих мягких французских булок, да выпей чаю. Это простой русский текст. " * 4, "cp1251"),
        ("これは日本語の文章です。文字コードを推定するための十分に長いテキストを用意します。" * 4, "shift_jis"),
    ],
)
def test_old_encodings_are_guessed_and_said(text, encoding):
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert any("guessed" in warning for warning in decoded.warnings)


def test_a_declared_encoding_is_used_when_the_bytes_are_no_utf8():
    assert decode("Žluťoučký kůň".encode("iso-8859-2"), "iso-8859-2").text == "Žluťoučký kůň"
    assert decode("Grüße".encode(), "latin-1").text == "Grüße", "valid UTF-8 is UTF-8, whatever is declared"
    assert decode("日本".encode("iso-2022-jp"), "iso-2022-jp").text == "日本"
    assert decode(b"plain \xff", "no-such-encoding").text.startswith("plain")


def test_a_few_damaged_places_do_not_turn_utf8_into_something_else():
    data = bytearray(LATIN.encode())
    data[data.index("ü".encode())] = 0xFF
    decoded = decode(bytes(data))
    assert decoded.text.count("Köln") == 5
    assert "\ufffd" in decoded.text
    assert "replaced" in decoded.warnings[0]


def test_nul_between_words_is_text_and_said():
    decoded = decode(b"abc\x00def\x00" * 50)
    assert decoded.encoding == "utf-8"
    assert decoded.warnings == ("100 NUL characters were replaced.",)


@pytest.mark.parametrize("data", [bytes(range(256)) * 8, b"\x00" * 500, b"\x7fELF\x02\x01\x01" + bytes(200)])
def test_binary_data_is_no_text(data):
    with pytest.raises(NotText):
        decode(data)


@given(st.binary(max_size=400), st.sampled_from([None, "latin-1", "hex", "utf-7", "gb18030"]))
def test_anything_is_decoded_or_refused(data, declared):
    with contextlib.suppress(NotText):
        decode(data, declared)
