"""Files inside files, read in worker processes: each by itself, all within one budget, and none of it stays."""

from __future__ import annotations

import io
import os
import signal
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from archive_files import deflated_zeros, zip_of
from reportlab.pdfgen.canvas import Canvas

from rankscope.core.documents import pool as pool_module
from rankscope.core.documents.failures import Unreadable
from rankscope.core.documents.pool import ReaderPool
from rankscope.core.documents.scan import scan
from rankscope.core.documents.unpacking import Allowance
from rankscope.core.errors import Cancelled


@pytest.fixture
def spool(tmp_path_factory):
    """A place for unpacked files; nothing may stay in it."""
    place = tmp_path_factory.mktemp("spools") / "spool"
    yield place
    assert not place.exists()


def zipped(path, **files):
    """A ZIP archive; "__" in a name stands for a dot."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return path


def mailed(path, **files):
    """A mail with attachments; "__" in a name stands for a dot."""
    mail = EmailMessage()
    mail["Subject"] = "With attachments"
    mail.set_content("A word in a mail")
    for name, content in files.items():
        mail.add_attachment(content, "application", "octet-stream", filename=name.replace("__", "."))
    path.write_bytes(mail.as_bytes())
    return path


def outcomes(results, folder):
    """(path below the folder, reason of the failure or ""), in order."""
    return [
        (Path(found.path).relative_to(folder).as_posix(), document.failure.reason if document.failure else "")
        for found, document in results
    ]


def test_what_is_inside_a_file_comes_before_it(tmp_path, tokenizer_json, spool):
    inner = zipped(tmp_path / "inner", deep__txt="A word deep inside", other__txt="Another word")
    mailed(tmp_path / "a.eml", first__txt=b"A word", archive__zip=inner.read_bytes(), last__md=b"# A word")
    (tmp_path / "b.txt").write_text("A word")
    inner.unlink()
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        results = list(pool.results(scan(tmp_path)))
    assert outcomes(results, tmp_path) == [
        ("a.eml/first.txt", ""),
        ("a.eml/archive.zip/deep.txt", ""),
        ("a.eml/archive.zip/other.txt", ""),
        ("a.eml/archive.zip", ""),
        ("a.eml/last.md", ""),
        ("a.eml", ""),
        ("b.txt", ""),
    ]
    mail = str(tmp_path / "a.eml")
    assert [found.container for found, _ in results] == [mail] * 5 + ["", ""]
    texts = {Path(found.path).name: document.extraction.text for found, document in results}
    assert texts["deep.txt"] == "A word deep inside" and texts["archive.zip"] == ""
    assert [member.name for member in results[5][1].members] == ["first.txt", "archive.zip", "last.md"]


def test_a_member_that_takes_too_long_costs_only_itself(tmp_path, tokenizer_json, spool):
    slow = "A sentence of words. " * 2_000_000
    zipped(tmp_path / "a.zip", first__txt="A word", slow__txt=slow, last__txt="A word")
    with ReaderPool(tokenizer_json, timeout=1.5, spool=spool) as pool:
        assert outcomes(pool.results(scan(tmp_path)), tmp_path) == [
            ("a.zip/first.txt", ""),
            ("a.zip/slow.txt", "timed out"),
            ("a.zip/last.txt", ""),
            ("a.zip", ""),
        ]


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_worker_that_is_killed_costs_one_member(tmp_path, tokenizer_json, spool):
    zipped(tmp_path / "a.zip", **{f"{number:03}__txt": "A word about turbine blades. " * 200 for number in range(80)})
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        reasons = []
        for number, (_, document) in enumerate(pool.results(scan(tmp_path))):
            if number == 20:
                os.kill(pool.process_ids()[0], signal.SIGKILL)
            reasons.append(document.failure.reason if document.failure else "")
    assert len(reasons) == 81 and reasons.count("") >= 80
    assert set(reasons) <= {"", "crashed"}


# What worker processes load at their start: a reader of pictures that does what the picture's bytes say.
READER_TO_ORDER = """
import sys, time, os, types

def read(path):
    from rankscope.core.documents.failures import NeedsRecognition
    if path.read_bytes().endswith(b"crash"):
        os._exit(3)
    if path.read_bytes().endswith(b"hang"):
        time.sleep(100)
    raise NeedsRecognition

def recognise(path):
    from rankscope.core.documents.model import Extraction
    time.sleep(float(path.read_bytes().rpartition(b"sleep")[2] or 0))
    return Extraction("A recognised word", "image")

module = types.ModuleType("rankscope.core.documents.readers.image")
module.read, module.recognise = read, recognise
sys.modules[module.__name__] = module
"""
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def reader_to_order(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("start")
    (folder / "sitecustomize.py").write_text(READER_TO_ORDER)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_crashes_and_hangs_inside_a_file_cost_one_member_each(tmp_path, tokenizer_json, spool, reader_to_order):
    pictures = {"2__png": PNG + b"crash", "4__png": PNG + b"hang"}
    mailed(tmp_path / "a.eml", **{f"{number}__txt": b"A word" for number in (1, 3, 5)}, **pictures)
    with ReaderPool(tokenizer_json, timeout=1.5, spool=spool) as pool:
        assert sorted(outcomes(pool.results(scan(tmp_path)), tmp_path)) == [
            ("a.eml", ""),
            ("a.eml/1.txt", ""),
            ("a.eml/2.png", "crashed"),
            ("a.eml/3.txt", ""),
            ("a.eml/4.png", "timed out"),
            ("a.eml/5.txt", ""),
        ]


def test_recognition_has_a_time_limit_of_its_own(tmp_path, tokenizer_json, spool, reader_to_order):
    zipped(tmp_path / "a.zip", **{"1__png": PNG + b"sleep2", "2__txt": "A word", "3__png": PNG + b"sleep0"})
    with ReaderPool(tokenizer_json, timeout=1.5, recognition_timeout=20, spool=spool) as pool:
        results = list(pool.results(scan(tmp_path)))
        assert [document.extraction.text for _, document in results] == [
            *("A recognised word", "A word", "A recognised word", "")
        ]
    with ReaderPool(tokenizer_json, timeout=20, recognition_timeout=1, spool=spool) as pool:
        assert outcomes(pool.results(scan(tmp_path)), tmp_path) == [
            *(("a.zip/1.png", "timed out"), ("a.zip/2.txt", ""), ("a.zip/3.png", ""), ("a.zip", ""))
        ]


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_worker_that_dies_while_it_unpacks_leaves_nothing_behind(tmp_path, tokenizer_json, spool):
    (tmp_path / "a.zip").write_bytes(zip_of(*((f"{n}.txt", deflated_zeros(150 << 20)) for n in range(6)), size=4 << 30))
    (tmp_path / "b.txt").write_text("A word")
    with ReaderPool(tokenizer_json, spool=spool) as pool, ThreadPoolExecutor() as threads:
        results = pool.results(scan(tmp_path))
        first = threads.submit(next, results)
        while not any(file.stat().st_size for file in spool.rglob("*.txt")):
            time.sleep(0.01)
        os.kill(pool.process_ids()[0], signal.SIGKILL)
        found, document = first.result()
        assert (Path(found.path).name, document.failure.reason) == ("a.zip", "crashed")
        assert [path for path in spool.rglob("*") if path.is_file()] == []
        assert outcomes(results, tmp_path) == [("b.txt", "")]


def test_results_that_are_not_taken_leave_nothing_behind(tmp_path, tokenizer_json, spool):
    inner = zipped(tmp_path / "inner", **{f"{number}__txt": "A word" for number in range(20)})
    zipped(tmp_path / "a.zip", **{f"{number}__zip": inner.read_bytes() for number in range(5)})
    inner.unlink()
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        results = pool.results(scan(tmp_path))
        next(results)
        assert any(spool.rglob("*.txt"))
        results.close()
        deadline = time.monotonic() + 5
        while any(spool.rglob("*.txt")) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(spool.rglob("*.txt"))
        assert pool.read(str(tmp_path / "a.zip")).members


def test_an_error_in_whoever_takes_the_results_leaves_nothing_behind(tmp_path, tokenizer_json, spool):
    zipped(tmp_path / "a.zip", **{f"{number}__txt": "A word" for number in range(20)})
    with pytest.raises(ZeroDivisionError), ReaderPool(tokenizer_json, spool=spool) as pool:
        for _ in pool.results(scan(tmp_path)):
            raise ZeroDivisionError


def test_what_a_killed_program_left_is_removed_and_nothing_else(tmp_path, tokenizer_json):
    place = tmp_path / "spool"
    (place / "rankscope-old" / "000001").mkdir(parents=True)
    (place / "rankscope-old" / "000001" / "left.txt").write_text("left")
    (place / "notes.txt").write_text("someone else's")
    zipped(tmp_path / "a.zip", a__txt="A word")
    with ReaderPool(tokenizer_json, spool=place) as pool:
        assert pool.read(str(tmp_path / "a.zip")).members
        assert not (place / "rankscope-old").exists()
    assert [path.name for path in place.iterdir()] == ["notes.txt"]


def test_a_closed_pool_makes_no_folders(tmp_path, tokenizer_json, spool):
    zipped(tmp_path / "a.zip", a__txt="A word")
    pool = ReaderPool(tokenizer_json, spool=spool)
    pool.close()
    with pytest.raises(Cancelled):
        pool.read(str(tmp_path / "a.zip"))
    with pytest.raises(Cancelled):
        pool.page_view(str(tmp_path / "a.zip"), 1, 100, "a.txt")


def nested(levels, width, content):
    """Archives in archives: ``width`` of them at each level."""
    data = content
    for level in range(levels):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(width):
                archive.writestr(f"{number}.zip" if level else f"{number}.txt", data)
        data = stream.getvalue()
    return data


def test_archives_in_archives_share_one_budget(tmp_path, tokenizer_json, spool, monkeypatch):
    monkeypatch.setattr(
        pool_module, "Allowance", lambda *given: Allowance(*given) if given else Allowance(3_000_000, 60)
    )
    (tmp_path / "a.zip").write_bytes(nested(3, 8, b"A word" + b" " * 100_000))  # 512 files
    (tmp_path / "b.zip").write_bytes(nested(1, 2, b"A word."))
    most = 0
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        results = []
        for result in pool.results(scan(tmp_path)):
            most = max(most, sum(file.stat().st_size for file in spool.rglob("*") if file.is_file()))
            results.append(result)
    reasons = [reason for name, reason in outcomes(results, tmp_path) if name.startswith("a.zip/")]
    assert 60 <= len(reasons) <= 120
    assert "too large" in reasons and most <= 4_000_000
    assert outcomes(results, tmp_path)[-3:] == [("b.zip/0.txt", ""), ("b.zip/1.txt", ""), ("b.zip", "")]


def test_archives_nested_without_end_are_followed_a_few_levels(tmp_path, tokenizer_json, spool):
    (tmp_path / "a.zip").write_bytes(nested(12, 1, b"A word"))
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        results = outcomes(pool.results(scan(tmp_path)), tmp_path)
    assert results == [
        ("a.zip/0.zip/0.zip/0.zip/0.zip", "too deep"),
        ("a.zip/0.zip/0.zip/0.zip", ""),
        ("a.zip/0.zip/0.zip", ""),
        ("a.zip/0.zip", ""),
        ("a.zip", ""),
    ]


def test_pages_of_documents_inside_files_are_drawn(tmp_path, tokenizer_json, spool):
    made = io.BytesIO()
    canvas = Canvas(made)
    canvas.drawString(100, 700, "A word")
    canvas.save()
    pdf = made.getvalue()
    inner = zipped(tmp_path / "inner", Lesen__pdf=pdf).read_bytes()
    path = str(mailed(tmp_path / "a.eml", report__pdf=pdf, papers__zip=inner))
    with ReaderPool(tokenizer_json, spool=spool) as pool:
        for member in ("report.pdf", "papers.zip/Lesen.pdf"):
            view = pool.page_view(path, 1, 200, member)
            assert view.width == 200 and len(view.boxes) == len("A word")
        for member in ("gone.pdf", "papers.zip/gone.pdf", "report.pdf/gone.pdf"):
            with pytest.raises(Unreadable, match=r"gone\.pdf is no longer in"):
                pool.page_view(path, 1, 200, member)
        assert [path for path in spool.rglob("*") if path.is_file()] == []


def test_drawing_a_member_that_takes_too_long_leaves_nothing_behind(tmp_path, tokenizer_json, spool):
    (tmp_path / "a.zip").write_bytes(zip_of(("a.pdf", deflated_zeros(190 << 20)), size=4 << 30))
    with ReaderPool(tokenizer_json, spool=spool, page_timeout=0.05) as pool:
        with pytest.raises(Unreadable, match="was given up"):
            pool.page_view(str(tmp_path / "a.zip"), 1, 100, "a.pdf")
        assert [path for path in spool.rglob("*") if path.is_file()] == []
