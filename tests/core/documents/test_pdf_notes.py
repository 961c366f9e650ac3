"""What people wrote onto PDF pages: it belongs to the text, with the place where it stands."""

from __future__ import annotations

import pypdfium2
import pytest
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.pages import render_page
from rankscope.core.documents.readers.pdf import read


def annotated(tmp_path, annotate):
    path = tmp_path / "notes.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.drawString(50, 400, "The seal leaks at high pressure.")
    annotate(canvas)
    canvas.showPage()
    canvas.drawString(50, 400, "Second page.")
    canvas.save()
    return path


def test_comments_stand_after_the_text_of_their_page(tmp_path):
    def annotate(canvas):
        canvas.textAnnotation("Replace it in May.", Rect=(50, 300, 70, 320))
        canvas.linkURL("https://example.org/hidden", (0, 0, 10, 10))

    path = annotated(tmp_path, annotate)
    extraction = read(path)
    assert extraction.text == "The seal leaks at high pressure.\n\nReplace it in May.\nSecond page."
    page = extraction.pages[0]
    view = render_page(path, 1, 400)
    assert len(view.boxes) == page.end - page.start
    start = extraction.text.index("Replace")
    assert all(box == pytest.approx((50, 180, 70, 200), abs=0.1) for box in view.boxes[start : page.end])


def test_a_highlight_adds_its_note_and_not_what_it_marks(tmp_path):
    def annotate(canvas):
        corners = [50, 412, 230, 412, 50, 396, 230, 396]
        canvas.highlightAnnotation("The seal  leaks", Rect=(50, 396, 230, 412), QuadPoints=corners)
        canvas.highlightAnnotation("Since when?", Rect=(50, 396, 230, 412), QuadPoints=corners)

    assert read(annotated(tmp_path, annotate)).text.startswith(
        "The seal leaks at high pressure.\n\nSince when?\nSecond"
    )


def test_what_was_entered_into_a_form_is_text_and_shown(tmp_path):
    def annotate(canvas):
        canvas.acroForm.textfield(name="who", value="Two bearings", x=50, y=300, width=200, height=20)
        canvas.acroForm.choice(name="size", value="large", options=["small", "large"], x=50, y=250, width=90, height=20)
        canvas.acroForm.checkbox(name="yes", checked=True, x=50, y=200)
        canvas.acroForm.textfield(name="pin", value="9999", fieldFlags="password", x=50, y=150, width=90, height=20)

    path = annotated(tmp_path, annotate)
    extraction = read(path)
    assert extraction.text == "The seal leaks at high pressure.\n\nTwo bearings\n\nlarge\nSecond page."
    view = render_page(path, 1, 400)
    start = extraction.text.index("Two")
    left, top, right, bottom = (round(side) for side in view.boxes[start])
    inside = {
        view.pixels[3 * (row * view.width + column)]
        for row in range(top + 3, bottom - 3)
        for column in range(left + 3, right - 3)
    }
    assert min(inside) < 100, "the value of the field is drawn"


def test_attached_files_are_not_read_and_that_is_said(tmp_path):
    path = annotated(tmp_path, lambda canvas: None)
    with pypdfium2.PdfDocument(path.read_bytes()) as document:
        document.new_attachment("more.txt").set_data(b"not in the text")
        document.save(path)
    extraction = read(path)
    assert "not in the text" not in extraction.text
    assert extraction.warnings == ("The file attached to it was not read.",)
