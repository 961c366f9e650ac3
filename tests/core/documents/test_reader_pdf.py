"""PDFs: text in order, paragraphs made whole, outline, properties; and what cannot be read."""

from __future__ import annotations

import re

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents import ocr
from rankscope.core.documents.failures import NeedsRecognition, Unreadable
from rankscope.core.documents.pages import render_page
from rankscope.core.documents.passwords import set_passwords
from rankscope.core.documents.readers import pdf as pdf_reader
from rankscope.core.documents.readers.pdf import read, recognise


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


def test_passwords_are_tried(tmp_path):
    path = pdf(tmp_path, [["A secret sentence."]], encrypt=StandardEncryption("pass", "owner"))
    set_passwords(("wrong", "pass"))
    try:
        assert read(path).text == "A secret sentence."
    finally:
        set_passwords(())


def test_pages_without_anything_hold_no_text(tmp_path):
    assert failure(pdf(tmp_path, [[], []])).reason == "no text"


def scan(tmp_path, words=None):
    """A PDF whose second page is a picture of a page; the first has text if there are words for it."""
    picture = Image.new("L", (1240, 800), 255)
    font = ImageFont.load_default(48)
    ImageDraw.Draw(picture).text((120, 200), "Seals leak when the shaft is worn.", fill=0, font=font)
    picture.save(tmp_path / "page.png")
    canvas = Canvas(str(tmp_path / "scan.pdf"), pagesize=(620, 400))
    canvas.drawString(72, 300, words or "")
    canvas.showPage()
    canvas.drawImage(str(tmp_path / "page.png"), 0, 0, 620, 400)
    canvas.showPage()
    canvas.save()
    return tmp_path / "scan.pdf"


def test_a_scan_without_tesseract_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    missing = failure(scan(tmp_path))
    assert missing.reason == "needs OCR" and "Tesseract" in missing.remedy and "scan.pdf" in missing.message
    extraction = read(scan(tmp_path, "A page with text."))
    assert extraction.text.startswith("A page with text.")
    assert "Page 2" in extraction.warnings[0] and "Tesseract" in extraction.warnings[0]


@pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed")
def test_a_scanned_page_is_recognised_and_its_words_have_their_places(tmp_path):
    path = scan(tmp_path, "A page with text.")
    with pytest.raises(NeedsRecognition):
        read(path)
    extraction = recognise(path)
    assert "A page with text." in extraction.text and "Seals leak when the shaft is worn." in extraction.text
    page = extraction.pages[1]
    view = render_page(path, 2, 620)
    text = extraction.text[page.start : page.end]
    assert len(view.boxes) == len(text)
    left, top, right, bottom = view.boxes[text.index("Seals")]
    assert 50 < left < right < 80 and 90 < top < bottom < 140


def test_what_people_wrote_onto_a_page_is_read(tmp_path):
    canvas = Canvas(str(tmp_path / "form.pdf"))
    canvas.drawString(72, 700, "Name:")
    canvas.acroForm.textfield(name="who", value="Ada the fitter", x=120, y=690)
    canvas.freeTextAnnotation("Check the bearing first", "/Helv 12 Tf", Rect=[72, 500, 300, 520])
    canvas.linkURL("https://example.org", (0, 0, 10, 10))
    canvas.save()
    extraction = read(tmp_path / "form.pdf")
    assert extraction.text.split("\n")[0] == "Name:"
    assert {"Ada the fitter", "Check the bearing first"} <= set(extraction.text.split("\n"))
    view = render_page(tmp_path / "form.pdf", 1, 400)
    assert len(view.boxes) == len(extraction.text)


def test_a_picture_on_the_cover_of_a_long_text_is_not_recognised_and_that_is_said(tmp_path):
    Image.new("L", (300, 300), 128).save(tmp_path / "cover.png")
    canvas = Canvas(str(tmp_path / "report.pdf"), pagesize=(400, 500))
    canvas.drawImage(str(tmp_path / "cover.png"), 0, 0, 400, 500)
    canvas.showPage()
    for number in range(2, 16):
        canvas.drawString(50, 400, f"Page {number} of a report.")
        canvas.showPage()
    canvas.save()
    extraction = read(tmp_path / "report.pdf")
    assert len(extraction.pages) == 15
    assert extraction.warnings[0].startswith("Page 1 held only pictures")
    assert render_page(tmp_path / "report.pdf", 1, 100).boxes == []


@pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed")
def test_recognition_that_runs_out_of_time_leaves_pages_out_and_says_which(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_reader, "_SECONDS_OF_OCR", 0.0)
    extraction = recognise(scan(tmp_path, "A page with text."))
    assert extraction.text.strip() == "A page with text."
    assert "Page 2" in extraction.warnings[0] and "gave up" in extraction.warnings[0]
    with pytest.raises(Unreadable) as caught:
        recognise(scan(tmp_path))
    assert caught.value.failure.reason == "needs OCR"


def test_letters_drawn_as_outlines_are_recognised(tmp_path):
    canvas = Canvas(str(tmp_path / "outlines.pdf"), pagesize=(600, 300))
    for number in range(300):
        path = canvas.beginPath()
        path.rect(20 + 7 * (number % 80), 200 - 20 * (number // 80), 4, 9)
        canvas.drawPath(path)
    canvas.save()
    if ocr.available():
        with pytest.raises(NeedsRecognition):
            read(tmp_path / "outlines.pdf")
    else:
        assert failure(tmp_path / "outlines.pdf").reason == "needs OCR"


def test_damaged_pages_are_left_out_and_named(tmp_path):
    path = pdf(tmp_path, [["One."], ["Two."], ["Three."]])
    whole = path.read_bytes()
    kids = re.search(rb"/Kids \[ (\d+ 0 R) (\d+ 0 R) (\d+ 0 R) \]", whole)
    path.write_bytes(whole.replace(kids.group(), b"/Kids [ %b 99 0 R %b ]" % kids.group(1, 3)))
    extraction = read(path)
    assert extraction.text == "One.\nThree." and [page.number for page in extraction.pages] == [1, 3]
    assert extraction.warnings == ("Page 2 could not be read: the file is damaged there.",)
    path.write_bytes(whole.replace(kids.group(), b"/Kids [ 97 0 R 98 0 R 99 0 R ]"))
    assert failure(path).reason == "damaged"


def test_damage_is_named(tmp_path):
    path = pdf(tmp_path, [["text"]])
    path.write_bytes(path.read_bytes()[:40])
    assert failure(path).reason == "damaged"
    path.write_bytes(b"%PDF-1.7\n")
    assert failure(path).reason == "damaged"
