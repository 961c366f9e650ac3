"""Keeping up with a folder: what is read, replaced, removed, kept, and what is told about the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rankscope.core.errors import Cancelled, UsageError, WorkspaceBusy
from rankscope.core.progress import Progress
from rankscope.core.workspace import Workspace

Make = Callable[[str], Workspace]


def contents(workspace: Workspace) -> set[tuple[str, int, int, str, str]]:
    """Every passage as (document, start, end, context, text), read from the metadata."""
    with workspace.database.read() as connection:
        rows = connection.exec_driver_sql(
            'SELECT d.path, p.start, p."end", p.context, p.text FROM passages p JOIN documents d ON d.id = p.document_id'
        )
        return {tuple(row) for row in rows}  # type: ignore[misc]


def ranking(workspace: Workspace, query: str) -> list[tuple[str, int, float]]:
    trace = workspace.search(query)
    final = trace.final
    return [
        (trace.passages[i].document, trace.passages[i].start, pytest.approx(score, abs=0.02))  # type: ignore[misc]
        for i, score in zip(final.ids.tolist(), final.scores.tolist(), strict=True)
    ]


def test_every_passage_is_the_text_at_its_offsets(workspace: Workspace) -> None:
    assert len(workspace.documents()) == 5 and not workspace.documents(status="failed")
    texts = {d.path: workspace.document_text(d.document_id).text for d in workspace.documents()}
    passages = contents(workspace)
    assert passages
    for path, start, end, _, text in passages:
        assert texts[path][start:end] == text and text.strip() == text


def test_a_second_run_reads_and_encodes_nothing(workspace: Workspace) -> None:
    report = workspace.index()
    assert (report.scanned, report.unchanged, report.encoded) == (5, 5, 0)
    assert report.added == report.changed == report.renamed == report.removed == report.failed == 0


def test_changes_additions_and_removals(workspace: Workspace, folder: Path) -> None:
    soup = folder / "kitchen" / "soup.txt"
    soup.write_text("Borscht is a soup of beetroot and cabbage, served with sour cream.", "utf-8")
    (folder / "kitchen" / "bread.html").unlink()
    (folder / "new.txt").write_text("A torque wrench limits the torque on a bolt.", "utf-8")
    report = workspace.index()
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 3)
    trace = workspace.search("beetroot soup")
    assert trace.passages[int(trace.final.ids[0])].text.startswith("Borscht")
    assert not any("onions" in passage.text or "dough" in passage.text for passage in trace.passages.values())


def test_a_renamed_file_keeps_its_passages(workspace: Workspace, folder: Path) -> None:
    before = {d.title: d.document_id for d in workspace.documents()}
    (folder / "archive").mkdir()
    (folder / "turbines" / "Rotor dynamics.txt").rename(folder / "archive" / "Rotors.txt")
    report = workspace.index()
    assert (report.renamed, report.removed, report.encoded) == (1, 0, 0)
    moved = [d for d in workspace.documents() if d.path.endswith("archive/Rotors.txt")]
    assert moved and moved[0].document_id in before.values()


def test_a_touched_file_is_not_encoded_again(workspace: Workspace, folder: Path) -> None:
    os.utime(folder / "kitchen" / "soup.txt", (1, 1))
    report = workspace.index()
    assert (report.changed, report.encoded) == (0, 0)
    assert workspace.index().unchanged == 5


def test_incremental_equals_rebuilt(make_workspace: Make, folder: Path, tmp_path: Path) -> None:
    grown = make_workspace("grown")
    late = folder / "late.txt"
    rest = folder / "turbines"
    hidden = tmp_path / "hidden"
    rest.rename(hidden)
    grown.index([folder])
    hidden.rename(rest)
    late.write_text("Seals leak when the shaft is worn.", "utf-8")
    grown.index()
    late.write_text("Seals leak when the shaft is bent or worn.", "utf-8")
    grown.index()
    rebuilt = make_workspace("rebuilt")
    rebuilt.index([folder])
    assert contents(grown) == contents(rebuilt)
    for query in ("why do blades crack?", "shaft", "baking bread"):
        assert ranking(grown, query) == ranking(rebuilt, query)


def test_what_cannot_be_read_has_a_reason_and_the_rest_goes_on(make_workspace: Make, folder: Path) -> None:
    (folder / "empty.txt").write_bytes(b"")
    (folder / "blank.txt").write_bytes(b" \n\t\n")
    (folder / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    (folder / "broken.docx").write_bytes(b"PK\x03\x04 not really")
    odd_name = os.fsdecode(os.fsencode(folder / "kitchen") + b"/s\xffpe.txt")
    (folder / "kitchen" / "soup.txt").rename(odd_name)
    workspace = make_workspace("workspace")
    report = workspace.index([folder])
    assert report.failed == 5
    failed = {Path(d.path).name: d for d in workspace.documents(status="failed")}
    assert set(failed) == {"empty.txt", "blank.txt", "picture.pdf", "broken.pdf", "broken.docx"}
    assert all(document.reason and document.message for document in failed.values())
    assert any("s\\xffpe.txt" in d.path for d in workspace.documents(status="indexed"))
    assert workspace.search("onion soup").final.ids.size
    fate = workspace.fate("soup", "empty.txt")
    assert fate.verdict.startswith("Never read") and not fate.stages
    assert workspace.index().encoded == 0


def test_a_source_that_is_away_keeps_its_documents(workspace: Workspace, folder: Path) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    report = workspace.index()
    assert report.removed == 0 and any("not there" in note for note in report.notes)
    assert workspace.search("soup").final.ids.size
    away.rename(folder)
    assert workspace.index().unchanged == 5


def test_a_missing_path_is_refused_and_named(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        workspace.index([tmp_path / "nowhere"])


def test_sources_inside_sources(make_workspace: Make, folder: Path) -> None:
    workspace = make_workspace("workspace")
    workspace.index([folder / "kitchen"])
    report = workspace.index([folder])  # takes the inner one over
    assert report.encoded and [s.path for s in workspace.sources()] == [str(folder)]
    assert len(workspace.documents()) == 5
    workspace.index([folder / "notes"])  # is inside already
    assert len(workspace.sources()) == 1
    workspace.remove_source(workspace.sources()[0].source_id)
    assert not workspace.documents() and not workspace.sources()
    assert not len(workspace.search("soup").final)


def test_cancelling_keeps_what_was_committed(
    make_workspace: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rankscope.core.writing.PASSAGES_PER_COMMIT", 1)
    workspace = make_workspace("workspace")
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.index([folder], progress=seen.append, cancelled=lambda: len(seen) > 3)
    kept = len(workspace.documents())
    assert 0 < kept < 5 and seen[0].total == 5
    report = workspace.index()
    assert report.unchanged == kept and len(workspace.documents()) == 5


SECOND = """
import sys
from rankscope.core.workspace import Workspace
from rankscope.core.errors import WorkspaceBusy
with Workspace.open(sys.argv[1]) as workspace:
    print(len(workspace.search("soup", pipeline="lexical").final))
    try:
        workspace.index()
    except WorkspaceBusy as error:
        print("busy:", error.message)
"""


def test_two_processes_one_writes_the_other_reads(workspace: Workspace) -> None:
    with workspace.writing():
        with pytest.raises(WorkspaceBusy):
            workspace.index()
        second = subprocess.run(
            [sys.executable, "-c", SECOND, str(workspace.path)], capture_output=True, text=True, check=True
        )
    found, busy = second.stdout.splitlines()
    assert int(found) >= 1 and busy.startswith("busy:") and str(os.getpid()) in busy


def test_a_reader_follows_another_writer(workspace: Workspace, folder: Path) -> None:
    with Workspace.open(workspace.path) as reader:
        assert reader.search("torque wrench").passages
        (folder / "torque.txt").write_text("A torque wrench limits the torque on a bolt.", "utf-8")
        workspace.index()
        trace = reader.search("torque wrench")
        assert trace.passages[int(trace.final.ids[0])].document.endswith("torque.txt")


def test_a_failure_that_may_pass_is_tried_again(workspace: Workspace, folder: Path) -> None:
    with workspace.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE documents SET reason = 'crashed', message = 'It crashed.', content_hash = '' WHERE path LIKE '%soup%'"
        )
    report = workspace.index()
    assert report.changed == 1 and report.unchanged == 4 and not workspace.documents(status="failed")


def test_a_workspace_in_a_folder_with_an_odd_name(make_workspace: Make, folder: Path) -> None:
    workspace = make_workspace("50% of œuvre? yes & #1")
    workspace.index([folder])
    assert len(workspace.search("soup").final) and (workspace.path / "metadata.sqlite").is_file()
