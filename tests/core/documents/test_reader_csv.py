"""Tables in text files: rows stay rows, whatever the separator, the quotes and the line ends."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.places import Places
from rankscope.core.documents.readers.csv import read
from rankscope.core.documents.table_dialect import Dialect


def write(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def headings(extraction):
    return [extraction.text[heading.start : heading.end] for heading in extraction.headings]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("city,people\nKöln,1000000\nGraz,300000\n", "a.csv"),
        ("city;people\r\nKöln;1000000\r\nGraz;300000", "a.csv"),
        ("city\tpeople\nKöln\t1000000\nGraz\t300000", "a.tsv"),
        ("city|people\nKöln|1000000\nGraz|300000", "a.csv"),
        ('"city","people"\n"Köln","1000000"\n"Graz","300000"\n', "a.csv"),
        ("city, people\nKöln, 1000000\nGraz, 300000\n", "a.csv"),
        ("'city','people'\n'Köln','1000000'\n'Graz','300000'\n", "a.csv"),
    ],
)
def test_separators_and_quotes(tmp_path, text, name):
    for encoding in ("utf-8", "utf-16", "cp1252"):
        extraction = read(write(tmp_path, text, name, encoding))
        assert extraction.text == "city\tpeople\nKöln\t1000000\nGraz\t300000"
        assert headings(extraction) == ["city\tpeople"]
        assert extraction.format == "csv"


def test_cells_with_separators_quotes_and_line_ends(tmp_path):
    extraction = read(write(tmp_path, 'name,note\nAnna,"a, ""b"", c"\nBo,"one\ntwo"\nCy,"tab\there"\n\nDa,x\n'))
    assert extraction.text == 'name\tnote\nAnna\ta, "b", c\nBo\tone two\nCy\ttab here\n\nDa\tx'
    places = Places(extraction)
    assert [places.name(extraction.text.index(name)) for name in ("Bo", "Cy", "Da")] == ["row 3", "row 4", "row 6"]


@pytest.mark.parametrize(
    ("text", "header", "title"),
    [
        ("Team,Cups\nBlues,1\nFlyers,2\n", ["Team\tCups"], ""),
        ("Stanley Cups,\nTeam,Cups\nBlues,1\nFlyers,2\n", ["Team\tCups"], "Stanley Cups"),
        ("1,2\n3,4\n", [], ""),
        ("2024-01-01,Rain\n2024-01-02,Sun\n", [], ""),
        ("a,b\na,c\na,d\n", [], ""),
        ("apple\npear\nplum\n", [], ""),
        ("Price\n12.50\n13.00\n", ["Price"], ""),
        ("x@example.org,12\ny@example.org,13\n", [], ""),
        ("only,one\n", [], ""),
        ("sep=;\ncity;people\nGraz;3\n", ["city\tpeople"], ""),
    ],
)
def test_the_row_that_names_the_columns(tmp_path, text, header, title):
    extraction = read(write(tmp_path, text))
    assert headings(extraction) == header
    assert extraction.title == title


def test_passages_of_a_long_table_know_its_columns(tmp_path, make_chunker):
    rows = "".join(f"Customer {number},Town {number % 7},buys screws and dowels\n" for number in range(200))
    extraction = read(write(tmp_path, "name,town,remark\n" + rows))
    passages = make_chunker().passages(extraction)
    assert len(passages) > 5
    for passage in passages[1:]:
        assert passage.context == "name town remark"
        assert passage.place == f"row {extraction.text.count(chr(10), 0, passage.start) + 1}"


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    extraction = read(write(tmp_path, 'a,b\n"x,1\ny,2\n"z",3\n'))
    assert extraction.text == "a\tb\nx,1\ny\t2\nz\t3"
    assert "row 2" in extraction.warnings[0]
    extraction = read(write(tmp_path, 'a,b\n"x",1\n"y,2\nz,3\n'))
    assert extraction.text == "a\tb\nx\t1\ny,2\nz\t3"
    assert "row 3" in extraction.warnings[0]


def test_quotes_inside_of_cells_are_characters(tmp_path):
    extraction = read(write(tmp_path, 'pipe,length\n5" pipe,3\n6" pipe,4\n'))
    assert extraction.text == 'pipe\tlength\n5" pipe\t3\n6" pipe\t4'
    assert not extraction.warnings


def test_quotes_with_a_backslash_in_front(tmp_path):
    assert read(write(tmp_path, 'a,b\n"say \\"hi\\", now",2\n')).text == 'a\tb\nsay "hi", now\t2'


_CELL = st.text(alphabet="ab ,;\"\n\t'é", max_size=6)


@given(st.text(alphabet='ab1 ,;"\n', max_size=60), st.sampled_from(",;"))
def test_the_short_way_without_quotes_gives_what_the_parser_gives(sample, separator):
    lines = sample.splitlines(keepends=True)
    dialect = Dialect(separator)
    parsed = list(dialect.reader(lines, strict=False))
    assert dialect.rows(sample, lines) == parsed
    assert dialect.widths(sample, lines) == [len(row) for row in parsed if row]


@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=3, max_size=12), st.booleans())
def test_what_the_standard_library_writes_comes_back_row_by_row(tmp_path_factory, rows, quote_all):
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    writer.writerow(["id-column", "name-column", "note-column"])
    writer.writerows(rows)
    extraction = read(write(tmp_path_factory.mktemp("csv"), out.getvalue()))
    lines = extraction.text.split("\n")
    assert len(lines) == len(rows) + 1
    for line, row in zip(lines[1:], rows, strict=True):
        if line.count("\t") == 2:  # a quoted separator may have been taken for the separator
            assert [cell.split() for cell in line.split("\t")] == [cell.split() for cell in row]


@pytest.mark.parametrize(
    "text",
    [
        "a,b;c " * 800_000,
        '"' * 3_000_000,
        '"a\n' * 500_000,
        'x,"y\n' * 500_001,
        "," * 3_000_000,
        "\n" * 3_000_000,
        'a,b\n1,"' + "x" * 5_000_000 + '"\n',
        "a,\0b\n" * 300_000,
    ],
    ids=["one line", "quotes", "open quotes", "odd quotes", "separators", "empty lines", "a long cell", "NUL"],
)
def test_hostile_tables_take_no_long_time(tmp_path, text):
    started = time.perf_counter()
    read(write(tmp_path, text)).text.encode("utf-8")
    assert time.perf_counter() - started < 10


def test_empty_and_binary_files(tmp_path):
    assert read(write(tmp_path, "")).text == ""
    assert read(write(tmp_path, " \n \n")).text.strip() == ""
    path = tmp_path / "binary.csv"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.failure.reason == "wrong type"
