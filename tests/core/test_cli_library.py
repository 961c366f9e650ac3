"""The commands that look after a workspace: patterns, sources, copies, what was removed, watching, tidying."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rankscope.core.cli import main
from rankscope.core.documents.ocr import available

SECRET = "zanzibarian"


def run(*arguments: object) -> tuple[int, str, str]:
    """Run a command in this process: the same code as the console script, without seconds of imports each time."""
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main([str(argument) for argument in arguments])
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler)
    return status, out.getvalue(), err.getvalue()


def ok(*arguments: object) -> Any:
    status, out, err = run(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def text(*arguments: object) -> str:
    status, out, err = run(*arguments)
    assert status == 0, err
    return out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    (root / "drafts").mkdir(parents=True)
    (root / "soup.txt").write_text("Onion soup with bread and cheese.", "utf-8")
    (root / "drafts" / "soup.txt").write_text("Onion soup with bread and cheese.", "utf-8")
    (root / "drafts" / "stew.md").write_text(f"# Stew\n\nStew with carrots, {SECRET} spices and time.", "utf-8")
    (root / "film.mp4").write_bytes(b"\0")
    return root


@pytest.fixture
def place(tmp_path: Path, folder: Path) -> Path:
    ok("index", folder, "--workspace", tmp_path / "workspace")
    return tmp_path / "workspace"


def test_patterns_are_tried_and_set(place: Path, folder: Path) -> None:
    found = ok("match", folder, "--exclude", "drafts/")
    assert {one["path"]: one["taken"] for one in found["files"]} == {
        "drafts/": False, "film.mp4": False, "soup.txt": True,
    }  # fmt: skip
    assert found["taken"] == 1 and found["complete"]
    assert "excluded by drafts/" in text("match", folder, "--exclude", "drafts/")
    shown = ok("source", folder, "--exclude", "drafts/", "--watch", "off", "--workspace", place)["sources"][0]
    assert shown["exclude"] == ["drafts/"] and shown["watch"] is False and shown["skipped"] == [[".mp4", 1]]
    assert ok("index", "--workspace", place)["removed"] == 2
    assert "without drafts/" in text("sources", "--workspace", place)
    ok("source", "1", "--exclude", "", "--workspace", place)
    report = ok("index", "--workspace", place)
    assert report["restored"] == 1 and report["copies"] == 1 and report["encoded"] == 0
    assert run("match", folder, "--include", "[")[0] in (0, 2)
    assert run("source", "nowhere", "--workspace", place)[0] == 2


def test_copies_are_listed_and_shown_as_one(place: Path) -> None:
    (group,) = ok("duplicates", "--workspace", place)["duplicates"]
    assert len(group["paths"]) == 2
    assert "1 copies of 1 documents" in text("duplicates", "--workspace", place)
    results = ok("search", "onion soup", "--workspace", place, "--pipeline", "lexical")["results"]
    assert len(results) == 1 and results[0]["copies"] == 1 and results[0]["place"] == "line 1"
    assert "line 1" in text("search", "onion soup", "--workspace", place) and "+1 copy" in text(
        "search", "onion soup", "--workspace", place
    )


def test_what_was_removed_is_listed_and_brought_back(place: Path, folder: Path) -> None:
    (folder / "drafts" / "stew.md").unlink()
    ok("index", "--workspace", place)
    (gone,) = ok("removed", "--workspace", place)["removed"]
    assert gone["path"].endswith("stew.md") and not gone["file_is_there"]
    assert "its file is gone" in text("removed", "--workspace", place)
    assert ok("removed", "--bring-back", gone["document_id"], "--workspace", place)["removed"] == []
    assert ok("search", "carrots", "--workspace", place)["results"]
    assert run("removed", "--bring-back", 999, "--workspace", place)[0] == 2


def test_a_source_is_removed_and_the_removal_undone(place: Path, folder: Path) -> None:
    assert ok("source", folder, "--remove", "--workspace", place)["sources"] == []
    assert not ok("search", "soup", "--workspace", place)["results"]
    assert len(ok("source", "1", "--bring-back", "--workspace", place)["sources"]) == 1
    assert ok("search", "soup", "--workspace", place)["results"]


def test_passwords_are_tried_and_failures_read_again(place: Path, folder: Path, tmp_path: Path) -> None:
    _protected_pdf(folder / "secret.pdf")
    report = ok("index", "--workspace", place)
    assert "encrypted" in {one["reason"] for one in report["failures"]}
    (tmp_path / "passwords").write_text("wrong\nsesame\n", "utf-8")
    report = ok("index", "--password-file", tmp_path / "passwords", "--workspace", place)
    assert not [one for one in report["failures"] if one["reason"] == "encrypted"]
    assert ok("search", "protected sentence", "--workspace", place)["results"][0]["document"].endswith("secret.pdf")
    report = ok("index", "--retry", "--workspace", place)
    assert report["encoded"] == 0
    assert run("index", "--password-file", tmp_path / "nothing", "--workspace", place)[0] == 2


def _protected_pdf(path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption("sesame", canPrint=0))
    canvas.drawString(72, 700, "A protected sentence about gearboxes.")
    canvas.save()


def test_compacting(place: Path, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"Text number {number} about valves.", "utf-8")
        ok("index", "--workspace", place)
    report = ok("compact", "--workspace", place)
    assert report["segments_before"] == 4 and report["segments_after"] == 1
    assert "became" in text("compact", "--forget-removed", "--workspace", place)
    assert ok("verify", "--workspace", place)["whole"]


@pytest.mark.skipif(os.name == "nt", reason="stops with a signal")
def test_watching_follows_changes_until_stopped(place: Path, folder: Path) -> None:
    code = "import sys; from rankscope.core.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "watch", "--json", "--workspace", str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["unchanged"] == 3
            (folder / "new.txt").write_text("A new text about pumps.", "utf-8")
            assert json.loads(process.stdout.readline())["added"] == 1
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            assert process.wait(30) == 0 and time.monotonic() - started < 30
        finally:
            process.kill()


def test_json_stays_json_and_logs_hold_no_text(tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = ['quo"te.txt', "new\nline.txt", "tab\t.txt", "bell\a.txt", "\u202e.txt", "emoji 🥣.txt", "back\\slash.txt"]
    for name in names:
        with contextlib.suppress(OSError):
            (folder / name).write_text(f"A {SECRET} text called {name!r}.", "utf-8")
    if os.name == "posix":
        Path(os.fsdecode(os.fsencode(folder) + b"/b\xff\xfe.txt")).write_bytes(b"Bytes for a name.")
    with zipfile.ZipFile(folder / "odd.zip", "w") as archive:
        archive.writestr('in"side\n.txt', f"A {SECRET} member.")
    (folder / "bad\nname.pdf").write_bytes(b"%PDF-1.7 damaged")
    with caplog.at_level(logging.DEBUG):
        report = ok("index", folder, "--workspace", tmp_path / "w")
        for command in (["info"], ["sources"], ["duplicates"], ["removed"], ["match"], ["verify"]):
            place = [folder] if command == ["match"] else ["--workspace", tmp_path / "w"]
            ok(*command, *place)
        ok("search", SECRET, "--workspace", tmp_path / "w")
    assert report["failed"] == 1 and "bad" in report["failures"][0]["message"]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("rankscope")]
    assert not any(SECRET in message for message in ours)


def test_ocr_is_a_matter_of_what_is_installed() -> None:
    assert available() is (shutil.which("tesseract") is not None)
