"""Opening a collection: a corpus with queries and judgments, as a BEIR folder or as TREC files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rankscope.core.errors import CollectionError
from rankscope.core.evaluation import formats
from rankscope.core.evaluation.formats import Entry, Judgment

_Reader = TypeVar("_Reader")

# By the file's name, in the order in which they are looked for.
_CORPORA: tuple[tuple[str, Callable[[Path], Iterator[Entry]]], ...] = (
    ("corpus.jsonl", formats.jsonl_entries),
    ("collection.tsv", formats.tsv_entries),
    ("docs.tsv", formats.tsv_entries),
    ("*.trec", formats.trec_entries),
)
_QUERIES: tuple[tuple[str, Callable[[Path], Iterator[tuple[str, str]]]], ...] = (
    ("queries.jsonl", formats.jsonl_queries),
    ("queries.tsv", formats.tsv_queries),
    ("topics*.tsv", formats.tsv_queries),
    ("topics*.txt", formats.trec_topics),
    ("*.topics", formats.trec_topics),
)


@dataclass(frozen=True)
class Collection:
    """An open collection. Queries and judgments are in memory, the corpus is read as a stream.

    ``queries`` (id to text) are those that the split judges, in the order of their file; ``qrels`` maps each of them
    to its judged entries' relevance. ``corpus_sha256`` is of the corpus files' bytes, ``n_entries`` counts entries of
    different id. ``notes`` tells what is odd about the files.
    """

    name: str
    folder: Path
    split: str
    corpus: tuple[Path, ...]
    corpus_sha256: str
    n_entries: int
    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    notes: tuple[str, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """The corpus in the order of its files; of entries with one id, the first. Raises CollectionError."""
        seen: set[str] = set()
        for entry in _all_entries(self.corpus):
            if entry.id not in seen:
                seen.add(entry.id)
                yield entry


def open_collection(path: Path | str, split: str | None = None) -> Collection:
    """Open a collection and check every line of it.

    A BEIR folder has ``corpus.jsonl``, ``queries.jsonl`` and ``qrels/<split>.tsv``. TREC files lie in one folder: qrels
    of four columns (``qrels*.txt`` or ``*.qrels``), topics (``queries.tsv``, ``topics*.tsv``, or TREC's ``<top>`` form
    in ``topics*.txt``), and the documents (``corpus.jsonl``, ``collection.tsv``, ``docs.tsv``, or TREC's ``<DOC>`` form
    in ``*.trec``).

    Args:
        path: the folder.
        split: which qrels, by name ("test"); None takes "test" or the only one.

    Raises:
        CollectionError: something is missing or malformed; names the file, the line and the reason.
    """
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise CollectionError(f"The collection {folder} {what}.", "Give a BEIR folder or a folder with TREC files.")
    qrels_file, chosen, read_qrels = _choose_qrels(folder, split)
    queries_file, read_queries = _first(folder, _QUERIES, "queries", chosen)
    corpus_files, _ = _find_corpus(folder)
    notes: list[str] = []
    texts = _queries(read_queries(queries_file), queries_file, notes)
    qrels = _qrels(read_qrels(qrels_file), qrels_file, notes)
    ids, repeated = _ids(corpus_files)
    _note(notes, repeated, "entry repeats", "entries repeat", "an id; the first of each id counts", corpus_files[0])
    unknown = sum(entry not in ids for judged in qrels.values() for entry in judged)
    about = "an entry that the corpus does not hold (never found)"
    _note(notes, unknown, "judgment names", "judgments name", about, qrels_file)
    without = [query for query in qrels if query not in texts]
    _note(notes, len(without), "judged query has", "judged queries have", "no text (left out)", qrels_file)
    queries = {name: text for name, text in texts.items() if name in qrels}
    if not queries:
        raise CollectionError(
            f"No query of {queries_file} is judged in {qrels_file}.", "Check that both files belong to one collection."
        )
    qrels = {name: qrels[name] for name in queries}
    nothing = sum(max(judged.values()) < 1 for judged in qrels.values())
    _note(notes, nothing, "query has", "queries have", "no relevant entry (0 in every measure)", qrels_file)
    return Collection(
        name=folder.name if chosen in ("", "test") else f"{folder.name}/{chosen}",
        folder=folder,
        split=chosen,
        corpus=corpus_files,
        corpus_sha256=_sha256(corpus_files),
        n_entries=len(ids),
        queries=queries,
        qrels=qrels,
        notes=tuple(notes),
    )


# -- finding the files -----------------------------------------------------------------------------------------------


def _choose_qrels(folder: Path, split: str | None) -> tuple[Path, str, Callable[[Path], Iterator[Judgment]]]:
    if (folder / "qrels").is_dir():
        found = {path.stem: path for path in _matching(folder / "qrels", "*.tsv")}
        read = formats.beir_qrels
        where, wanted = folder / "qrels", "*.tsv"
    else:
        patterns = ("*qrels*.txt", "*.qrels", "*qrels*.tsv")
        files = dict.fromkeys(path for pattern in patterns for path in _matching(folder, pattern))
        found = {_split_name(path): path for path in files}
        read = formats.trec_qrels
        where, wanted = folder, "qrels/*.tsv (BEIR) or qrels*.txt or *.qrels (TREC)"
    if not found:
        raise CollectionError(f"{where} holds no judgments.", f"A collection has {wanted}.")
    names = ", ".join(sorted(name or "(no name)" for name in found))
    if split is not None:
        if split not in found:
            raise CollectionError(f"{where} has no split “{split}”.", f"There is: {names}.")
        return found[split], split, read
    chosen = "test" if "test" in found else next(iter(found))
    if len(found) > 1 and chosen != "test":
        raise CollectionError(f"{where} has several splits and none is called “test”.", f"Choose one of: {names}.")
    return found[chosen], chosen, read


def _split_name(path: Path) -> str:
    """What tells TREC qrels apart: "qrels.dev.txt" and "dev.qrels" are "dev", "qrels.txt" is ""."""
    name = path.name.removesuffix(".txt").removesuffix(".tsv")
    return name.removesuffix("qrels").removeprefix("qrels").strip("._-")


def _find_corpus(folder: Path) -> tuple[tuple[Path, ...], Callable[[Path], Iterator[Entry]]]:
    first, read = _first(folder, _CORPORA, "corpus")
    return tuple(_matching(folder, "*.trec")) if first.suffix == ".trec" else (first,), read


def _first(folder: Path, known: tuple[tuple[str, _Reader], ...], what: str, split: str = "") -> tuple[Path, _Reader]:
    """The first file that is there; of several of one kind, one whose name holds the split's."""
    for pattern, read in known:
        if found := _matching(folder, pattern):
            return next((path for path in found if split in path.name), found[0]), read
    names = ", ".join(pattern for pattern, _ in known)
    raise CollectionError(f"{folder} holds no {what}.", f"A collection has one of: {names}.")


def _matching(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError as error:
        raise CollectionError(f"{folder} cannot be read: {error.strerror}.", "Check its permissions.") from error


# -- reading them ----------------------------------------------------------------------------------------------------


def _all_entries(files: Iterable[Path]) -> Iterator[Entry]:
    for path in files:
        read = next(read for pattern, read in _CORPORA if path.match(pattern))
        yield from read(path)


def _ids(files: tuple[Path, ...]) -> tuple[set[str], int]:
    ids: set[str] = set()
    count = 0
    for entry in _all_entries(files):
        ids.add(entry.id)
        count += 1
    if not count:
        raise CollectionError(f"{files[0]} holds no entries.", "Check that the download is complete.")
    return ids, count - len(ids)


def _queries(found: Iterator[tuple[str, str]], path: Path, notes: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    count = 0
    for name, text in found:
        count += 1
        texts.setdefault(name, text)
    repeated = count - len(texts)
    _note(notes, repeated, "query repeats", "queries repeat", "an id; the first of each id counts", path)
    return texts


def _qrels(found: Iterator[Judgment], path: Path, notes: list[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    repeated = 0
    for judgment in found:
        judged = qrels.setdefault(judgment.query_id, {})
        repeated += judgment.entry_id in judged
        judged.setdefault(judgment.entry_id, judgment.relevance)
    _note(notes, repeated, "judgment repeats", "judgments repeat", "a pair; the first of each pair counts", path)
    return qrels


def _note(notes: list[str], count: int, one: str, several: str, rest: str, path: Path) -> None:
    if count:
        notes.append(f"{path.name}: {count:,} {one if count == 1 else several} {rest}.")


def _sha256(files: Iterable[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()
