"""Files to spoil: real ones where the shared data is, and small ones made here for every format."""

from __future__ import annotations

import io
import mailbox
import tarfile
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from rankscope.core.documents.registry import FORMATS

_MOST_BYTES = 200_000
_MOST_FILES = 10
_TEXT = "Seals leak when the shaft is worn.\n\nA worn shaft runs out of true; the lip of the seal cannot follow it.\n"


def seeds(name: str, folder: Path, real: Path | None) -> list[bytes]:
    """The contents of files of this format: small real ones below ``real``, and one made in ``folder``."""
    found: list[bytes] = []
    if real is not None:
        suffixes = FORMATS[name].suffixes
        files = sorted(
            path for path in real.rglob("*") if path.suffix.lower() in suffixes and path.stat().st_size < _MOST_BYTES
        )
        step = max(1, len(files) // _MOST_FILES)
        found = [path.read_bytes() for path in files[::step][:_MOST_FILES]]
    if name == "image":
        found = []  # OCR of a real page takes a second: a small picture reaches the same code
    if name in _MADE:
        found.append(_MADE[name](folder))
    elif not found:
        found.append(_TEXT.encode())
    return found


def _pdf(folder: Path) -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "made.pdf"))
    for line, text in enumerate(_TEXT.splitlines()):
        canvas.drawString(72, 720 - 16 * line, text)
    canvas.bookmarkPage("a")
    canvas.addOutlineEntry("Seals", "a")
    canvas.save()
    return (folder / "made.pdf").read_bytes()


def _docx(folder: Path) -> bytes:
    from docx import Document

    document = Document()
    document.add_heading("Seals", 1)
    document.add_paragraph(_TEXT)
    document.add_table(2, 2).cell(0, 0).text = "Shaft"
    document.save(str(folder / "made.docx"))
    return (folder / "made.docx").read_bytes()


def _pptx(folder: Path) -> bytes:
    from pptx import Presentation

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Seals"
    slide.placeholders[1].text = _TEXT
    slide.notes_slide.notes_text_frame.text = "A note."
    deck.save(str(folder / "made.pptx"))
    return (folder / "made.pptx").read_bytes()


def _xlsx(folder: Path) -> bytes:
    import xlsxwriter

    with xlsxwriter.Workbook(str(folder / "made.xlsx")) as book:
        sheet = book.add_worksheet("Seals")
        sheet.write_row(0, 0, ["Shaft", "Diameter", "Date"])
        sheet.write_row(1, 0, ["A", 12.5, "2026-11-20"])
    return (folder / "made.xlsx").read_bytes()


def _open_document(kind: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        from odfdo import Document, DrawPage, Header, Paragraph, Table

        document = Document(kind)
        body = document.body
        if kind == "text":
            body.append(Header(1, "Seals"))
            body.append(Paragraph(_TEXT))
        elif kind == "spreadsheet":
            body.clear()
            table = Table("Seals", 2, 2)
            table.set_value((0, 0), "Shaft")
            body.append(table)
        else:
            page = DrawPage("page1", name="Seals")
            page.append(Paragraph(_TEXT))
            body.append(page)
        path = folder / f"made of {kind}"
        document.save(str(path))
        return path.read_bytes()

    return make


def _epub(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        book.writestr(
            "a.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Seals</dc:title></metadata><manifest>'
            '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
            '<spine><itemref idref="a"/></spine></package>',
        )
        book.writestr("a.xhtml", f"<html><body><h1>Seals</h1><p>{_TEXT}</p></body></html>")
    return out.getvalue()


def _mail(folder: Path) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Seals", "a@example.org", "b@example.org"
    message["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
    message.set_content(_TEXT)
    message.add_alternative(f"<p>{_TEXT}</p>", subtype="html")
    message.add_attachment(_TEXT.encode(), maintype="text", subtype="plain", filename="seals.txt")
    return message.as_bytes()


def _mailbox(folder: Path) -> bytes:
    path = folder / "made.mbox"
    box = mailbox.mbox(path)
    for _ in range(2):
        box.add(_mail(folder))
    box.close()
    data = path.read_bytes()
    path.unlink()
    return data


def _mhtml(folder: Path) -> bytes:
    message = EmailMessage()
    message["Subject"] = "Seals"
    message.set_content(f"<html><body><h1>Seals</h1><p>{_TEXT}</p></body></html>", subtype="html")
    message.make_related()
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png")
    return message.as_bytes()


def _zip(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/seals.txt", _TEXT)
        archive.writestr("letter.eml", _mail(folder))
    return out.getvalue()


def _tar(folder: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a/seals.txt")
        entry.size = len(_TEXT)
        archive.addfile(entry, io.BytesIO(_TEXT.encode()))
    return out.getvalue()


def _image(folder: Path) -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("L", (160, 48), 255)
    ImageDraw.Draw(picture).text((10, 10), "SEALS LEAK", fill=0)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _words(text: str) -> Callable[[Path], bytes]:
    return lambda folder: text.encode()


_MADE: dict[str, Callable[[Path], bytes]] = {
    "pdf": _pdf,
    "docx": _docx,
    "pptx": _pptx,
    "xlsx": _xlsx,
    "odt": _open_document("text"),
    "ods": _open_document("spreadsheet"),
    "odp": _open_document("presentation"),
    "rtf": _words(r"{\rtf1\ansi{\info{\title Seals}}\b Seals\b0\par Leak when the shaft is worn. \u8364 ?\'e9}"),
    "epub": _epub,
    "html": _words(f"<html><head><title>Seals</title></head><body><h1>Seals</h1><table><tr><td>{_TEXT}</table>"),
    "mhtml": _mhtml,
    "md": _words(f"---\ntitle: Seals\n---\n\n# Seals\n\n{_TEXT}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"),
    "rst": _words(f"Seals\n=====\n\n:Author: A\n\n{_TEXT}\n\n.. note:: A note.\n"),
    "org": _words(f"#+TITLE: Seals\n* Shaft\n{_TEXT}"),
    "csv": _words('shaft,diameter\n"A, worn",12.5\nB,13\n'),
    "json": _words('{"shaft": [{"name": "A", "diameter": 12.5}, {"name": "B", "worn": true}], "note": "\\u20ac"}'),
    "xml": _words(f'<?xml version="1.0"?><a title="Seals"><b>{_TEXT}</b><![CDATA[x < y]]></a>'),
    "code": _words('class Seal:\n    """A seal."""\n\n    def leak(self, shaft):\n        return shaft.worn\n'),
    "eml": _mail,
    "mbox": _mailbox,
    "zip": _zip,
    "tar": _tar,
    "image": _image,
}
