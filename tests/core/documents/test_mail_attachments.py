"""What is attached to mails, what is sealed in them, and mails made to do harm."""

from __future__ import annotations

import base64
import random
import time
from email.message import EmailMessage

import pytest
from mail_files import HEADERS, PAGE, PLAIN, TOP, MailFile, parts

from rankscope.core.documents.failures import Unreadable


@pytest.fixture
def mail(tmp_path):
    return MailFile(tmp_path)


def attached(headers, body="A word"):
    return f"{headers}\n\n{body}"


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ("Content-Disposition: attachment; filename=a.txt", "a.txt"),
        ("Content-Type: application/pdf; name=a.pdf", "a.pdf"),
        ('Content-Disposition: attachment; filename="=?utf-8?B?R3LDvMOfZS50eHQ=?="', "Grüße.txt"),
        ("Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("Content-Disposition: attachment; filename*0=Gr; filename*1=eetings.txt", "Greetings.txt"),
        ('Content-Disposition: attachment; filename="Grüße.txt"', "Grüße.txt"),
        ('Content-Disposition: attachment; filename="C:\\\\docs\\\\a.txt"', "a.txt"),
        ('Content-Disposition: attachment; filename="../../a.txt"', "a.txt"),
        ("Content-Disposition: attachment; filename=.txt", "txt"),
        ("Content-Disposition: attachment", "attachment-1.txt"),
        ("Content-Type: application/pdf", "attachment-1.pdf"),
        ("Content-Type: application/octet-stream", "attachment-1.bin"),
        ("Content-Type: text/calendar", "attachment-1.ics"),
        ('Content-Type: application/pdf; name="Version 1.0"', "Version 1.0.pdf"),
        ("Content-Type: image/png; name=logo.png\nContent-Disposition: inline", "logo.png"),
        ("Content-Type: image/png\nContent-Disposition: attachment", "attachment-1.png"),
        (
            "Content-Type: application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "attachment-1.docx",
        ),
    ],
)
def test_names_of_attachments(mail, headers, name):
    assert mail(HEADERS + parts("mixed", PLAIN, attached(headers))).text == f"{TOP}They fail."
    assert mail.members() == {name: b"A word"}


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Type: application/pkcs7-signature; name=smime.p7s",
        "Content-Type: application/octet-stream; name=smime.p7s",
        "Content-Type: application/pgp-signature",
        "Content-Type: image/png\nContent-ID: <logo>",
        "Content-Type: message/delivery-status",
    ],
)
def test_what_is_no_attachment(mail, headers):
    assert mail(HEADERS + parts("mixed", PLAIN, attached(headers))).text == f"{TOP}They fail."
    assert mail.members() == {}


def test_attachments_in_a_form_that_is_not_read_are_not_lost(mail):
    pdf = "Content-Type: application/pdf; name=a.pdf\n\nA word"
    assert mail(HEADERS + parts("alternative", PLAIN, parts("mixed", PAGE, pdf, boundary="in"))).text.endswith(
        "They fail."
    )
    assert mail.members() == {"a.pdf": b"A word"}


def test_mails_in_the_mail_are_attachments_byte_for_byte(mail):
    inner = "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe:?= 1/2\nX-Odd:   spaces  \n\nA word  \n"
    forwarded = f"Content-Type: message/rfc822\n\n{inner}"
    nameless = "Content-Type: message/rfc822\n\n\nA word"
    named = "Content-Type: message/rfc822; name=other.eml\n\nSubject: x\n\nA word"
    packed = (
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(inner.encode()).decode()
    )
    mail(HEADERS + parts("mixed", PLAIN, forwarded, nameless, named))
    assert mail.members() == {
        "Grüße 1 2.eml": inner.encode(),
        "attachment-1.eml": b"\nA word",
        "other.eml": b"Subject: x\n\nA word",
    }
    mail(HEADERS + parts("mixed", packed))
    assert mail.members() == {"Grüße 1 2.eml": inner.encode()}
    mail(HEADERS + parts("digest", "\nSubject: first\n\nA word", "\nSubject: second\n\nA word"))
    assert list(mail.members()) == ["first.eml", "second.eml"]


def test_damaged_attachments_give_what_they_hold(mail):
    part = "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nQSB3b3Jk\nQ"
    mail(parts("mixed", part))
    assert mail.members() == {"a.pdf": b"A word"}


def test_what_outlook_packed_is_said(mail):
    part = "Content-Type: application/ms-tnef; name=winmail.dat\n\nx"
    assert "winmail.dat" in mail(HEADERS + parts("mixed", PLAIN, part)).warnings[0]
    assert mail.members() == {}


ARMOUR = "-----BEGIN PGP MESSAGE-----\nVersion: 2\n\nhIwDY32hYGCE8MkB\n-----END PGP MESSAGE-----\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (parts("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", PLAIN), "encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx", "encrypted"),
        ("Content-Type: application/x-pkcs7-mime; name=smime.p7m\n\nx", "encrypted"),
        ("Content-Type: text/plain\n\n" + ARMOUR, "encrypted"),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\nx", "unsupported"),
    ],
)
def test_sealed_mails(mail, body, reason):
    with pytest.raises(Unreadable) as caught:
        mail(HEADERS + body)
    assert caught.value.failure.reason == reason
    assert "a.eml" in caught.value.failure.message and "mail program" in caught.value.failure.remedy
    extraction = mail(HEADERS + parts("mixed", "Content-Type: text/plain\n\nThis can be read.", body, boundary="out"))
    assert extraction.text == f"{TOP}This can be read."
    assert "encrypted" in extraction.warnings[0]


def nested(depth):
    body = PLAIN
    for level in range(depth):
        body = parts("mixed", body, boundary=f"b{level}")
    return body


def unopened(depth):
    body = PLAIN
    for level in range(depth):
        inside = f'Content-Type: multipart/mixed; boundary="announced"\n\n--other{level}\n{body}\n--other{level}--\n'
        body = parts("mixed", inside, boundary=f"b{level}")
    return body


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: nested(500), id="multiparts in multiparts"),
        pytest.param(lambda: "Content-Type: message/rfc822\n\n" * 50_000 + "Subject: x\n\nend", id="mails in mails"),
        pytest.param(lambda: 'Content-Type: multipart/mixed; boundary="x"\n\n' * 20_000, id="boundaries without parts"),
        pytest.param(lambda: unopened(2000), id="other boundaries than announced"),
        pytest.param(lambda: "Content-Type: message/delivery-status\n\n" * 20_000, id="reports in reports"),
        pytest.param(lambda: "Content-Type: multipart/mixed" + ";" * 5_000_000 + "\n\nText", id="endless parameters"),
        pytest.param(lambda: f"From: {'a,' * 2_000_000}\n\nText", id="endless addresses"),
        pytest.param(lambda: f"Subject: {'=?utf-8?Q?a?= ' * 300_000}\n\nText", id="endless words"),
        pytest.param(lambda: f"To: {'(' * 100_000}\n\nText", id="comments in comments"),
        pytest.param(lambda: "X: y\n" * 500_000 + "\nText", id="endless headers"),
        pytest.param(lambda: "Subject: x\n\n" + "x" * 20_000_000, id="one long line"),
        pytest.param(lambda: "Content-Type: text/html\n\n" + "<div>" * 100_000 + "Text", id="a deep page"),
        pytest.param(
            lambda: "Subject: x\n\n" + "-----BEGIN PGP MESSAGE-----\n" * 200_000 + "Text", id="armour in armour"
        ),
    ],
)
def test_hostile_mails_take_no_long_time(mail, content):
    started = time.perf_counter()
    try:
        mail(content())
        mail.members()
    except Unreadable as error:
        assert error.failure.reason in ("encrypted", "too large")
    assert time.perf_counter() - started < 10


def test_a_mail_of_very_many_parts_is_refused(mail):
    with pytest.raises(Unreadable) as caught:
        mail('Content-Type: multipart/mixed; boundary="x"\n\n' + "--x\n\n\n" * 100_000)
    assert caught.value.failure.reason == "too large"


def test_parts_nested_too_deep_are_told(mail):
    assert "nested more than 30 deep" in mail(HEADERS + nested(40)).warnings[0]
    assert mail(HEADERS + nested(25)).text == f"{TOP}They fail."


def test_random_damage_never_does_more(mail):
    chance = random.Random(2)
    made = EmailMessage()
    made["Subject"], made["From"], made["Date"] = "Grüße", "Adá <ada@example.org>", "Tue, 4 Mar 2003 10:20:30 +0100"
    made.set_content("They fäil. " * 20)
    made.add_alternative("<p>They fäil. " * 20, subtype="html")
    made.add_attachment(b"A word" * 50, "application", "pdf", filename="Grüße.pdf")
    good = made.as_bytes()
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 30)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        extraction = mail(bytes(data))
        extraction.text.encode()
        assert "\x00" not in extraction.text
        mail.members()
