"""OpenDocument texts and presentations: text in order, headings, notes, slides; protection and damage named."""

from __future__ import annotations

import pytest
from office_files import LAUGHS, changed, flip_middle, headings, places, reason, with_entity, write_zip

from rankscope.core.documents.readers import odp, odt

SPACES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in {
            "office": "office",
            "text": "text",
            "table": "table",
            "draw": "drawing",
            "style": "style",
            "svg": "svg-compatible",
            "presentation": "presentation",
            "meta": "meta",
        }.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def write(path, body, kind, styles="", page_styles="", manifest="<manifest/>", more=None):
    start = f'<?xml version="1.0"?><office:document-content {SPACES}>'
    members = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": f"{start}<office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        "styles.xml": f"<office:document-styles {SPACES}>{page_styles}</office:document-styles>",
        "meta.xml": f"<office:document-meta {SPACES}><office:meta><dc:title>Wind</dc:title><meta:initial-creator>Ada"
        "</meta:initial-creator><dc:creator>Bo</dc:creator><meta:creation-date>2024-03-01T12:30:00</meta:creation-date>"
        "<dc:date>2024-04-02T00:00:00</dc:date></office:meta></office:document-meta>",
        "META-INF/manifest.xml": manifest,
    }
    return write_zip(path, members | (more or {}))


@pytest.fixture
def text(tmp_path):
    return lambda body, **options: write(tmp_path / "file.odt", body, "text", **options)


@pytest.fixture
def deck(tmp_path):
    return lambda body, **options: write(tmp_path / "file.odp", body, "presentation", **options)


def test_paragraphs_headings_lists_and_properties(text):
    extraction = odt.read(
        text(
            '<text:h text:outline-level="1">Blades</text:h><text:p>One<text:s text:c="2"/>two\n  <text:span>three'
            "</text:span><text:tab/>four<text:line-break/>five</text:p><text:list><text:list-item><text:p>a</text:p>"
            "<text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item></text:list>"
            '<text:h text:outline-level="2">Roots</text:h><text:p>End.</text:p>'
        )
    )
    assert extraction.text == "Blades\n\nOne  two three\tfour\nfive\n\na\nb\n\nRoots\n\nEnd."
    assert headings(extraction) == [("Blades", 1), ("Roots", 2)]
    assert (extraction.title, extraction.author, extraction.format) == ("Wind", "Ada", "odt")
    assert (extraction.created, extraction.modified) == ("2024-03-01T12:30:00", "2024-04-02T00:00:00")


def test_tables_frames_and_what_is_left_out(text):
    extraction = odt.read(
        text(
            "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion>"
            "</text:changed-region></text:tracked-changes>"
            "<text:p>Before<draw:frame><svg:title>described</svg:title><draw:text-box><text:p>in the box</text:p>"
            "</draw:text-box></draw:frame> after.</text:p><table:table><table:table-header-rows><table:table-row>"
            "<table:table-cell><text:p>Part</text:p></table:table-cell><table:table-cell><text:p>Cost</text:p>"
            "</table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell>"
            "<text:p>Blade</text:p></table:table-cell><table:table-cell><text:p>5</text:p></table:table-cell>"
            "</table:table-row></table:table>"
        )
    )
    assert extraction.text == "Before after.\n\nin the box\n\nPart\tCost\nBlade\t5"


def test_what_hangs_on_the_text_follows_it_under_headings(text):
    note = (
        '<text:note text:note-class="{0}"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>A {0}.</text:p></text:note-body></text:note>"
    )
    master = (
        "<office:master-styles><style:master-page><style:header><text:p>Running head</text:p></style:header>"
        "<style:footer><text:p><text:page-number>7</text:page-number></text:p></style:footer></style:master-page>"
        "<style:master-page><style:header><text:p>Running head</text:p></style:header></style:master-page>"
        "</office:master-styles>"
    )
    body = (
        f"<text:p>Body{note.format('footnote')} goes{note.format('endnote')}<office:annotation><dc:creator>Ada"
        "</dc:creator><dc:date>2024-03-01</dc:date><text:p>Why?</text:p></office:annotation> on.</text:p>"
    )
    assert odt.read(text(body, page_styles=master)).text == (
        "Body goes on.\n\nFootnotes\n\nA footnote.\n\nEndnotes\n\nA endnote.\n\nHeaders and footers\n\nRunning head"
        "\n\nComments\n\nAda: Why?"
    )


def test_the_title_is_the_paragraph_in_that_style(text):
    styles = '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>'
    body = '<text:p text:style-name="P1">The  manual</text:p><text:p>Text.</text:p>'
    assert odt.read(text(body, styles=styles)).title == "The manual"


def test_embedded_objects_are_read_once(text):
    chart = f"<office:document-content {SPACES}><text:p>Harvest</text:p><draw:object xlink:href='./Object 1'/></office:document-content>"
    body = '<text:p>See<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    assert odt.read(text(body, more={"Object 1/content.xml": chart})).text == "See\n\nHarvest"


def test_slides(deck):
    styles = (
        '<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties '
        'presentation:visibility="hidden"/></style:style>'
    )
    frame = "<draw:frame {}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    body = (
        '<presentation:footer-decl presentation:name="f">Confidential</presentation:footer-decl>'
        '<draw:page presentation:use-footer-name="f">'
        + frame.format('svg:y="9cm" svg:x="1cm" svg:height="1cm"', "below")
        + frame.format('svg:y="5.1cm" svg:x="9cm" svg:height="2cm"', "right")
        + "<draw:g>"
        + frame.format('svg:y="5cm" svg:x="1cm" svg:height="2cm"', "left")
        + "</draw:g>"
        + frame.format('presentation:class="subtitle"', "by Ada")
        + frame.format('presentation:class="title"', "The deck")
        + "<presentation:notes>"
        + frame.format('presentation:class="notes"', "Say it slowly.")
        + "</presentation:notes></draw:page>"
        '<draw:page draw:style-name="dp2" presentation:use-footer-name="f">'
        + frame.format('presentation:class="title"', "Second")
        + "<office:annotation><dc:creator>Bo</dc:creator><text:p>Why?</text:p></office:annotation></draw:page>"
    )
    extraction = odp.read(deck(body, styles=styles))
    assert extraction.text.split("\n\n") == [
        "The deck",
        "by Ada",
        "left",
        "right",
        "below",
        "Notes: Say it slowly.",
        "Confidential",
        "Second",
        "Bo: Why?",
    ]
    assert headings(extraction) == [("The deck", 1), ("Second", 1)]
    assert places(extraction) == {"slide 1": "The deck", "slide 2": "Second"}
    assert extraction.warnings == ("Hidden in the presentation, and read all the same: slide 2.",)
    assert (extraction.title, extraction.format) == ("Wind", "odp")


def test_protected_files_say_so(text, deck):
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    assert reason(odt.read, text("", manifest=manifest)) == "encrypted"
    assert reason(odp.read, deck("", manifest=manifest)) == "encrypted"


def test_damage_bombs_and_entities(text):
    body = "<text:p>First</text:p>"
    assert reason(odt.read, flip_middle(text(body), "content.xml")) == "damaged"
    assert reason(odt.read, changed(text(body), lambda name, content: content[:-9])) == "damaged"
    assert reason(odt.read, text(body, more={"bomb": b" " * 30_000_000})) == "too large"
    assert reason(odt.read, text("<text:section>" * 3000 + "</text:section>" * 3000)) == "damaged"
    assert odt.read(text('<text:p>a<text:s text:c="999999999"/>b</text:p>')).text.count(" ") <= 100
    assert reason(odt.read, changed(text(body), with_entity("content.xml", b"First", LAUGHS))) == "damaged"


def test_entities_are_not_fetched(text, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    outside = f'<!DOCTYPE l [<!ENTITY j SYSTEM "{secret.as_uri()}">]>'.encode()
    assert (
        odt.read(changed(text("<text:p>First</text:p>"), with_entity("content.xml", b"First", outside))).text == "First"
    )
