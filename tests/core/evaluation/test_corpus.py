from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_collections import ENTRIES, write_beir

from rankscope.core.encoding.encoder import Encoder
from rankscope.core.encoding.registry import resolve
from rankscope.core.errors import Cancelled
from rankscope.core.evaluation.collections import Collection, open_collection
from rankscope.core.evaluation.corpus import corpus_folder, corpus_workspace
from rankscope.core.workspace import Workspace

FILLED = [name for name, (title, text) in ENTRIES.items() if title or text]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANKSCOPE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that go through the encoder, in order."""
    texts: list[str] = []
    encode = Encoder.encode_passages

    def record(self: Encoder, passages: Any, *rest: Any, **named: Any) -> Any:
        texts.extend(passages)
        return encode(self, passages, *rest, **named)

    monkeypatch.setattr(Encoder, "encode_passages", record)
    return texts


def _texts(workspace: Workspace) -> dict[str, list[str]]:
    """The passages of each document."""
    found: dict[str, list[str]] = {document.path: [] for document in workspace.documents()}
    with workspace.database.read() as connection:
        for path, text in connection.exec_driver_sql(
            "SELECT d.path, p.text FROM passages p JOIN documents d ON d.id = p.document_id ORDER BY p.id"
        ):
            found[path].append(text)
    return found


def test_every_entry_is_a_document_with_one_passage(collection: Collection) -> None:
    with corpus_workspace(collection) as workspace:
        texts = _texts(workspace)
        assert {document.status for document in workspace.documents()} == {"indexed"}
    assert texts == {entry.id: [entry.passage] if entry.passage else [] for entry in collection.entries()}


def test_the_second_time_nothing_is_encoded(collection: Collection, encoded: list[str]) -> None:
    corpus_workspace(collection).close()
    assert sorted(encoded) == sorted(entry.passage for entry in collection.entries() if entry.passage)
    encoded.clear()
    with corpus_workspace(collection) as workspace:
        assert workspace.info().passages == len(FILLED)
    assert encoded == []


def test_after_an_interruption_only_the_rest_is_encoded(
    collection: Collection, encoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rankscope.core.writing.PASSAGES_PER_COMMIT", 4)
    with pytest.raises(Cancelled):
        corpus_workspace(collection, cancelled=lambda: len(encoded) >= 8)
    assert 8 <= len(encoded) < len(FILLED)
    corpus_workspace(collection).close()
    # The batch in flight is encoded again, what was committed is not.
    assert len(encoded) <= len(FILLED) + 4
    with corpus_workspace(collection) as workspace:
        assert sorted(_texts(workspace)) == sorted(ENTRIES)
        assert workspace.verify().whole


def test_a_changed_corpus_and_another_way_of_cutting_have_their_own_workspace(beir: Path) -> None:
    collection = open_collection(beir)
    files = resolve()
    whole = corpus_folder(collection, files, chunk=False)
    assert corpus_folder(collection, files, chunk=True) != whole
    assert corpus_folder(open_collection(beir), files, chunk=False) == whole
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write('{"_id": "new", "text": "a new entry"}\n')
    assert corpus_folder(open_collection(beir), files, chunk=False) != whole


def test_a_damaged_cache_is_made_again(collection: Collection, encoded: list[str]) -> None:
    with corpus_workspace(collection) as workspace:
        folder = workspace.path
    for segment in (folder / "segments").iterdir():
        segment.write_bytes(segment.read_bytes()[:100])
    encoded.clear()
    with corpus_workspace(collection) as workspace:
        assert len(encoded) == len(FILLED)
        assert workspace.verify().whole
        assert workspace.search("kettle", pipeline="dense").final.ids.size


def test_progress_counts_entries(collection: Collection) -> None:
    reports: list[tuple[int, int | None, str]] = []
    corpus_workspace(collection, progress=lambda p: reports.append((p.done, p.total, p.unit))).close()
    assert reports[0] == (0, len(ENTRIES), "entries")
    assert reports[-1] == (len(ENTRIES), len(ENTRIES), "entries")


def test_a_long_entry_is_one_passage_that_the_encoder_cuts_off(tmp_path: Path) -> None:
    long = "The first words are about turbine blades. " + "Then follows something else entirely. " * 300
    folder = write_beir(tmp_path / "long", {"long": ("", long)}, {"q": "x"}, {"q": {"long": 1}})
    with corpus_workspace(open_collection(folder)) as workspace:
        encoder = workspace.encoder()
        assert workspace.info().passages == 1
        assert workspace.info().vectors == 63  # beside the pooled one
        assert len(workspace._vectors.current().clusters(1, 63)) == encoder.identity.max_tokens
        (first,) = workspace.search("turbine blades", pipeline="dense").final.scores
        expected = encoder.encode_passages([long]).pooled[0] @ encoder.encode_query("turbine blades").pooled
        assert first == pytest.approx(expected, abs=1e-5)


def test_chunked_entries_are_cut_like_documents_with_their_title_as_context(tmp_path: Path) -> None:
    sentences = [f"Sentence number {i} says that the engine has {i} blades and {i + 1} vanes." for i in range(60)]
    text = " ".join(sentences)
    entries = {"long": ("Engines", text), "short": ("", "Only one sentence."), "title": ("A title alone", "")}
    folder = write_beir(tmp_path / "chunked", entries, {"q": "x"}, {"q": {"long": 1}})
    with corpus_workspace(open_collection(folder), chunk=True) as workspace:
        texts = _texts(workspace)
        with workspace.database.read() as connection:
            contexts = {
                row[0] for row in connection.exec_driver_sql("SELECT context FROM passages WHERE document_id = 1")
            }
            lengths = np.concatenate([np.diff(s.offsets) for s in workspace._vectors.current().segments.values()])
    assert len(texts["long"]) > 3
    assert all(passage in text for passage in texts["long"])
    assert all(any(sentence in passage for passage in texts["long"]) for sentence in sentences)
    assert contexts == {"Engines"}
    assert texts["short"] == ["Only one sentence."]
    assert texts["title"] == ["A title alone"]
    assert lengths.max() <= 256
