"""XML of any vocabulary: its text, and nothing from anywhere else."""

from __future__ import annotations

import time

import pytest

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.places import Places
from rankscope.core.documents.readers.xml import read


def write(tmp_path, text, encoding="utf-8", name="data.xml"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def headings(extraction):
    return [(extraction.text[h.start : h.end], h.level) for h in extraction.headings]


FEED = """<?xml version="1.0"?>
<rss version="2.0"><channel><title>Garden news</title><link>https://example.org/</link>
<item><title>Roses</title>
  <description>&lt;p&gt;Cut &lt;b&gt;early&lt;/b&gt;.&lt;/p&gt;</description></item>
<item><title>Compost</title><content><![CDATA[<p>Because&nbsp;it helps.</p>]]></content></item>
</channel></rss>"""


def test_a_feed(tmp_path):
    extraction = read(write(tmp_path, FEED, name="news.rss"))
    assert extraction.text == (
        "Garden news\n\nlink: https://example.org/\n\nRoses\n\nCut early.\n\nCompost\n\nBecause\u00a0it helps."
    )
    assert headings(extraction) == [("Garden news", 1), ("Roses", 2), ("Compost", 2)]
    assert extraction.title == "Garden news"
    assert Places(extraction).name(extraction.text.index("Cut")) == "line 4"


def test_records_are_blocks_of_named_values(tmp_path):
    source = """<countries><country name="Chad"><capital>N'Djamena</capital><area unit="km2">1284000</area></country>
    <country name="Peru"><capital>Lima</capital></country></countries>"""
    assert read(write(tmp_path, source)).text == (
        "country: Chad\ncapital: N'Djamena\narea: 1284000\n\ncountry: Peru\ncapital: Lima"
    )


def test_running_text_stays_together(tmp_path):
    source = """<book><chapter><title>Start</title><para><em>Note</em> that <code>x &lt; y</code>,
    and <b>bold</b>.</para><para>Short.</para><programlisting>a
  b</programlisting></chapter></book>"""
    assert read(write(tmp_path, source)).text == "Start\n\nNote that x < y, and bold.\n\nShort.\n\na\n  b"


def test_attributes_are_read_where_they_are_text(tmp_path):
    source = """<opml><body><outline text="Science" title="Science"><outline type="rss" text="Physics" url="https://x"/>
    </outline><string name="hello">Good day</string><picture alt="A turbine"/></body></opml>"""
    assert read(write(tmp_path, source)).text == "Science\nPhysics\n\nhello: Good day\nA turbine"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "iso-8859-1", "no-such"])
def test_whatever_encoding_is_declared(tmp_path, encoding, declared):
    source = f'<?xml version="1.0" encoding="{declared}"?>\n<a>Grüße aus Köln und Umgebung</a>'
    extraction = read(write(tmp_path, source, encoding))
    assert extraction.text == "Grüße aus Köln und Umgebung"
    assert Places(extraction).name(0) == "line 2"


def test_only_known_entities_are_replaced(tmp_path):
    source = """<!DOCTYPE a [<!ENTITY own "text"><!ENTITY file SYSTEM "file:///etc/hostname">
    <!ENTITY % more SYSTEM "https://example.org/x.dtd"> %more;]>
    <a>&amp; &lt; &#233; &eacute; &own; &file; &other;</a>"""
    extraction = read(write(tmp_path, source))
    assert extraction.text == "& < é é &own; &file; &other;"
    assert extraction.warnings == ("References to text that is defined elsewhere, left as they are: 3.",)


def test_entities_that_unfold_without_end_are_a_reason(tmp_path):
    levels = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 9))
    bombs = (
        f'<!DOCTYPE a [<!ENTITY e0 "lol">{levels}]><a>&e8;</a>',
        f'<!DOCTYPE a [<!ENTITY e "{"x" * 90_000}">]><a title="{"&e;" * 50_000}">x</a>',
    )
    for bomb in bombs:
        with pytest.raises(Unreadable) as caught:
            read(write(tmp_path, bomb))
        assert caught.value.failure.reason == "damaged"
        assert caught.value.failure.remedy.endswith(".")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<a><b>Fish & chips</b>\n<c>unclosed\n", "Fish & chips\nc: unclosed"),
        ("<a>one</a>\n<a>two</a>", "one\ntwo"),
        ('<a x="1" x="2">twice</a>', "twice"),
        ("<a><b>cut o", "cut o"),
        ("no tags & nothing", "no tags & nothing"),
    ],
)
def test_damaged_xml_gives_what_it_has_with_a_warning(tmp_path, source, text):
    extraction = read(write(tmp_path, source))
    assert extraction.text == text
    assert "XML" in extraction.warnings[0]


def test_declarations_after_blank_lines_and_control_characters(tmp_path):
    extraction = read(write(tmp_path, "\n\n <?xml version='1.0'?>\n<a>\x08x</a>"))
    assert extraction.text == "x"
    assert Places(extraction).name(0) == "line 4"
    assert not extraction.warnings


@pytest.mark.parametrize(
    "source",
    [
        "<a>" * 50_000 + "x" + "</a>" * 50_000,
        "<a>t " * 50_000 + "x & y" + "</b>" * 50_000,
        "<a>" + "<b>word</b>" * 100_000 + "</a>",
        "<a>" + "word " * 1_000_000 + "</a>",
        "<" * 500_000,
        "<a>" + "<![CDATA[x ]]>" * 100_000 + "</a>",
        "<a>" + "&none;" * 200_000 + "</a>",
    ],
    ids=["deep", "deep and damaged", "one line", "long text", "angles", "sections", "references"],
)
def test_hostile_files_take_no_long_time(tmp_path, source):
    started = time.perf_counter()
    assert read(write(tmp_path, source)).text
    assert time.perf_counter() - started < 10


def test_encoded_data_is_cut_short(tmp_path):
    extraction = read(write(tmp_path, "<a><data>" + "QUJDREVG\n" * 3 + "QUJD" * 300 + "</data><b>text</b></a>"))
    assert len(extraction.text) < 100 and extraction.text.endswith("text")
    assert "encoded data" in extraction.warnings[0]


def test_empty_and_binary_files(tmp_path):
    assert read(write(tmp_path, "")).text == ""
    path = tmp_path / "binary.xml"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(Unreadable) as caught:
        read(path)
    assert caught.value.failure.reason == "wrong type"
