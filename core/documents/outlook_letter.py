"""Outlook's mails as letters, and one that lies in another as the bytes of an ordinary mail."""

from __future__ import annotations

import re
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr

from oxmsg.domain import constants as c
from striprtf.striprtf import rtf_to_text

from rankscope.core.documents import mail, rtf_packed
from rankscope.core.documents.letter import Body, Letter, plain_body
from rankscope.core.documents.outlook import Item
from rankscope.core.documents.readers.html import parse as parse_page
from rankscope.core.documents.text import has_content, one_line

_TO, _CC = 1, 2
_SENDER_SMTP_ADDRESS, _RECIPIENT_TYPE, _RTF = 0x5D01, 0x0C15, 0x1009
_MAX_LEVELS = 10
_EDGE = "=_edge_="  # all parts are in base64, in which this cannot stand
# RTF that was made from a web page keeps its tags, where no RTF reader sees them.
_TAGS_THAT_BREAK = re.compile(r"\{\\\*\\htmltag\d*[^{}<]*<(?:br|p|div|li|tr|td|h\d)\b[^{}]*\}", re.IGNORECASE)
_Person = tuple[str, str]  # name and address


def letter_of(item: Item) -> Letter:
    """The mail without its attachments. Its text is the plain one, else the web page, else the RTF."""
    headers = mail.parse_headers(item.text(c.PID_TRANSPORT_MESSAGE_HEADERS).encode("utf-8", "replace"))
    sender = _sender(item)
    return Letter(
        subject=item.text(c.PID_SUBJECT),
        author=next(filter(None, sender), mail.first_name(headers, "from")),
        sender=(mail.shown_address(*sender),) if any(sender) else mail.addresses(headers, "from"),
        to=_recipients(item, _TO, c.PID_DISPLAY_TO),
        cc=_recipients(item, _CC, c.PID_DISPLAY_CC),
        date=mail.header(headers, "date") or _sent(item),
        bodies=[body for body in (_body(item),) if body.text],
    )


def as_mail(item: Item, level: int = 1) -> bytes:
    """The mail as an ordinary one (RFC 5322), with what is attached to it: always the same bytes for the same mail."""
    made = MIMEMultipart(boundary=_EDGE)
    made["Subject"] = Header(one_line(item.text(c.PID_SUBJECT), 1000), "utf-8").encode()
    made["From"] = _encoded(_sender(item))
    for name, kind in (("To", _TO), ("Cc", _CC)):
        people = _people(item, kind)
        if people:
            made[name] = ", ".join(map(_encoded, people))
    if sent := _sent(item):
        made["Date"] = sent
    page = item.page() if not has_content(item.text(c.PID_BODY)) else ""
    made.attach(MIMEText(page, "html", "utf-8") if page else MIMEText(_body(item).text, "plain", "utf-8"))
    for attachment in item.attachments():
        inner = attachment.embedded_mail()
        if inner is not None and level < _MAX_LEVELS:
            _attach(made, "mail.eml", as_mail(inner, level + 1))
        elif data := attachment.data(c.PID_ATTACH_DATA_BINARY):
            name = attachment.text(c.PID_ATTACH_LONG_FILENAME) or attachment.text(c.PID_ATTACH_FILENAME)
            _attach(made, one_line(name), data)
    return made.as_bytes()


def _attach(made: MIMEMultipart, name: str, data: bytes) -> None:
    part = MIMEApplication(data)
    part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    made.attach(part)


def _body(item: Item) -> Body:
    plain = item.text(c.PID_BODY)
    if has_content(plain):
        return plain_body(plain)
    if page := item.page():
        body = Body(*parse_page(page).builder.result())
        if has_content(body.text):
            return body
    return plain_body(_rtf_text(item.data(_RTF)))


def _rtf_text(data: bytes) -> str:
    try:
        rtf = rtf_packed.unpacked(data).decode("latin-1")
        return str(rtf_to_text(_TAGS_THAT_BREAK.sub(r"\\line ", rtf), errors="replace"))
    except (ValueError, LookupError, TypeError):
        return ""


def _sender(item: Item) -> _Person:
    name = item.text(c.PID_SENDER_NAME) or item.text(c.PID_SENT_REPRESENTING_NAME)
    numbers = (_SENDER_SMTP_ADDRESS, c.PID_SENDER_EMAIL_ADDRESS, c.PID_SENT_REPRESENTING_EMAIL_ADDRESS)
    return _person(name, *map(item.text, numbers))


def _people(item: Item, kind: int) -> list[_Person]:
    return [
        _person(one.text(c.PID_DISPLAY_NAME), one.text(c.PID_SMTP_ADDRESS), one.text(c.PID_EMAIL_ADDRESS))
        for one in item.recipients()
        if (one.number(_RECIPIENT_TYPE) or _TO) & 0xF == kind
    ]


def _person(name: str, *addresses: str) -> _Person:
    """Name and address; the paths that Exchange keeps for addresses are none."""
    return one_line(name), next((one_line(address) for address in addresses if "@" in address), "")


def _recipients(item: Item, kind: int, named: int) -> tuple[str, ...]:
    people = _people(item, kind)
    if people:
        return tuple(filter(None, (mail.shown_address(*person) for person in people)))
    return tuple(filter(None, (one_line(item.text(named)),)))


def _encoded(person: _Person) -> str:
    try:
        return formataddr(person)
    except UnicodeEncodeError:  # an address beyond ASCII
        return Header(mail.shown_address(*person), "utf-8").encode()


def _sent(item: Item) -> str:
    return item.moment(c.PID_CLIENT_SUBMIT_TIME) or item.moment(c.PID_MESSAGE_DELIVERY_TIME)
