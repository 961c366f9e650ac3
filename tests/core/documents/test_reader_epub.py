"""Books: chapters in the order of the spine, their names, properties; copy protection and damage named."""

from __future__ import annotations

import pytest
from office_files import LAUGHS, changed, flip_middle, headings, places, reason, with_entity, write_zip

from rankscope.core.documents.readers.epub import read

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PAGE = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html>'
CHAPTERS = {
    "cover.xhtml": "<p>Cover</p>",
    "one two.xhtml": "<h1>Rain</h1><p>It&#160;rained.</p>",
    "two.xhtml": "<h1>Snow</h1><p>It snowed.</p>",
    "three.xhtml": "<p>Still snow.</p><h2>Hail</h2><p>It hailed.</p>",
}


@pytest.fixture
def book(tmp_path):
    def write(chapters=CHAPTERS, contents="", more=None, nav=True):
        manifest = "".join(
            f'<item id="i{number}" href="text/{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
            for number, name in enumerate(chapters)
        )
        manifest += (
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
            if nav
            else '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        )
        spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(chapters)))
        package = (
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<metadata><dc:title>Weather</dc:title><dc:creator>Ada</dc:creator><dc:creator>Bo</dc:creator>"
            '<dc:date>2024-03-01</dc:date><meta property="dcterms:modified">2024-04-02T10:00:00Z</meta></metadata>'
            f"<manifest>{manifest}</manifest><spine>{spine}</spine></package>"
        )
        members = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package}
        members["OEBPS/nav.xhtml" if nav else "OEBPS/toc.ncx"] = contents or "<nothing/>"
        members |= {f"OEBPS/text/{name}": PAGE.format(body) for name, body in chapters.items()}
        return write_zip(tmp_path / "book.epub", members | (more or {}))

    return write


def navigation(*entries):
    links = "".join(f'<li><a href="text/{target}">{name}</a></li>' for target, name in entries)
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        f'<nav epub:type="landmarks"><a href="text/two.xhtml">Start</a></nav><nav epub:type="toc"><ol>{links}</ol></nav>'
        "</body></html>"
    )


def encrypted(method, *names):
    data = "".join(
        f'<EncryptedData><EncryptionMethod Algorithm="{method}"/><CipherData><CipherReference URI="{name}"/></CipherData>'
        "</EncryptedData>"
        for name in names
    )
    return {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}


def test_chapters_in_order_with_their_names(book):
    extraction = read(
        book(
            contents=navigation(("one%20two.xhtml", "Rain"), ("two.xhtml#start", "Snow"), ("three.xhtml#hail", "Hail"))
        )
    )
    assert extraction.text.split("\n\n") == ["Cover", "Rain", "It\u00a0rained.", "Snow", "It snowed.", "Still snow.", "Hail", "It hailed."]  # fmt: skip
    assert headings(extraction) == [("Rain", 1), ("Snow", 1), ("Hail", 2)]
    assert places(extraction) == {
        "the first pages": "Cover",
        "chapter 1: Rain": "Rain",
        "chapter 2: Snow": "Snow",
        "chapter 3: Snow": "Still snow.",
        "chapter 3: Hail": "Hail",
    }
    assert (extraction.title, extraction.author, extraction.format) == ("Weather", "Ada, Bo", "epub")
    assert (extraction.created, extraction.modified) == ("2024-03-01", "2024-04-02T10:00:00")


def test_names_from_the_older_table_of_contents(book):
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Chapter One</text></navLabel>'
        '<content src="text/one%20two.xhtml"/><navPoint><navLabel><text>Snow</text></navLabel><content '
        'src="text/two.xhtml"/></navPoint></navPoint></navMap></ncx>'
    )
    assert list(places(read(book(contents=ncx, nav=False)))) == ["the first pages", "Chapter One", "chapter 2: Snow"]


def test_without_a_table_of_contents_every_file_counts(book):
    assert list(places(read(book()))) == ["chapter 1", "chapter 2", "chapter 3", "chapter 4"]


def test_missing_and_damaged_chapters_are_said(book):
    path = changed(book(), lambda name, content: None if name.endswith("two.xhtml") else content)
    extraction = read(path)
    assert extraction.text.startswith("Cover\n\nStill snow.")
    assert extraction.warnings == ("2 of its 4 parts are missing or damaged.",)
    assert read(flip_middle(book(), "OEBPS/text/three.xhtml")).warnings == ("1 of its 4 parts are missing or damaged.",)


def test_copy_protection(book):
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    names = [f"OEBPS/text/{name}".replace(" ", "%20") for name in CHAPTERS]
    assert reason(read, book(more=encrypted(aes, *names))) == "encrypted"
    extraction = read(book(more=encrypted(aes, *names[1:])))
    assert extraction.text == "Cover"
    assert extraction.warnings == ("3 of its 4 parts are protected against copying (DRM) and left out.",)


@pytest.mark.parametrize("method", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
def test_scrambled_fonts_are_no_protection(book, method):
    extraction = read(book(more=encrypted(method, "OEBPS/fonts/a.otf")))
    assert (extraction.text[:5], extraction.warnings) == ("Cover", ())


def test_other_encodings(book):
    page = '<?xml version="1.0" encoding="windows-1251"?><html><body><p>Привет, как дела</p></body></html>'
    assert "Привет" in read(book(more={"OEBPS/text/two.xhtml": page.encode("cp1251")})).text


def test_damage_bombs_and_entities(book):
    assert reason(read, flip_middle(book(), "OEBPS/book.opf")) == "damaged"
    assert reason(read, changed(book(), lambda name, content: None if name.endswith(".opf") else content)) == "damaged"
    assert reason(read, book(more={"bomb.xhtml": b" " * 30_000_000})) == "too large"
    assert len(read(changed(book(), with_entity("OEBPS/text/two.xhtml", b"It snowed", LAUGHS))).text) < 300
