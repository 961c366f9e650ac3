from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_collections import ENTRIES, QRELS, write_beir

from rankscope.core.errors import CollectionError
from rankscope.core.evaluation.collections import open_collection


def test_a_beir_folder_is_read_whole(beir: Path) -> None:
    collection = open_collection(beir)
    assert collection.name == "twenty"
    assert collection.n_entries == len(ENTRIES)
    assert {entry.id: (entry.title, entry.text) for entry in collection.entries()} == ENTRIES
    assert collection.qrels == QRELS
    assert list(collection.queries) == list(QRELS), "only judged queries are asked, in the order of the file"
    assert collection.notes == ()


def test_the_passage_of_an_entry_is_title_blank_text(beir: Path) -> None:
    passages = {entry.id: entry.passage for entry in open_collection(beir).entries()}
    assert passages["rain"] == "Rain " + ENTRIES["rain"][1]
    assert passages["iceberg"] == ENTRIES["iceberg"][1]
    assert passages["empty#1"] == ""


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_ID = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\t\n\r"), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(
    entries=st.dictionaries(_ID, st.tuples(_TEXT, _TEXT), min_size=1, max_size=5),
    query_ids=st.lists(_ID, min_size=1, max_size=3, unique=True),
    data=st.data(),
)
def test_any_id_and_any_text_come_back_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, entries, query_ids, data
) -> None:  # type: ignore[no-untyped-def]
    queries = {name: data.draw(_TEXT) for name in query_ids}
    qrels = {name: {data.draw(st.sampled_from(list(entries))): data.draw(st.integers(0, 3))} for name in query_ids}
    folder = write_beir(tmp_path_factory.mktemp("beir"), entries, queries, qrels)
    collection = open_collection(folder)
    assert {entry.id: (entry.title, entry.text) for entry in collection.entries()} == entries
    assert collection.queries == queries
    assert collection.qrels == qrels


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    text = "one\u0085two\u2028three\x0bfour\x1dfive"
    folder = write_beir(tmp_path, {"a b#c\u0085d": ("", text)}, {"q\u00a01": "x"}, {"q\u00a01": {"a b#c\u0085d": 1}})
    (entry,) = open_collection(folder).entries()
    assert (entry.id, entry.text) == ("a b#c\u0085d", text)


def test_windows_line_ends_and_a_byte_order_mark_are_taken_off(beir: Path) -> None:
    before = open_collection(beir)
    for file in (beir / "corpus.jsonl", beir / "queries.jsonl", beir / "qrels" / "test.tsv"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    after = open_collection(beir)
    assert (after.queries, after.qrels) == (before.queries, before.qrels)
    assert list(after.entries()) == list(before.entries())


def test_ids_may_be_numbers_and_relevance_may_be_written_with_a_point(tmp_path: Path) -> None:
    folder = write_beir(tmp_path, {"7": ("", "seven")}, {"1": "which"}, {"1": {"7": 1}})
    (folder / "corpus.jsonl").write_text('{"_id": 7, "text": "seven", "title": null}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\t7\t1.0\n")
    collection = open_collection(folder)
    assert [entry.id for entry in collection.entries()] == ["7"]
    assert collection.qrels == {"1": {"7": 1}}


def test_qrels_without_a_header_lose_no_line(tmp_path: Path) -> None:
    folder = write_beir(tmp_path, {"a": ("", "x")}, {"1": "x"}, {"1": {"a": 1}})
    (folder / "qrels" / "test.tsv").write_text("1\ta\t1\n")
    assert open_collection(folder).qrels == {"1": {"a": 1}}


# -- splits ----------------------------------------------------------------------------------------------------------


def test_the_test_split_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    folder = write_beir(tmp_path / "c")
    write_beir(folder, qrels={"q1": {"kettle": 1}}, split="dev")
    assert open_collection(folder).split == "test"
    dev = open_collection(folder, split="dev")
    assert (dev.split, list(dev.queries), dev.name) == ("dev", ["q1"], "c/dev")


def test_the_only_split_is_taken(tmp_path: Path) -> None:
    assert open_collection(write_beir(tmp_path, split="dev")).split == "dev"


def test_several_splits_without_test_are_listed(tmp_path: Path) -> None:
    folder = write_beir(write_beir(tmp_path, split="train"), split="dev")
    with pytest.raises(CollectionError, match=r"Choose one of: dev, train"):
        open_collection(folder)
    with pytest.raises(CollectionError, match=r"no split “tset”.*dev, train"):
        open_collection(folder, split="tset")


# -- what is odd -----------------------------------------------------------------------------------------------------


def test_repeated_ids_and_unknown_names_are_counted_and_told(beir: Path) -> None:
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write('{"_id": "kettle", "title": "again", "text": "another text"}\n')
    with (beir / "queries.jsonl").open("a") as stream:
        stream.write('{"_id": "q1", "text": "another query"}\n')
    with (beir / "qrels" / "test.tsv").open("a") as stream:
        stream.write("q1\tkettle\t0\nq1\tnowhere\t1\nq9\tkettle\t1\nq6\tmoon\t0\n")
    collection = open_collection(beir)
    assert collection.n_entries == len(ENTRIES)
    assert {entry.id: entry.title for entry in collection.entries()}["kettle"] == "Kettles"
    assert collection.queries["q1"] == "how fast does a kettle boil water"
    assert collection.qrels["q1"] == {"kettle": 2, "nowhere": 1}
    assert "q9" not in collection.qrels
    notes = "\n".join(collection.notes)
    assert "corpus.jsonl: 1 entry repeats an id" in notes
    assert "queries.jsonl: 1 query repeats an id" in notes
    assert "test.tsv: 1 judgment repeats a pair" in notes
    assert "test.tsv: 2 judgments name an entry that the corpus does not hold" in notes
    assert "test.tsv: 1 judged query has no text" in notes


def test_queries_without_a_relevant_entry_are_told(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tkettle\t1\nq2\tkettle\t0\n")
    assert open_collection(beir).notes == ("test.tsv: 1 query has no relevant entry (0 in every measure).",)


# -- what is wrong: the file, the line, the reason ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "line", "reason"),
    [
        ("corpus.jsonl", '{"_id": "x", "text": ', "it is not JSON"),
        ("corpus.jsonl", '["x", "y"]', "not a JSON object"),
        ("corpus.jsonl", '{"title": "x", "text": "y"}', "it has no “_id”"),
        ("corpus.jsonl", '{"_id": true, "text": "y"}', "neither a text nor a number"),
        ("corpus.jsonl", '{"_id": "", "text": "y"}', "an id is empty"),
        ("corpus.jsonl", '{"_id": "x", "text": ["y"]}', "its “text” is not a text"),
        ("corpus.jsonl", '{"_id": "a\\u0000b", "text": "y"}', "cannot be written"),
        ("corpus.jsonl", "[" * 100_000, "it is not JSON"),
        ("queries.jsonl", '{"_id": "x", "text": 5}', "its “text” is not a text"),
        ("qrels/test.tsv", "q1 kettle 1", "1 columns between tabs instead of 3"),
        ("qrels/test.tsv", "q1\t0\tkettle\t1", "4 columns between tabs instead of 3"),
        ("qrels/test.tsv", "q1\tkettle\thigh", "“high” is not a whole number"),
        ("qrels/test.tsv", "q1\tkettle\t0.5", "“0.5” is not a whole number"),
    ],
)
def test_a_malformed_line_is_named(beir: Path, file: str, line: str, reason: str) -> None:
    path = beir / file
    before = path.read_bytes()
    path.write_bytes(before + line.encode() + b"\n")
    with pytest.raises(CollectionError) as caught:
        open_collection(beir)
    assert f"{file}, line {before.count(bytes([10])) + 1}: " in str(caught.value)
    assert reason in str(caught.value)


def test_bytes_that_are_not_utf8_are_named(beir: Path) -> None:
    path = beir / "corpus.jsonl"
    path.write_bytes(b'{"_id": "x", "text": "caf\xe9"}\n' + path.read_bytes())
    with pytest.raises(CollectionError, match=r"corpus\.jsonl, line 1: it is not UTF-8 \(byte 26\)"):
        open_collection(beir)


def test_half_a_surrogate_pair_in_a_text_is_replaced(beir: Path) -> None:
    with (beir / "corpus.jsonl").open("a") as stream:
        stream.write('{"_id": "half", "text": "a\\ud83d b\\u0000c"}\n')
    texts = {entry.id: entry.text for entry in open_collection(beir).entries()}
    assert texts["half"] == "a\ufffd b c"


@pytest.mark.parametrize(
    ("remove", "message"),
    [
        ("corpus.jsonl", "holds no corpus"),
        ("queries.jsonl", "holds no queries"),
        ("qrels/test.tsv", "holds no judgments"),
    ],
)
def test_a_missing_file_is_named(beir: Path, remove: str, message: str) -> None:
    (beir / remove).unlink()
    with pytest.raises(CollectionError, match=message):
        open_collection(beir)


def test_what_is_no_collection_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="does not exist"):
        open_collection(tmp_path / "nowhere")
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(CollectionError, match="is a file, not a folder"):
        open_collection(file)
    with pytest.raises(CollectionError, match="holds no judgments"):
        open_collection(tmp_path)


def test_an_empty_corpus_and_queries_of_another_collection_say_so(beir: Path) -> None:
    (beir / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nother\tkettle\t1\n")
    with pytest.raises(CollectionError, match="is judged"):
        open_collection(beir)
    (beir / "corpus.jsonl").write_text("\n\n")
    with pytest.raises(CollectionError, match="holds no entries"):
        open_collection(beir)


# -- TREC --------------------------------------------------------------------------------------------------------------


def _trec(folder: Path, qrels: str = "1 0 D-1 2\n1\t0\tD-2   0\r\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "qrels.txt").write_text(qrels)
    (folder / "queries.tsv").write_text("1\tthe first question\n2\tnot judged\n")
    (folder / "collection.tsv").write_text("D-1\tfirst text\nD-2\ta title\tsecond text\n")
    return folder


def test_trec_files_are_read(tmp_path: Path) -> None:
    collection = open_collection(_trec(tmp_path / "trec"))
    assert collection.queries == {"1": "the first question"}
    assert collection.qrels == {"1": {"D-1": 2, "D-2": 0}}
    assert [(e.id, e.passage) for e in collection.entries()] == [("D-1", "first text"), ("D-2", "a title second text")]


def test_trec_topics_and_documents_in_their_own_form(tmp_path: Path) -> None:
    folder = _trec(tmp_path / "trec")
    for name in ("queries.tsv", "collection.tsv"):
        (folder / name).unlink()
    (folder / "topics.txt").write_text(
        "<top>\n<num> Number: 1\n<title> Topic: flying\nsaucers\n\n<desc> Description:\nlong\n</top>\n"
    )
    (folder / "a.trec").write_text(
        "<DOC>\n<DOCNO> D-1 </DOCNO>\n<TITLE>A\ntitle</TITLE>\n<TEXT>first <b>text</b>\n</TEXT>\n</DOC>\n"
    )
    (folder / "b.trec").write_text("<DOC>\n<DOCNO>D-2</DOCNO>\nno text element\n</DOC>\n")
    collection = open_collection(folder)
    assert collection.queries == {"1": "flying saucers"}
    first, second = collection.entries()
    assert (first.id, first.title, " ".join(first.text.split())) == ("D-1", "A title", "first text")
    assert (second.id, second.text) == ("D-2", "no text element")


def test_trec_qrels_of_several_splits(tmp_path: Path) -> None:
    folder = _trec(tmp_path / "trec")
    (folder / "qrels.txt").rename(folder / "qrels.dl19.txt")
    (folder / "dl20.qrels").write_text("2 0 D-2 1\n")
    with pytest.raises(CollectionError, match="Choose one of: dl19, dl20"):
        open_collection(folder)
    assert list(open_collection(folder, split="dl20").queries) == ["2"]


def test_topics_of_the_named_split_in_tab_separated_form(tmp_path: Path) -> None:
    folder = _trec(tmp_path / "trec")
    (folder / "queries.tsv").unlink()
    (folder / "qrels.txt").rename(folder / "qrels.dl20.txt")
    (folder / "topics.dl19.txt").write_text("7\tof another year\n")
    (folder / "topics.dl20.txt").write_text("1\tof this year\n")
    assert open_collection(folder).queries == {"1": "of this year"}


@pytest.mark.parametrize("line", ["1 0 D-1", "1 0 a document 1", "1 0 D-1 x"])
def test_a_malformed_line_of_trec_qrels_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(CollectionError, match=r"qrels\.txt, line 2: "):
        open_collection(_trec(tmp_path / "trec", f"1 0 D-1 1\n{line}\n"))


def test_every_line_of_a_large_file_counts_once(tmp_path: Path) -> None:
    entries = {str(i): ("", f"text {i}") for i in range(3_000)}
    folder = write_beir(tmp_path, entries, {"q": "text"}, {"q": {"5": 1}})
    collection = open_collection(folder)
    assert [entry.id for entry in collection.entries()] == list(entries)
    lines = (folder / "corpus.jsonl").read_text().split("\n")
    assert json.loads(lines[-2])["_id"] == "2999"
