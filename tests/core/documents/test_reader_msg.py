"""Outlook's mails: as much of them as of any other mail."""

from __future__ import annotations

import random
import struct
import time
from datetime import UTC, datetime

import pytest
from compound_file import compound_file

from rankscope.core.documents import rtf_packed
from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers import eml
from rankscope.core.documents.readers.msg import members, read

SUBJECT, BODY, HTML, RTF, CLASS, HEADERS = 0x37, 0x1000, 0x1013, 0x1009, 0x1A, 0x7D
SENDER, SENDER_ADDRESS, SENDER_SMTP, SENT, DELIVERED = 0xC1A, 0xC1F, 0x5D01, 0x39, 0xE06
NAME, ADDRESS, SMTP, KIND, TO, CC = 0x3001, 0x3003, 0x39FE, 0xC15, 0xE04, 0xE03
DATA, LONG_NAME, SHORT_NAME, MIME, CODEPAGE = 0x3701, 0x3707, 0x3704, 0x370E, 0x3FDE


def item(header, properties, narrow="", **storages):
    """The streams of a mail, a recipient or an attachment; ``narrow`` is the encoding of texts that are no UTF-16."""
    table, streams = bytearray(header), {}
    for number, value in properties.items():
        kind, stored = 3, b""
        if isinstance(value, int):
            fixed = struct.pack("<q", value)
        elif isinstance(value, datetime):
            since = value.replace(tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)
            kind, fixed = 0x40, struct.pack("<Q", (since.days * 86400 + since.seconds) * 10**7)
        else:
            kind = 0x102 if isinstance(value, bytes) else (0x1E if narrow else 0x1F)
            stored = value if isinstance(value, bytes) else value.encode(narrow or "utf-16-le")
            fixed = struct.pack("<Q", len(stored))
            streams[f"__substg1.0_{number:04X}{kind:04X}"] = stored
        table += struct.pack("<HHI", kind, number, 6) + fixed
    return {"__properties_version1.0": bytes(table), **streams, **storages}


def people(*recipients):
    return {f"__recip_version1.0_#{number:08X}": item(8, one) for number, one in enumerate(recipients)}


def attached(*attachments):
    return {f"__attach_version1.0_#{number:08X}": one for number, one in enumerate(attachments)}


def file(**properties):
    return item(8, {globals()[name.upper()]: value for name, value in properties.items()})


@pytest.fixture
def mail(tmp_path):
    def made(properties, *, narrow="", **storages):
        path = tmp_path / "a.msg"
        path.write_bytes(compound_file(item(32, properties, narrow, **storages)))
        return read(path)

    made.members = lambda: {packed.name: packed.open().read() for packed in members(tmp_path / "a.msg")}
    return made


MINIMAL = {SUBJECT: "Blades", BODY: "They fail.\r\n"}


def test_headers_and_text(mail):
    sent = datetime(2003, 3, 4, 10, 20, 30)
    extraction = mail(
        {**MINIMAL, SENDER: "Ada Byron", SENDER_ADDRESS: "/O=X/CN=ADA", SENDER_SMTP: "ada@example.org", SENT: sent},
        **people(
            {NAME: "Bo", SMTP: "bo@example.org", KIND: 1},
            {NAME: "Cy", ADDRESS: "cy@example.org", KIND: 2},
            {NAME: "Dee", ADDRESS: "/O=X/CN=DEE", KIND: 1},
            {NAME: "Em", ADDRESS: "em@example.org", KIND: 3},
        ),
    )
    assert extraction.text == (
        "Blades\n\nFrom: Ada Byron <ada@example.org>\nTo: Bo <bo@example.org>, Dee\n"
        "Cc: Cy <cy@example.org>\nDate: 4 March 2003, 10:20\n\nThey fail."
    )
    assert (extraction.title, extraction.author, extraction.format) == ("Blades", "Ada Byron", "msg")
    assert extraction.created == "2003-03-04T10:20:30" and extraction.warnings == ()


def test_the_day_is_that_of_the_sender(mail):
    headers = "From: Ada <ada@example.org>\r\nDate: Tue, 4 Mar 2003 23:20:30 -0500\r\n"
    extraction = mail({**MINIMAL, HEADERS: headers, DELIVERED: datetime(2003, 3, 5, 4, 20, 30), TO: "Bo; Cy"})
    assert extraction.created == "2003-03-04T23:20:30"
    assert extraction.text.startswith("Blades\n\nFrom: Ada <ada@example.org>\nTo: Bo; Cy\nDate: 4 March 2003")


@pytest.mark.parametrize(("encoding", "codepage"), [("cp1252", 1252), ("cp1251", 1251), ("utf-8", 65001)])
def test_texts_that_are_no_unicode(mail, encoding, codepage):
    text = "Отчёт готов" if encoding == "cp1251" else "Größe über alles"
    extraction = mail({SUBJECT: text, BODY: text, CODEPAGE: codepage}, narrow=encoding)
    assert extraction.text == f"{text}\n\n{text}"


@pytest.mark.parametrize(
    "properties",
    [
        {HTML: "<p>They <b>fäil</b>.".encode("cp1252"), CODEPAGE: 1252},
        {HTML: "<p>They <b>fäil</b>."},
        {HTML: b"<p>They <b>f&auml;il</b>.", BODY: " \r\n"},
        {RTF: struct.pack("<4I", 100, 100, 0x414C454D, 0) + rb"{\rtf1\ansi They f\'e4il.}"},
    ],
)
def test_other_forms_of_the_text(mail, properties):
    assert mail({SUBJECT: "Blades", **properties}).text == "Blades\n\nThey fäil."


def test_compressed_rtf():
    """The example of the format's description: "a reference that leads into the dictionary, and one past the end"."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a00726370673132354232 0af32068656c090020627705b06c647d0a800fa0".replace(
            " ", ""
        )
    )
    assert rtf_packed.unpacked(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf_packed.unpacked(packed) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    for damaged in (packed[:20], packed[:-3], packed[:16] + b"\xff" * 50):
        assert len(rtf_packed.unpacked(damaged)) <= 28
    with pytest.raises(ValueError, match="no compressed RTF"):
        rtf_packed.unpacked(bytes(30))


def test_a_page_that_was_packed_as_rtf_keeps_its_lines(mail):
    rtf = rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <li>}one{\*\htmltag72 </li>}{\*\htmltag64 <li>}two}"
    extraction = mail({SUBJECT: "x", RTF: struct.pack("<4I", 0, len(rtf), 0x414C454D, 0) + rtf})
    assert extraction.text.split() == ["x", "one", "two"]


def test_attachments(mail):
    extraction = mail(
        MINIMAL,
        **attached(
            file(long_name="Grüße.txt", short_name="GRUSSE~1.TXT", data=b"first"),
            file(short_name="B.TXT", data=b"second"),
            file(data=b"third", mime="application/pdf"),
            file(long_name="Version 1.0", data=b"fourth", mime="application/pdf"),
            file(long_name="C:\\docs\\..\\x.txt", data=b"fifth"),
            file(long_name="smime.p7s", data=b"signature"),
            file(long_name="elsewhere.txt"),
        ),
    )
    assert extraction.warnings == ("1 of its attachments are links or drawings and cannot be taken out.",)
    assert mail.members() == {
        "Grüße.txt": b"first",
        "B.TXT": b"second",
        "attachment-1.pdf": b"third",
        "Version 1.0.pdf": b"fourth",
        "x.txt": b"fifth",
    }


def test_a_mail_in_the_mail_is_an_ordinary_one(mail, tmp_path):
    inner = item(
        24,
        {
            SUBJECT: "Grüße: 1",
            BODY: "Adá schrieb.",
            SENDER: "Adá",
            SENDER_ADDRESS: "ada@example.org",
            SENT: datetime(2003, 3, 4, 10, 20, 30),
        },
        **people({NAME: "Bo", SMTP: "bo@example.org", KIND: 1}),
        **attached(file(long_name="Übersicht.txt", data=b"A word")),
    )
    deeper = item(
        24,
        {SUBJECT: "outer", HTML: b"<p>A page"},
        **attached(item(8, {}, **{"__substg1.0_3701000D": inner})),
    )
    mail(MINIMAL, **attached(*(item(8, {}, **{"__substg1.0_3701000D": one}) for one in (inner, deeper))))
    found = mail.members()
    assert list(found) == ["Grüße 1.eml", "outer.eml"]
    (tmp_path / "a.eml").write_bytes(found["Grüße 1.eml"])
    extraction = eml.read(tmp_path / "a.eml")
    assert extraction.text == (
        "Grüße: 1\n\nFrom: Adá <ada@example.org>\nTo: Bo <bo@example.org>\nDate: 4 March 2003, 10:20\n\nAdá schrieb."
    )
    assert extraction.author == "Adá"
    ((packed),) = eml.members(tmp_path / "a.eml")
    assert (packed.name, packed.open().read()) == ("Übersicht.txt", b"A word")
    (tmp_path / "b.eml").write_bytes(found["outer.eml"])
    assert eml.read(tmp_path / "b.eml").text == "outer\n\nA page"
    ((packed),) = eml.members(tmp_path / "b.eml")
    assert (packed.name, packed.open().read()) == ("mail.eml", found["Grüße 1.eml"])


def test_a_signed_mail_is_read_from_what_was_signed(mail):
    signed = b'Content-Type: multipart/signed; boundary="x"\n\n--x\nContent-Type: text/plain\n\nThey fail.\n--x\nContent-Type: text/plain; name=a.txt\n\nA word\n--x--'
    properties = {SUBJECT: "Blades", CLASS: "IPM.Note.SMIME.MultipartSigned"}
    extraction = mail(properties, **attached(file(long_name="smime.p7m", data=signed, mime="multipart/signed")))
    assert extraction.text == "Blades\n\nThey fail." and mail.members() == {"a.txt": b"A word"}


@pytest.mark.parametrize(
    ("properties", "attachment"),
    [
        ({CLASS: "IPM.Note.SMIME"}, {"long_name": "smime.p7m", "data": b"x", "mime": "application/pkcs7-mime"}),
        ({CLASS: "IPM.Note"}, {"long_name": "ATT0001", "data": b"x", "mime": "application/pgp-encrypted"}),
        ({CLASS: "IPM.Note"}, {"long_name": "m.rpmsg", "data": b"x", "mime": "application/x-microsoft-rpmsg-message"}),
    ],
)
def test_encrypted_mails(mail, properties, attachment):
    with pytest.raises(Unreadable) as caught:
        mail({SUBJECT: "Blades", **properties}, **attached(file(**attachment)))
    assert caught.value.failure.reason == "encrypted" and "a.msg" in caught.value.failure.message
    extraction = mail({**MINIMAL, **properties}, **attached(file(**attachment)))
    assert extraction.text.endswith("They fail.") and "encrypted" in extraction.warnings[0]


def test_what_is_missing_is_empty(mail):
    assert mail({}).text == ""
    assert mail({SUBJECT: "Blades", SENT: 5}).text == "Blades"
    extraction = mail({SUBJECT: "Blades", CODEPAGE: 99999, SENT: datetime(2003, 3, 4, 10, 20)}, narrow="ascii")
    assert extraction.text == "Blades\n\nDate: 4 March 2003, 10:20"


def test_damaged_mails(tmp_path):
    good = compound_file(
        item(
            32,
            {**MINIMAL, SENDER: "Ada"},
            **people({NAME: "Bo", KIND: 1}),
            **attached(file(long_name="a.txt", data=b"x")),
        )
    )
    path, chance = tmp_path / "a.msg", random.Random(3)
    path.write_bytes(good[:600])
    with pytest.raises(Unreadable, match=r"a\.msg is a damaged Outlook mail"):
        read(path)
    started = time.perf_counter()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 40)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            read(path).text.encode()
            assert all(packed.open().read() is not None for packed in members(path))
        except Unreadable as error:
            assert error.failure.reason in ("damaged", "encrypted")
    assert time.perf_counter() - started < 20


def test_real_mails(shared_data):
    folder = shared_data / "docs" / "office-zoo-unstructured"
    extraction = read(folder / "fake-email-attachment.msg")
    assert extraction.title == "Fake email with attachment" and "is a quick read" in extraction.text
    ((packed),) = members(folder / "fake-email-attachment.msg")
    assert (packed.name, packed.open().read()) == ("fake-attachment.txt", b"Hey this is a fake attachment!")
