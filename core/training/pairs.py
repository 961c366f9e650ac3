"""What training learns from: pairs of a query and a passage that answers it, from files or from a workspace.

A workspace gives pairs without any labels: a heading and the passage under it, a title and its document's first
passage, a sentence and the rest of its passage (the inverse cloze task of Lee, Chang and Toutanova, ACL 2019).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from rankscope.core.documents.sentences import sentence_ends
from rankscope.core.errors import RankscopeError

if TYPE_CHECKING:
    from rankscope.core.workspace import Workspace

MOST_CHARACTERS = 100_000  # of a field; an encoder reads about a hundredth of it
_SHOWN = 5  # refused lines that are named
_MIN_SENTENCE, _MIN_REST = 25, 100  # characters, below which a sentence or what is left of its passage says little
_MAX_NAME = 200  # characters, beyond which a first line is no heading


class TrainingError(RankscopeError):
    """Training cannot begin or go on with what it was given."""


class Pair(NamedTuple):
    """A query and a passage that answers it; ``source`` names where both come from: pairs of one source are alike."""

    query: str
    passage: str
    source: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was read. ``refused`` says of the first few lines that were left out which and why; ``n_refused`` counts
    all of them."""

    pairs: tuple[Pair, ...]
    refused: tuple[str, ...] = ()
    n_refused: int = 0

    @property
    def sha256(self) -> str:
        """Of all texts, in order: the same pairs train the same weights."""
        digest = hashlib.sha256()
        for pair in self.pairs:
            digest.update("\x00".join(pair).encode("utf-8", "surrogatepass") + b"\x01")
        return digest.hexdigest()


def read_pairs(files: Sequence[Path], most: int | None = None) -> Pairs:
    """Read pairs from JSON lines (``query``, ``positive``, perhaps ``title``), gzipped or not.

    A line without them, with an empty one or with one of more than :data:`MOST_CHARACTERS` characters is left out, with
    a reason.

    Args:
        most: of each file, its first so many pairs.

    Raises:
        TrainingError: a file cannot be read, or none of them has a pair.
    """
    pairs: list[Pair] = []
    refused: list[str] = []
    n_refused = 0
    for file in files:
        n = 0
        for number, found in _lines(file):
            if n == most:
                break
            if isinstance(found, str):
                n_refused += 1
                refused += [f"{file.name}, line {number}: {found}"][: _SHOWN - len(refused)]
            else:
                pairs.append(found)
                n += 1
    if not pairs:
        raise TrainingError(
            f"There is no pair to train from in {', '.join(file.name for file in files) or 'no file'}"
            f"{f' ({refused[0]})' if refused else ''}.",
            "Each line has to be a JSON object with “query” and “positive”.",
        )
    return Pairs(tuple(pairs), tuple(refused), n_refused)


def workspace_pairs(workspace: Workspace, most: int = 20_000) -> Pairs:
    """Pairs from a workspace's own passages, spread evenly over it.

    Raises:
        TrainingError: its passages have neither headings nor sentences.
    """
    pairs: list[Pair] = []
    with workspace.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT context, text FROM passages ORDER BY id")
        for context, text in rows:
            pairs += _own_pairs(context, text)
    if not pairs:
        raise TrainingError(
            "The workspace has no passages with headings, titles or sentences to train from.", "Index documents first."
        )
    every = max(1, -(-len(pairs) // most))
    return Pairs(tuple(pairs[::every]))


def _own_pairs(context: str, text: str) -> Iterator[Pair]:
    first, _, below = text.partition("\n")
    name, body = (context, text) if context.strip() else (first, below)
    name = name.strip().lstrip("#=* ")
    if len(name.split()) >= 2 and len(name) <= _MAX_NAME and len(body.strip()) >= _MIN_REST:
        yield Pair(name, body.strip(), "headings")
    spans = [span for span in pairwise([0, *sentence_ends(text)]) if span[1] - span[0] >= _MIN_SENTENCE]
    if len(spans) >= 2:
        start, end = spans[len(spans) // 2]  # the first one often repeats the heading
        rest = f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
        if len(rest) >= _MIN_REST:
            yield Pair(text[start:end].strip(), rest, "sentences")


def _lines(file: Path) -> Iterator[tuple[int, Pair | str]]:
    """Each line's number from 1, and its pair or why it is none."""
    try:
        with _opened(file) as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, _pair(line, file.name.split(".")[0])
    except (OSError, EOFError, UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise TrainingError(f"{file} cannot be read: {error}.", "Give another file of training pairs.") from error


def _opened(file: Path) -> TextIO:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="\n")
    return file.open(encoding="utf-8", newline="\n")


def _pair(line: str, source: str) -> Pair | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "it is no JSON"
    if not isinstance(row, dict):
        return "it is no JSON object"
    fields = [row.get(name, "") for name in ("query", "positive", "title")]
    if not all(isinstance(field, str) for field in fields[:2]):
        return "its “query” or “positive” is no text"
    query, passage, title = (field.strip() if isinstance(field, str) else "" for field in fields)
    if not query or not passage:
        return f"its “{'query' if not query else 'positive'}” is empty"
    if max(len(query), len(passage), len(title)) > MOST_CHARACTERS:
        return f"it has a field of more than {MOST_CHARACTERS:,} characters"
    return Pair(query, f"{title}\n{passage}" if title else passage, source)


def distinct(texts: Iterable[str]) -> tuple[list[str], list[int]]:
    """The texts without repetitions, and where each of the given ones is among them."""
    places: dict[str, int] = {}
    where = [places.setdefault(text, len(places)) for text in texts]
    return list(places), where
