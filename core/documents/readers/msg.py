"""Mails as Outlook saves them (MSG)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from oxmsg.domain import constants as c

from rankscope.core.documents import mail
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.letter import extraction_of
from rankscope.core.documents.mail_parts import Contents, sort, suffix_of, with_suffix
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.outlook import Item, open_mail
from rankscope.core.documents.outlook_letter import as_mail, letter_of
from rankscope.core.documents.text import one_line, shown
from rankscope.core.documents.unpacking import Packed

_LOCKED = frozenset(("application/pgp-encrypted", "application/x-microsoft-rpmsg-message"))
_SEALED = "ipm.note.smime"


def read(path: Path) -> Extraction:
    """The subject, who wrote to whom and when, and the text; attachments are documents of their own."""
    item = open_mail(path)
    letter = letter_of(item)
    signed = _signed(item)
    if signed is not None:
        letter.bodies = signed.bodies()
    if _is_encrypted(item, signed):
        if not letter.bodies:
            raise unreadable(
                "encrypted",
                f"{shown(path)} is an encrypted mail.",
                "Open it in Outlook, which has the key, and save it decrypted.",
            )
        letter.warnings.append("A part of it is encrypted, and was left out.")
    elsewhere = sum(1 for attachment in item.attachments() if not _is_inside(attachment))
    if elsewhere:
        letter.warnings.append(f"{elsewhere} of its attachments are links or drawings and cannot be taken out.")
    return extraction_of(letter, "msg")


def members(path: Path) -> Iterator[Packed]:
    """The attachments, and the mails inside the mail."""
    item = open_mail(path)
    signed = _signed(item)
    if signed is not None:
        for part in signed.attachments:
            yield Packed(part.name, partial(_opened, partial(mail.payload, part.part)))
        return
    unnamed = 0
    for attachment in item.attachments():
        kind = attachment.text(c.PID_ATTACH_MIME_TAG).lower() or "application/octet-stream"
        name, content = _named(attachment, kind), _content(attachment)
        if content is None or kind in _LOCKED or name.lower().endswith(".p7s"):
            continue
        if not name:
            unnamed += 1
            name = f"attachment-{unnamed}{suffix_of(kind)}"
        yield Packed(name, partial(_opened, content))


def _named(attachment: Item, kind: str) -> str:
    """The attachment's name, without folders; a mail's is its subject."""
    inner = attachment.embedded_mail()
    if inner is not None:
        return f"{mail.file_stem(inner.text(c.PID_SUBJECT)) or 'mail'}.eml"
    for number in (c.PID_ATTACH_LONG_FILENAME, c.PID_ATTACH_FILENAME, c.PID_DISPLAY_NAME):
        if name := one_line(attachment.text(number).replace("\\", "/").rsplit("/", 1)[-1]).lstrip(". "):
            return with_suffix(name, kind)
    return ""


def _content(attachment: Item) -> Callable[[], bytes] | None:
    """What gives the attachment's bytes; None where they are not in the file."""
    inner = attachment.embedded_mail()
    if inner is not None:
        return partial(as_mail, inner)
    if attachment.data(c.PID_ATTACH_DATA_BINARY):
        return partial(attachment.data, c.PID_ATTACH_DATA_BINARY)
    return None


def _opened(content: Callable[[], bytes]) -> io.BytesIO:
    return io.BytesIO(content())


def _is_inside(attachment: Item) -> bool:
    return attachment.embedded_mail() is not None or attachment.data(c.PID_ATTACH_DATA_BINARY) != b""


def _signed(item: Item) -> Contents | None:
    """What a signed mail holds: Outlook keeps it as the whole mail that came, attached to an empty one."""
    if item.text(c.PID_MESSAGE_CLASS).lower() != f"{_SEALED}.multipartsigned":
        return None
    for attachment in item.attachments():
        data = attachment.data(c.PID_ATTACH_DATA_BINARY)
        if data[:13].lower() == b"content-type:":
            try:
                return sort(mail.parse(data))
            except mail.TooManyParts:
                return None
    return None


def _is_encrypted(item: Item, signed: Contents | None) -> bool:
    if signed is not None:
        return signed.encrypted or any(text.encrypted for text in signed.texts)
    if item.text(c.PID_MESSAGE_CLASS).lower().startswith(_SEALED):
        return True
    return any(attachment.text(c.PID_ATTACH_MIME_TAG).lower() in _LOCKED for attachment in item.attachments())
