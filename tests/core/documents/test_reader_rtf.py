"""Rich Text: paragraphs, tables, headings, encodings, what hangs on the text, properties; damage named."""

from __future__ import annotations

import time

import pytest
from office_files import headings, reason

from rankscope.core.documents.readers import rtf
from rankscope.core.documents.readers.rtf import read


def write(tmp_path, content, head=rb"\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}"):
    path = tmp_path / "file.rtf"
    path.write_bytes(b"{\\rtf1%s %s}" % (head, content))
    return path


def text(tmp_path, content, **options):
    return read(write(tmp_path, content, **options)).text


def test_paragraphs_tables_and_links(tmp_path):
    content = (
        rb"\pard First \b bold\b0  paragraph.\par\trowd\cellx100\cellx200 Part\cell Cost\cell\row "
        rb"\trowd\cellx100\cellx200 Blade\cell 5\cell\row\pard "
        rb'{\field{\*\fldinst{HYPERLINK "http://x.org"}}{\fldrslt A link}} ends.\par'
    )
    assert text(tmp_path, content) == "First bold paragraph.\n\nPart\tCost\nBlade\t5\n\nA link ends."


def test_headings_by_style_and_by_outline_level(tmp_path):
    head = rb"\ansi{\stylesheet{\s0 Normal;}{\s3\sbasedon0\qc Heading 2;}}"
    content = rb"\pard\s3 Roots\par\pard\s0 Text.\par\pard\outlinelevel0 Blades\par\pard More.\par"
    extraction = read(write(tmp_path, content, head))
    assert extraction.text == "Roots\n\nText.\n\nBlades\n\nMore."
    assert headings(extraction) == [("Roots", 2), ("Blades", 1)]
    assert extraction.title == "Blades"


@pytest.mark.parametrize(
    ("content", "head", "expected"),
    [
        (rb"caf\'e9 \u8364? \u26085?\u26412?", rb"\ansi\ansicpg1252\uc1", "café € 日本"),
        (rb"\uc2\u26085\'93\'fa!\uc1\u-10179?\u-8704?", rb"\ansi", "日!😀"),
        (rb"\'cf\'f0\'e8\'e2\'e5\'f2", rb"\ansi\ansicpg1251", "Привет"),
        (rb"{\f1 \'cf\'f0} \f0 \'e9", rb"\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}", "Пр é"),
        (rb"\'83e\'83X\'83g \'93\'fa", rb"\ansi\ansicpg932", "テスト 日"),
        ("日本語 raw".encode("cp932"), rb"\ansi\ansicpg932", "日本語 raw"),
        ("ž raw".encode(), rb"\ansi\ansicpg1252", "ž raw"),
        (rb"\'8e", rb"\mac", "é"),
        (rb"{\f1 a\'e9}", rb"\ansi{\fonttbl{\f1\fcharset78 Osaka;}}", "aé"),
    ],
)
def test_encodings(tmp_path, content, head, expected):
    assert text(tmp_path, content, head=head) == expected


def test_what_hangs_on_the_text_follows_it_under_headings(tmp_path):
    content = (
        rb"{\header Running head\par}{\footer {\field{\*\fldinst PAGE}{\fldrslt 7}}}"
        rb"Body{\super\chftn}{\footnote\pard\plain {\super\chftn} A footnote.}"
        rb"{\footnote\ftnalt An endnote.}"
        rb"{\shp{\*\shpinst{\shptxt In a box\par}}{\shprslt{\*\do{\dptxbxtext In a box\par}}}}"
        rb"{\*\atnid A}{\*\atnauthor Ada}\chatn{\*\annotation{\*\atnref 1}Why?} goes on.\par"
    )
    extraction = read(write(tmp_path, content))
    assert extraction.text == (
        "Body goes on.\n\nText boxes\n\nIn a box\n\nFootnotes\n\nA footnote.\n\nEndnotes\n\nAn endnote.\n\n"
        "Headers and footers\n\nRunning head\n\nComments\n\nAda: Why?"
    )


def test_properties(tmp_path):
    head = (
        rb"\ansi{\info{\title Wind \'e9t\'e9}{\author Ada}{\creatim\yr2024\mo3\dy1\hr12\min30}"
        rb"{\revtim\yr2024\mo4\dy2\hr0\min0}}"
    )
    extraction = read(write(tmp_path, b"Text", head))
    assert (extraction.title, extraction.author, extraction.format) == ("Wind été", "Ada", "rtf")
    assert (extraction.created, extraction.modified) == ("2024-03-01T12:30:00", "2024-04-02T00:00:00")


def test_pictures_are_passed_over_quickly(tmp_path):
    pictures = rb"{\*\shppict{\pict\pngblip " + b"89504e47" * 500_000 + rb"}}{\pict\bin6 {}\}{{}"
    started = time.perf_counter()
    assert text(tmp_path, b"before " + pictures + rb"after\par") == "before after"
    assert time.perf_counter() - started < 2


def test_many_links_on_one_line_take_linear_time(tmp_path):
    link = rb'{\field{\*\fldinst{HYPERLINK "http://x.org"}}{\fldrslt text}} '
    started = time.perf_counter()
    assert text(tmp_path, link * 20_000).count("text") == 20_000
    assert time.perf_counter() - started < 5


def test_a_file_that_breaks_off_is_read_and_said(tmp_path):
    path = write(tmp_path, rb"\pard Whole.\par{\b Broken")
    path.write_bytes(path.read_bytes()[:-1])
    extraction = read(path)
    assert extraction.text == "Whole.\n\nBroken"
    assert extraction.warnings == ("The end of the file is missing.",)


def test_damage_is_named(tmp_path):
    path = tmp_path / "file.rtf"
    path.write_bytes(b"{\\rtf1{\\fonttbl{\\f0 Ari")
    assert reason(read, path) == "damaged"
    assert reason(read, write(tmp_path, rb"\u9999999999? text")) == "damaged"


def test_very_large_texts_are_read_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("rankscope.core.documents.office_rtf.MAX_BODY", 1_000_000)
    monkeypatch.setattr(rtf, "MAX_BODY", 1_000_000)
    extraction = read(write(tmp_path, rb"one two three\par " * 60_000))
    assert 500_000 < len(extraction.text) < 1_000_000
    assert extraction.warnings == ("Only the first 1 MB of its text are read: it is too large.",)
