"""A document as its reader left it, from what the workspace keeps of it: to cut it anew, or to check what was cut."""

from __future__ import annotations

import json
from typing import Any

from rankscope.core.documents.model import Extraction, Heading, Mark, Page


def stored_extraction(title: str, pages: str, text: str, layout: str) -> Extraction:
    """The inverse of :func:`rankscope.core.writing.layout_json`, with the document's title and pages (JSON).

    A document from before layouts were kept (``layout`` is empty) has no headings and no places.

    Raises:
        ValueError, TypeError: the JSON is not what was written.
    """
    kept: dict[str, Any] = json.loads(layout) if layout else {}
    return Extraction(
        text,
        str(kept.get("format", "")),
        title=title,
        headings=tuple(Heading(*heading) for heading in kept.get("headings", ())),
        pages=tuple(Page(*page) for page in json.loads(pages)),
        marks=tuple(Mark(*mark) for mark in kept.get("marks", ())),
        numbered_lines=bool(kept.get("numbered_lines")),
    )
