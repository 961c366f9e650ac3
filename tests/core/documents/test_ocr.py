"""Text recognition: whether it is there, what becomes of recognised words, and pictures that hold none."""

from __future__ import annotations

import os
import sys

import pytest
from PIL import Image, ImageDraw, ImageFont

from rankscope.core.documents import ocr
from rankscope.core.documents.ocr_text import Word, put_together
from rankscope.core.documents.recognition import RecognitionFailed, recognise_picture
from rankscope.core.documents.recognition_languages import own_language

needs_tesseract = pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed")


def line(number, words, top, left=100, step=20, height=20):
    """Words of a line; a letter is ``step`` pixels wide."""
    found = []
    for word in words.split():
        right = left + step * len(word)
        found.append(Word(word, (left, top, right, top + height), number))
        left = right + step
    return found


def test_lines_of_a_paragraph_are_joined_and_cut_words_made_whole():
    words = [
        *line(0, "the old tur-", 100),
        *line(1, "bine blade is", 130),
        *line(2, "gone.", 160),
        *line(3, "A heading", 260),
    ]
    found = put_together(words)
    assert found.text == "the old turbine blade is gone.\n\nA heading"
    assert len(found.boxes) == len(found.text)
    assert found.boxes[found.text.index("turbine") + 2] == (300, 100, 320, 120)
    assert found.boxes[found.text.index("turbine") + 3] == (100, 130, 120, 150)
    assert found.boxes[found.text.index("\n")] == (0, 0, 0, 0)


def test_short_lines_stay_lines():
    words = [*line(0, "Milk 2.50", 100), *line(1, "Bread 3.10", 130), *line(2, "The sum of it all in the end", 160)]
    assert put_together(words).text == "Milk 2.50\nBread 3.10\nThe sum of it all in the end"


@pytest.mark.parametrize(
    ("turned", "first"),
    [
        (lambda left, top, right, low: (top, 1000 - right, low, 1000 - left), "bottom"),  # a quarter turn to the left
        (lambda left, top, right, low: (1000 - low, left, 1000 - top, right), "top"),  # and to the right
        (lambda left, top, right, low: (1000 - right, 1000 - low, 1000 - left, 1000 - top), "right"),
    ],
)
def test_words_that_lie_on_their_side_give_the_same_text(turned, first):
    upright = [*line(0, "the old tur-", 100), *line(1, "bine blade is", 130), *line(2, "gone.", 160)]
    found = put_together([Word(word.text, turned(*word.box), word.line) for word in upright])
    assert found.text == "the old turbine blade is gone."
    t, h = found.boxes[0], found.boxes[1]
    assert {"bottom": t[1] >= h[3], "top": t[3] <= h[1], "right": t[0] >= h[2]}[first], "letters follow each other"


def test_nothing_recognised_is_an_empty_text():
    assert put_together([]).text == "" and put_together([]).boxes == ()


def written(text, size=(900, 200), scale=44):
    picture = Image.new("L", size, 255)
    ImageDraw.Draw(picture).text((40, 60), text, fill=0, font=ImageFont.load_default(scale))
    return picture


@needs_tesseract
def test_small_and_large_pictures_have_boxes_in_their_own_pixels():
    for size, scale in (((450, 100), 22), ((3600, 800), 176)):
        found = recognise_picture(written("The shaft is worn", size, scale))
        assert found.text == "The shaft is worn"
        left, top, right, bottom = found.boxes[-1]
        assert 0 < left < right < size[0] and 0 < top < bottom < size[1]
        assert right > 0.3 * size[0]


@needs_tesseract
def test_a_picture_that_lies_on_its_side_is_read():
    lines = "Each turbine blade fails\nafter many hours of load\nbecause small cracks grow\nin the root of the blade."
    upright = Image.new("L", (1000, 700), 255)
    font = ImageFont.load_default(40)
    for row in range(3):
        ImageDraw.Draw(upright).multiline_text((60, 40 + 215 * row), lines, fill=0, font=font)
    found = recognise_picture(upright.rotate(90, expand=True))
    assert "turbine blade fails" in found.text
    start = found.text.index("turbine")
    assert found.boxes[start][1] > found.boxes[start + 6][1], "the word goes upwards"


@needs_tesseract
def test_pictures_without_words_give_none():
    noise = Image.effect_noise((600, 400), 80)
    assert recognise_picture(noise).text == ""
    assert recognise_picture(Image.new("L", (300, 300), 200)).text == ""


@needs_tesseract
def test_recognition_that_takes_too_long_gives_up():
    with pytest.raises(RecognitionFailed):
        recognise_picture(written("The shaft is worn"), seconds=0.01)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for Tesseract")
def test_a_tesseract_that_does_not_work_gives_up(tmp_path, monkeypatch):
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert ocr.program() == str(program)
    with pytest.raises(RecognitionFailed):
        recognise_picture(written("The shaft is worn"))


def test_without_tesseract_the_failure_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    if ocr.program() is not None:
        pytest.skip("Tesseract lies in a place of its own here")
    assert not ocr.available()
    failure = ocr.missing("scan.pdf is a scan").failure
    assert failure.reason == "needs OCR" and "scan.pdf is a scan" in failure.message
    assert "tesseract-ocr" in failure.remedy and "Windows" in failure.remedy and "macOS" in failure.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such variables")
@pytest.mark.parametrize(
    ("language", "expected"),
    [("de_CH.UTF-8", "deu"), ("en_GB.UTF-8", ""), ("zh_TW", "chi_tra"), ("zh_CN.UTF-8", "chi_sim"), ("C", "")],
)
def test_the_language_of_the_system_is_recognised_too(monkeypatch, language, expected):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", language)
    assert own_language() == expected
