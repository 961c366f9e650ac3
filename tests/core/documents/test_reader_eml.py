"""Mails: who wrote what to whom and when, and what is attached, whatever became of the mail on its way."""

from __future__ import annotations

import base64
import email
import quopri
import random
import re
from collections import Counter
from email import policy

import pytest
from mail_files import HEADERS, PAGE, PLAIN, TOP, MailFile, parts

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.eml import read


@pytest.fixture
def mail(tmp_path):
    return MailFile(tmp_path)


def test_headers_and_text(mail):
    extraction = mail(HEADERS + "Cc: Cy <cy@example.org>,\n dee@example.org\n\nThey fail.\r\nOften.\r\n")
    assert extraction.text == (
        "Blades\n\nFrom: Ada Byron <ada@example.org>\nTo: bo@example.org\n"
        "Cc: Cy <cy@example.org>, dee@example.org\nDate: 4 March 2003, 10:20\n\nThey fail.\nOften."
    )
    assert (extraction.title, extraction.author, extraction.format) == ("Blades", "Ada Byron", "eml")
    assert extraction.created == "2003-03-04T10:20:30"
    (heading,) = extraction.headings
    assert (extraction.text[heading.start : heading.end], heading.level) == ("Blades", 1)
    assert extraction.marks == () and extraction.warnings == ()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= aus =?utf-8?Q?M=C3=BCnchen?=", "Grüße aus München"),
        ("=?utf-8?B?R3LDvA==?=\n =?utf-8?B?w59l?=", "Grüße"),
        ("=?utf-8?B?w?= =?utf-8?B?7w==?=", None),
        ("=?utf-8?B?!!!!?=", None),
        ("=?nonsense?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-8859-8-i?B?+eXs7e0=?=", "שולםם"),
        ("Gr\xfc\xdfe aus M\xfcnchen".encode("latin-1"), "Grüße aus München"),
        ("Grüße aus München".encode(), "Grüße aus München"),
        ("folded\n  and\n\tfolded", "folded and folded"),
        ("=?utf-8?Q?" + "a" * 100_000 + "?=", None),
    ],
)
def test_subjects_however_they_are_written(mail, raw, shown):
    raw = raw.encode() if isinstance(raw, str) else raw
    extraction = mail(b"Subject: " + raw + b"\nFrom: ada@example.org\n\nThey fail.")
    assert extraction.text.endswith("From: ada@example.org\n\nThey fail.")
    if shown is not None:
        assert extraction.title == shown


@pytest.mark.parametrize(
    ("raw", "line", "author"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org"),
        ('"Byron, Ada" <ada@example.org>', "Byron, Ada <ada@example.org>", "Byron, Ada"),
        ("=?utf-8?Q?Ad=C3=A1?= <ada@example.org>", "Adá <ada@example.org>", "Adá"),
        ('"=?utf-8?Q?Ad=C3=A1?=" <ada@example.org>', "Adá <ada@example.org>", "Adá"),
        ("'Ada' <ada@example.org>", "Ada <ada@example.org>", "'Ada'"),
        ("ada@example.org (Ada)", "Ada <ada@example.org>", "Ada"),
        ("Ada", "Ada", "Ada"),
        ("<>", "<>", "<>"),
        ("(((((" * 5000, None, None),
        ("undisclosed-recipients:;", "undisclosed-recipients:;", None),
    ],
)
def test_senders_however_they_are_written(mail, raw, line, author):
    extraction = mail(f"From: {raw}\n\nThey fail.")
    assert extraction.text.endswith("They fail.")
    if line is not None:
        assert extraction.text == f"From: {line}\n\nThey fail."
    if author is not None:
        assert extraction.author == author


def test_of_very_many_recipients_some_are_named(mail):
    to = ", ".join(f"p{number}@example.org" for number in range(2000))
    (line, _, _) = mail(f"To: {to}\n\nText").text.split("\n")
    assert line.startswith("To: p0@example.org, p1@example.org") and line.endswith("p99@example.org, and 1,900 others")


def test_a_date_that_is_none_stays_as_it_is(mail):
    extraction = mail("Date: some time in May\nSubject: Blades\n\nThey fail.")
    assert (extraction.text, extraction.created) == ("Blades\n\nDate: some time in May\n\nThey fail.", None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (PLAIN, "They fail."),
        (PAGE, "They really fail."),
        (parts("alternative", PLAIN, PAGE), "They fail."),
        (parts("alternative", PAGE, PLAIN), "They fail."),
        (parts("alternative", "Content-Type: text/plain\n\n \n", PAGE), "They really fail."),
        (
            parts("alternative", PLAIN, parts("related", PAGE, "Content-Type: image/png\n\nx", boundary="in")),
            "They fail.",
        ),
        (parts("related", PAGE, "Content-Type: text/css\n\np {}", boundary="in"), "They really fail."),
        (parts("mixed", parts("alternative", PLAIN, PAGE, boundary="in")), "They fail."),
        (parts("signed", PLAIN, "Content-Type: application/pgp-signature; name=a.asc\n\nx"), "They fail."),
        (parts("report", PLAIN, "Content-Type: message/delivery-status\n\nTo: x\n\nTo: y\n\n"), "They fail."),
        ("Content-Type: text\n\nThey fail.", "They fail."),
        ("Content-Type: ;;;\n\nThey fail.", "They fail."),
        ("Content-Type: multipart/mixed\n\nThey fail.", "They fail."),
        ('Content-Type: multipart/mixed; boundary="x"\n\nThey fail.', "They fail."),
        ('Content-Type: multipart/mixed; boundary=""\n\nThey fail.', "They fail."),
        ('Content-Type: multipart/mixed; boundary="x"\n\n--y\n' + PLAIN + "\n--y--\n", "They fail."),
        ('Content-Type: multipart/mixed; boundary="x"\n\n--x\n' + PLAIN, "They fail."),
        ('Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nThey fail.\n--x--\nafter', "They fail."),
    ],
)
def test_what_was_written_is_found(mail, body, text):
    assert mail(HEADERS + body).text == TOP + text


def test_a_plain_text_that_only_points_to_the_page_is_not_taken(mail):
    page = "Content-Type: text/html\n\n" + "<p>They fail after a hundred hours, one after another.</p>" * 10
    hint = "Content-Type: text/plain\n\nThis is an HTML mail."
    assert "one after another" in mail(parts("alternative", hint, page)).text
    short = "Content-Type: text/html\n\n<html><head><style>" + "p {}" * 500 + "</style></head><p>This is it.</p></html>"
    assert mail(parts("alternative", "Content-Type: text/plain\n\nThis is it.", short)).text == "This is it."


def test_headings_in_a_page_stand_below_the_subject(mail):
    extraction = mail(HEADERS + "Content-Type: text/html\n\n<h1>News</h1><p>They fail.</p><h2>More</h2><p>Often.</p>")
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [
        *(("Blades", 1), ("News", 2), ("More", 3))
    ]


def test_several_texts_have_marks(mail):
    footer = "Content-Type: text/plain\n\nSent by a list"
    extraction = mail(HEADERS + parts("mixed", PLAIN, "Content-Type: image/png\n\nx", footer))
    assert extraction.text == f"{TOP}They fail.\n\nSent by a list"
    assert [(extraction.text[mark.start :][:4], mark.place) for mark in extraction.marks] == [
        *(("They", "message part 1"), ("Sent", "message part 2"))
    ]


TEXT = "Größe: 5 €\nThey fail."


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        *(("utf-8", "utf-8"), ("cp1252", "cp1252"), ("iso-8859-1", "cp1252"), ("nonsense", "cp1252")),
        *(("us-ascii", "utf-8"), ("us-ascii", "cp1252"), ("iso-8859-15", "iso-8859-15"), ("", "utf-8")),
        *(("utf-7", "utf-7"), ("iso-8859-8-i", "utf-8"), ("unicode-1-1-utf-7", "utf-7")),
    ],
)
@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable", "BASE64 ;x", "nonsense"])
def test_encodings_right_and_wrong(mail, charset, encoding, transfer):
    data = TEXT.encode(encoding)
    if transfer.lower().startswith("base64"):
        data = base64.encodebytes(data)
    elif transfer == "quoted-printable":
        data = quopri.encodestring(data)
    headers = f"{HEADERS}Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {transfer}\n\n"
    assert mail(headers.encode() + data).text == TOP + TEXT


def test_utf16_in_base64(mail):
    body = base64.encodebytes(TEXT.encode("utf-16")).decode()
    headers = "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n"
    assert mail(HEADERS + headers + body).text == TOP + TEXT


@pytest.mark.parametrize(
    ("transfer", "body"),
    [
        ("base64", "VGhleSBmYWls\nLi4u\nLg"),
        ("base64", "VGhleSBmYWls\n####Li4uLg"),
        ("base64", "VGhleSBmYWlsLi4uL"),
        ("base64", "VGhleSBmYWlsLi4uLg==\n_____\nA footer that some list appended"),
        ("quoted-printable", "They fail=2E=\n=2E=2E="),
        ("quoted-printable", "They fail=2E..=ZZ=2"),
        ("x-uuencode", "begin 644 a\n-5&AE>2!F86EL+BXN+@``\n`\nend\n"),
    ],
)
def test_damaged_transfer_encodings_give_what_they_hold(mail, transfer, body):
    assert mail(f"{HEADERS}Content-Transfer-Encoding: {transfer}\n\n{body}").text.startswith(f"{TOP}They fail...")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("\n\nonly a body", "only a body"),
        ("only a body", "only a body"),
        ("Subject: only headers", "only headers"),
        ("Subject: only headers\n\n", "only headers"),
        ("\n \nSubject: late\n\nThey fail.", "late\n\nThey fail."),
        ("From ada Tue Mar  4 10:20:30 2003\nSubject: with an envelope\n\nText", "with an envelope\n\nText"),
        ("\ufeffSubject: with a mark\n\nText", "with a mark\n\nText"),
        ("Subject: Grüße\n\nText".encode("utf-16"), "Grüße\n\nText"),
        ("Subject: a\r\rText", "a\n\nText"),
        ("Subject: a\nthis is no header\n\nText", "a\n\nthis is no header\n\nText"),
    ],
)
def test_mails_that_lack_something(mail, content, text):
    assert mail(content).text == text


def test_a_mail_of_apple_mail(mail):
    content = (HEADERS + "\nThey fail.\n").encode()
    extraction = mail(b"%d      \n" % len(content) + content + b"<?xml version='1.0'?><plist/>", "a.emlx")
    assert extraction.text == f"{TOP}They fail."


def test_no_mail_at_all(mail):
    with pytest.raises(Unreadable) as caught:
        mail(random.Random(0).randbytes(5000))
    assert caught.value.failure.reason == "wrong type"


def words(text):
    return Counter(re.findall(r"\w+", text))


def test_real_mails_keep_their_words(shared_data):
    """As many as Python's own, much slower reading of the same mails finds."""
    paths = sorted((shared_data / "docs" / "enron-eml").glob("*.eml"))[::20]
    paths += sorted((shared_data / "docs" / "office-zoo-unstructured" / "eml").glob("*.eml"))
    compared = 0
    for path in paths:
        with path.open("rb") as stream:
            body = email.message_from_binary_file(stream, policy=policy.default).get_body(("plain",))
        if body is None or "utf-16" in path.name:  # these Python takes for garbage
            continue
        wanted, found = words(body.get_content()), words(read(path).text)
        assert (wanted & found).total() >= 0.98 * wanted.total(), path.name
        compared += bool(wanted)
    assert compared >= 30
