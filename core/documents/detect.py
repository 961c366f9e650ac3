"""What a file really is, as far as its first bytes tell."""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from pathlib import Path

from rankscope.core.documents.failures import Unreadable, unreadable
from rankscope.core.documents.registry import FORMATS
from rankscope.core.documents.text import shown
from rankscope.core.documents.zip_file import open_zip

HEAD_BYTES = 4096
ENCRYPTED_OFFICE = "encrypted office"  # no format of its own: the one inside shows after decryption

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
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a Windows program"),
    (b"ID3\x02", "a sound file"),
    (b"ID3\x03", "a sound file"),
    (b"ID3\x04", "a sound file"),
    (b"OggS", "a sound or video file"),
    (b"fLaC", "a sound file"),
    (b"\x1aE\xdf\xa3", "a video file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PACKED = (b"\x1f\x8b\x08", b"\xfd7zXZ\x00")
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_IMAGES = ("a PNG picture", "a JPEG picture", "a GIF picture", "a TIFF picture", "a WebP picture", "a bitmap picture")
_ZIP_STARTS: tuple[tuple[str, str], ...] = (
    ("word/", "docx"),
    ("xl/", "xlsx"),
    ("ppt/", "pptx"),
)
_ZIP_KINDS: tuple[tuple[str, str], ...] = (
    ("Index/Document.iwa", "an Apple iWork document"),
    ("Index.zip", "an Apple iWork document"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
    ("AndroidManifest.xml", "an Android app"),
)
_MIMETYPES = {
    "application/epub+zip": "epub",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.text-template": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.spreadsheet-template": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.presentation-template": "odp",
}
# Mail programs give their mailboxes no ending, and save single mails under that of Outlook's.
_SENT = re.compile(rb"From [^\r\n]*\d\d?:\d\d[^\r\n]*\r?\n[!-9;-~]+:")
_MAIL_START = re.compile(rb"(?:From |Return-Path:|Received:|Message-ID:|MIME-Version:|From:|Subject:|Date:)", re.I)
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


def real_format(path: Path, expected: str, head: bytes) -> str:
    """The format to read this file as: the one its name promises, or what its content shows it to be.

    Args:
        expected: the format that the file's name stands for.
        head: the file's first :data:`HEAD_BYTES` bytes.

    Raises:
        Unreadable: ("wrong type", "encrypted" or "damaged") the content is nothing that a reader could read.
    """
    if FORMATS[expected].family == "":
        return expected
    recognised = _recognised(path, expected, head)
    if recognised is not None:
        return recognised
    kind = kind_of(head)
    if kind in _IMAGES:
        return "image"
    if kind is not None:
        raise wrong_type(path, expected, kind)
    if FORMATS[expected].family == "text":
        return "mbox" if not path.suffix and _SENT.match(head) else expected
    if expected == "msg" and _MAIL_START.match(head):
        return "eml"
    if expected == "zip" and zipfile.is_zipfile(path):  # one that begins with a program, which unpacks it
        return "zip"
    if _HTML_START.match(head):
        # Old programs save web pages under the name of a document; browsers do the same with a failed download.
        raise wrong_type(path, expected, "a web page (HTML)")
    raise wrong_type(path, expected, "plain text" if _reads_as_text(head) else "binary data of an unknown kind")


def _recognised(path: Path, expected: str, head: bytes) -> str | None:
    """The format that the first bytes give away, where they do."""
    # A PDF may begin with up to a kilobyte of something else; a text may speak of "%PDF-".
    if head.startswith(b"%PDF-") or (FORMATS[expected].family != "text" and b"%PDF-" in head[:1024]):
        return "pdf"
    if head.startswith(_ZIP):
        return _real_zip_format(path, expected)
    if head.startswith(_OLE):
        return _real_ole_format(path, expected)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if _is_packed(head) or ((expected == "tar" or head[257:262] == b"ustar") and _is_tar(head)):
        return "tar"
    return None


def _is_packed(head: bytes) -> bool:
    return head.startswith(_PACKED) or _BZIP2.match(head) is not None


def _is_tar(head: bytes) -> bool:
    """Whether a TAR archive begins here: a header with the right checksum, or the zeros of an empty one."""
    if not head.strip(b"\0"):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


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


def wrong_type(path: Path, expected: str, kind: str) -> Unreadable:
    """The failure of a file whose content is not what its name promises. ``kind`` in words, with its article."""
    return unreadable(
        "wrong type",
        f"{shown(path)} is not {_PROMISED.get(expected, 'what its name promises')}: it is {kind}.",
        "Give it its right ending, or save it anew in the format that its name promises.",
    )


_PROMISED = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "xls": "an Excel workbook",
    "odt": "an OpenDocument text",
    "ods": "an OpenDocument spreadsheet",
    "odp": "an OpenDocument presentation",
    "rtf": "a Rich Text document",
    "epub": "an EPUB book",
    "html": "a web page",
    "mhtml": "a saved web page",
    "eml": "a mail",
    "mbox": "a mailbox",
    "msg": "an Outlook mail",
    "zip": "a ZIP archive",
    "tar": "an archive",
    "image": "a picture",
    "md": "a text",
    "txt": "a text",
    "rst": "a text",
    "org": "a text",
    "csv": "a table",
    "json": "a JSON file",
    "xml": "an XML file",
    "code": "a source file",
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
        names, mimetype = _zip_contents(path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError, NotImplementedError, KeyError):
        if expected == "zip":
            return "zip"  # what can be had from it is had without its directory
        if FORMATS[expected].family == "zip":
            raise unreadable(
                "damaged",
                f"{shown(path)} is {_PROMISED[expected]} whose end is missing or damaged.",
                "Restore it from a backup, or open it in its own program, let it repair the file and save it.",
            ) from None
        raise wrong_type(path, expected, "a damaged ZIP archive") from None
    if mimetype in _MIMETYPES:
        return _MIMETYPES[mimetype]
    if "[Content_Types].xml" in names:
        for start, name in _ZIP_STARTS:
            if any(member.startswith(start) for member in names):
                return name
    if expected == "zip":
        return "zip"
    kinds = (kind for start, kind in _ZIP_KINDS if any(member.startswith(start) for member in names))
    raise wrong_type(path, expected, next(kinds, "a ZIP archive") if names else "an empty ZIP archive")


def _zip_contents(path: Path) -> tuple[list[str], str]:
    """The names of the files in the archive, and what its file "mimetype" says."""
    with open_zip(path) as archive:
        names = archive.namelist()
        if "mimetype" not in names:
            return names, ""
        with archive.open("mimetype") as member:
            return names, member.read(100).decode("ascii", "replace").strip()


def _real_ole_format(path: Path, expected: str) -> str:
    """Old Office files, Outlook mails and encrypted new Office files share one container."""
    import olefile

    try:
        with olefile.OleFileIO(path) as container:
            streams = {entry[0].lower() for entry in container.listdir()}
    except Exception:  # olefile raises what its struct and index operations raise on damaged files
        raise unreadable(
            "damaged",
            f"{shown(path)} is a damaged Office file: its directory cannot be read.",
            "Restore it from a backup, or open it in its own program and save it anew.",
        ) from None
    if "encryptedpackage" in streams:
        return ENCRYPTED_OFFICE
    if any(stream.startswith("__substg1.0_") for stream in streams) or "__properties_version1.0" in streams:
        return "msg"
    if streams & {"workbook", "book"}:
        return "xls"
    if "worddocument" in streams:
        return "doc"
    if "powerpoint document" in streams:
        return "ppt"
    raise wrong_type(path, expected, "an old Office file")
