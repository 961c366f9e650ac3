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
