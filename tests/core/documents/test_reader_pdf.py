"""PDFs: text in order, paragraphs made whole, outline, properties; and what cannot be read."""

from __future__ import annotations

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.pdf import read


def pdf(tmp_path, pages, outline=(), **options):
    """A PDF with lines of text at 12 points, 14 apart; ``outline`` holds (title, level, page from 0)."""
    path = tmp_path / "file.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500), **options)
    canvas.setTitle("Fatigue of blades")
    canvas.setAuthor("Ada")
    for number, lines in enumerate(pages):
        canvas.bookmarkPage(f"p{number}")
        for title, level, page in outline:
            if page == number:
                canvas.addOutlineEntry(title, f"p{number}", level)
        canvas.setFont("Helvetica", 12)
        for row, line in enumerate(lines):
            canvas.drawString(50, 450 - 14 * row, line)
        canvas.showPage()
    canvas.save()
    return path


PARAGRAPH = [
    "The turbine blade fails after a long time of",
    "cyclic load, as every engineer knows. This is",
    "its end.",
]


def test_pages_paragraphs_and_properties(tmp_path):
    extraction = read(pdf(tmp_path, [[*PARAGRAPH, "", "", "A second one."], ["Page two."]]))
    assert extraction.text == " ".join(PARAGRAPH) + "\n\nA second one.\nPage two."
    assert [(p.number, extraction.text[p.start : p.end][:8], p.width, p.height) for p in extraction.pages] == [
        (1, "The turb", 400, 500),
        (2, "Page two", 400, 500),
    ]
    assert (extraction.title, extraction.author) == ("Fatigue of blades", "Ada")
    assert extraction.created is not None and extraction.created.startswith("20")


def test_words_cut_at_a_line_end_are_made_whole(tmp_path):
    lines = ["A long word such as tur-", "bine is made whole, but a few-", "shot prompt is few-shot."]
    text = read(pdf(tmp_path, [lines])).text
    assert "such as turbine is" in text
    assert "a few-shot prompt" in text


def test_the_outline_gives_the_headings(tmp_path):
    pages = [["1 Blades", "They fail."], ["1.1 Roots", "They crack."], ["Nothing here."]]
    outline = [("Blades", 0, 0), ("Roots", 1, 1), ("Not in the text", 0, 2)]
    extraction = read(pdf(tmp_path, pages, outline))
    headings = [(extraction.text[h.start : h.end], h.level) for h in extraction.headings]
    assert headings == [("1 Blades", 1), ("1.1 Roots", 2)]


def failure(path):
    with pytest.raises(Unreadable) as caught:
        read(path)
    return caught.value.failure


def test_a_password_is_named(tmp_path):
    encrypted = failure(pdf(tmp_path, [["secret"]], encrypt=StandardEncryption("pass", "owner")))
    assert encrypted.reason == "encrypted"
    assert "file.pdf" in encrypted.message and encrypted.remedy


def test_a_scan_is_named_with_its_remedy(tmp_path):
    scan = failure(pdf(tmp_path, [[], []]))
    assert scan.reason == "no text"
    assert "OCR" in scan.remedy


def test_damage_is_named(tmp_path):
    path = pdf(tmp_path, [["text"]])
    path.write_bytes(path.read_bytes()[:40])
    assert failure(path).reason == "damaged"
    path.write_bytes(b"%PDF-1.7\n")
    assert failure(path).reason == "damaged"
