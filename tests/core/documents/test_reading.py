"""Reading one document: its text, its members, and a failure in words for whatever goes wrong."""

from __future__ import annotations

import hashlib
import os
import pickle
from email.message import EmailMessage

import pytest

from rankscope.core.documents import reading
from rankscope.core.documents.failures import NeedsRecognition, Unreadable, unreadable
from rankscope.core.documents.model import Extraction, Failure
from rankscope.core.documents.passwords import set_passwords
from rankscope.core.documents.reading import read_document
from rankscope.core.documents.unpacking import Allowance


def test_a_document_with_its_hash_and_passages(tmp_path, make_chunker):
    path = tmp_path / "a.md"
    path.write_text("# Blades\n\nThey fail.")
    document = read_document(path, make_chunker())
    assert document.content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    assert document.extraction.text == "Blades\n\nThey fail."
    assert [(passage.start, passage.end) for passage in document.passages] == [(0, 18)]
    assert document.failure is None and document.seconds > 0


def test_what_is_no_file_to_read(tmp_path, make_chunker, monkeypatch):
    chunker = make_chunker()
    assert read_document(tmp_path / "missing.txt", chunker).failure.reason == "vanished"
    (tmp_path / "folder.txt").mkdir()
    assert read_document(tmp_path / "folder.txt", chunker).failure.reason == "unsupported"
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        assert read_document(tmp_path / "pipe.txt", chunker).failure.reason == "unsupported"
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    (tmp_path / "large.txt").write_text("more than ten bytes")
    assert read_document(tmp_path / "large.txt", chunker).failure.reason == "too large"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "too large"),
        (RecursionError(), "damaged"),
        (PermissionError(13, "Permission denied"), "unreadable"),
        (OSError(5, "Input/output error"), "unreadable"),
        (FileNotFoundError(2, "gone"), "vanished"),
        (KeyError("some internal name"), "damaged"),
        (type("PanicException", (BaseException,), {})("rust"), "damaged"),
    ],
)
def test_every_exception_becomes_a_failure_in_words(tmp_path, make_chunker, monkeypatch, error, reason):
    path = tmp_path / "a.txt"
    path.write_text("text")

    def broken(_name):
        raise error

    monkeypatch.setattr(reading, "reader", broken)
    failure = read_document(path, make_chunker()).failure
    assert failure.reason == reason
    assert "a.txt" in failure.message and failure.remedy
    for internal in ("Error", "Exception", "Traceback", "some internal name"):
        assert internal not in failure.message + failure.remedy


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, make_chunker, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    real, calls = reading.reader, []

    def changing(name):
        calls.append(name)
        if len(calls) == 1:
            path.write_text("newer text")
        return real(name)

    monkeypatch.setattr(reading, "reader", changing)
    document = read_document(path, make_chunker())
    assert document.extraction.text == "newer text"
    assert document.content_hash == hashlib.sha256(b"newer text").hexdigest()


def test_failures_are_picklable():
    error = pickle.loads(pickle.dumps(unreadable("empty", "message", "remedy")))
    assert isinstance(error, Unreadable)
    assert error.failure == Failure("empty", "message", "remedy")
    assert str(error) == "message remedy"


def test_a_file_replaced_by_another_of_the_same_size_and_date_is_read_again(tmp_path, make_chunker, monkeypatch):
    path, other = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_text("old")
    other.write_text("new")
    os.utime(other, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    real = reading.reader

    def replacing(name):
        if other.exists():
            other.replace(path)
        return real(name)

    monkeypatch.setattr(reading, "reader", replacing)
    assert read_document(path, make_chunker()).extraction.text == "new"


@pytest.mark.parametrize("readable", [True, False])
def test_a_file_that_goes_on_changing(tmp_path, make_chunker, monkeypatch, readable):
    """What could be read stands; what could not be read, half written as it is, is no damaged file."""
    monkeypatch.setattr(reading, "_BETWEEN_TRIES", 0)
    path = tmp_path / "a.txt"
    path.write_text("0")
    real, calls = reading.reader, []

    def changing(name):
        calls.append(name)
        path.write_text("word " * len(calls))
        if not readable:
            raise unreadable("damaged", "It is damaged.", "Mend it.")
        return real(name)

    monkeypatch.setattr(reading, "reader", changing)
    document = read_document(path, make_chunker())
    assert len(calls) == 3
    if readable:
        assert document.extraction.text.split() == ["word"] * 3
    else:
        assert document.failure.reason == "changing" and "a.txt is being written to" in document.failure.message


def test_recognition_is_asked_for_and_then_done(tmp_path, make_chunker, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("text")

    def needs_it(_path):
        raise NeedsRecognition

    monkeypatch.setattr(reading, "reader", lambda name: needs_it)
    with pytest.raises(NeedsRecognition):
        read_document(path, make_chunker())
    assert read_document(path, make_chunker(), recognise=True).failure.reason == "needs OCR"
    monkeypatch.setattr(reading, "recogniser", lambda name: lambda path: Extraction("recognised", "txt"))
    assert read_document(path, make_chunker(), recognise=True).extraction.text == "recognised"


@pytest.fixture
def protected(tmp_path):
    """A Word document with the password "secret"."""
    from docx import Document
    from msoffcrypto.format.ooxml import OOXMLFile

    document = Document()
    document.add_paragraph("A word behind a password")
    document.save(tmp_path / "open")
    with (tmp_path / "open").open("rb") as source, (tmp_path / "a.docx").open("wb") as target:
        OOXMLFile(source).encrypt("secret", target)
    (tmp_path / "open").unlink()
    yield tmp_path / "a.docx"
    set_passwords(())


def test_protected_documents_are_read_with_a_known_password(protected, make_chunker, tmp_path):
    assert read_document(protected, make_chunker()).failure.reason == "encrypted"
    set_passwords(("wrong",))
    assert read_document(protected, make_chunker()).failure.reason == "encrypted"
    set_passwords(("wrong", "secret"))
    for spool in (None, tmp_path / "spool"):
        document = read_document(protected, make_chunker(), spool)
        assert document.extraction.text == "A word behind a password"
        assert document.content_hash == hashlib.sha256(protected.read_bytes()).hexdigest()
    assert [path for path in (tmp_path / "spool").rglob("*") if path.is_file()] == []


def mail_with(name, content):
    mail = EmailMessage()
    mail["Subject"] = "Blades"
    mail.set_content("They fail.")
    mail.add_attachment(content, "application", "octet-stream", filename=name)
    return mail.as_bytes()


def test_a_mail_is_a_mail_whatever_is_attached(tmp_path, make_chunker):
    path = tmp_path / "a.eml"
    path.write_bytes(mail_with("a.txt", b"A word"))
    document = read_document(path, make_chunker(), tmp_path / "spool")
    assert [member.name for member in document.members] == ["a.txt"] and document.passages
    document = read_document(path, make_chunker(), None)
    assert document.members == () and document.passages
    document = read_document(path, make_chunker(), tmp_path / "spool", Allowance(depth=0))
    assert document.members == () and document.passages
    assert "too deep" in document.extraction.warnings[0]
    path.write_bytes(mail_with("a.mp3", b"A sound"))
    assert read_document(path, make_chunker(), tmp_path / "spool", Allowance(depth=0)).extraction.warnings == ()


def test_archives_may_be_larger_than_documents(tmp_path, make_chunker, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 50)
    for name in ("a.zip", "a.tar", "a.mbox"):
        (tmp_path / name).write_bytes(bytes(100))
        assert read_document(tmp_path / name, make_chunker()).failure.reason != "too large"
    mail = b"Subject: Blades\n\nThey fail, one after another, and nobody knows why.\n"
    for name in ("Inbox", "a.eml"):
        (tmp_path / name).write_bytes(b"From ada Tue Mar  4 10:20:30 2003\n" + mail)
    assert read_document(tmp_path / "Inbox", make_chunker(), tmp_path / "spool").members
    assert read_document(tmp_path / "a.eml", make_chunker()).failure.reason == "too large"
    monkeypatch.setattr(reading, "MAX_ARCHIVE_BYTES", 50)
    assert read_document(tmp_path / "a.zip", make_chunker()).failure.reason == "too large"
