"""Mailboxes: each mail in them is a document, and no line of text is taken for the start of one."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.readers import mbox
from rankscope.core.documents.readers.mbox import members, read

SENT = "From ada@example.org Tue Mar  4 10:20:30 2003\n"


@pytest.fixture
def listed(tmp_path):
    """The mails in a mailbox of this content, by name."""

    def lists(content, name="a.mbox"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        extraction = read(path)
        assert (extraction.text, extraction.format) == ("", "mbox")
        return {
            packed.name: packed.problem.reason if packed.problem else packed.open().read().decode()
            for packed in members(path)
        }

    return lists


def test_mails_under_number_and_subject(listed):
    first = "Subject: =?utf-8?Q?Re:_Gr=C3=BC=C3=9Fe?= / 1\n\nThey fail.\n\n"
    assert listed(SENT + first + SENT + "To: bo@example.org\n\nOften.\n") == {
        "00001 Re Grüße 1.eml": first,
        "00002.eml": "To: bo@example.org\n\nOften.\n",
    }


@pytest.mark.parametrize(
    "line",
    [
        "From - Tue Mar 04 10:20:30 2003",
        "From ???@??? Tue Mar 04 10:20:30 2003",
        "From 1234567890@xxx Tue Mar 04 10:20:30 +0000 2003",
        "From MAILER-DAEMON Tue Mar  4 10:20 2003",
    ],
)
def test_lines_before_a_mail_as_programs_write_them(listed, line):
    mail = f"{line}\nSubject: x\n\nText\n\n"
    assert list(listed(mail + mail)) == ["00001 x.eml", "00002 x.eml"]
    assert list(listed((mail + mail).replace("\n", "\r\n"))) == ["00001 x.eml", "00002 x.eml"]


def test_text_that_begins_with_from_is_text(listed):
    text = "Subject: x\n\nFrom now on they fail.\n\nFrom here to there.\nFrom 10:20 on.\n>From the past\n>>From it\n"
    (mail,) = listed(SENT + text).values()
    assert mail == text.replace(">From", "From")


def test_mails_deleted_in_thunderbird_are_passed_over(listed):
    mails = [f"{SENT}X-Mozilla-Status: {status}\nSubject: {status}\n\nText\n\n" for status in ("0001", "0009", "odd")]
    assert list(listed("".join(mails))) == ["00001 0001.eml", "00003 odd.eml"]


def test_odd_mailboxes(listed):
    assert list(listed("Subject: x\n\nA single mail without the line before it")) == ["00001 x.eml"]
    assert list(listed("\n\n" + SENT + "Subject: x\n\nText")) == ["00001 x.eml"]
    assert listed(SENT) == {}
    assert listed(SENT + "\n" + SENT + "Subject: x\n\nText\n") == {"00001 x.eml": "Subject: x\n\nText\n"}


@pytest.mark.parametrize("content", [b"*mbx*\r\n0000\r\n", bytes(range(256)), b"A text about something"])
def test_what_is_no_mailbox(listed, content):
    with pytest.raises(Unreadable) as caught:
        listed(content)
    assert caught.value.failure.reason == "wrong type" and "a.mbox is not a mailbox" in caught.value.failure.message


def test_a_mail_too_large_costs_only_itself(listed, monkeypatch):
    monkeypatch.setattr(mbox, "MAX_MEMBER_BYTES", 1000)
    large, small = f"{SENT}Subject: large\n\n{'x' * 5000}\n\n", f"{SENT}Subject: small\n\nText\n\n"
    assert list(listed(small + large + small).items()) == [
        ("00001 small.eml", "Subject: small\n\nText\n\n"),
        ("00002.eml", "too large"),
        ("00003 small.eml", "Subject: small\n\nText\n\n"),
    ]
    assert list(listed(large).values()) == ["too large"]


def test_a_large_mailbox_is_never_held_in_memory(tmp_path):
    path = tmp_path / "a.mbox"
    mail = f"{SENT}Subject: x\n\n{'They fail. ' * 20_000}\n\n".encode()
    with path.open("wb") as stream:
        for _ in range(400):
            stream.write(mail)
    tracemalloc.start()
    started = time.perf_counter()
    assert sum(1 for _ in members(path)) == 400
    assert tracemalloc.get_traced_memory()[1] < 5_000_000 < path.stat().st_size / 10
    tracemalloc.stop()
    assert time.perf_counter() - started < 10


def test_mails_and_what_is_attached_to_them(tmp_path, tokenizer_json):
    attached = (
        'Subject: Blades\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nThey fail.\n--x\n'
        "Content-Disposition: attachment; filename=a.txt\n\nA word\n--x--\n\n"
    )
    (tmp_path / "a.mbox").write_text(SENT + attached + SENT + "Subject: More\n\nOften.\n")
    with ReaderPool(tokenizer_json) as pool:
        from rankscope.core.documents.scan import scan

        results = [(found.path[len(str(tmp_path)) + 1 :], read) for found, read in pool.results(scan(tmp_path))]
    assert [(path, document.extraction.text) for path, document in results] == [
        ("a.mbox/00001 Blades.eml/a.txt", "A word"),
        ("a.mbox/00001 Blades.eml", "Blades\n\nThey fail."),
        ("a.mbox/00002 More.eml", "More\n\nOften."),
        ("a.mbox", ""),
    ]
