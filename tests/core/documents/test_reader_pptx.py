"""Presentations: slides in order, shapes in reading order, notes, hidden slides; damage named."""

from __future__ import annotations

import pytest
from office_files import LAUGHS, changed, flip_middle, headings, places, reason, with_entity
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.util import Inches

from rankscope.core.documents.readers.pptx import read

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'


@pytest.fixture
def deck():
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = "The deck"
    first.placeholders[1].text = "by Ada"
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "Second"
    return deck


def saved(deck, tmp_path, name="deck.pptx"):
    path = tmp_path / name
    deck.save(path)
    return path


def box(shapes, left, top, text):
    shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1)).text_frame.text = text


def test_slides_titles_marks_and_properties(deck, tmp_path):
    deck.core_properties.title = "PowerPoint Presentation"
    deck.core_properties.author = "Ada"
    extraction = read(saved(deck, tmp_path))
    assert extraction.text == "The deck\n\nby Ada\n\nSecond"
    assert headings(extraction) == [("The deck", 1), ("Second", 1)]
    assert places(extraction) == {"slide 1": "The deck", "slide 2": "Second"}
    assert (extraction.title, extraction.author, extraction.format) == ("The deck", "Ada", "pptx")


def test_shapes_are_read_as_people_read_them(deck, tmp_path):
    shapes = deck.slides[1].shapes
    box(shapes, 1, 6, "last")
    box(shapes, 5, 2.1, "right")
    box(shapes, 1, 2, "left")
    group = shapes.add_group_shape().shapes
    box(group, 3, 4.1, "second of group")
    box(group, 1, 4, "first of group")
    text = read(saved(deck, tmp_path)).text
    assert text.partition("Second\n\n")[2].split("\n\n") == [
        "left",
        "right",
        "first of group",
        "second of group",
        "last",
    ]


def test_tables_charts_and_notes(deck, tmp_path):
    slide = deck.slides[1]
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, texts in enumerate((("Part", "Cost"), ("Blade", "5"))):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    data = CategoryChartData()
    data.categories = ["Spring", "Autumn"]
    data.add_series("Apples", (1, 2))
    frame = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(4), Inches(4), Inches(2), data)
    frame.chart.has_title = True
    frame.chart.chart_title.text_frame.text = "Harvest"
    slide.notes_slide.notes_text_frame.text = "Say it slowly.\nPause."
    text = read(saved(deck, tmp_path)).text
    assert text.partition("Second\n\n")[2] == (
        "Part\tCost\nBlade\t5\n\nHarvest\nApples\nSpring\nAutumn\n\nNotes: Say it slowly.\nPause."
    )


def test_comments_with_their_authors(deck, tmp_path):
    package = deck.part.package
    authors = f'<p:cmAuthorLst {P}><p:cmAuthor id="3" name="Ada"/></p:cmAuthorLst>'
    comments = f'<p:cmLst {P}><p:cm authorId="3"><p:text>Why?</p:text></p:cm></p:cmLst>'
    for part, kind, name, content in (
        (deck.part, "commentAuthors", "commentAuthors.xml", authors),
        (deck.slides[0].part, "comments", "comments/comment1.xml", comments),
    ):
        part.relate_to(Part(PackURI(f"/ppt/{name}"), "application/xml", package, content.encode()), f"{OFFICE}/{kind}")
    assert read(saved(deck, tmp_path)).text == "The deck\n\nby Ada\n\nAda: Why?\n\nSecond"


def test_hidden_slides_are_read_and_said(deck, tmp_path):
    deck.slides[1]._element.set("show", "0")
    extraction = read(saved(deck, tmp_path))
    assert extraction.text.endswith("Second")
    assert extraction.warnings == ("Hidden in the presentation, and read all the same: slide 2.",)


@pytest.mark.parametrize(
    ("suffix", "main_type"),
    [
        ("pptm", b"application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"),
        ("ppsx", b"application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml"),
        ("potx", b"application/vnd.openxmlformats-officedocument.presentationml.template.main+xml"),
        ("ppsm", b"application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml"),
    ],
)
def test_shows_templates_and_macros(deck, tmp_path, suffix, main_type):
    plain = b"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
    path = changed(saved(deck, tmp_path, f"deck.{suffix}"), lambda _, content: content.replace(plain, main_type))
    assert read(path).text == "The deck\n\nby Ada\n\nSecond"


def test_a_missing_slide_costs_only_itself(deck, tmp_path):
    path = changed(saved(deck, tmp_path), lambda name, content: None if name == "ppt/slides/slide1.xml" else content)
    extraction = read(path)
    assert extraction.text == "Second"
    assert places(extraction) == {"slide 2": "Second"}
    assert extraction.warnings == ("Missing in the file, and not read: slide 1.",)


def test_damage_bombs_and_entities(deck, tmp_path):
    path = saved(deck, tmp_path)
    assert reason(read, flip_middle(path, "ppt/presentation.xml")) == "damaged"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    assert reason(read, path) == "damaged"
    changed(saved(deck, tmp_path), lambda name, content: b" " * 30_000_000 if name == "docProps/app.xml" else content)
    assert reason(read, path) == "too large"
    changed(saved(deck, tmp_path), with_entity("ppt/slides/slide1.xml", b"The deck", LAUGHS))
    assert len(read(path).text) < 100
