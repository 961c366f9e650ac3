"""JSON as an outline of names and values."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.places import Places
from rankscope.core.documents.readers.json import read


def write(tmp_path, text, name="data.json", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def headings(extraction):
    return [(extraction.text[h.start : h.end], h.level) for h in extraction.headings]


BOOK = {
    "title": "Garden book",
    "year": 1999,
    "price": "12.50",
    "sold": True,
    "isbn": None,
    "tags": ["roses", "soil"],
    "author": {"name": "Ada", "born": {"place": "Bern"}},
    "chapters": [{"title": "Soil", "pages": [1, 2]}, {"title": "Roses", "notes": [[1, 2], ["a"]]}],
    "empty": {},
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_object_becomes_an_outline(tmp_path, indent, encoding):
    extraction = read(write(tmp_path, json.dumps(BOOK, indent=indent), encoding=encoding))
    assert extraction.text == (
        "title: Garden book\nyear: 1999\nprice: 12.50\nsold: true\ntags: roses, soil\n"
        "author:\n  name: Ada\n  born:\n    place: Bern\n"
        "chapters:\n  - title: Soil\n    pages: 1, 2\n\n  - title: Roses\n    notes:\n      - 1, 2\n      - a"
    )
    assert headings(extraction) == [("author", 1), ("born", 2), ("chapters", 1)]
    assert (extraction.title, extraction.format) == ("Garden book", "json")


def test_the_elements_of_a_list_are_blocks_with_their_numbers(tmp_path):
    extraction = read(write(tmp_path, '[{"sku": "A-1", "stock": false}, {"sku": "A-2"}]'))
    assert extraction.text == "sku: A-1\nstock: false\n\nsku: A-2"
    assert [(mark.start, mark.place) for mark in extraction.marks] == [(0, "item 1"), (23, "item 2")]
    assert read(write(tmp_path, '["a", "b"]')).text == "a, b"
    assert read(write(tmp_path, '[["a", "b"], ["c", null]]')).text == "a, b\nc"


@pytest.mark.parametrize("name", ["data.jsonl", "data.ndjson", "data.json"])
def test_one_value_per_line_and_lines_that_are_none(tmp_path, name):
    source = '{"a": "one"}\r\n\r\n{"a": "two"}\r\nINFO started\r\n{"a": "three"}\r\n'
    extraction = read(write(tmp_path, source, name))
    assert extraction.text == "a: one\n\na: two\nINFO started\n\na: three"
    places = Places(extraction)
    for word, line in (("one", 1), ("two", 3), ("INFO", 4), ("three", 5)):
        assert places.name(extraction.text.index(word)) == f"line {line}"
    assert extraction.warnings == ("Lines that are no valid JSON and were read as plain text: 1.",)


def test_values_one_after_the_other_over_several_lines(tmp_path):
    extraction = read(write(tmp_path, '{"a": 1}{"b":\n2}\n[3]'))
    assert extraction.text == "a: 1\n\nb: 2\n\n3"
    assert [mark.place for mark in extraction.marks] == ["line 1", "line 1", "line 3"]


@pytest.mark.parametrize(
    "source", ['{"a": 1,}', '// note\n{"a": 1,\n "b": 2}', '{"name": "cut o', "plain words\nand more\n"]
)
def test_what_is_no_json_is_read_as_text(tmp_path, source):
    extraction = read(write(tmp_path, source))
    assert extraction.text == source
    assert extraction.numbered_lines
    assert "no valid JSON" in extraction.warnings[0]


def test_numbers_stay_as_they_are_written(tmp_path):
    digits = "9" * 250
    source = f'{{"big": {digits}, "price": 1.10, "far": 1e999, "none": NaN, "less": -Infinity}}'
    assert read(write(tmp_path, source)).text == f"big: {digits}\nprice: 1.10\nfar: 1e999\nnone: NaN\nless: -Infinity"
    read(write(tmp_path, '{"n": ' + "9" * 100_000 + "}"))


def test_line_ends_and_odd_characters_in_strings(tmp_path):
    source = json.dumps({"t": "a\r\nb\u2028c\x00d", "s": "\ud800", "key\nover\nlines": {"x": 1}})
    extraction = read(write(tmp_path, source))
    assert extraction.text == "t: a\nb\nc\ufffdd\ns: \ufffd\nkey\nover\nlines:\n  x: 1"
    extraction.text.encode("utf-8")


def test_what_nobody_reads_is_cut_short_and_said(tmp_path):
    points = [[7.25, 46.5]] * 500
    source = json.dumps({"name": "Lake", "coordinates": points, "picture": "QUJD" * 500, "counts": list(range(300))})
    extraction = read(write(tmp_path, source))
    assert len(extraction.text) < 2_000
    assert "counts: 0, 1, 2" in extraction.text and "299" in extraction.text, "whole numbers may be looked for"
    assert len(extraction.warnings) == 2


def test_web_pages_in_strings_are_read_as_such(tmp_path):
    page = "<p>First <b>part</b></p><p>Second</p>" + "<p>More</p>" * 40
    assert "First part\n\nSecond\n\nMore" in read(write(tmp_path, json.dumps({"body": page}))).text


def test_too_many_levels_are_a_reason(tmp_path, shared_data):
    for path in (
        write(tmp_path, "[" * 100_000 + "]" * 100_000),
        write(tmp_path, '{"a":' * 5_000 + "1" + "}" * 5_000, "b.json"),
        shared_data / "broken" / "handmade" / "deep.json",
    ):
        with pytest.raises(Unreadable) as caught:
            read(path)
        assert caught.value.failure.reason == "too deep"
    assert read(write(tmp_path, '{"a":' * 300 + '"deep"' + "}" * 300)).text.endswith("a: deep")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_every_string_of_any_value_is_in_the_text(tmp_path_factory, value):
    extraction = read(write(tmp_path_factory.mktemp("json"), json.dumps(value)))
    text = "".join(extraction.text.split())
    for string in _strings(value):
        safe = string.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        assert "".join(safe.split()) in text
    for heading in extraction.headings:
        assert extraction.text[heading.start : heading.end].strip()


def _strings(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)


@pytest.mark.parametrize(
    "source",
    [
        '{"a": "' + "x y " * 1_250_000 + '"}',
        '"abc\n' * 300_000,
        '{"a": 1}\n' * 100_000,
        "[1,\n" * 100_000,
        " " * 5_000_000,
    ],
    ids=["one line", "open strings", "many lines", "open lists", "blanks"],
)
def test_large_and_hostile_files_take_no_long_time(tmp_path, source):
    started = time.perf_counter()
    try:
        read(write(tmp_path, source))
    except Unreadable as error:
        assert error.failure.reason == "too deep"
    assert time.perf_counter() - started < 10


def test_binary_data_is_refused(tmp_path):
    path = tmp_path / "binary.json"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(Unreadable):
        read(path)
