"""Pictures: their words by OCR, with their places; and why there are none."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFont

from rankscope.core.documents import image_file, ocr
from rankscope.core.documents.failures import NeedsRecognition, Unreadable
from rankscope.core.documents.pages import render_page
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.readers.image import read, recognise

needs_tesseract = pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed")


def picture(words, size=(900, 300)):
    made = Image.new("RGB", size, "white")
    ImageDraw.Draw(made).text((60, 80), words, fill="black", font=ImageFont.load_default(44))
    return made


def failure(path, function=read):
    with pytest.raises(Unreadable) as caught:
        function(path)
    return caught.value.failure


@needs_tesseract
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp", ".gif", ".webp"])
def test_every_kind_of_picture_is_recognised(tmp_path, suffix):
    path = tmp_path / f"sign{suffix}"
    picture("The shaft is worn").save(path)
    with pytest.raises(NeedsRecognition):
        read(path)
    extraction = recognise(path)
    assert extraction.text == "The shaft is worn" and extraction.format == "image"
    assert (extraction.pages[0].width, extraction.pages[0].height) == (900, 300)


@needs_tesseract
def test_the_words_stand_where_they_are_in_the_picture(tmp_path):
    path = tmp_path / "sign.png"
    picture("The shaft is worn").save(path)
    text = recognise(path).text
    view = render_page(path, 1, 450)
    assert (view.width, view.height, len(view.pixels)) == (450, 150, 450 * 150 * 3)
    assert len(view.boxes) == len(text)
    left, top, right, bottom = view.boxes[0]
    assert 25 < left < right < 50 and 30 < top < bottom < 75
    assert view.boxes[text.index(" ")] == (0.0, 0.0, 0.0, 0.0)


@needs_tesseract
def test_a_fax_of_several_pages_and_a_picture_that_lies_on_its_side(tmp_path):
    first, second = picture("First page"), picture("Second page")
    first.save(tmp_path / "fax.tif", save_all=True, append_images=[second])
    extraction = recognise(tmp_path / "fax.tif")
    assert extraction.text == "First page\nSecond page" and [page.number for page in extraction.pages] == [1, 2]
    exif = Image.Exif()
    exif[0x0112], exif[0x0132], exif[0x013B] = 6, "2026:11:20 09:30:00", "Ada"
    picture("Lying on its side").rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif)
    extraction = recognise(tmp_path / "turned.jpg")
    assert extraction.text == "Lying on its side"
    assert extraction.created == "2026-11-20T09:30:00" and extraction.author == "Ada"


@needs_tesseract
def test_a_picture_without_words_has_no_text(tmp_path):
    Image.effect_noise((400, 300), 90).save(tmp_path / "noise.png")
    assert failure(tmp_path / "noise.png", recognise).reason == "no text"


@needs_tesseract
def test_a_pool_recognises_what_a_reader_cannot_read(tmp_path, tokenizer_json):
    picture("The shaft is worn").save(tmp_path / "sign.png")
    with ReaderPool(tokenizer_json) as pool:
        document = pool.read(str(tmp_path / "sign.png"))
        assert document.extraction.text == "The shaft is worn" and document.passages


def test_what_cannot_be_recognised_is_named(tmp_path, monkeypatch):
    Image.new("L", (16, 16)).save(tmp_path / "icon.png")
    assert failure(tmp_path / "icon.png").reason == "no text"
    whole = tmp_path / "whole.png"
    picture("The shaft is worn").save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:400])
    assert failure(tmp_path / "half.png", recognise).reason == "damaged"
    (tmp_path / "none.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert failure(tmp_path / "none.png").reason == "damaged"
    monkeypatch.setattr(image_file, "MAX_PIXELS", 1_000)
    large = failure(whole)
    assert large.reason == "too large" and "whole.png" in large.message


def test_without_tesseract_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "available", lambda: False)
    picture("The shaft is worn").save(tmp_path / "sign.png")
    missing = failure(tmp_path / "sign.png")
    assert missing.reason == "needs OCR" and "tesseract-ocr" in missing.remedy


@needs_tesseract
def test_each_page_of_a_fax_is_drawn_with_its_own_words(tmp_path):
    path = tmp_path / "fax.tif"
    picture("First page").save(path, save_all=True, append_images=[picture("The second")])
    extraction = recognise(path)
    page = extraction.pages[1]
    view = render_page(path, 2, 450)
    assert len(view.boxes) == page.end - page.start == len("The second")
    with pytest.raises(Unreadable, match="has no page 3"):
        render_page(path, 3, 450)


@needs_tesseract
def test_a_picture_that_moves_is_read_as_its_first_frame(tmp_path):
    frames = [picture("The first frame"), picture("Another one")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    extraction = recognise(tmp_path / "moving.gif")
    assert extraction.text == "The first frame" and len(extraction.pages) == 1
    assert "Only the first" in extraction.warnings[0]


@needs_tesseract
def test_transparent_and_fine_grey_pictures_are_read_as_on_paper(tmp_path):
    words = picture("The shaft is worn").convert("L")
    clear = Image.new("RGBA", words.size, (0, 0, 0, 0))
    clear.putalpha(words.point(lambda shade: 255 - shade))
    clear.save(tmp_path / "clear.png")
    assert recognise(tmp_path / "clear.png").text == "The shaft is worn"
    fine = words.convert("I").point(lambda shade: shade * 200).convert("I;16")
    fine.save(tmp_path / "fine.tif")
    assert recognise(tmp_path / "fine.tif").text == "The shaft is worn"


@needs_tesseract
def test_the_boxes_of_a_picture_that_lies_on_its_side_go_with_how_it_is_shown(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture("Lying on its side").rotate(90, expand=True).save(path, exif=exif)
    view = render_page(path, 1, 900)
    assert (view.width, view.height) == (900, 300)
    left, top, right, bottom = view.boxes[0]
    assert 50 < left < right < 100 and 60 < top < bottom < 150


def test_a_picture_is_drawn_also_without_tesseract(tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "program", lambda: None)
    picture("The shaft is worn").save(tmp_path / "plain.png")
    view = render_page(tmp_path / "plain.png", 1, 90)
    assert (view.width, view.height, view.boxes) == (90, 30, [])
