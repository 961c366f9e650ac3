"""Word documents: paragraphs and tables in order, headings by style, properties; bombs and damage refused."""

from __future__ import annotations

import zipfile
from datetime import datetime

import pytest
from docx import Document
from docx.oxml import parse_xml

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.docx import read

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


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


def saved(document, tmp_path):
    path = tmp_path / "file.docx"
    document.save(path)
    return path


def reason(path):
    with pytest.raises(Unreadable) as caught:
        read(path)
    return caught.value.failure.reason


def test_paragraphs_tables_headings_and_properties(document, tmp_path):
    extraction = read(saved(document, tmp_path))
    assert extraction.text == (
        "The manual\n\nBlades\n\nFirst paragraph.\n\nPart\tCost\nBlade\t5\n\nRoots\n\none\n\nLast\tparagraph."
    )
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [("Blades", 1), ("Roots", 2)]
    assert (extraction.title, extraction.author, extraction.created) == ("The manual", "Ada", "2024-03-01T12:30:00")


def test_tracked_changes_links_and_text_boxes(tmp_path):
    document = Document()
    body = document.element.body
    body.insert(
        0,
        parse_xml(
            f"<w:p {W}><w:r><w:t>kept </w:t></w:r><w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
            "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
            "<w:hyperlink><w:r><w:t> link</w:t></w:r></w:hyperlink>"
            "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>"
        ),
    )
    assert read(saved(document, tmp_path)).text == "kept added link\n\nin a box"


def test_deeply_nested_tables(tmp_path):
    document = Document()
    nested = "<w:p/>"
    for _ in range(40):
        nested = f"<w:tbl><w:tr><w:tc>{nested}<w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    document.element.body.insert(0, parse_xml(nested.replace("<w:tbl>", f"<w:tbl {W}>", 1)))
    assert read(saved(document, tmp_path)).text.count("x") == 40


def test_a_bomb_is_refused_before_it_is_unpacked(document, tmp_path):
    path = saved(document, tmp_path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/bomb.xml", b"a" * 30_000_000)
    assert reason(path) == "too large"


def test_damage_is_named(document, tmp_path):
    path = saved(document, tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert reason(path) == "damaged"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<broken")
        archive.writestr("word/document.xml", "<broken")
    assert reason(path) == "damaged"
