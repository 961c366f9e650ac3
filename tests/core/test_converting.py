"""Vectors stored in another way: made from those that are there, beside them, and in place only when complete."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from comparing import assert_alike, contents
from old_segments import write_first_segment
from tiny_models import make_model

from rankscope.core import converting, switching, writing
from rankscope.core.encoding.encoder import Encoder
from rankscope.core.errors import Cancelled, UsageError, WorkspaceError
from rankscope.core.progress import Progress
from rankscope.core.storage import layout
from rankscope.core.storage.segments import Segment
from rankscope.core.verify import repair, verify
from rankscope.core.workspace import Workspace

QUERIES = ("the rotor cracks", "which seal leaks?", "replace the blade")
WORDS = ("rotor", "blade", "seal", "the", "crack", "##s", "report", "load", "changes", "replace")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, a model, and a workspace of each kind."""
    place = tmp_path_factory.mktemp("converting")
    (place / "documents").mkdir()
    for i in range(20):
        part = ("rotor", "blade", "seal", "pump")[i % 4]
        body = f"Report {i} on the {part}. The {part} cracks when the load changes. " * (1 + i % 5)
        (place / "documents" / f"{i:02d}.md").write_text(f"# On {part} {i}\n\n{body}\n", "utf-8")
    make_model(place / "model", WORDS, max_tokens=128, seed=1)
    for kind in ("levels", "tokens"):
        with (
            pytest.MonkeyPatch.context() as patch,
            Workspace.open(place / kind, create=True, encoder=str(place / "model" / "model"), vectors=kind) as made,
        ):
            patch.setattr(writing, "PASSAGES_PER_COMMIT", 8)
            made.index([place / "documents"])
            made.remove_documents([d.document_id for d in made.documents() if d.path.endswith("07.md")])
    return place


@pytest.fixture
def opened(place: Path, tmp_path: Path) -> Iterator[Callable[[str], Workspace]]:
    """Opens a copy of the workspace of this kind."""
    with contextlib.ExitStack() as stack:

        def open_(kind: str) -> Workspace:
            if not (tmp_path / kind).exists():
                shutil.copytree(place / kind, tmp_path / kind)
            return stack.enter_context(Workspace.open(tmp_path / kind))

        yield open_


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of passages that go through the encoder from now on."""
    texts: list[str] = []
    real = Encoder.encode_passages

    def counting(self: Encoder, batch: list[str], *rest: object, **named: object) -> object:
        texts.extend(batch)
        return real(self, batch, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "encode_passages", counting)
    return texts


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PASSAGES_PER_COMMIT", 4)
    monkeypatch.setattr(switching, "PASSAGES_PER_COMMIT", 4)


def late(workspace: Workspace) -> list[dict[str, float]]:
    found = []
    for query in QUERIES:
        trace = workspace.search(query, pipeline="late", k=100)
        pairs = zip(trace.final.ids.tolist(), trace.final.scores.tolist(), strict=True)
        found.append({f"{trace.passages[i].document}:{trace.passages[i].start}": score for i, score in pairs})
    return found


def near(one: list[dict[str, float]], other: list[dict[str, float]], within: float) -> bool:
    return all(a == pytest.approx(b, abs=within) for a, b in zip(one, other, strict=True))


def test_tokens_become_the_levels_that_indexing_makes(
    opened: Callable[[str], Workspace], encoded: list[str], place: Path
) -> None:
    workspace, expected = opened("tokens"), opened("levels")
    info = workspace.convert("levels")
    assert (info.kind, info.codec, info.row_bytes) == ("levels", "float16", 64) and not encoded
    assert workspace.manifest == expected.manifest and verify(workspace.path).whole
    mine, theirs = workspace._vectors.current(), expected._vectors.current()
    assert len(mine) == len(theirs) == 20
    for a, b in zip(mine.ids.tolist(), theirs.ids.tolist(), strict=True):
        one, other = mine.multi([a]), theirs.multi([b])
        rows, others = (held.codec.decode(held.rows) for held in (one, other))
        assert rows == pytest.approx(others, abs=1e-3) and (one.fold["parent"] == other.fold["parent"]).all()
        assert mine.clusters(a, 63).tolist() == theirs.clusters(b, 63).tolist()
    assert_alike(workspace, expected, QUERIES)
    workspace.bring_back([row.document_id for row in workspace.removed()])  # its vectors went along
    assert any(row[0].endswith("07.md") for row in contents(workspace)) and not encoded


def test_levels_go_from_codec_to_codec(opened: Callable[[str], Workspace], encoded: list[str]) -> None:
    workspace = opened("levels")
    before, scores = contents(workspace), late(workspace)
    sizes = {}
    for codec, within in (("int8", 0.05), ("float8", 0.2), ("residual4", 0.5), ("float32", 0.5)):
        info = workspace.convert(codec=codec)
        sizes[codec] = info.row_bytes
        assert info.codec.split(":")[0] == codec and info.kind == "levels"
        assert contents(workspace) == before and near(late(workspace), scores, within)
        assert verify(workspace.path).whole
        with Workspace.open(workspace.path) as again:
            assert not again.notes and late(again) == late(workspace)
        assert not encoded
        workspace.convert(codec="float16")  # what the codec has lost is encoded anew
        assert bool(encoded) == (codec != "float32") and near(late(workspace), scores, 0.01)
        encoded.clear()
    assert sizes["residual4"] < sizes["float8"] <= sizes["int8"] < sizes["float32"] == 4 * 32


@pytest.mark.parametrize("codec", ["residual2", "pq8", "pca16+int8", "residual1"])
@pytest.mark.parametrize("kind", ["levels", "tokens"])
def test_what_a_codec_has_learned_is_kept_in_a_file(
    opened: Callable[[str], Workspace], encoded: list[str], kind: str, codec: str, place: Path
) -> None:
    workspace = opened(kind)
    workspace.convert(codec=codec)
    (file,) = (workspace.path / "codecs").iterdir()
    assert workspace.manifest.codec == f"{codec}:{file.stem}" and not encoded
    report = verify(workspace.path)
    assert report.whole and f"codecs/{file.name}" in report.checked
    for result in (workspace.search(QUERIES[0], pipeline="late"), workspace.search(QUERIES[0])):
        assert len(result.final) == 10
    # What comes later is stored in the same codec, and tidying keeps every byte.
    new = place / "documents" / "new.md"
    new.write_text("# New\n\nA valve jams when the load changes.\n", "utf-8")
    try:
        workspace.index()
    finally:
        new.unlink()
    held = workspace._vectors.current()
    assert {segment.head.codec for segment in held.segments.values()} == {workspace.manifest.codec}
    bytes_before = {i: held.multi([i]).rows.tobytes() for i in held.ids.tolist()}
    workspace.compact()
    held = workspace._vectors.current()
    assert {i: held.multi([i]).rows.tobytes() for i in held.ids.tolist()} == bytes_before
    if "pca" not in codec:
        workspace.convert(codec="float16")
        assert not list((workspace.path / "codecs").iterdir()) and verify(workspace.path).whole


def test_what_cannot_be_made_is_encoded(opened: Callable[[str], Workspace], encoded: list[str]) -> None:
    workspace, expected = opened("levels"), opened("tokens")
    workspace.convert("tokens")
    assert len(encoded) == len({row[7] for row in contents(workspace)}) + 1  # with the removed document's
    assert workspace.manifest == expected.manifest and verify(workspace.path).whole
    assert_alike(workspace, expected, QUERIES)
    workspace.convert(codec="truncate16+int8")
    encoded.clear()
    workspace.convert(codec="float16")  # the dimensions that were left out have to come from somewhere
    assert encoded and near(late(workspace), late(expected), 0.05)
    with pytest.raises(UsageError, match="cannot be fitted"):
        opened("levels").convert("tokens", "residual2") if workspace.convert("levels") else None
        workspace.convert("tokens", "residual2")


@pytest.mark.usefixtures("_small_batches")
@pytest.mark.parametrize("codec", ["int8", "residual2"])
def test_stopped_half_way_it_serves_as_before_and_goes_on(
    opened: Callable[[str], Workspace], codec: str, monkeypatch: pytest.MonkeyPatch, encoded: list[str]
) -> None:
    workspace = opened("tokens")
    manifest, before = workspace.manifest, late(workspace)
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.convert("levels", codec, progress=seen.append, cancelled=lambda: len(seen) > 10)
    assert (workspace.manifest, late(workspace)) == (manifest, before) and verify(workspace.path).whole
    again = opened("tokens")
    assert late(again) == before and "unfinished" in again.notes[0]
    assert f"convert --vectors levels --codec {codec}" in again.notes[0]
    again.compact()
    fitted = []
    monkeypatch.setattr(converting.codecs, "fit", _counted(converting.codecs.fit, fitted))
    done: list[int] = []
    real = switching._Switch._flush
    monkeypatch.setattr(
        switching._Switch, "_flush", lambda self: (done.extend(cut.document_id for cut in self._pending), real(self))
    )
    again.convert("levels", codec)
    assert 0 < len(done) < 20 and not fitted and not encoded
    assert (again.info().kind, again.info().codec.split(":")[0]) == ("levels", codec)
    assert verify(again.path).whole and len(late(workspace)[0]) == len(before[0])  # the other one follows
    with Workspace.open(again.path) as once_more:
        assert not once_more.notes


def _counted(real: Callable[..., object], calls: list[str]) -> Callable[..., object]:
    def fit(spec: object, sample: np.ndarray, **named: object) -> object:
        if len(sample):
            calls.append(str(spec))
        return real(spec, sample, **named)

    return fit


def test_another_program_follows_the_conversion(opened: Callable[[str], Workspace], place: Path) -> None:
    workspace, other = opened("levels"), opened("levels")
    before = late(other)
    workspace.convert(codec="int8")
    assert near(late(other), before, 0.05) and late(other) == late(workspace) != before
    new = place / "documents" / "later.md"
    new.write_text("# Later\n\nA gasket overheats.\n", "utf-8")
    try:
        other.index()
    finally:
        new.unlink()
    held = other._vectors.current()
    assert {segment.head.codec for segment in held.segments.values()} == {workspace.manifest.codec}
    assert other.info().codec == workspace.manifest.codec and verify(workspace.path).whole


@pytest.mark.usefixtures("_small_batches")
def test_without_a_wish_what_was_begun_is_given_up(opened: Callable[[str], Workspace]) -> None:
    workspace = opened("levels")
    files = sorted(path.name for path in (workspace.path / "segments").iterdir())
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.convert(codec="residual2", progress=seen.append, cancelled=lambda: len(seen) > 10)
    assert sorted(path.name for path in (workspace.path / "segments").iterdir()) != files
    workspace.convert()
    assert sorted(path.name for path in (workspace.path / "segments").iterdir()) == files
    assert not list((workspace.path / "codecs").iterdir()) and verify(workspace.path).whole
    with Workspace.open(workspace.path) as again:
        assert not again.notes


@pytest.mark.parametrize(
    ("vectors", "codec", "said"),
    [
        (None, "float17", "unknown"),
        (None, "pca99+int8", "wider than 32"),
        (None, "truncate40+float16", "wider than 32"),
        (None, "pq5", "does not divide"),
        (None, "pq7", "does not divide"),
        (None, "zip+int8", "reduction"),
        ("both", None, "no kind of vectors"),
        ("both", "residual2", "no kind of vectors"),
        ("tokens", "residual2", "cannot be fitted"),
    ],
)
def test_refusals_write_nothing(
    opened: Callable[[str], Workspace], vectors: str | None, codec: str | None, said: str
) -> None:
    workspace = opened("levels")

    def files() -> dict[str, bytes]:
        return {
            path.relative_to(workspace.path).as_posix(): path.read_bytes()
            for path in workspace.path.rglob("*")
            if path.is_file() and not path.name.startswith(("writer", "metadata.sqlite-"))
        }

    before = files()
    with pytest.raises(UsageError, match=said):
        workspace.convert(vectors, codec)
    assert files() == before and not (workspace.path / "codecs").exists()


def test_a_codec_that_learns_needs_something_to_learn_from(place: Path, tmp_path: Path) -> None:
    model = str(place / "model" / "model")
    with pytest.raises(UsageError, match="has to learn"):
        Workspace.open(tmp_path / "new", create=True, encoder=model, codec="residual2")
    assert not (tmp_path / "new").exists()
    with Workspace.open(tmp_path / "new", create=True, encoder=model, codec="float8") as workspace:
        with pytest.raises(UsageError, match="cannot be fitted"):
            workspace.convert(codec="residual2")
        assert workspace.convert("tokens", "float32").kind == "tokens"  # nothing to do, and done


@pytest.fixture
def learned(opened: Callable[[str], Workspace]) -> tuple[Workspace, Path]:
    """A workspace in residual2, and the file of what that has learned."""
    workspace = opened("levels")
    workspace.convert(codec="residual2")
    (file,) = (workspace.path / "codecs").iterdir()
    workspace.close()
    layout.stored_codec.cache_clear()
    return workspace, file


@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_a_damaged_codec_is_found_and_healed(
    learned: tuple[Workspace, Path], place: Path, tmp_path: Path, how: str
) -> None:
    workspace, file = learned
    whole = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        damaged = bytearray(whole)
        damaged[-5] ^= 1
        file.write_bytes(damaged)
    report = verify(workspace.path)
    assert not report.whole and f"codecs/{file.name}" in {finding.file for finding in report.findings}
    assert all("--repair" in finding.remedy for finding in report.findings)
    with Workspace.open(workspace.path) as again:
        assert again.notes and again.info().kind == "levels" and again.info().row_bytes > 0
        assert len(again.search("rotor", pipeline="lexical").final)  # words need no vectors
        with pytest.raises(WorkspaceError, match="codec"):
            again.index()
    assert any("float16" in line for line in repair(workspace.path))
    with (
        Workspace.open(workspace.path) as again,
        Workspace.open(shutil.copytree(place / "levels", tmp_path / "x")) as expected,
    ):
        # The removed document's file is there still, so the next run brings it back.
        expected.bring_back([row.document_id for row in expected.removed()])
        again.index()
        assert again.info().codec == "float16"
        assert_alike(again, expected, QUERIES)
        assert verify(again.path).whole
        again.convert(codec="residual2")  # may learn the very same, under the same name
    layout.stored_codec.cache_clear()
    assert verify(workspace.path).whole
    with Workspace.open(workspace.path) as again:
        assert not again.notes and len(again.search(QUERIES[0], pipeline="late").final) == 10


@pytest.mark.usefixtures("_small_batches")
def test_an_unfinished_conversion_whose_codec_is_damaged(opened: Callable[[str], Workspace]) -> None:
    workspace = opened("levels")
    before = late(workspace)
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        workspace.convert(codec="residual2", progress=seen.append, cancelled=lambda: len(seen) > 10)
    (file,) = (workspace.path / "codecs").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    layout.stored_codec.cache_clear()
    assert not verify(workspace.path).whole and late(workspace) == before
    repair(workspace.path)
    assert verify(workspace.path).whole and late(workspace) == before
    workspace.convert(codec="residual2")
    layout.stored_codec.cache_clear()
    assert verify(workspace.path).whole and near(late(workspace), before, 1.5)


def test_segments_of_the_first_version_are_read_merged_and_converted(
    opened: Callable[[str], Workspace], encoded: list[str]
) -> None:
    workspace = opened("tokens")
    before = late(workspace)
    folder = workspace.path
    workspace.close()
    old = sorted((folder / "segments").iterdir())[::2]
    with contextlib.closing(sqlite3.connect(folder / "metadata.sqlite")) as connection:
        for path in old:  # as if only the others had been written since
            segment = Segment(path)
            values = segment.pooled.copy(), segment.rows.view(np.float16).copy(), segment.offsets
            path.unlink()
            n_bytes, sha256 = write_first_segment(path, *values)
            connection.execute(
                "UPDATE segments SET n_bytes = ?, sha256 = ? WHERE file = ?", (n_bytes, sha256, path.name)
            )
        connection.commit()
    with Workspace.open(folder) as mixed:
        versions = {segment.head.version for segment in mixed._vectors.current().segments.values()}
        assert versions == {1, 3} and not mixed.notes and late(mixed) == before and verify(folder).whole
        held = mixed._vectors.current()
        rows = {i: held.multi([i]).rows.tobytes() for i in held.ids.tolist()}
        mixed.compact()
        held = mixed._vectors.current()
        assert [segment.head.version for segment in held.segments.values()] == [3]
        assert {i: held.multi([i]).rows.tobytes() for i in held.ids.tolist()} == rows
        assert late(mixed) == before and verify(folder).whole
        mixed.convert("levels")
        assert_alike(mixed, opened("levels"), QUERIES)
    assert not encoded
