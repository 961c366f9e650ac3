"""Real text for the benchmarks: Wikipedia articles and abstracts from ../shared/data where it is, the samples else.

The text is cut into pieces of about five passages, put in a random but fixed order, and written as .txt, .md and .html
files. Where there is not enough real text, further pieces are put together from its paragraphs, and the description
says so.
"""

from __future__ import annotations

import html
import json
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rankscope.core.documents.chunking import Chunker
from rankscope.core.documents.reading import read_document
from rankscope.core.encoding.registry import resolve
from rankscope.core.ranking.passages import encoded_text
from rankscope.core.workspace import CHUNKING
from tests.benchmarks.figures import SAMPLES, SHARED_DATA

PIECE = 3_400  # characters: about five passages
_COLLECTIONS = ("cisi", "cranfield", "hotpotqa-100", "product-docs-rag")


@dataclass(frozen=True)
class Passage:
    """A passage as the encoder reads it, with its length in tokens."""

    text: str
    n_tokens: int


@dataclass(frozen=True)
class Material:
    """Files in a folder, in the order in which indexing finds them, each with its passages."""

    folder: Path
    files: tuple[tuple[Passage, ...], ...]
    next_piece: int

    @property
    def n_passages(self) -> int:
        return sum(map(len, self.files))

    @property
    def mean_tokens(self) -> float:
        return sum(passage.n_tokens for file in self.files for passage in file) / max(self.n_passages, 1)

    def windows(self, size: int) -> list[tuple[int, list[Passage]]]:
        """The batches that indexing commits: after how many files each is full, and its passages."""
        found: list[tuple[int, list[Passage]]] = []
        window: list[Passage] = []
        for number, passages in enumerate(self.files, 1):
            window += passages
            if len(window) >= size:
                found.append((number, window))
                window = []
        return found


def describe() -> str:
    """Where the text comes from, in words."""
    return "Wikipedia articles and abstracts" if _sources_are_here() else "paragraphs of the sample documents, repeated"


def write_folder(folder: Path, wanted: int, first_piece: int = 0) -> Material:
    """Write files until they hold at least ``wanted`` passages; counts them with Rankscope's own reader."""
    files = resolve()
    chunker = Chunker(files.tokenizer_json, **CHUNKING)
    folder.mkdir(parents=True)
    kept: list[tuple[Passage, ...]] = []
    count, number = 0, first_piece
    while count < wanted:
        title, text = _piece(number)
        kind = ("txt", "md", "html")[number % 3]
        path = folder / f"{number:06d}.{kind}"
        path.write_text(_as_file(kind, title, text), "utf-8")
        read = read_document(path, chunker)
        assert read.extraction is not None, read.failure
        whole = read.extraction.text
        kept.append(tuple(Passage(encoded_text(s.context, whole[s.start : s.end]), s.n_tokens) for s in read.passages))
        count += len(read.passages)
        number += 1
    return Material(folder, tuple(kept), number)


def queries(wanted: int) -> list[str]:
    """Different real questions and titles, short and long."""
    found: list[str] = []
    for name in ("cranfield", "hotpotqa-100", "product-docs-rag", "cisi"):
        path = SHARED_DATA / "eval" / "dev" / name / "queries.jsonl"
        if path.is_file():
            texts = [json.loads(line)["text"] for line in path.read_text("utf-8").split("\n") if line]
            found += texts[: wanted // 4 + 1]
    if len(found) < wanted:
        sentences = [s for _, text in _pieces() for s in re.findall(r"[A-Z][^.!?]{20,90}(?=[.!?])", text)]
        found += random.Random(1).sample(sentences, min(len(sentences), wanted))
    return list(dict.fromkeys(found))[:wanted]


# -- pieces ----------------------------------------------------------------------------------------------------------


def _sources_are_here() -> bool:
    return (SHARED_DATA / "docs" / "wiki-articles").is_dir() or (SHARED_DATA / "eval" / "dev").is_dir()


def _piece(number: int) -> tuple[str, str]:
    pieces = _pieces()
    if number < len(pieces):
        return pieces[number]
    rng = random.Random(number)
    paragraphs = [p for _, text in rng.sample(pieces, min(len(pieces), 40)) for p in text.split("\n\n") if len(p) > 80]
    rng.shuffle(paragraphs)
    text = ""
    while len(text) < PIECE:
        text += "\n\n" + paragraphs[len(text) % len(paragraphs)]
    return f"Collected paragraphs {number}", text.strip()


@cache
def _pieces() -> list[tuple[str, str]]:
    """Every piece: title and text of about PIECE characters, in a fixed random order."""
    found: list[tuple[str, str]] = []
    for title, text in [*_articles(), *_abstracts()] if _sources_are_here() else _samples():
        found += [(title, part) for part in _cut(text)]
    random.Random(0).shuffle(found)
    return found


def _articles() -> list[tuple[str, str]]:
    folder = SHARED_DATA / "docs" / "wiki-articles"
    return [
        (path.stem.replace("_", " "), path.read_text("utf-8", errors="replace").replace("\n", "\n\n"))
        for path in sorted(folder.glob("*.txt"))
    ]


def _abstracts() -> list[tuple[str, str]]:
    found = []
    for name in _COLLECTIONS:
        path = SHARED_DATA / "eval" / "dev" / name / "corpus.jsonl"
        if path.is_file():
            entries = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
            found.append((name, "\n\n".join(f"{e.get('title') or ''}\n\n{e['text']}".strip() for e in entries)))
    return found


def _samples() -> list[tuple[str, str]]:
    chunker = Chunker(resolve().tokenizer_json, **CHUNKING)
    read = [(path, read_document(path, chunker)) for path in sorted(SAMPLES.rglob("*.*"))]
    return [(path.stem, document.extraction.text) for path, document in read if document.extraction is not None]


def _cut(text: str) -> list[str]:
    """At paragraph ends, into pieces of about PIECE characters; a shorter rest is left out."""
    pieces, piece = [], ""
    for paragraph in re.split(r"\n\s*\n", text):
        piece += paragraph.strip() + "\n\n"
        if len(piece) >= PIECE:
            pieces.append(piece.strip())
            piece = ""
    return pieces or [text.strip()]


def _as_file(kind: str, title: str, text: str) -> str:
    if kind == "txt":
        return text
    if kind == "md":
        return f"# {title}\n\n{text}\n"
    body = "\n".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in text.split("\n\n"))
    heading = html.escape(title)
    return f"<!DOCTYPE html>\n<html><head><title>{heading}</title></head><body><h1>{heading}</h1>\n{body}\n</body></html>\n"
