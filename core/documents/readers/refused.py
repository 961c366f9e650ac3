"""Formats that people expect to be read and that are not: what the file is, and what to do."""

from __future__ import annotations

from pathlib import Path

import olefile

from rankscope.core.documents.detect import HEAD_BYTES, real_format
from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.registry import format_of, reader
from rankscope.core.documents.text import shown

# What a file is, with its article, and the remedy; by the short name of its format.
_REFUSED = {
    "doc": (
        "a document of Word 97 to 2003",
        "Open it in Word or LibreOffice and save it as .docx.",
    ),
    "ppt": (
        "a presentation of PowerPoint 97 to 2003",
        "Open it in PowerPoint or LibreOffice and save it as .pptx.",
    ),
    "iwork": (
        "an Apple iWork document (Pages, Numbers or Keynote)",
        "Open it in its own program and export it as PDF, or as a Word, Excel or PowerPoint file.",
    ),
    "heic": (
        "a picture in the HEIC or AVIF format",
        "If there is text to find in it, save it as JPEG or PNG.",
    ),
    "7z": (
        "a 7-Zip or RAR archive",
        "Unpack it, and add the folder with its files.",
    ),
    "pst": (
        "an Outlook data file (PST or OST)",
        "Drag the mails that you want to search from Outlook into a folder, or export them to an mbox file.",
    ),
    "p7m": (
        "a mail that is encrypted or wrapped in its signature (S/MIME)",
        "Open it in your mail program and save its text.",
    ),
}
_OLE_STREAMS = {"worddocument": "doc", "powerpoint document": "ppt"}
# What the newer formats are that people, or their programs, save under the names of the older ones.
_NEWER = {"doc": "docx", "ppt": "pptx"}


def read(path: Path) -> Extraction:
    """Says what the file is and what to do about it.

    What only bears an old name (a .doc that is a Rich Text or a new Word document inside) is read as what it is.

    Raises:
        Unreadable: ("unsupported") it is of such a format; what the right reader raises.
    """
    name = _inside(path) or _promised(path)
    if name in _NEWER and not olefile.isOleFile(str(path)):
        with path.open("rb") as stream:
            return reader(real_format(path, _NEWER[name], stream.read(HEAD_BYTES)))(path)
    if name == "p7s":
        raise unreadable(
            "unsupported",
            f"{shown(path)} is a mail's signature: there is no text in it.",
            "There is nothing to do.",
        )
    what, remedy = _REFUSED.get(name, ("of a kind that Rankscope does not read", "Save its text in another format."))
    raise unreadable("unsupported", f"{shown(path)} is {what}, which Rankscope does not read.", remedy)


def _inside(path: Path) -> str:
    """The format by the streams of an old Office file, whatever its name; empty for all others."""
    try:
        if not olefile.isOleFile(str(path)):
            return ""
        with olefile.OleFileIO(str(path)) as container:
            streams = {entry[0].lower() for entry in container.listdir()}
    except Exception:  # olefile raises what its struct and index operations raise on damaged files
        return ""
    return next((name for stream, name in _OLE_STREAMS.items() if stream in streams), "")


def _promised(path: Path) -> str:
    """The format by the file's name; signatures and signed mails share one."""
    suffix = path.suffix.lower()
    return "p7m" if suffix == ".p7m" else format_of(path) or ""
