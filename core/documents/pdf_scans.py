"""Pages that are pictures of text: scans, faxes, and type that was drawn as outlines."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pypdfium2.raw as raw

from rankscope.core.documents.pdf_page import OpenPage

_FEW = 50  # characters: a stamp, a page number, the name of a scanner; a page with more has its text
_MOST = 0.4  # of the page that pictures cover, if it has a few characters
_SOME = 0.05  # the same if it has none at all
_OUTLINES = 200  # drawn shapes that speak for letters drawn as outlines
_MAX_LOOKED_AT = 2000
_MAX_DEPTH = 3


def may_be_a_scan(page: OpenPage, text: str) -> bool:
    """Whether text recognition may find more on a page than its text; quick for pages with text."""
    if len(text) > 4 * _FEW:
        return False
    written = sum(map(str.isalnum, text))
    if written >= _FEW:
        return False
    covered, shapes = _pictures(page)
    return covered >= (_MOST if written else _SOME) or shapes >= _OUTLINES


def worth_recognising(pictures: int, pages: int, has_text: bool) -> bool:
    """Whether so many pictures of text make a document one to recognise. A picture on its cover does not."""
    return pictures > 0 and (not has_text or pictures >= 3 or pictures >= 0.1 * pages)


def _pictures(page: OpenPage) -> tuple[float, int]:
    """Which share of the page pictures cover, and how many shapes are drawn on it."""
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page.handle, box):
        return 0.0, 0
    area = max(1.0, (box.right - box.left) * (box.top - box.bottom))
    covered = 0.0
    shapes = 0
    for kind, (left, bottom, right, top) in _objects(page):
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            wide, high = min(right, box.right) - max(left, box.left), min(top, box.top) - max(bottom, box.bottom)
            covered += max(0.0, wide) * max(0.0, high)
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            shapes += 1
    return covered / area, shapes


def _objects(page: OpenPage) -> Iterator[tuple[int, tuple[float, float, float, float]]]:
    """The kinds of what is drawn, with boxes; what a group holds has the group's box, its pictures only once."""
    corners = [ctypes.c_float() for _ in range(4)]
    for number in range(min(_MAX_LOOKED_AT, raw.FPDFPage_CountObjects(page.handle))):
        drawn = raw.FPDFPage_GetObject(page.handle, number)
        if not raw.FPDFPageObj_GetBounds(drawn, *corners):
            continue
        left, bottom, right, top = (corner.value for corner in corners)
        kind = raw.FPDFPageObj_GetType(drawn)
        if kind != raw.FPDF_PAGEOBJ_FORM:
            yield kind, (left, bottom, right, top)
            continue
        inside = list(_inside(drawn, 1))
        if raw.FPDF_PAGEOBJ_IMAGE in inside:
            yield raw.FPDF_PAGEOBJ_IMAGE, (left, bottom, right, top)
        yield from ((one, (left, bottom, right, top)) for one in inside if one != raw.FPDF_PAGEOBJ_IMAGE)


def _inside(group: raw.FPDF_PAGEOBJECT, depth: int) -> Iterator[int]:
    for number in range(min(_MAX_LOOKED_AT, raw.FPDFFormObj_CountObjects(group))):
        drawn = raw.FPDFFormObj_GetObject(group, number)
        kind = raw.FPDFPageObj_GetType(drawn)
        if kind != raw.FPDF_PAGEOBJ_FORM:
            yield kind
        elif depth < _MAX_DEPTH:
            yield from _inside(drawn, depth + 1)
