"""A rendered page and the boxes of its characters: one per character, where the words stand."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.pages import render_page
from rankscope.core.documents.readers.pdf import read

X, Y, SIZE = 120, 300, 18
LINE = "The turbine blade"


def pdf(tmp_path, rotation=0, crop=None):
    path = tmp_path / "file.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.setFont("Helvetica", SIZE)
    canvas.drawString(X, Y, LINE)
    canvas.drawString(X, Y - 100, "a hyphen-")
    canvas.drawString(X, Y - 120, "ated word")
    canvas.showPage()
    canvas.save()
    if rotation or crop:
        with pypdfium2.PdfDocument(path.read_bytes()) as document:
            document[0].set_rotation(rotation)
            document[0].set_cropbox(*(crop or (0, 0, 400, 500)))
            document.save(path)
    return path


def word_box(view, text, word):
    start = text.index(word)
    boxes = view.boxes[start : start + len(word)]
    return tuple(f(b[side] for b in boxes) for side, f in enumerate((min, min, max, max)))


def expected_box(word, scale, height, origin=(0, 0)):
    """Where the word was drawn, in pixels from the top left: from its baseline up to a capital's height."""
    left = X - origin[0] + stringWidth(LINE[: LINE.index(word)], "Helvetica", SIZE)
    right = left + stringWidth(word, "Helvetica", SIZE)
    bottom = Y - origin[1]
    return left * scale, (height - bottom - 0.7 * SIZE) * scale, right * scale, (height - bottom) * scale


@pytest.mark.parametrize("width", [200, 800, 1013])
def test_boxes_lie_on_the_words(tmp_path, width):
    path = pdf(tmp_path)
    view = render_page(path, 1, width)
    extraction = read(path)
    page = extraction.pages[0]
    text = extraction.text[page.start : page.end]
    assert len(view.boxes) == len(text)
    assert (view.width, view.height) == (width, round(width * 500 / 400))
    box, drawn = word_box(view, text, "turbine"), expected_box("turbine", width / 400, 500)
    assert box[0] == pytest.approx(drawn[0], abs=2 + width / 400)
    assert box[2] == pytest.approx(drawn[2], abs=2 + width / 400)
    assert box[1] <= drawn[1] + 1 and box[3] >= drawn[3] - 1, "the box holds the letters"
    assert box[3] - box[1] < 2 * SIZE * width / 400


def ink(view, box):
    """The share of the picture's dark pixels that lie in the box."""
    picture = np.frombuffer(view.pixels, np.uint8).reshape(view.height, view.width, 3)
    dark = (picture < 128).all(axis=2)
    left, top, right, bottom = (round(side) for side in box)
    return dark[max(0, top) : bottom, max(0, left) : right].sum() / dark.sum()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (100, 150, 390, 450)])
def test_turned_and_cropped_pages(tmp_path, rotation, crop):
    path = pdf(tmp_path, rotation, crop)
    view = render_page(path, 1, 600)
    extraction = read(path)
    page = extraction.pages[0]
    text = extraction.text
    wide, high = (400, 500) if crop is None else (290, 300)
    if rotation in (90, 270):
        wide, high = high, wide
    assert (page.width, page.height) == (wide, high)
    assert view.height == round(600 * high / wide)
    boxes = [box for box in view.boxes if any(box)]
    everything = (*(min(b[i] for b in boxes) - 2 for i in (0, 1)), *(max(b[i] for b in boxes) + 2 for i in (2, 3)))
    assert ink(view, everything) > 0.95, "all ink lies in boxes"
    turbine = ink(view, word_box(view, text, "turbine"))
    assert turbine == pytest.approx(len("turbine") / len("Theturbinebladeahyphenatedword"), abs=0.12)


def test_joined_words_keep_their_boxes(tmp_path):
    path = pdf(tmp_path)
    view, text = render_page(path, 1, 400), read(path).text
    start = text.index("hyphenated")
    first, second = view.boxes[start + 5], view.boxes[start + 6]
    assert first[0] > second[0] and first[1] < second[1], "the word goes on at the start of the next line"
    assert all(any(box) for box in view.boxes[start : start + len("hyphenated")])


def test_line_ends_have_no_box(tmp_path):
    path = pdf(tmp_path)
    view, text = render_page(path, 1, 400), read(path).text
    assert [box for character, box in zip(text, view.boxes, strict=True) if character == "\n"] == [(0, 0, 0, 0)] * 2


def test_a_missing_page_and_an_extreme_width(tmp_path):
    path = pdf(tmp_path)
    with pytest.raises(Unreadable, match="has no page 2"):
        render_page(path, 2, 100)
    with pytest.raises(Unreadable, match="has no page 0"):
        render_page(path, 0, 100)
    assert render_page(path, 1, -5).width > 0
    huge = render_page(path, 1, 1_000_000)
    assert max(huge.width, huge.height) <= 10_000
    with pytest.raises(FileNotFoundError):
        render_page(tmp_path / "missing.pdf", 1, 100)
