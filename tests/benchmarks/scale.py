"""A person's whole folder: 20,000 files of five passages each. Indexing, opening, and looking through it again."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rankscope.core.encoding.encoder import Encoder
from rankscope.core.progress import Progress
from rankscope.core.workspace import Workspace
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_least, below, info, say, skipped

WORDS = 60  # of one section, which becomes one passage of about 80 tokens
SECTIONS = 5
FILES_PER_FOLDER = 100
_OPEN = """
import sys, time
from rankscope.core.workspace import Workspace
start = time.perf_counter()
with Workspace.open(sys.argv[1]):
    print(time.perf_counter() - start)
"""


def run(settings: Settings) -> list[Figure]:
    """Files of real text, each stretch of it once, so that nothing is a copy of anything."""
    if not (SHARED_DATA / "train").is_dir():
        return [skipped("indexing 20,000 files", f"{SHARED_DATA} is not here")]
    n_files = int(os.environ.get("RANKSCOPE_FILES", "0")) or settings.choose(400, 20_000)
    folder, place = settings.work / "many", settings.work / "many.rankscope"
    _write(folder, n_files)
    say(f"{n_files:,} files written")
    watch = _EncoderClock()
    with Workspace.open(place, create=True) as workspace, watch:
        workspace.encoder()
        start = time.perf_counter()
        report = workspace.index([folder], progress=_Minute())
        took = time.perf_counter() - start
    memory = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    ) / 1024
    opened = [float(_in_new_process(place)) for _ in range(3)]
    with Workspace.open(place) as workspace:
        start = time.perf_counter()
        again = workspace.index()
        rescan = time.perf_counter() - start
    assert again.unchanged == n_files and again.encoded == 0, again
    size = f"{n_files:,} files, {report.passages:,} passages"
    how = f"one run over {size}, on an otherwise idle machine"
    facts: dict[str, Any] = {"files": n_files, "passages": report.passages, "seconds": round(took, 1)}
    return [
        at_least("time of indexing spent in the encoder", watch.seconds / took, 0.8, "share", how, **facts),
        info("passages indexed per second", report.encoded / took, "1/s", how, **facts),
        info("peak memory, window's process and reading process together", memory, "MB", how, **facts),
        below("opening the workspace", min(opened), 1.0, "s", f"best of 3 new processes; {size}", all=opened),
        below("looking through an unchanged folder", rescan, 5.0, "s", f"a second run; {size}"),
    ]


class _EncoderClock:
    """Adds up the time inside the encoder."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._real = Encoder.encode_passages

    def __enter__(self) -> _EncoderClock:
        clock, real = self, self._real

        def timed(encoder: Encoder, *arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return real(encoder, *arguments, **named)
            finally:
                clock.seconds += time.perf_counter() - start

        Encoder.encode_passages = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        Encoder.encode_passages = self._real  # type: ignore[method-assign]


class _Minute:
    """Tells now and then how far it is."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._last > 60:
            self._last = time.monotonic()
            say(f"{progress.done:,} of {progress.total or 0:,} {progress.unit}")


def _in_new_process(place: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", _OPEN, str(place)], capture_output=True, text=True, check=True
    ).stdout.strip()


def _write(folder: Path, n_files: int) -> None:
    stretches = _stretches()
    for number in range(n_files):
        if number % FILES_PER_FOLDER == 0:
            (folder / f"{number // FILES_PER_FOLDER:04d}").mkdir(parents=True)
        sections = [f"## Section {part + 1}\n\n{next(stretches)}" for part in range(SECTIONS)]
        path = folder / f"{number // FILES_PER_FOLDER:04d}" / f"{number:06d}.md"
        path.write_text("\n\n".join(sections) + "\n", "utf-8")


def _stretches() -> Iterator[str]:
    """Real text, cut every WORDS words, each stretch once."""
    seen: set[str] = set()
    for text in _texts():
        words = text.replace("#", " ").split()
        for start in range(0, len(words) - WORDS + 1, WORDS):
            stretch = " ".join(words[start : start + WORDS])
            if stretch not in seen:
                seen.add(stretch)
                yield stretch


def _texts() -> Iterator[str]:
    for corpus in sorted((SHARED_DATA / "eval").glob("*/*/corpus.jsonl")):
        for line in corpus.read_text("utf-8").split("\n"):
            if line:
                yield json.loads(line)["text"]
    for pairs in sorted((SHARED_DATA / "train").glob("*.jsonl.gz")):
        with gzip.open(pairs, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)["positive"]
