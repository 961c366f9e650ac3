"""Columns that a PDF writes line by line across the page; and what only looks like columns."""

from __future__ import annotations

import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.pages import render_page
from rankscope.core.documents.readers.pdf import read

FONT, SIZE = "Helvetica", 10
SENTENCE = "the blade of a turbine fails after many hours of load because small cracks grow at its root"


def column(name, width, count=120):
    """Lines of text of this width, whose words begin with the column's name."""
    words = [f"{name}{word}" for word in SENTENCE.split()]
    lines, line = [], ""
    for number in range(count):
        longer = f"{line} {words[number % len(words)]}".strip()
        if stringWidth(longer, FONT, SIZE) > width:
            lines.append(line)
            longer = words[number % len(words)]
        line = longer
    return [*lines, line]


def across(tmp_path, names, width, title="A title that stands above all of the columns on this page"):
    """A page that is written row by row, each row through all columns."""
    path = tmp_path / "across.pdf"
    canvas = Canvas(str(path), pagesize=(600, 800))
    canvas.setFont(FONT, SIZE)
    canvas.drawString(50, 760, title)
    columns = [column(name, width) for name in names]
    for row in range(max(map(len, columns))):
        for number, lines in enumerate(columns):
            if row < len(lines):
                canvas.drawString(50 + number * (width + 20), 720 - 12 * row, lines[row])
    canvas.save()
    return path


@pytest.mark.parametrize(("names", "width"), [(("l", "r"), 240), (("l", "m", "r"), 155)])
def test_columns_are_read_one_after_the_other(tmp_path, names, width):
    text = read(across(tmp_path, names, width)).text
    assert text.startswith("A title that stands above")
    body = text[text.index("\n") :].split()
    assert [word[0] for word in body] == [name for name in names for _ in range(120)]


def test_the_boxes_go_with_the_columns(tmp_path):
    path = across(tmp_path, ("l", "r"), 240)
    text, view = read(path).text, render_page(path, 1, 600)
    assert len(view.boxes) == len(text)
    left, right = text.index("lthe"), text.index("rthe")
    assert 49 < view.boxes[left][0] < 52 and 309 < view.boxes[right][0] < 312
    assert view.boxes[left][1] == pytest.approx(view.boxes[right][1], abs=0.5)


def test_the_rows_of_a_table_stay_together(tmp_path):
    path = tmp_path / "table.pdf"
    canvas = Canvas(str(path), pagesize=(600, 800))
    canvas.setFont(FONT, SIZE)
    for row in range(12):
        canvas.drawString(50, 720 - 14 * row, f"Net revenue of the region number {row} before tax")
        canvas.drawString(330, 720 - 14 * row, f"{1000 + row} 2,345 6,789 12,345 {row} 99")
    canvas.save()
    text = read(path).text
    assert all(f"number {row} before tax {1000 + row} 2,345" in text for row in range(12))


def test_labels_and_short_entries_of_a_form_stay_together(tmp_path):
    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path), pagesize=(600, 800))
    canvas.setFont(FONT, SIZE)
    for row in range(10):
        canvas.drawString(50, 720 - 20 * row, f"First entry of the form, line {row}")
        canvas.drawString(330, 720 - 20 * row, "Second entry:")
    canvas.save()
    text = read(path).text
    assert all(f"line {row} Second entry:" in text for row in range(10))


@pytest.mark.parametrize(("quarters", "shift"), [(1, (800, 0)), (2, (800, 800)), (3, (0, 800))])
def test_turned_lines_make_paragraphs_too(tmp_path, quarters, shift):
    path = tmp_path / "turned.pdf"
    canvas = Canvas(str(path), pagesize=(800, 800))
    canvas.translate(*shift)
    canvas.rotate(90 * quarters)
    canvas.setFont(FONT, SIZE)
    for row, line in enumerate(column("w", 400, 60)):
        canvas.drawString(50, 720 - 12 * row, line)
    canvas.save()
    text = read(path).text
    assert "\n" not in text and len(text.split()) == 60
