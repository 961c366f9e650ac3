"""Web pages: what stands on them, in order, and nothing else."""

from __future__ import annotations

import time

from rankscope.core.documents.readers.html import read

PAGE = """<!doctype html>
<html><head><title>Blades &amp; disks</title>
<meta name="author" content="Ada"><meta property="article:published_time" content="2023-05-06T07:08:09Z">
<style>p {color: red}</style><script>var x = "</p>";</script></head>
<body><nav><a href="/">Home</a></nav>
<h1>Blades</h1><p>A  paragraph
over <b>two</b> lines.<br>And a third.</p>
<div style="display:none">hidden</div>
<ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul>
<h2>Numbers</h2>
<table><tr><th></th><th>2020</th><th>2021</th></tr><tr><td><p>Cost</p></td><td><p>5</p></td><td></td></tr></table>
<pre>a
  b</pre>
</body></html>"""


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "page.html"
    path.write_bytes(text.encode(encoding))
    return path


def test_text_headings_and_properties(tmp_path):
    extraction = read(write(tmp_path, PAGE))
    assert extraction.text == (
        "Blades\n\nA paragraph over two lines.\nAnd a third.\n\n- one\n- two\n  - inner\n\nNumbers\n\n"
        "2020\t2021\nCost\t5\n\na\n  b"
    )
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [("Blades", 1), ("Numbers", 2)]
    assert extraction.title == "Blades & disks"
    assert (extraction.author, extraction.created) == ("Ada", "2023-05-06T07:08:09")


def test_the_declared_encoding_counts(tmp_path):
    page = '<meta charset="iso-8859-2"><p>Žluťoučký kůň'
    assert read(write(tmp_path, page, "iso-8859-2")).text == "Žluťoučký kůň"
    page = '<?xml version="1.0" encoding="utf-16"?><html><body>Grüße</body></html>'
    assert read(write(tmp_path, page, "utf-16")).text == "Grüße"


def test_a_wrongly_declared_encoding_does_no_harm(tmp_path):
    assert read(write(tmp_path, '<meta charset="iso-8859-1"><p>Žluťoučký', "utf-8")).text == "Žluťoučký"
    assert read(write(tmp_path, '<meta charset="utf-8"><p>Grüße aus Köln', "cp1252")).text == "Grüße aus Köln"
    assert read(write(tmp_path, '<meta charset="utf-16"><p>Grüße aus Köln', "cp1252")).text == "Grüße aus Köln"


def test_captions_definitions_details_and_pictures(tmp_path):
    page = """<table><caption>Costs by year</caption><tr><td>1<td>2</table>
    <dl><dt>Term<dd>Its meaning</dl><details><summary>More</summary>Hidden at first</details>
    <figure><img src=a.png alt="A turbine in the North Sea"><figcaption>Turbine</figcaption></figure>
    <img src=b.png alt="Logo"><img src=c.png alt="">"""
    assert read(write(tmp_path, page)).text == (
        "Costs by year\n1\t2\n\nTerm\nIts meaning\n\nMore\nHidden at first\n\nA turbine in the North Sea\n\nTurbine"
    )


def test_what_a_reader_does_not_see_is_left_out(tmp_path):
    page = """<title>untitled</title><nav>Menu</nav><p hidden>a</p><p style="DISPLAY : none">b</p><p style="color:red">c</p>
    <dialog>d</dialog><dialog open>e</dialog><template>f</template><video>g</video><img hidden alt="h h h">
    <script>if (a < b) {"</p>"}</script><svg><title>i</title></svg><select><option>j</select>"""
    extraction = read(write(tmp_path, page))
    assert extraction.text == "c\n\ne"
    assert extraction.title == "", "a program's own word is no title"


def test_xhtml_with_entities_and_character_data(tmp_path):
    page = """<?xml version="1.0" encoding="utf-8"?>
    <html xmlns="http://www.w3.org/1999/xhtml"><head><script src="x.js"/><title>A &amp; B</title></head>
    <body><p>caf&eacute;&nbsp;&#8364; <![CDATA[if a < b & c]]></p><p/><p>after</p></body></html>"""
    extraction = read(write(tmp_path, page))
    assert extraction.text == "café\u00a0€ if a < b & c\n\nafter"
    assert extraction.title == "A & B"


def test_blanks_that_do_not_break(tmp_path):
    page = "<p>&nbsp;</p><p>&nbsp; &nbsp;12&nbsp;km &nbsp; away&nbsp;</p><table><tr><td>a<td>&nbsp;<td>b</table>"
    assert read(write(tmp_path, page)).text == "12\u00a0km away\n\na\tb"


def test_an_unclosed_heading_stays_one(tmp_path):
    extraction = read(write(tmp_path, "<h1>One<h2>Two</h2>text"))
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [("One", 1), ("Two", 2)]


def test_fifty_thousand_nested_tags(tmp_path):
    depth = 50_000
    started = time.perf_counter()
    extraction = read(write(tmp_path, "<div>" * depth + "<h1>deep</h1>down" + "</div>" * depth))
    assert extraction.text == "deep\n\ndown"
    assert time.perf_counter() - started < 10


def test_broken_markup(tmp_path):
    assert read(write(tmp_path, "<html><body><table><tr><td>cell<p>text <b>bold")).text == "cell\n\ntext bold"
    assert read(write(tmp_path, "no tags at all")).text == "no tags at all"
    assert read(write(tmp_path, "<script>never closed")).text == ""
    assert read(write(tmp_path, "<!-- never closed")).text == ""
    assert read(write(tmp_path, "</p></p><h1></h1><h2> </h2>x")).headings == ()
