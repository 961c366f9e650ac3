"""The files of evaluation collections, line by line: BEIR's JSON lines and TSV, and TREC's qrels, topics and documents.

Lines end at ``\\n`` and nowhere else: texts of real collections hold U+0085 and U+2028, which Python's own line
splitting takes for line ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rankscope.core.errors import CollectionError

_BLANKS = re.compile(r"[ \t]+")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a corpus."""

    id: str
    title: str
    text: str

    @property
    def passage(self) -> str:
        """What is searched: title, blank, text."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Judgment:
    """One line of qrels. A relevance of 0 or below says "not relevant"."""

    query_id: str
    entry_id: str
    relevance: int


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, each with its number from 1 and without its end.

    Raises:
        CollectionError: the file cannot be read or is not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                line = raw.removesuffix(b"\n").removesuffix(b"\r")
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise wrong(path, number, f"it is not UTF-8 (byte {error.start + 1})") from error
                if text.strip(" \t"):
                    yield number, text
    except OSError as error:
        raise CollectionError(f"{path} cannot be read: {error.strerror}.", "Check the file's permissions.") from error


def wrong(path: Path, number: int, reason: str) -> CollectionError:
    """The error of one line."""
    return CollectionError(f"{path}, line {number}: {reason}.", "Correct the line or leave it out.")


# -- entries ---------------------------------------------------------------------------------------------------------


def jsonl_entries(path: Path) -> Iterator[Entry]:
    """``{"_id": …, "title": …, "text": …}`` per line; title and text may be missing."""
    for number, line in text_lines(path):
        record = _record(path, number, line)
        yield Entry(
            _id(path, number, record.get("_id")),
            _string(path, number, record, "title"),
            _string(path, number, record, "text"),
        )


def tsv_entries(path: Path) -> Iterator[Entry]:
    """``id<TAB>text`` or ``id<TAB>title<TAB>text`` per line."""
    for number, line in text_lines(path):
        fields = line.split("\t")
        if len(fields) not in (2, 3):
            raise wrong(path, number, f"it has {len(fields)} columns instead of 2 (id, text) or 3 (id, title, text)")
        yield Entry(_id(path, number, fields[0]), fields[1] if len(fields) == 3 else "", fields[-1])


def trec_entries(path: Path) -> Iterator[Entry]:
    """TREC's documents: ``<DOC> <DOCNO>id</DOCNO> … </DOC>``; a TITLE or HEADLINE becomes the title."""
    started, block = 0, ""
    for number, line in text_lines(path):
        upper = line.strip().upper()
        if upper.startswith("<DOC>"):
            if started:
                raise wrong(path, number, f"a <DOC> begins inside the one of line {started}")
            started, block = number, ""
        if started:
            block += line + "\n"
        if started and upper.endswith("</DOC>"):
            yield _trec_entry(path, started, block)
            started = 0
    if started:
        raise wrong(path, started, "this <DOC> has no </DOC>")


def _trec_entry(path: Path, number: int, block: str) -> Entry:
    name = _element(block, "DOCNO")
    if name is None:
        raise wrong(path, number, "this <DOC> has no <DOCNO>")
    title = next((found for tag in ("TITLE", "HEADLINE") if (found := _element(block, tag)) is not None), "")
    body = " ".join(re.findall(r"<TEXT>(.*?)</TEXT>", block, re.DOTALL | re.IGNORECASE))
    if not body:
        body = re.sub(r"<(DOCNO|TITLE|HEADLINE)>.*?</\1>", " ", block, flags=re.DOTALL | re.IGNORECASE)
    return Entry(_id(path, number, name), " ".join(title.split()), _TAG.sub(" ", body).strip())


# -- queries ---------------------------------------------------------------------------------------------------------


def jsonl_queries(path: Path) -> Iterator[tuple[str, str]]:
    """``{"_id": …, "text": …}`` per line: id and text."""
    for number, line in text_lines(path):
        record = _record(path, number, line)
        yield _id(path, number, record.get("_id")), _string(path, number, record, "text")


def tsv_queries(path: Path) -> Iterator[tuple[str, str]]:
    """``id<TAB>text`` per line."""
    for number, line in text_lines(path):
        name, tab, text = line.partition("\t")
        if not tab:
            raise wrong(path, number, "it has no tab between the query's id and its text")
        yield _id(path, number, name), text.replace("\t", " ").strip()


def trec_topics(path: Path) -> Iterator[tuple[str, str]]:
    """TREC's topics: ``<top> <num> Number: 301 <title> … </top>``; the title is the query.

    A file that does not begin with a tag is read as :func:`tsv_queries`: both go by names such as ``topics.txt``.
    """
    lines = text_lines(path)
    if not next(lines, (0, "<"))[1].lstrip().startswith("<"):
        yield from tsv_queries(path)
        return
    started, block = 0, ""
    for number, line in text_lines(path):
        if line.strip().lower().startswith("<top>"):
            started, block = number, ""
        if started:
            block += line + "\n"
        if started and "</top>" in line.lower():
            name = re.search(r"<num>\s*(?:Number\s*:)?\s*([^\s<]+)", block, re.IGNORECASE)
            title = re.search(r"<title>\s*(?:Topic\s*:)?([^<]*)", block, re.IGNORECASE)
            if name is None or title is None:
                raise wrong(path, started, "this topic has no <num> or no <title>")
            yield _id(path, started, name[1]), " ".join(title[1].split())
            started = 0
    if started:
        raise wrong(path, started, "this <top> has no </top>")


# -- judgments -------------------------------------------------------------------------------------------------------


def beir_qrels(path: Path) -> Iterator[Judgment]:
    """``query-id<TAB>corpus-id<TAB>score`` per line, a header first. Ids may hold blanks."""
    for number, line in text_lines(path):
        fields = line.split("\t")
        if len(fields) != 3:
            raise wrong(path, number, f"it has {len(fields)} columns between tabs instead of 3 (query, entry, score)")
        if number == 1 and _number(fields[2]) is None:
            continue
        yield _judgment(path, number, fields[0], fields[1], fields[2])


def trec_qrels(path: Path) -> Iterator[Judgment]:
    """``query iteration document relevance`` per line, between blanks or tabs."""
    for number, line in text_lines(path):
        fields = _BLANKS.split(line.strip(" \t"))
        if len(fields) != 4:
            raise wrong(path, number, f"it has {len(fields)} columns instead of 4 (query, 0, document, relevance)")
        yield _judgment(path, number, fields[0], fields[2], fields[3])


def _judgment(path: Path, number: int, query_id: str, entry_id: str, relevance: str) -> Judgment:
    value = _number(relevance)
    if value is None:
        raise wrong(path, number, f"the relevance “{relevance}” is not a whole number")
    return Judgment(_id(path, number, query_id), _id(path, number, entry_id), value)


def _number(text: str) -> int | None:
    """A whole number, also when it is written as "1.0"."""
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,9})(?:\.0*)?\s*", text)
    return int(found[1]) if found else None


# -- fields ----------------------------------------------------------------------------------------------------------


def _record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise wrong(path, number, f"it is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise wrong(path, number, "it is not a JSON object")
    return record


def _id(path: Path, number: int, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise wrong(path, number, "it has no “_id”" if value is None else "its “_id” is neither a text nor a number")
    if not value:
        raise wrong(path, number, "an id is empty")
    # trec_eval ends a name at NUL; a lone surrogate has no UTF-8.
    if "\0" in value or _SURROGATES.search(value):
        raise wrong(path, number, "an id holds a character that cannot be written (NUL or half a surrogate pair)")
    return value


def _string(path: Path, number: int, record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise wrong(path, number, f"its “{key}” is not a text")
    return _SURROGATES.sub("\ufffd", value.replace("\0", " "))


def _element(block: str, tag: str) -> str | None:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", block, re.DOTALL | re.IGNORECASE)
    return _TAG.sub(" ", found[1]).strip() if found else None
