"""JSON, and files of many JSON values such as JSON Lines: read as an outline of names and values."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from rankscope.core.documents.failures import unreadable
from rankscope.core.documents.model import Extraction
from rankscope.core.documents.readers.plain import as_plain_text, decode_file
from rankscope.core.documents.text import one_line, shown
from rankscope.core.documents.text_collector import without_collector
from rankscope.core.documents.text_lines import numbered
from rankscope.core.documents.text_outline import Fraction, Outline

_BLANKS = re.compile(r"[ \t\n\r\ufeff\x1e]*")
_MOST_BAD_LINES = 1000
_LONGEST_TITLE = 150


def read(path: Path) -> Extraction:
    """Reads JSON into lines "name: value", nested ones indented; numbers stay as they are written.

    What is no valid JSON, a log of mixed lines for instance, is read as the text that it is, with a warning.

    Raises:
        Unreadable: ("wrong type") it holds binary data; ("too deep") its values are nested too deeply.
    """
    decoded = decode_file(path, path.read_bytes())
    source = numbered(decoded.text).lstrip("\ufeff")
    try:
        with without_collector():
            return _extraction(source, decoded.warnings)
    except RecursionError:
        raise unreadable(
            "too deep",
            f"{shown(path)} has about a thousand levels or more inside each other, which no program reads.",
            "If these are real data, write them anew with fewer levels.",
        ) from None


def _extraction(source: str, warnings: tuple[str, ...]) -> Extraction:
    outline, title = Outline(), ""
    try:
        value = _decoder().decode(source)
    except json.JSONDecodeError as error:
        bad = _many(source, outline) if error.msg == "Extra data" or _is_lines(source) else None
        if bad is None:
            note = f"It is no valid JSON (line {error.lineno}); it was read as plain text."
            return as_plain_text(source, (*warnings, note), "json")
        if bad:
            warnings += (f"Lines that are no valid JSON and were read as plain text: {bad:,}.",)
    else:
        outline.whole(value)
        title = _title(value)
    text, headings, marks = outline.result()
    warnings += outline.warnings()
    return Extraction(text, "json", title=title, headings=headings, marks=marks, warnings=warnings)


@cache
def _decoder() -> json.JSONDecoder:
    # Numbers as they are written: no digits are lost, and none is too long. Raw tabs in strings are forgiven.
    return json.JSONDecoder(parse_int=str, parse_float=Fraction, parse_constant=str, strict=False)


def _is_lines(source: str) -> bool:
    """Whether the second line that has anything on it is a value of its own."""
    lines = [line for line in source[:100_000].split("\n") if line.strip()][:3]
    return len(lines) > 1 and _value(lines[1]) is not None


def _value(line: str) -> Any:
    """The object or list on this line, or None."""
    try:
        value = _decoder().decode(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict | list) else None


def _many(source: str, outline: Outline) -> int | None:
    """Values one after the other, each with its line as its place. Lines that are no value stay as they are.

    Returns how many of these there were; None where that is too many, so that this is some other kind of text.
    """
    decoder, position, line, counted, bad, good = _decoder(), 0, 1, 0, 0, 0
    while True:
        position = _BLANKS.match(source, position).end()  # type: ignore[union-attr]
        if position == len(source):
            break
        line += source.count("\n", counted, position)
        counted = position
        try:
            if source[position] not in "{[":
                raise json.JSONDecodeError("", "", 0)
            value, position = decoder.raw_decode(source, position)
        except json.JSONDecodeError:
            bad += 1
            if bad > _MOST_BAD_LINES and bad > good:
                return None
            end = source.find("\n", position)
            end = len(source) if end < 0 else end
            outline.text(source[position:end], f"line {line}")
            position = end
        else:
            good += 1
            outline.record(value, f"line {line}")
    return bad if bad <= good else None


def _title(value: Any) -> str:
    """What an object calls itself."""
    for key in ("title", "name"):
        if isinstance(value, dict) and isinstance(title := value.get(key), str) and len(title) <= _LONGEST_TITLE:
            return one_line(title)
    return ""
