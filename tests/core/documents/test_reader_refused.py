"""Formats that are named and not read: what the file is, and a remedy."""

from __future__ import annotations

import pytest
from docx import Document
from office_files import reason

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.refused import read
from rankscope.core.documents.registry import FORMATS

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
REFUSED = [suffix for entry in FORMATS.values() if entry.module == "refused" for suffix in entry.suffixes]


def failure(path, content=OLE):
    path.write_bytes(content)
    with pytest.raises(Unreadable) as caught:
        read(path)
    return caught.value.failure


@pytest.mark.parametrize("suffix", REFUSED)
def test_every_such_format_has_its_own_words(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    assert "of a kind" not in failure(path).message
    assert reason(read, path) == "unsupported"


def test_remedies_tell_what_to_do(tmp_path):
    assert failure(tmp_path / "a.doc").remedy == "Open it in Word or LibreOffice and save it as .docx."
    assert failure(tmp_path / "a.PPT").remedy == "Open it in PowerPoint or LibreOffice and save it as .pptx."
    assert failure(tmp_path / "a.p7s").message == "a.p7s is a mail's signature: there is no text in it."
    assert "encrypted" in failure(tmp_path / "a.p7m").message


@pytest.mark.parametrize(("name", "word"), [("fake.doc", "Word"), ("fake-power-point.ppt", "PowerPoint")])
def test_the_content_decides_under_any_name(shared_data, tmp_path, name, word):
    path = shared_data / "docs" / "office-zoo-unstructured" / name
    if not path.is_file():
        pytest.skip(f"no {path}")
    assert f" of {word} 97 to 2003" in failure(tmp_path / "renamed.xls", path.read_bytes()).message


def test_what_only_bears_an_old_name_is_read(tmp_path):
    path = tmp_path / "file.doc"
    path.write_bytes(rb"{\rtf1 Rich text}")
    assert (read(path).text, read(path).format) == ("Rich text", "rtf")
    document = Document()
    document.add_paragraph("New document")
    document.save(path)
    assert (read(path).text, read(path).format) == ("New document", "docx")


def test_other_content_under_an_old_name_is_named(tmp_path):
    assert failure(tmp_path / "a.doc", b"Only a text.").message == "a.doc is not a Word document: it is plain text."
    assert failure(tmp_path / "a.ppt", b"PK\x03\x04 cut off").reason == "damaged"
