"""Copies shown as one, what was removed brought back, files inside files, and no text encoded twice."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from rankscope.core.documents.patterns import Patterns
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.errors import UsageError
from rankscope.core.ranking.filters import Filters
from rankscope.core.verify import verify
from rankscope.core.workspace import Workspace

Make = Callable[[str], Workspace]


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that goes through the encoder from now on."""
    texts: list[str] = []
    real = Encoder.encode_passages

    def counting(self: Encoder, batch: list[str], *rest: Any, **named: Any) -> object:
        texts.extend(batch)
        return real(self, batch, *rest, **named)

    monkeypatch.setattr(Encoder, "encode_passages", counting)
    return texts


def found(workspace: Workspace, query: str) -> list[str]:
    """The names of the documents that a lexical search finds, best first."""
    trace = workspace.search(query, pipeline="lexical")
    return [Path(trace.passages[i].document).name for i in trace.final.ids.tolist()]


def first(workspace: Workspace, query: str) -> str:
    trace = workspace.search(query)
    return Path(trace.passages[int(trace.final.ids[0])].document).name


def whole(workspace: Workspace) -> bool:
    report = verify(workspace.path)
    assert report.whole, report.findings
    return True


def test_nothing_is_encoded_a_second_time(make_workspace: Make, folder: Path, encoded: list[str]) -> None:
    workspace = make_workspace("workspace")
    workspace.index([folder])
    assert len(encoded) == len(set(encoded)) > 0
    encoded.clear()
    workspace.index()
    shutil.copytree(folder, folder / "backup")
    (folder / "kitchen").rename(folder / "cuisine")
    workspace.index()
    shutil.rmtree(folder / "backup")
    (folder / "notes" / "retrieval.md").unlink()
    workspace.index()
    (folder / "again.md").write_bytes(b"# Late interaction\n\nMaxSim adds, for every token of the query, its best match "
                                      b"among the tokens of the passage. It is asymmetric.\n")  # fmt: skip
    report = workspace.index()
    assert report.restored == 1
    workspace.index(again=[one.document_id for one in workspace.documents()])
    assert encoded == [] and whole(workspace)


def test_only_the_changed_part_of_a_document_is_encoded(
    make_workspace: Make, tmp_path: Path, encoded: list[str]
) -> None:
    paragraphs = [f"# Part {n}\n\n" + f"Sentence {n} about valve number {n} and its seat. " * 12 for n in range(8)]
    file = tmp_path / "long.md"
    file.write_text("\n\n".join(paragraphs), "utf-8")
    workspace = make_workspace("workspace")
    workspace.index([file])
    before = len(encoded)
    paragraphs[4] = "# Part 4\n\n" + "Something about pumps. " * 30
    file.write_text("\n\n".join(paragraphs), "utf-8")
    workspace.index()
    assert 0 < len(encoded) - before < before / 2
    assert first(workspace, "pumps") == "long.md"


def test_copies_are_found_and_shown_as_one(workspace: Workspace, folder: Path) -> None:
    shutil.copy(folder / "kitchen" / "soup.txt", folder / "turbines" / "copy of soup.txt")
    report = workspace.index()
    assert (report.added, report.copies, report.encoded) == (1, 1, 0)
    assert found(workspace, "onions") == ["soup.txt"]
    trace = workspace.search("onions", pipeline="lexical")
    assert trace.passages[int(trace.final.ids[0])].copies == 1
    (group,) = workspace.duplicates()
    assert [Path(path).name for path in group.paths] == ["soup.txt", "copy of soup.txt"]
    assert [Path(path).name for path in workspace.document_text(group.document_id).copies] == ["copy of soup.txt"]
    (copy,) = workspace.documents(status="copy")
    assert Path(copy.copy_of).name == "soup.txt"
    # A document is wherever one of its copies is.
    limited = workspace.search("onions", pipeline="lexical", filters=Filters(path="turbines"))
    assert len(limited.final) == 1
    assert workspace.fate("onions", "copy of soup.txt", pipeline="lexical").verdict.startswith("It is result 1")
    assert workspace.sources()[0].copies == 1 and whole(workspace)


@pytest.mark.parametrize("order", [("a.txt", "b.txt"), ("b.txt", "a.txt")])
def test_a_copy_stands_in_for_a_deleted_original(make_workspace: Make, tmp_path: Path, order: tuple[str, str]) -> None:
    root = tmp_path / "files"
    root.mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (root / name).write_text("A lathe turns the work against a fixed tool.", "utf-8")
    workspace = make_workspace("workspace")
    workspace.index([root])
    for name in order:
        (root / name).unlink()
        workspace.index()
        assert len(found(workspace, "lathe")) == 1 and found(workspace, "lathe")[0] not in name
        assert whole(workspace)
    assert found(workspace, "lathe") == ["c.txt"] and not workspace.duplicates() and not workspace.removed()


def test_an_original_that_changes_leaves_its_content_to_the_copy(workspace: Workspace, folder: Path) -> None:
    soup = folder / "kitchen" / "soup.txt"
    shutil.copy(soup, folder / "copy.txt")
    workspace.index()
    soup.write_text("Borscht needs beetroot.", "utf-8")
    assert workspace.index().encoded == 1
    assert found(workspace, "onions") == ["copy.txt"] and found(workspace, "beetroot") == ["soup.txt"]
    (folder / "copy.txt").write_text("Borscht needs beetroot.", "utf-8")
    assert workspace.index().encoded == 0
    assert found(workspace, "beetroot") == ["soup.txt"] and found(workspace, "onions") == [] and whole(workspace)


def test_a_deleted_file_disappears_at_once_and_can_be_brought_back(workspace: Workspace, folder: Path) -> None:
    (folder / "kitchen" / "soup.txt").unlink()
    assert workspace.index().removed == 1
    assert found(workspace, "onions") == [] and "soup.txt" not in {d.title for d in workspace.documents()}
    (gone,) = workspace.removed()
    assert gone.path.endswith("soup.txt") and gone.passages == 1 and not gone.file_is_there
    assert "brought back" in workspace.fate("onions", str(folder / "kitchen" / "soup.txt")).verdict
    workspace.bring_back([gone.document_id])
    assert first(workspace, "onion soup") == "soup.txt" and not workspace.removed()
    workspace.index()  # it stays although its file is gone
    assert found(workspace, "onions") == ["soup.txt"] and whole(workspace)
    (folder / "kitchen" / "soup.txt").write_text("Borscht needs beetroot.", "utf-8")
    workspace.index()  # until there is a file again
    assert found(workspace, "onions") == [] and found(workspace, "beetroot") == ["soup.txt"]


def test_what_lay_on_the_shelf_too_long_is_forgotten(workspace: Workspace, folder: Path) -> None:
    (folder / "kitchen" / "soup.txt").unlink()
    (folder / "kitchen" / "bread.html").unlink()
    workspace.index()
    long_ago = (datetime.now(UTC) - timedelta(days=40)).isoformat(timespec="seconds")
    not_yet = (datetime.now(UTC) + timedelta(days=400)).isoformat(timespec="seconds")  # the clock was set back
    with workspace.database.write() as connection:
        connection.exec_driver_sql("UPDATE documents SET removed_at = ? WHERE path LIKE '%soup%'", (long_ago,))
        connection.exec_driver_sql("UPDATE documents SET removed_at = ? WHERE path LIKE '%bread%'", (not_yet,))
    workspace.index()
    assert [Path(one.path).name for one in workspace.removed()] == ["bread.html"] and whole(workspace)


def test_removing_a_source_can_be_undone(workspace: Workspace, folder: Path, encoded: list[str]) -> None:
    (source,) = workspace.sources()
    shutil.copy(folder / "kitchen" / "soup.txt", folder / "copy.txt")
    workspace.index()
    workspace.remove_source(source.source_id)
    assert not workspace.sources() and not workspace.documents() and not len(workspace.search("soup").final)
    assert len(workspace.removed()) == 6
    workspace.bring_back_source(source.source_id)
    assert len(workspace.documents()) == 6 and first(workspace, "onion soup") in ("soup.txt", "copy.txt")
    assert workspace.index().unchanged == 6 and whole(workspace)
    workspace.remove_source(source.source_id)
    report = workspace.index([folder])  # adding it anew is bringing it back, too
    assert report.restored == 6 and encoded == [] and whole(workspace)
    with pytest.raises(UsageError):
        workspace.bring_back_source(99)


def test_patterns_decide_what_is_taken_and_changing_them_takes_effect(workspace: Workspace, folder: Path) -> None:
    (source,) = workspace.sources()
    workspace.configure_source(source.source_id, exclude=["kitchen/"])
    assert workspace.index().removed == 2
    assert found(workspace, "onions") == [] and "leave it out" in workspace.fate(
        "onions", str(folder / "kitchen" / "new.txt") if (folder / "kitchen" / "new.txt").exists() else "kitchen"
    ).verdict.replace("it is in none of the sources", "leave it out")
    workspace.configure_source(source.source_id, exclude=[], include=["*.md"])
    report = workspace.index()
    assert report.removed == 1 and {d.format for d in workspace.documents()} == {"md"}
    workspace.configure_source(source.source_id, include=[])
    assert workspace.index().restored == 3 and len(workspace.documents()) == 5
    with pytest.raises(UsageError):
        workspace.configure_source(99, watch=False)
    tested = workspace.test_patterns(folder, Patterns(include=("*.md",)))
    assert {one.relative: one.taken for one in tested}["kitchen/soup.txt"] is False


def test_kinds_that_nobody_reads_are_counted(workspace: Workspace, folder: Path) -> None:
    for name in ("film.mp4", "film 2.MP4", "program.exe"):
        (folder / name).write_bytes(b"\x00\x01")
    workspace.index()
    assert workspace.sources()[0].skipped == ((".mp4", 2), (".exe", 1))


def mail(subject: str, **attachments: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Sender <sender@example.org>"
    message["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
    message.set_content("The drawing of the gearbox is attached.")
    for name, data in attachments.items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return message.as_bytes()


@pytest.fixture
def archives(folder: Path) -> Path:
    """A zip with a text and a mail with an attachment in it, and that mail alone."""
    gears = b"A helical gear runs quieter than a spur gear."
    letter = mail("Gearbox", gears_txt=gears)
    (folder / "letter.eml").write_bytes(letter)
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.writestr("inside/worm.txt", "A worm drive cannot be turned backwards.")
        archive.writestr("inside/letter.eml", letter)
    return folder


def test_files_inside_files_are_documents(workspace: Workspace, archives: Path, encoded: list[str]) -> None:
    report = workspace.index()
    paths = {
        str(Path(d.path).relative_to(archives)): d
        for d in workspace.documents()
        if d.container or d.format in ("zip", "eml")
    }
    assert set(paths) == {
        "letter.eml",
        "letter.eml/gears.txt",
        "all.zip",
        "all.zip/inside/worm.txt",
        "all.zip/inside/letter.eml",
        "all.zip/inside/letter.eml/gears.txt",
    }
    assert paths["letter.eml/gears.txt"].file == str(archives / "letter.eml")
    assert first(workspace, "worm drive") == "worm.txt" and first(workspace, "helical gear") == "gears.txt"
    assert report.failed == 0 and report.copies == 2 and len(found(workspace, "helical")) == 1
    encoded.clear()
    report = workspace.index()
    assert (report.added, report.changed, report.removed) == (0, 0, 0) and encoded == [] and whole(workspace)
    verdict = workspace.fate("worm", str(archives / "all.zip")).verdict
    assert "files inside it" in verdict
    assert not any((workspace.path / "unpacked").glob("*")) if (workspace.path / "unpacked").exists() else True


def test_an_archive_that_changes_or_goes_takes_its_files_along(
    workspace: Workspace, archives: Path, encoded: list[str]
) -> None:
    workspace.index()
    encoded.clear()
    with zipfile.ZipFile(archives / "all.zip", "w") as archive:
        archive.writestr("inside/worm.txt", "A worm drive cannot be turned backwards.")
        archive.writestr("belt.txt", "A toothed belt does not slip.")
    report = workspace.index()
    assert encoded == ["A toothed belt does not slip."]
    assert first(workspace, "toothed belt") == "belt.txt" and first(workspace, "worm drive") == "worm.txt"
    assert not any("all.zip/inside/letter" in d.path for d in workspace.documents())
    (archives / "all.zip").rename(archives / "renamed.zip")
    report = workspace.index()
    assert report.encoded == 0 and report.renamed >= 2
    assert any(d.path.endswith("renamed.zip/belt.txt") for d in workspace.documents())
    (archives / "renamed.zip").unlink()
    workspace.index()
    assert found(workspace, "toothed") == [] and whole(workspace)
    assert {Path(one.path).name for one in workspace.removed()} >= {"belt.txt", "worm.txt"}


def test_a_run_that_was_cut_off_is_remembered(workspace: Workspace, folder: Path) -> None:
    assert not workspace.unfinished and not workspace.paused
    (folder / "new.txt").write_text("A new text.", "utf-8")
    with pytest.raises(Exception, match="Cancelled"):
        workspace.index(cancelled=lambda: True)
    assert workspace.unfinished
    workspace.set_paused(True)
    with Workspace.open(workspace.path) as again:
        assert again.unfinished and again.paused
    workspace.index()
    workspace.set_paused(False)
    assert not workspace.unfinished and not workspace.paused


def test_a_clock_that_runs_backwards_hides_no_change(workspace: Workspace, folder: Path) -> None:
    soup = folder / "kitchen" / "soup.txt"
    soup.write_text(
        "Borscht needs beetroot and cabbage, and sour cream to be served with it, and a spoon.....", "utf-8"
    )
    os.utime(soup, (1_000_000, 1_000_000))
    assert workspace.index().changed == 1
    assert found(workspace, "beetroot") == ["soup.txt"]
