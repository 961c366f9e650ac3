"""Mails (RFC 5322 and MIME), also as Apple Mail keeps them (emlx)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from rankscope.core.documents import mail
from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.letter import Letter, extraction_of
from rankscope.core.documents.mail_parts import Attachment, Contents, sort
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import decode_file
from rankscope.core.documents.text import shown
from rankscope.core.documents.unpacking import Packed

_LENGTH = re.compile(rb"\s*(\d{1,12})[ \t]*\r?\n")  # the first line of an emlx file: the bytes of the mail below it


def read(path: Path) -> Extraction:
    """The subject, who wrote to whom and when, and the text; attachments are documents of their own."""
    parsed = parsed_mail(path)
    contents = sort(parsed)
    letter = Letter(
        subject=mail.header(parsed, "subject"),
        author=mail.first_name(parsed, "from"),
        sender=mail.addresses(parsed, "from"),
        to=mail.addresses(parsed, "to"),
        cc=mail.addresses(parsed, "cc"),
        date=mail.header(parsed, "date"),
        bodies=contents.bodies(),
        warnings=contents.warnings,
    )
    if sealed := _sealed(contents, path):
        if not letter.bodies and not contents.attachments:
            raise sealed
        letter.warnings.append("A part of it is encrypted or sealed, and was left out.")
    for text in contents.texts:
        letter.warnings += text.warnings
    return extraction_of(letter, "eml")


def members(path: Path) -> Iterator[Packed]:
    """The attachments, and the mails inside the mail."""
    for attachment in sort(parsed_mail(path)).attachments:
        yield Packed(attachment.name, partial(_content, attachment))


def parsed_mail(path: Path) -> mail.Part:
    """The mail of the file. Raises Unreadable."""
    data = path.read_bytes()
    length = _LENGTH.match(data) if path.suffix.lower() == ".emlx" else None
    if length:
        data = data[length.end() : length.end() + int(length.group(1))]
    try:
        parsed = mail.parse(data)
    except mail.TooManyParts:
        raise unreadable(
            "too large",
            f"{shown(path)} consists of more than {mail.MAX_PARTS:,} parts.",
            "It is no ordinary mail. Open it in your mail program and save what you need from it.",
        ) from None
    if not parsed.keys():
        decode_file(path, data)  # raises where this is no text at all
    return parsed


def _content(attachment: Attachment) -> io.BytesIO:
    return io.BytesIO(mail.payload(attachment.part))


def _sealed(contents: Contents, path: Path) -> Unreadable | None:
    """The failure of a mail of which nothing can be read because it is encrypted or wrapped in a signature."""
    if contents.encrypted or any(text.encrypted for text in contents.texts):
        return unreadable(
            "encrypted",
            f"{shown(path)} is an encrypted mail.",
            "Open it in your mail program, which has the key, and save it decrypted.",
        )
    if contents.signed:
        return unreadable(
            "unsupported",
            f"{shown(path)} is signed in a way that hides its text from programs that cannot check the signature.",
            "Open it in your mail program and save it without the signature, or save its text.",
        )
    return None
