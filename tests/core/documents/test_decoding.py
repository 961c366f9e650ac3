"""Every common encoding is read, and nothing is guessed or lost without a word."""

from __future__ import annotations

import contextlib
import math
from array import array

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


RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. Это простой русский текст. "
GREEK = "Ο ποταμός κυλά ήσυχα μέσα από το δάσος, και τα πουλιά τραγουδούν κάθε πρωί. "
ARABIC = "يجري النهر بهدوء عبر الغابة. تغني الطيور كل صباح ويعمل الناس في الحقول حتى المساء. "
JAPANESE = "これは日本語の文章です。文字コードを推定するための十分に長いテキストを用意します。"
KOREAN = "강은 숲을 지나 조용히 흐릅니다. 매일 아침 새들이 노래하고 사람들은 저녁까지 밭에서 일합니다. "
CHINESE = "河水静静地流过森林。每天早晨鸟儿歌唱，人们在田里工作到傍晚。冬天的时候，大雪覆盖了整个山谷。"
POLISH = "Zażółć gęślą jaźń. Proszę państwa, dziękuję bardzo za uwagę i przepraszam za spóźnienie. "
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy, a v zimě pokrývá celou krajinu sníh. "
HUNGARIAN = "Árvíztűrő tükörfúrógép. A folyó partján nagy fák nőnek, és az erdőben sok madár él. "
TURKISH = "Kuşlar her sabah şarkı söylüyor ve insanlar akşama kadar tarlalarda çalışıyor. "
LITHUANIAN = "Paukščiai kiekvieną rytą čiulba, o žmonės iki vakaro dirba laukuose, kur auga žirniai. "
FRENCH = "L'été dernier, j'ai visité la forêt près du château, où nichent des oiseaux. "
OLD_ENCODINGS = [
    (LATIN, "cp1252"),
    (LATIN.replace("€", "DM").replace("–", "-").replace("„", '"').replace("“", '"'), "cp850"),
    (FRENCH, "mac_roman"),
    (POLISH, "cp1250"),
    (CZECH, "iso8859_2"),
    (HUNGARIAN, "cp1250"),
    (TURKISH, "cp1254"),
    (LITHUANIAN, "cp1257"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8-r"),
    (GREEK, "cp1253"),
    (ARABIC, "cp1256"),
    (CHINESE, "gb18030"),
    (KOREAN, "euc_kr"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "euc_jp"),
]


@pytest.mark.parametrize(("text", "encoding"), OLD_ENCODINGS)
def test_old_encodings_are_guessed_and_said(text, encoding):
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert any("guessed" in warning for warning in decoded.warnings)


@pytest.mark.parametrize(("text", "encoding"), OLD_ENCODINGS)
def test_one_foreign_comment_in_a_long_program_is_enough(text, encoding):
    program = "int compute(void) { return initialise(values, count) + print_results(table); }\n" * 40
    source = f"{program}/* {text} */\n{program}"
    assert decode(source.encode(encoding)).text == source


@pytest.mark.parametrize("text", [RUSSIAN, GREEK, ARABIC, JAPANESE, KOREAN, CHINESE])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark_in_any_script(text, encoding):
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert "no byte order mark" in decoded.warnings[0]


@pytest.mark.parametrize(("text", "encoding"), [(JAPANESE, "iso2022_jp"), (KOREAN, "iso2022_kr")])
def test_seven_bit_encodings_are_known_by_their_escape_sequences(text, encoding):
    assert decode(text.encode(encoding)).text == text


def test_several_western_languages_in_one_text():
    text = "Der Fluß fließt. Les élèves ont appris où. El niño comió. O coração não é só. "
    assert decode(text.encode("cp1252")).text == text


def test_numbers_written_by_a_machine_are_no_text():
    waves = array("h", [int(3000 * math.sin(step / 9)) for step in range(20_000)]).tobytes()
    for data in (waves, array("f", [step / 7 for step in range(20_000)]).tobytes()):
        with pytest.raises(NotText):
            decode(data)


def test_an_encoding_means_what_browsers_take_it_for():
    assert decode(b"5 \x80 \x96 caf\xe9", "iso-8859-1").text == "5 € – café"
    assert decode("①".encode("cp932"), "shift_jis").text == "①"


@pytest.mark.parametrize("declared", ["utf-16", "punycode", "unicode_escape", "hex", "x-unknown"])
def test_a_declaration_that_cannot_be_right_is_not_followed(declared):
    assert decode("Grüße aus Köln".encode("cp1252"), declared).text == "Grüße aus Köln"


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
