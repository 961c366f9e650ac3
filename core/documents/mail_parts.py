"""Sorting a mail's parts: what was written, what is attached, and what cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from mimetypes import MimeTypes

from rankscope.core.documents.letter import Body, plain_body
from rankscope.core.documents.mail import (
    DELIVERY_STATUS,
    MAX_DEPTH,
    Part,
    TooManyParts,
    file_stem,
    header,
    in_text,
    parse,
    parse_headers,
    payload,
    words,
)
from rankscope.core.documents.readers.html import PageTarget
from rankscope.core.documents.readers.html import parse as parse_page
from rankscope.core.documents.registry import format_of
from rankscope.core.documents.text import has_content, one_line

# Not written by a person, and said again in the text beside them; signatures and the halves of old Macintosh files.
_SKIPPED = frozenset(
    "application/pkcs7-signature application/x-pkcs7-signature application/pgp-signature application/applefile "
    "message/disposition-notification text/rfc822-headers".split()
) | {DELIVERY_STATUS}
_MAILS = frozenset(("message/rfc822", "message/global", "message/news"))
_SEALED = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_PACKED_BY_OUTLOOK = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_ATTACHED_TEXTS = frozenset("text/calendar text/vcard text/x-vcard text/directory text/rtf text/richtext".split())
_SUFFIXES = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/epub+zip": ".epub",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/x-zip-compressed": ".zip",
    "application/gzip": ".gz",
    "text/calendar": ".ics",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
}
_TYPES = MimeTypes()  # the standard library's own list: the same on every machine
_ARMOUR = re.compile(r"-----BEGIN PGP MESSAGE-----.*?(?:-----END PGP MESSAGE-----|\Z)", re.DOTALL)
_PAGE_ENCODING = re.compile(rb"""<meta[^>]*charset\s*=\s*["']?\s*([\w.-]+)""", re.IGNORECASE)
_BOUNDARY = re.compile(rb"^--(\S[^\r\n]{0,199}?)[ \t]*\r?\n(?=Content-[\w-]+:)", re.MULTILINE | re.IGNORECASE)
_FEW = 200  # characters: so short a plain text may be no more than "this is an HTML mail"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is a file of its own; ``name`` is unique only by chance."""

    name: str
    part: Part


@dataclass(slots=True)
class Contents:
    """A mail's parts, sorted. ``encrypted`` and ``signed`` say that a part of it is sealed in that way."""

    texts: list[WrittenPart] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    encrypted: bool = False
    signed: bool = False
    warnings: list[str] = field(default_factory=list)

    def bodies(self) -> list[Body]:
        """What was written, without parts that hold nothing and without encrypted passages."""
        return [written.body for written in self.texts if has_content(written.body.text)]


class WrittenPart:
    """A part that a person wrote, as plain text or as a web page; decoded when it is looked at."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.is_page = part.get_content_type() in ("text/html", "application/xhtml+xml")
        self.page: PageTarget | None = None
        self.warnings: tuple[str, ...] = ()
        self.encrypted = False

    @cached_property
    def body(self) -> Body:
        data = payload(self._part)
        declared = _charset(self._part)
        if self.is_page:
            if declared is None and (match := _PAGE_ENCODING.search(data[:4096])):
                declared = match.group(1).decode("ascii")
            decoded = in_text(data, declared)
            self.page = parse_page(decoded.text)
            body = Body(*self.page.builder.result())
        else:
            decoded = in_text(data, declared)
            text = decoded.text
            if "-----BEGIN PGP MESSAGE-----" in text:
                text, count = _ARMOUR.subn("", text)
                self.encrypted = count > 0
            body = plain_body(text)
        self.warnings = decoded.warnings
        return body

    @property
    def weight(self) -> int:
        """The bytes that this part takes in the mail."""
        held = self._part.get_payload()
        return len(held) if isinstance(held, str) else 0


def sort(mail: Part) -> Contents:
    """Walks the mail once. Nothing is decoded but what has to be compared."""
    contents = Contents()
    _Sorter(contents).take(mail)
    unnamed = 0
    for number, attachment in enumerate(contents.attachments):
        if not attachment.name:
            unnamed += 1
            name = f"attachment-{unnamed}{suffix_of(attachment.part.get_content_type())}"
            contents.attachments[number] = Attachment(name, attachment.part)
    return contents


class _Sorter:
    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def take(self, part: Part) -> None:
        """Sorts a part and all in it; the parser has bounded how deep they nest."""
        kind = part.get_content_type()
        if kind.startswith("multipart/"):
            self._take_multipart(part, kind)
        elif kind not in _SKIPPED:
            self._take_leaf(part, kind)

    def _take_multipart(self, part: Part, kind: str) -> None:
        held = part.parts()
        if kind == "multipart/encrypted":
            self._contents.encrypted = True
        elif held is None:
            self._take_unopened(part)
        elif kind == "multipart/alternative":
            self._take_best(held)
        elif kind == "multipart/related":
            self._take_related(part, held)
        else:
            for child in held:
                self.take(child)

    def _take_unopened(self, part: Part) -> None:
        """Parts whose boundary is missing, or not the one that was announced."""
        if part.depth >= MAX_DEPTH:
            self._contents.warnings.append(f"Parts nested more than {MAX_DEPTH} deep were left out.")
            return
        data = payload(part)
        match = _BOUNDARY.search(data)
        if match is None:
            self._contents.texts.append(WrittenPart(part))
            return
        start = b'Content-Type: multipart/mixed; boundary="' + match.group(1).replace(b'"', b"") + b'"\n\n'
        try:
            held = parse(start + data, part.depth).parts()
        except TooManyParts:
            held = None
        if held is None:
            self._contents.texts.append(WrittenPart(part))
        for child in held or ():
            self.take(child)

    def _take_best(self, children: list[Part]) -> None:
        """The same text in several forms: the plain one, unless it only says that there is another."""
        variants = [Contents() for _ in children]
        for variant, child in zip(variants, children, strict=True):
            _Sorter(variant).take(child)
            self._contents.attachments += variant.attachments
            self._contents.encrypted |= variant.encrypted
            self._contents.signed |= variant.signed
            self._contents.warnings += variant.warnings
        self._contents.texts += _best(variants)

    def _take_related(self, part: Part, children: list[Part]) -> None:
        """A page and what it shows: only the page was written."""
        wanted = str(part.get_param("start") or "")
        roots = [child for child in children if wanted and str(child.get("content-id", "")).strip() == wanted]
        roots += [child for child in children if child.get_content_maintype() in ("text", "multipart")]
        root = next(iter((*roots, *children)), None)
        for child in children:
            if child is root:
                self.take(child)
            else:
                aside = Contents()
                _Sorter(aside).take(child)
                self._contents.attachments += aside.attachments
                self._contents.warnings += aside.warnings

    def _take_leaf(self, part: Part, kind: str) -> None:
        name = _file_name(part)
        if kind in _SEALED and not name.lower().endswith(".p7s"):
            self._take_sealed(part)
        elif kind in _PACKED_BY_OUTLOOK or name.lower() == "winmail.dat":
            self._contents.warnings.append("Outlook packed its attachments into winmail.dat, which cannot be opened.")
        elif name.lower().endswith(".p7s"):
            return
        elif kind in _MAILS:
            name = name if name.lower().endswith(".eml") else _mail_name(part)
            self._contents.attachments.append(Attachment(name, part))
        elif _is_written(part, kind, name):
            self._contents.texts.append(WrittenPart(part))
        elif name or not kind.startswith("image/") or part.get_content_disposition() == "attachment":
            self._contents.attachments.append(Attachment(with_suffix(name, kind), part))

    def _take_sealed(self, part: Part) -> None:
        sealed = str(part.get_param("smime-type") or "").lower()
        if sealed == "signed-data":
            self._contents.signed = True
        elif sealed != "certs-only":
            self._contents.encrypted = True


def _best(variants: list[Contents]) -> list[WrittenPart]:
    """The texts of the variant to read."""
    plain, page = None, None
    for texts in (variant.texts for variant in variants if variant.texts):
        if any(text.is_page for text in texts):
            page = texts
        elif plain is None and any(has_content(text.body.text) for text in texts):
            plain = texts
    if plain is None or page is None:
        return plain or page or []
    length = sum(len(text.body.text) for text in plain)
    if length < _FEW and sum(text.weight for text in page) > 10 * length:
        return page if sum(len(text.body.text) for text in page) > 3 * length else plain
    return plain


def _is_written(part: Part, kind: str, name: str) -> bool:
    if name or part.get_content_disposition() == "attachment":
        return False
    return kind == "application/xhtml+xml" or (kind.startswith("text/") and kind not in _ATTACHED_TEXTS)


def _charset(part: Part) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, ValueError):
        return None


def _file_name(part: Part) -> str:
    """The name that the mail gives a part, without folders; empty where it gives none."""
    try:
        name = part.get_filename() or ""
    except (LookupError, ValueError):
        name = ""
    return one_line(re.split(r"[\\/]", words(name))[-1]).lstrip(". ")


def _mail_name(part: Part) -> str:
    stem = file_stem(header(parse_headers(payload(part)[:65536]), "subject"))
    return f"{stem}.eml" if stem else ""


def with_suffix(name: str, kind: str) -> str:
    """A file's name, with the ending of its type where it has none that a reader takes."""
    if not name or format_of(name) is not None:
        return name
    suffix = suffix_of(kind)
    return name + suffix if format_of(f"x{suffix}") is not None else name


def suffix_of(kind: str) -> str:
    """The ending of the names of files of this type."""
    if kind in _MAILS:
        return ".eml"
    return _SUFFIXES.get(kind) or _TYPES.guess_extension(kind) or ".bin"
