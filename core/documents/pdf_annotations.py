"""What people have written onto a PDF page: comments, text boxes, notes on highlights, values of form fields."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pypdfium2.raw as raw

from rankscope.core.documents.pdf_page import OpenPage
from rankscope.core.documents.text import clean, has_content

_MARKED_TEXT = (raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT)
_COMMENTS = (
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_FREETEXT,
    *_MARKED_TEXT,
    raw.FPDF_ANNOT_LINE,
    raw.FPDF_ANNOT_SQUARE,
    raw.FPDF_ANNOT_CIRCLE,
    raw.FPDF_ANNOT_POLYGON,
    raw.FPDF_ANNOT_POLYLINE,
    raw.FPDF_ANNOT_STAMP,
    raw.FPDF_ANNOT_CARET,
    raw.FPDF_ANNOT_INK,
    raw.FPDF_ANNOT_FILEATTACHMENT,
)
_WITH_VALUE = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_PASSWORD_FIELD = 1 << 13

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` and where it stands on the page: left, bottom, right, top in the page's own units."""

    text: str
    box: Rectangle


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a page in the order of the file, and how many files are attached to it."""

    notes: tuple[Note, ...] = ()
    files: int = 0


_NONE = Notes()


def annotations_of(page: OpenPage, text: str) -> Notes:
    """What has been written onto a page. Links, hidden notes, buttons and check boxes are left out.

    Args:
        text: the page's own text; the note of a highlight that only repeats what it marks is left out, too.
    """
    count = raw.FPDFPage_GetAnnotCount(page.handle)
    if count <= 0 or count == _links(page, count):  # most annotations are links, and these are counted quickly
        return _NONE
    notes: list[Note] = []
    files = 0
    for annotation, kind in _annotations(page, count):
        files += kind == raw.FPDF_ANNOT_FILEATTACHMENT
        written = _written(page, annotation, kind)
        if has_content(written) and not (kind in _MARKED_TEXT and _squeezed(written) in _squeezed(text)):
            notes.append(Note(written, _rectangle(annotation)))
    return Notes(tuple(notes), files)


def _links(page: OpenPage, most: int) -> int:
    position, link = ctypes.c_int(0), raw.FPDF_LINK()
    count = 0
    while count < most and raw.FPDFLink_Enumerate(page.handle, position, link):
        count += 1
    return count


def _annotations(page: OpenPage, count: int) -> Iterator[tuple[raw.FPDF_ANNOTATION, int]]:
    """The annotations that are shown, with their kinds."""
    for number in range(count):
        annotation = raw.FPDFPage_GetAnnot(page.handle, number)
        if not annotation:
            continue
        try:
            if not raw.FPDFAnnot_GetFlags(annotation) & raw.FPDF_ANNOT_FLAG_HIDDEN:
                yield annotation, raw.FPDFAnnot_GetSubtype(annotation)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _written(page: OpenPage, annotation: raw.FPDF_ANNOTATION, kind: int) -> str:
    if kind in _COMMENTS:
        return _string(lambda *into: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *into))
    if kind == raw.FPDF_ANNOT_WIDGET and page.form:
        return _value(page.form, annotation)
    return ""


def _value(form: raw.FPDF_FORMHANDLE, annotation: raw.FPDF_ANNOTATION) -> str:
    """What was entered into a form field or chosen in it."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind not in _WITH_VALUE or raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FIELD:
        return ""
    if kind != raw.FPDF_FORMFIELD_TEXTFIELD:
        chosen = [
            _string(lambda *into, number=number: raw.FPDFAnnot_GetOptionLabel(form, annotation, number, *into))
            for number in range(raw.FPDFAnnot_GetOptionCount(form, annotation))
            if raw.FPDFAnnot_IsOptionSelected(form, annotation, number)
        ]
        if chosen:
            return "\n".join(chosen)
    return _string(lambda *into: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *into))


def _string(ask: Callable[..., int]) -> str:
    """A text that PDFium writes into a buffer (UTF-16), after it has told how long it is."""
    size = ask(None, 0)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    text = ctypes.string_at(buffer, size - 2).decode("utf-16-le", errors="replace")
    return clean(text).strip()


def _rectangle(annotation: raw.FPDF_ANNOTATION) -> Rectangle:
    box = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(annotation, box):
        return (0.0, 0.0, 0.0, 0.0)
    return box.left, box.bottom, box.right, box.top


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()
