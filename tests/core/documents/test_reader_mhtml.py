"""Saved web pages: the page itself, not what it shows."""

from __future__ import annotations

import quopri

import pytest

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.readers.mhtml import read

HEADERS = "From: <Saved by Blink>\nSubject: Blades =?utf-8?Q?=C3=BCber?= all\nDate: Tue, 4 Mar 2003 10:20:30 -0000\n"
PAGE = "<html><head><title>Blades</title><meta name=author content=Ada></head><body><h1>News</h1><p>They fäil.</body>"


@pytest.fixture
def saved(tmp_path):
    def reads(content):
        path = tmp_path / "a.mhtml"
        path.write_bytes(content.encode())
        return read(path)

    return reads


def related(*parts, root=""):
    joined = "".join(f"--edge\n{part}\n" for part in parts)
    return f'{HEADERS}Content-Type: multipart/related; type="text/html"; boundary="edge"{root}\n\n{joined}--edge--\n'


def test_a_page_as_browsers_save_it(saved):
    encoded = quopri.encodestring(PAGE.encode()).decode()
    main = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}"
    frame = "Content-Type: text/html\nContent-ID: <frame>\n\n<p>An advertisement"
    extraction = saved(related(main, "Content-Type: text/css\n\np {}", frame, "Content-Type: image/png\n\nx"))
    assert extraction.text == "News\n\nThey fäil."
    assert (extraction.title, extraction.author, extraction.format) == ("Blades", "Ada", "mhtml")
    assert extraction.created == "2003-03-04T10:20:30"
    assert [(extraction.text[h.start : h.end], h.level) for h in extraction.headings] == [("News", 1)]


def test_the_announced_part_is_the_page(saved):
    first, second = (
        "Content-Type: text/html\n\n<p>A frame",
        "Content-Type: text/html\nContent-ID: <main>\n\n<p>The page",
    )
    assert saved(related(first, second, root='; start="<main>"')).text == "The page"
    assert saved(related(first, second)).text == "A frame"
    assert saved(related("Content-Type: image/png\n\nx", second)).text == "The page"


def test_other_forms(saved):
    assert saved(f"{HEADERS}Content-Type: text/html\n\n<p>The page").title == "Blades über all"
    assert saved(f"{HEADERS}Content-Type: text/plain\n\nThe page").text == "The page"
    page = '<meta charset="iso-8859-2"><p>The page'
    assert saved(f"{HEADERS}Content-Type: text/html\n\n{page}").text == "The page"


def test_without_a_page(saved):
    with pytest.raises(Unreadable) as caught:
        saved(related("Content-Type: image/png\n\nx"))
    assert caught.value.failure.reason == "no text" and "a.mhtml" in caught.value.failure.message
