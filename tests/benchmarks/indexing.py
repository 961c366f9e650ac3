"""Passages per second of indexing a folder, against the bare encoder and against sentence-transformers."""

from __future__ import annotations

import json
import random
import statistics
import time

import numpy as np

from rankscope.core.encoding.device import cpu_has_bf16
from rankscope.core.encoding.encoder import BATCH_SIZE
from rankscope.core.encoding.registry import resolve
from rankscope.core.progress import Progress
from rankscope.core.workspace import Workspace
from rankscope.core.writing import PASSAGES_PER_COMMIT
from tests.benchmarks.figures import Figure, Settings, at_least, info, say
from tests.benchmarks.material import Passage, describe, write_folder


def run(settings: Settings) -> list[Figure]:
    """Index a folder; pause the clock now and then to let the peers encode the batch that was just committed."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    material = write_folder(settings.work / "documents", settings.choose(800, 5_000))
    windows = material.windows(PASSAGES_PER_COMMIT)
    say(f"{len(material.files)} files, {material.n_passages} passages of {material.mean_tokens:.0f} tokens")
    workspace = Workspace.open(settings.work / "workspace", create=True)
    with workspace:
        workspace.warm_up()
        encoder = workspace.encoder()
        reference = SentenceTransformer(str(resolve().folder))
        warm = [passage.text for passage in windows[0][1][: 2 * BATCH_SIZE]]
        encoder.encode_passages(warm)
        reference.encode(warm, show_progress_bar=False)

        pauses = _pauses(len(windows), settings.choose(3, 10))
        ends = {windows[number][0]: windows[number][1] for number in pauses}
        bare: list[float] = []
        plain: list[float] = []
        paused = 0.0
        full = {number for number, _ in windows}
        committed: list[float] = []  # seconds on the clock of indexing when each batch was committed

        def at_file(progress: Progress) -> None:
            nonlocal paused
            if progress.total != len(material.files):
                return
            if progress.done in full:
                committed.append(time.perf_counter() - started - paused)
            if progress.done not in ends:
                return
            start = time.perf_counter()
            batch = ends.pop(progress.done)
            bare.append(_rate(batch, lambda: encoder.encode_passages(*_columns(batch))))
            sample = random.Random(0).sample(batch, min(len(batch), settings.choose(96, 160)))
            texts = [passage.text for passage in sample]
            plain.append(_rate(sample, lambda: reference.encode(texts, show_progress_bar=False)))
            paused += time.perf_counter() - start
            say(f"after {progress.done} files: bare {bare[-1]:.1f}/s, sentence-transformers {plain[-1]:.1f}/s")

        started = time.perf_counter()
        report = workspace.index([material.folder], progress=at_file)
        seconds = time.perf_counter() - started - paused
        device = workspace.device
    assert report.encoded == material.n_passages, f"{report.encoded} passages instead of {material.n_passages}"
    (settings.work / "indexing.json").write_text(json.dumps({"next_piece": material.next_piece}))

    times = np.diff([0.0, *committed])  # seconds per batch
    sizes = np.array([len(batch) for _, batch in windows])
    near = [sizes[i] / times[i] for i in pauses]  # passages/s of the batch that each pause follows
    # What is not per batch: starting the reading process, and after the last whole batch scanning and linking.
    per_passage = float(np.median(times / sizes))
    rest = report.encoded - int(sizes.sum())
    around = max(0.0, times[0] - per_passage * sizes[0]) + max(0.0, seconds - committed[-1] - per_passage * rest)
    share = 1 - around / seconds
    ratio = share * statistics.median(ours / other for ours, other in zip(near, bare, strict=True))
    gain = share * statistics.median(ours / other for ours, other in zip(near, plain, strict=True))

    text = f"{report.encoded:,} passages of {material.mean_tokens:.0f} tokens in {len(material.files):,} files ({describe()})"
    how = f"{text}, on {device}; its clock stops while the peers encode a batch it has just committed"
    pairs = (
        f"median of {len(bare)} pairs, each a batch as indexing takes it and the same batch right after in the peer; times "
        f"the {share:.3f} of the time that is not starting and finishing"
    )
    figures = [
        info("indexing", report.encoded / seconds, "passages/s", how, seconds=seconds, batches=times.tolist()),
        at_least(
            "indexing ÷ bare encoder",
            ratio,
            0.90,
            "×",
            f"passages/s against Encoder.encode_passages: {pairs}",
            indexing=near,
            bare=bare,
        ),
    ]
    how = f"against SentenceTransformer.encode (fp32, defaults) on {settings.choose(96, 160)} passages of the batch: {pairs}"
    if cpu_has_bf16() or not device.startswith("CPU"):
        figures.append(at_least("indexing ÷ sentence-transformers", gain, 1.5, "×", how, plain=plain))
    else:
        how += "; this CPU has no bf16, so no target"
        figures.append(info("indexing ÷ sentence-transformers", gain, "×", how, plain=plain))
    return figures


def _pauses(n_windows: int, wanted: int) -> list[int]:
    """Which windows to pause after, spread evenly."""
    wanted = min(wanted, n_windows)
    return sorted({round((i + 1) * n_windows / wanted) - 1 for i in range(wanted)})


def _columns(batch: list[Passage]) -> tuple[list[str], list[int]]:
    return [passage.text for passage in batch], [passage.n_tokens for passage in batch]


def _rate(batch: list[Passage], encode: object) -> float:
    assert callable(encode)
    start = time.perf_counter()
    encode()
    return len(batch) / (time.perf_counter() - start)
