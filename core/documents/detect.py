"""What a file really is, as far as its first bytes tell."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.text import shown

HEAD_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"{\\rtf", "a Rich Text document (RTF)"),
    (b"%!PS", "a PostScript file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a Windows program"),
    (b"ID3", "a sound file"),
    (b"OggS", "a sound or video file"),
    (b"fLaC", "a sound file"),
    (b"\x1aE\xdf\xa3", "a video file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP_KINDS: tuple[tuple[str, str], ...] = (
    ("xl/", "an Excel workbook"),
    ("ppt/", "a PowerPoint presentation"),
    ("Index/Document.iwa", "an Apple iWork document"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
    ("AndroidManifest.xml", "an Android app"),
)
_MIMETYPE_KINDS = {
    "application/epub+zip": "an EPUB book",
    "application/vnd.oasis.opendocument.text": "an OpenDocument text",
    "application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet",
    "application/vnd.oasis.opendocument.presentation": "an OpenDocument presentation",
}
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_TEXT_FORMATS = ("txt", "md", "html")


def real_format(path: Path, expected: str, head: bytes) -> str:
    """The format to read this file as: the one its name promises, or what its content shows it to be.

    Args:
        expected: the format that the file's name stands for.
        head: the file's first :data:`HEAD_BYTES` bytes.

    Raises:
        Unreadable: ("wrong type", "encrypted" or "damaged") the content is nothing that a reader could read.
    """
    text_expected = expected in _TEXT_FORMATS
    # A PDF may begin with up to a kilobyte of something else; a text may speak of "%PDF-".
    if head.startswith(b"%PDF-") or (not text_expected and b"%PDF-" in head[:1024]):
        return "pdf"
    if head.startswith(_ZIP):
        return _real_zip_format(path, expected)
    if head.startswith(_OLE):
        raise _ole_failure(path, expected)
    kind = kind_of(head)
    if kind is not None:
        raise _wrong_type(path, expected, kind)
    if text_expected:
        return expected
    if _HTML_START.match(head):
        raise _wrong_type(path, expected, "a web page (HTML)")
    raise _wrong_type(path, expected, "plain text" if _reads_as_text(head) else "binary data of an unknown kind")


def kind_of(head: bytes) -> str | None:
    """What these first bytes belong to, in words; None where they tell nothing."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[4:8] == b"ftyp":
        return "a video or picture file (MP4 family)"
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE", b"AVI "):
        return "a WebP picture" if head[8:12] == b"WEBP" else "a sound or video file"
    if head[:2] == b"BM" and len(head) > 14 and head[6:10] == bytes(4):
        return "a bitmap picture"
    return None


def _wrong_type(path: Path, expected: str, kind: str) -> Unreadable:
    return unreadable(
        "wrong type",
        f"{shown(path)} is not {_PROMISED[expected]}: it is {kind}.",
        "Give it its right ending, or save it anew in the format that its name promises.",
    )


_PROMISED = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "html": "a web page",
    "md": "a text",
    "txt": "a text",
}


def _reads_as_text(head: bytes) -> bool:
    from rankscope.core.documents.decoding import NotText, decode

    try:
        decode(head)
    except NotText:
        return False
    return True


def _real_zip_format(path: Path, expected: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            mimetype = ""
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    mimetype = member.read(100).decode("ascii", "replace")
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError):
        if expected == "docx":
            raise unreadable(
                "damaged",
                f"{shown(path)} is a Word document whose end is missing or damaged.",
                "Restore it from a backup, or open it in Word, let it repair the file and save it.",
            ) from None
        raise _wrong_type(path, expected, "a damaged ZIP archive") from None
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return "docx"
    if not names:
        raise _wrong_type(path, expected, "an empty ZIP archive")
    for start, kind in _ZIP_KINDS:
        if any(name.startswith(start) for name in names):
            raise _wrong_type(path, expected, kind)
    raise _wrong_type(path, expected, _MIMETYPE_KINDS.get(mimetype.strip(), "a ZIP archive"))


def _ole_failure(path: Path, expected: str) -> Unreadable:
    """Old Office files and encrypted new ones share one container; its directory names what is inside."""
    content = path.read_bytes()

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        return unreadable(
            "encrypted",
            f"{shown(path)} is protected with a password.",
            "Open it in its own program and save a copy without a password.",
        )
    kind = "an old Office file"
    for stream, name in (
        ("WordDocument", "an old Word document (.doc)"),
        ("Workbook", "an old Excel workbook (.xls)"),
        ("PowerPoint Document", "an old PowerPoint presentation (.ppt)"),
        ("__substg1.0_", "an Outlook mail (.msg)"),
    ):
        if holds(stream):
            kind = name
            break
    return _wrong_type(path, expected, kind)
