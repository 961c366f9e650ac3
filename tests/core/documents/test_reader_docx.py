"""Word documents: text in order, headings by style, what hangs on the text, properties; bombs and damage refused."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime

import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from office_files import LAUGHS, changed, flip_middle, headings, reason, with_entity

from rankscope.core.documents.readers.docx import read

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture
def document():
    document = Document()
    document.add_paragraph("The manual", style="Title")
    document.add_heading("Blades", level=1)
    document.add_paragraph("First paragraph.")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("Part", "Cost"), ("Blade", "5")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_heading("Roots", level=2)
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("Last\tparagraph.")
    document.core_properties.author = "Ada"
    document.core_properties.created = datetime(2024, 3, 1, 12, 30)
    return document


def saved(document, tmp_path, name="file.docx"):
    path = tmp_path / name
    document.save(path)
    return path


def with_body(content):
    document = Document()
    document.element.body.insert(0, parse_xml(content))
    return document


def attach(document, kind, name, content, content_type="application/xml"):
    """A further part of the package. Returns the relation's id."""
    part = Part(PackURI(f"/word/{name}"), content_type, content.encode(), document.part.package)
    return document.part.relate_to(part, f"{OFFICE}/{kind}")


def test_paragraphs_tables_headings_and_properties(document, tmp_path):
    extraction = read(saved(document, tmp_path))
    assert extraction.text == (
        "The manual\n\nBlades\n\nFirst paragraph.\n\nPart\tCost\nBlade\t5\n\nRoots\n\none\n\nLast\tparagraph."
    )
    assert headings(extraction) == [("Blades", 1), ("Roots", 2)]
    assert (extraction.title, extraction.author, extraction.created) == ("The manual", "Ada", "2024-03-01T12:30:00")
    assert (extraction.format, extraction.warnings) == ("docx", ())


def test_tracked_changes_links_and_text_boxes(tmp_path):
    document = with_body(
        f"<w:p {W}><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t> link</w:t></w:r></w:hyperlink>"
        "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>"
    )
    assert read(saved(document, tmp_path)).text == "kept added link\n\nin a box"


def test_content_controls_and_formulas(tmp_path):
    document = with_body(
        f'<w:sdt {W} xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><w:sdtContent><w:p>'
        "<w:sdt><w:sdtContent><w:r><w:t>controlled </w:t></w:r></w:sdtContent></w:sdt>"
        "<m:oMath><m:r><m:t>E=mc</m:t></m:r></m:oMath></w:p></w:sdtContent></w:sdt>"
    )
    assert read(saved(document, tmp_path)).text == "controlled E=mc"


def test_what_hangs_on_the_text_follows_it_under_headings(document, tmp_path):
    note = '<w:{0} w:id="{1}"{2}><w:p><w:r><w:t>{3}</w:t></w:r></w:p></w:{0}>'
    for kind in ("footnote", "endnote"):
        notes = note.format(kind, 0, ' w:type="separator"', "line") + note.format(kind, 1, "", f"A {kind}.")
        attach(document, f"{kind}s", f"{kind}s.xml", f"<w:{kind}s {W}>{notes}</w:{kind}s>")
    document.add_section()
    for section in document.sections:
        section.header.is_linked_to_previous = False
        section.header.paragraphs[0].text = "Running head"
    document.sections[0].footer.paragraphs[0].text = "7"
    comment = f'<w:comment w:id="0" w:author="Ada"><w:p {W}><w:r><w:t>Why?</w:t></w:r></w:p></w:comment>'
    attach(document, "comments", "comments9.xml", f"<w:comments {W}>{comment}</w:comments>")
    extraction = read(saved(document, tmp_path))
    assert extraction.text.partition("Last\tparagraph.")[2] == (
        "\n\nFootnotes\n\nA footnote.\n\nEndnotes\n\nA endnote.\n\nHeaders and footers\n\nRunning head"
        "\n\nComments\n\nAda: Why?"
    )
    assert [name for name, level in headings(extraction) if level == 1] == [
        "Blades",
        "Footnotes",
        "Endnotes",
        "Headers and footers",
        "Comments",
    ]


def test_charts_diagrams_and_imported_pages_stand_where_they_are_put(tmp_path):
    a, c = (
        'xmlns:{}="http://schemas.openxmlformats.org/drawingml/2006/{}"'.format(*pair)
        for pair in ("a main".split(), "c chart".split())
    )
    dgm = 'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
    document = Document()
    chart = attach(
        document,
        "chart",
        "charts/chart1.xml",
        f"<c:chartSpace {a} {c}><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Harvest</a:t></a:r></a:p></c:rich></c:tx>"
        "</c:title><c:ser><c:cat><c:strRef><c:strCache><c:pt><c:v>Spring</c:v></c:pt></c:strCache></c:strRef></c:cat>"
        "</c:ser></c:chart></c:chartSpace>",
    )
    diagram = attach(
        document,
        "diagramData",
        "diagrams/data1.xml",
        f"<dgm:dataModel {a} {dgm}><dgm:pt><dgm:t><a:p><a:r><a:t>Step</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>",
    )
    page = attach(document, "aFChunk", "page.html", "<p>Imported <b>page</b></p>", "text/html")
    body = document.element.body
    body.insert(0, parse_xml(f'<w:altChunk {W} {R} r:id="{page}"/>'))
    body.insert(0, parse_xml(f'<w:p {W} {R} {c} {dgm}><w:r><w:t>See:</w:t></w:r><w:r><w:drawing><c:chart r:id="{chart}"/></w:drawing></w:r><w:r><w:drawing><dgm:relIds r:dm="{diagram}"/></w:drawing></w:r></w:p>'))  # fmt: skip
    assert read(saved(document, tmp_path)).text == "See:\n\nHarvest\nSpring\n\nStep\n\nImported page"


@pytest.mark.parametrize(
    ("suffix", "main_type"),
    [
        ("docm", "application/vnd.ms-word.document.macroEnabled.main+xml"),
        ("dotx", "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"),
        ("dotm", "application/vnd.ms-word.template.macroEnabledTemplate.main+xml"),
    ],
)
def test_templates_and_documents_with_macros(document, tmp_path, suffix, main_type):
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    path = saved(document, tmp_path, f"file.{suffix}")
    changed(path, lambda _, content: content.replace(plain, main_type.encode()))
    assert read(path).text.startswith("The manual\n\nBlades")


def test_strict_documents(document, tmp_path):
    path = saved(document, tmp_path)
    whole = read(path)
    ordinary = re.compile(rb"http://schemas\.openxmlformats\.org/(officeDocument|wordprocessingml|drawingml)/2006/")
    changed(path, lambda _, content: ordinary.sub(rb"http://purl.oclc.org/ooxml/\1/", content))
    assert read(path) == whole


def test_deeply_nested_tables(tmp_path):
    nested = "<w:p/>"
    for _ in range(40):
        nested = f"<w:tbl><w:tr><w:tc>{nested}<w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    document = with_body(nested.replace("<w:tbl>", f"<w:tbl {W}>", 1))
    assert read(saved(document, tmp_path)).text.count("x") == 40


def test_a_bomb_is_refused_before_it_is_unpacked(document, tmp_path):
    path = saved(document, tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", b"a" * 30_000_000)
    assert reason(read, path) == "too large"


def test_entities_are_neither_expanded_nor_fetched(document, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    outside = f'<!DOCTYPE l [<!ENTITY j SYSTEM "{secret.as_uri()}">]>'.encode()
    for doctype in (LAUGHS, outside):
        path = changed(saved(document, tmp_path), with_entity("word/document.xml", b"First", doctype))
        text = read(path).text
        assert "secret" not in text and len(text) < 1000


def test_damage_is_named(document, tmp_path):
    path = saved(document, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert reason(read, path) == "damaged"
    path.write_bytes(whole)
    assert reason(read, flip_middle(path, "word/document.xml")) == "damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<broken")
        archive.writestr("word/document.xml", "<broken")
    assert reason(read, path) == "damaged"


def test_what_damage_leaves_is_read_and_said(document, tmp_path):
    document.sections[0].header.paragraphs[0].text = "Running head"
    path = saved(document, tmp_path)
    whole = read(path)
    for lose in (lambda _: None, lambda content: content[: len(content) // 2]):
        saved(document, tmp_path)
        changed(path, lambda name, content, lose=lose: lose(content) if "header" in name else content)
        extraction = read(path)
        assert extraction.text.startswith(whole.text.partition("\n\nHeaders")[0])
        assert extraction.warnings == (
            "One of its parts is missing or damaged; what could not be understood is left out.",
        )


def test_relations_to_missing_pictures_do_no_harm(document, tmp_path):
    path = saved(document, tmp_path)
    relation = f'<Relationship Id="rId99" Type="{RELATIONSHIP_TYPE.IMAGE}" Target="NULL"/></Relationships>'.encode()
    changed(
        path,
        lambda name, content: (
            content.replace(b"</Relationships>", relation) if "document.xml.rels" in name else content
        ),
    )
    assert read(path).text.startswith("The manual")
