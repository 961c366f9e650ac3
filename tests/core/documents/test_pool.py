"""Reading in worker processes: order, bounds, failures of single documents, and what the worker must not load."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from docx import Document
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.model import Failure
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.scan import FoundFile, scan
from rankscope.core.errors import Cancelled, ModelError


@pytest.fixture(scope="module")
def shared_pool(tokenizer_json):
    with ReaderPool(tokenizer_json) as pool:
        yield pool


def many(folder: Path, count: int) -> Path:
    for number in range(count):
        (folder / f"{number:04}.txt").write_text(f"Document number {number} is about turbine blades. " * 40)
    return folder


def test_results_come_in_order_with_problems_in_their_place(tmp_path, shared_pool):
    many(tmp_path, 30)
    (tmp_path / "0007.txt").write_bytes(b"")
    found = list(scan(tmp_path))
    found.insert(3, FoundFile("/closed", problem=Failure("unreadable", "closed")))
    results = list(shared_pool.results(found))
    assert [file for file, _ in results] == found
    reasons = {Path(f.path).name: d.failure.reason for f, d in results if d.failure}
    assert reasons == {"closed": "unreadable", "0007.txt": "empty"}
    assert all(d.passages for f, d in results if not d.failure)


def test_only_so_many_are_in_flight(tmp_path, shared_pool):
    many(tmp_path, 40)
    taken = []

    def found():
        for file in scan(tmp_path):
            taken.append(file)
            yield file

    results = shared_pool.results(found(), ahead=5)
    for position, _ in enumerate(results):
        assert len(taken) <= position + 5
    assert len(taken) == 40


def test_one_document(tmp_path, shared_pool):
    path = tmp_path / "a.txt"
    path.write_text("A text.")
    assert shared_pool.read(str(path)).extraction.text == "A text."
    assert shared_pool.read(str(tmp_path / "missing.txt")).failure.reason == "vanished"


@pytest.mark.skipif(os.name != "posix", reason="byte names")
def test_a_name_that_is_no_utf8_is_read(tmp_path, shared_pool):
    for name, make in ((b"caf\xe9.txt", _write_text), (b"caf\xe9.pdf", _write_pdf), (b"caf\xe9.docx", _write_docx)):
        path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        try:
            make(path)
        except OSError:
            pytest.skip("the file system takes no such names")
        assert shared_pool.read(path).extraction.text == "A word"
    failure = shared_pool.read(path + ".txt").failure
    assert "caf\ufffd" in failure.message
    assert shared_pool.page_view(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pdf"), 1, 100).boxes


def _write_text(path):
    Path(path).write_text("A word")


def _write_pdf(path):
    made = Path(path).parent / "made.pdf"
    canvas = Canvas(str(made))
    canvas.drawString(100, 700, "A word")
    canvas.save()
    made.rename(path)


def _write_docx(path):
    document = Document()
    document.add_paragraph("A word")
    document.save(path)


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_worker_costs_at_most_one_document(tmp_path, tokenizer_json):
    many(tmp_path, 200)
    with ReaderPool(tokenizer_json) as pool:
        failures = []
        for number, (_, document) in enumerate(pool.results(scan(tmp_path))):
            if number in (20, 90):
                os.kill(pool.process_ids()[0], signal.SIGKILL)
            if document.failure:
                failures.append(document.failure)
    assert len(failures) <= 2
    assert all(failure.reason == "crashed" and ".txt" in failure.message for failure in failures)


def test_a_document_that_takes_too_long_is_given_up(tmp_path, tokenizer_json):
    (tmp_path / "1.txt").write_text("short")
    (tmp_path / "2.txt").write_text("A sentence of words. " * 2_000_000)
    (tmp_path / "3.txt").write_text("short")
    with ReaderPool(tokenizer_json, timeout=0.7) as pool:
        pool.read(str(tmp_path / "1.txt"))
        started = time.monotonic()
        reasons = [document.failure and document.failure.reason for _, document in pool.results(scan(tmp_path))]
        assert time.monotonic() - started < 15
    assert reasons == [None, "timed out", None]


def test_closing_is_prompt_with_work_in_flight(tmp_path, tokenizer_json):
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text("A sentence of words. " * 500_000)
    pool = ReaderPool(tokenizer_json)
    results = pool.results(scan(tmp_path))
    next(results)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 2
    with pytest.raises(Cancelled):
        list(results)


def test_a_missing_tokenizer_is_an_error_not_a_failure_of_each_document(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("text")
    with ReaderPool(tmp_path / "missing.json") as pool, pytest.raises(ModelError, match=r"missing\.json"):
        pool.read(str(path))


def test_pages_are_drawn_while_documents_are_read(tmp_path, tokenizer_json):
    _write_pdf(tmp_path / "a.pdf")
    (tmp_path / "long.txt").write_text("A sentence of words. " * 1_000_000)
    with ReaderPool(tokenizer_json) as pool, ThreadPoolExecutor() as threads:
        slow = threads.submit(pool.read, str(tmp_path / "long.txt"))
        view = pool.page_view(str(tmp_path / "a.pdf"), 1, 200)
        assert view.width == 200 and len(view.boxes) == len("A word")
        with pytest.raises(Unreadable, match="has no page 9"):
            pool.page_view(str(tmp_path / "a.pdf"), 9, 200)
        with pytest.raises(Unreadable, match="is not there"):
            pool.page_view(str(tmp_path / "missing.pdf"), 1, 200)
        assert slow.result().passages


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the memory of another process")
def test_the_worker_loads_neither_torch_nor_qt(tmp_path, tokenizer_json):
    _write_text(tmp_path / "a.txt")
    _write_pdf(tmp_path / "b.pdf")
    _write_docx(tmp_path / "c.docx")
    (tmp_path / "d.html").write_text("<p>A word")
    (tmp_path / "e.md").write_text("A word")
    with ReaderPool(tokenizer_json) as pool:
        assert all(document.passages for _, document in pool.results(scan(tmp_path)))
        (pid,) = pool.process_ids()
        libraries = " ".join(entry.path for entry in psutil.Process(pid).memory_maps())
    assert "pdfium" in libraries and "tokenizers" in libraries
    for heavy in ("torch", "PySide6", "Qt6", "transformers", "sqlalchemy", "hnswlib"):
        assert heavy not in libraries


def test_the_first_answer_comes_quickly(tmp_path, tokenizer_json):
    _write_text(tmp_path / "a.txt")
    started = time.monotonic()
    with ReaderPool(tokenizer_json) as pool:
        assert pool.read(str(tmp_path / "a.txt")).passages
    assert time.monotonic() - started < 5
