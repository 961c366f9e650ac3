"""What a codec has learned is lost, and the texts are whole: nothing but the vectors has to be made again."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparing import assert_alike
from damaging import QUERIES

from rankscope.core.cli import main
from rankscope.core.errors import ModelError, WorkspaceError
from rankscope.core.progress import never
from rankscope.core.storage import layout
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace


@pytest.fixture
def lost(folder: Path) -> Path:
    """A workspace in int8, with a removed document, whose codec file is damaged."""
    with Workspace.open(folder) as workspace:
        workspace.convert(codec="int8")
        assert len(workspace.removed()) == 1
    (file,) = (folder / "codecs").iterdir()
    file.write_bytes(b"x" * 50)
    layout.stored_codec.cache_clear()
    return folder


def test_repairing_it_keeps_every_document_and_the_shelf(lost: Path, expected: Workspace) -> None:
    done = repair(lost)
    assert any("encoded anew" in line and "int8" in line for line in done)
    assert verify(lost).whole
    with Workspace.open(lost) as workspace:
        assert not workspace.notes and workspace.info().codec == "float16"
        assert_alike(workspace, expected, QUERIES)
        assert workspace.index().encoded == 0
        (removed,) = workspace.removed()
        workspace.bring_back([removed.document_id])
        assert len(workspace.search(QUERIES[0], k=100).final) > len(expected.search(QUERIES[0], k=100).final)


def test_it_is_told_once_with_the_remedy_and_words_and_pooled_vectors_still_rank(
    lost: Path, expected: Workspace
) -> None:
    with Workspace.open(lost) as workspace:
        (note,) = workspace.notes
        assert "codecs" in note and "rankscope verify --repair" in note
        for pipeline in ("dense", "lexical"):
            mine, theirs = (one.search(QUERIES[0], pipeline=pipeline, k=100) for one in (workspace, expected))
            assert set(mine.final.ids.tolist()) == set(theirs.final.ids.tolist()) and len(mine.final)
            assert isinstance(workspace.evidence(mine, mine.final.ids.tolist()), dict)
        with pytest.raises(WorkspaceError, match="verify --repair"):
            workspace.search(QUERIES[0], pipeline="late")
        with pytest.raises(WorkspaceError, match="verify --repair"):
            workspace.index(again=[document.document_id for document in workspace.documents()][:1])
        assert [document.path for document in workspace.documents()] == [one.path for one in expected.documents()]
    findings = verify(lost).findings
    assert [finding.file.split("/")[0] for finding in findings] == ["codecs"]
    assert "verify --repair" in findings[0].remedy and "encoded anew" in findings[0].remedy


def test_converting_heals_it_as_well(lost: Path, expected: Workspace) -> None:
    with Workspace.open(lost) as workspace:
        workspace.convert(codec="float16")
        assert_alike(workspace, expected, QUERIES)
    assert verify(lost).whole


def test_without_the_encoder_nothing_is_lost(lost: Path, expected: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModelError("The model is not there.", "Bring it back.")

    with monkeypatch.context() as patch:
        patch.setattr("rankscope.core.switching.encoder_files", missing)
        with pytest.raises(ModelError):
            repair(lost)
    with Workspace.open(lost) as workspace:
        assert len(workspace.documents()) == len(expected.documents()) and len(workspace.removed()) == 1
    repair(lost)
    with Workspace.open(lost) as workspace:
        assert_alike(workspace, expected, QUERIES)


def test_the_command_line_repairs_it(
    lost: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rankscope.core.cli._stop_on_signals", lambda: never)  # the signals stay pytest's
    assert main(["verify", "--workspace", str(lost)]) == 1
    capsys.readouterr()
    assert main(["verify", "--repair", "--workspace", str(lost)]) == 0
    assert "encoded anew" in capsys.readouterr().out


def test_a_codec_file_that_was_being_written_is_a_leftover(folder: Path) -> None:
    left = folder / "codecs" / "abc.safetensors.new"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"half")
    assert [finding.file for finding in verify(folder).findings] == ["codecs/abc.safetensors.new"]
    with Workspace.open(folder) as workspace:
        workspace.compact()
    assert not left.exists() and verify(folder).whole
