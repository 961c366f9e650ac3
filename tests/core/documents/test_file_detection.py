"""A file is read as what it is, and one that nothing can read is named for what it is."""

from __future__ import annotations

import zipfile

import pytest
from docx import Document
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.reading import read_document


@pytest.fixture
def read(make_chunker, tmp_path):
    def read_bytes(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return read_document(path, make_chunker())

    return read_bytes


@pytest.fixture
def pdf_bytes(tmp_path):
    canvas = Canvas(str(tmp_path / "made"))
    canvas.drawString(100, 100, "A word in a PDF")
    canvas.save()
    return (tmp_path / "made").read_bytes()


@pytest.fixture
def docx_bytes(tmp_path):
    document = Document()
    document.add_paragraph("A word in a Word document")
    document.save(tmp_path / "made")
    return (tmp_path / "made").read_bytes()


def zipped(tmp_path, **members):
    with zipfile.ZipFile(tmp_path / "made", "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return (tmp_path / "made").read_bytes()


@pytest.mark.parametrize("name", ["a.txt", "a.docx", "a.html", "a.pdf", "a.md"])
def test_a_pdf_under_any_name_is_read_as_pdf(read, pdf_bytes, name):
    document = read(name, pdf_bytes)
    assert document.extraction.format == "pdf"
    assert document.extraction.text == "A word in a PDF"
    assert document.passages[0].page == 1


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.html"])
def test_a_word_document_under_any_name_is_read_as_such(read, docx_bytes, name):
    assert read(name, docx_bytes).extraction.text == "A word in a Word document"


def test_a_text_that_speaks_of_pdf_is_a_text(read):
    assert read("a.txt", b"The header is %PDF-1.7 as you know.").extraction.format == "txt"


def test_a_pdf_may_begin_with_something_else(read, pdf_bytes):
    assert read("a.pdf", b"\n\n" + pdf_bytes).extraction is not None


@pytest.mark.parametrize(
    ("name", "data", "reason", "words"),
    [
        ("a.pdf", b"this is not a pdf\n" * 50, "wrong type", "it is plain text"),
        ("a.pdf", b"<!DOCTYPE html><html><body>Log in</body></html>", "wrong type", "a web page"),
        ("a.docx", b"{\\rtf1 text}", "wrong type", "Rich Text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n" + bytes(100), "wrong type", "a PNG picture"),
        ("a.html", b"\xff\xd8\xff\xe0" + bytes(100), "wrong type", "a JPEG picture"),
        ("a.md", b"SQLite format 3\x00" + bytes(100), "wrong type", "a SQLite database"),
        ("a.docx", bytes(range(256)) * 8, "wrong type", "binary data"),
        ("a.docx", b"PK\x05\x06" + bytes(18), "wrong type", "an empty ZIP archive"),
        ("a.docx", b"PK\x03\x04" + bytes(30), "damaged", "Word document"),
        ("a.txt", b"PK\x03\x04" + bytes(30), "wrong type", "damaged ZIP"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "wrong type", "old Word"),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
            "password",
        ),
        ("a.pdf", b"", "empty", "no bytes"),
        ("a.txt", b" \n\t\n", "no text", "holds no text"),
        ("a.txt", "\ufeff\u200b \ufffd".encode(), "no text", "holds no text"),
        ("a.html", b"<html><body><script>x</script></body></html>", "no text", "holds no text"),
        ("a.xyz", b"text", "unsupported", "does not read"),
    ],
)
def test_what_is_wrong_is_said(read, name, data, reason, words):
    document = read(name, data)
    assert document.extraction is None and document.passages == ()
    assert document.failure.reason == reason
    assert name in document.failure.message
    assert words in document.failure.message
    assert document.failure.remedy or reason == "unsupported"


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"xl__workbook.xml": "x", "[Content_Types].xml": "x"}, "an Excel workbook"),
        ({"ppt__presentation.xml": "x", "[Content_Types].xml": "x"}, "a PowerPoint presentation"),
        ({"mimetype": "application/epub+zip"}, "an EPUB book"),
        ({"mimetype": "application/vnd.oasis.opendocument.text"}, "an OpenDocument text"),
        ({"readme.txt": "x"}, "a ZIP archive"),
    ],
)
def test_archives_are_told_apart(read, tmp_path, members, kind):
    failure = read("a.docx", zipped(tmp_path, **members)).failure
    assert failure.reason == "wrong type"
    assert f"it is {kind}." in failure.message
