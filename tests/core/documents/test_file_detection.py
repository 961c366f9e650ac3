"""A file is read as what it is, and one that nothing can read is named for what it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from compound_file import compound_file
from docx import Document
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.detect import ENCRYPTED_OFFICE, HEAD_BYTES, real_format
from rankscope.core.documents.reading import read_document
from rankscope.core.documents.registry import format_of


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


ZIP_END = b"PK\x05\x06" + bytes(18)
OFFICE = b"<Types/>"


def office(*names):
    return zipped_bytes({"[Content_Types].xml": OFFICE, **dict.fromkeys(names, b"<x/>")})


def zipped_bytes(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tar_bytes(mode="w", name="a.txt"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


MAIL = b"From: ada@example.org\nSubject: Blades\n\nThey fail.\n"
MAILBOX = b"From ada@example.org Tue Mar  4 10:20:30 2003\n" + MAIL
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.mark.parametrize(
    ("name", "data", "format_name"),
    [
        ("a.docx", b"{\\rtf1 text}", "rtf"),
        ("a.txt", b"{\\rtf1 text}", "rtf"),
        ("a.docx", office("xl/workbook.xml"), "xlsx"),
        ("a.xlsx", office("ppt/presentation.xml"), "pptx"),
        ("a.zip", office("word/document.xml"), "docx"),
        ("a.docx", zipped_bytes({"mimetype": b"application/epub+zip"}), "epub"),
        ("a.docx", zipped_bytes({"mimetype": b"application/vnd.oasis.opendocument.text"}), "odt"),
        ("a.odt", zipped_bytes({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet-template\n"}), "ods"),
        ("a.odt", zipped_bytes({"mimetype": b"application/vnd.oasis.opendocument.presentation"}), "odp"),
        ("a.zip", zipped_bytes({"readme.txt": b"x"}), "zip"),
        ("a.zip", zipped_bytes({"META-INF/MANIFEST.MF": b"x"}), "zip"),
        ("a.zip", ZIP_END, "zip"),
        ("a.zip", b"PK\x03\x04" + bytes(100), "zip"),
        ("a.zip", b"MZ, a program that unpacks itself" + zipped_bytes({"readme.txt": b"x"}), "zip"),
        ("a.tar", tar_bytes(), "tar"),
        ("a.txt", tar_bytes(), "tar"),
        ("a.tar", bytes(10240), "tar"),
        ("a.gz", gzip.compress(b"A word", mtime=0), "tar"),
        ("a.txt", gzip.compress(b"A word", mtime=0), "tar"),
        ("a.txt", bz2.compress(b"A word"), "tar"),
        ("a.txt", lzma.compress(b"A word"), "tar"),
        ("a.txt", b"BZh is how a bzip2 file begins", "txt"),
        ("a.txt", b"ID3 is how a sound file begins", "txt"),
        ("a.txt", b"From here on: 10:20\nNote: a text", "txt"),
        ("a.txt", PNG, "image"),
        ("a.pdf", b"\xff\xd8\xff\xe0" + bytes(100), "image"),
        ("a.doc", compound_file({"WordDocument": b"x"}), "doc"),
        ("a.docx", compound_file({"WordDocument": b"x"}), "doc"),
        ("a.xls", compound_file({"Workbook": b"x"}), "xls"),
        ("a.xlsx", compound_file({"Book": b"x"}), "xls"),
        ("a.pptx", compound_file({"PowerPoint Document": b"x"}), "ppt"),
        ("a.xls", compound_file({"__properties_version1.0": b"x"}), "msg"),
        ("a.docx", compound_file({"EncryptedPackage": b"x"}), ENCRYPTED_OFFICE),
        ("a.msg", MAIL, "eml"),
        ("a.msg", MAILBOX, "eml"),
        ("Inbox", MAILBOX, "mbox"),
        ("README", b"From now on: read this", "txt"),
        ("a.eml", MAIL, "eml"),
    ],
)
def test_a_file_is_taken_for_what_it_is(tmp_path, name, data, format_name):
    path = tmp_path / name
    path.write_bytes(data)
    assert real_format(path, format_of(path), data[:HEAD_BYTES]) == format_name


@pytest.mark.parametrize(
    ("name", "data", "reason", "words"),
    [
        ("a.pdf", b"this is not a pdf\n" * 50, "wrong type", "it is plain text"),
        ("a.pdf", b"<!DOCTYPE html><html><body>Log in</body></html>", "wrong type", "a web page"),
        ("a.md", b"SQLite format 3\x00" + bytes(100), "wrong type", "a SQLite database"),
        ("a.docx", bytes(range(256)) * 8, "wrong type", "binary data"),
        ("a.docx", ZIP_END, "wrong type", "an empty ZIP archive"),
        ("a.docx", zipped_bytes({"readme.txt": b"x"}), "wrong type", "it is a ZIP archive."),
        ("a.docx", zipped_bytes({"META-INF/MANIFEST.MF": b"x"}), "wrong type", "a Java archive"),
        ("a.docx", b"PK\x03\x04" + bytes(30), "damaged", "Word document"),
        ("a.txt", b"PK\x03\x04" + bytes(30), "wrong type", "damaged ZIP"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "damaged", "damaged Office file"),
        ("a.xls", compound_file({"other": b"x"}), "wrong type", "an old Office file"),
        ("a.zip", b"7z\xbc\xaf\x27\x1c" + bytes(100), "wrong type", "a 7-Zip archive"),
        ("a.tar.gz", b"A word", "wrong type", "plain text"),
        ("a.msg", b"A word", "wrong type", "plain text"),
        ("a.pdf", b"", "empty", "no bytes"),
        ("a.txt", b" \n\t\n", "no text", "holds no text"),
        ("a.txt", "\ufeff\u200b \ufffd".encode(), "no text", "holds no text"),
        ("a.html", b"<html><body><script>x</script></body></html>", "no text", "holds no text"),
        ("a.doc", compound_file({"WordDocument": b"x"}), "unsupported", "Word"),
        ("a.xyz", b"text", "unsupported", "does not read"),
        ("program", b"\x7fELF" + bytes(100), "unsupported", "is no document: it is a program"),
    ],
)
def test_what_is_wrong_is_said(read, name, data, reason, words):
    document = read(name, data)
    assert document.extraction is None and document.passages == ()
    assert document.failure.reason == reason
    assert name in document.failure.message
    assert words in document.failure.message
    assert document.failure.remedy or reason == "unsupported"
