"""Peak memory of indexing a folder and one of four times its size."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figures import Figure, Settings, at_most, info, say, skipped
from tests.benchmarks.material import write_folder

# What may differ between two runs of the same thing: allocators, import order.
_LIMIT = 1.10


def run(settings: Settings) -> list[Figure]:
    """Index both in a process of their own and read the operating system's count of its largest size."""
    if not hasattr(os, "wait4"):
        return [skipped("peak memory, 4 × the corpus ÷ 1 ×", "this platform does not tell a process' peak memory")]
    small = settings.choose(520, 1_250)  # more than one batch of indexing
    peaks: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    for times in (1, 4):
        material = write_folder(settings.work / f"documents x{times}", times * small)
        counts[times] = material.n_passages
        peaks[times] = [_peak(material.folder, settings.work / f"workspace x{times}")]
        say(f"{material.n_passages:,} passages: {peaks[times][0]:.0f} MB")
    one, four = (statistics.median(peaks[times]) for times in (1, 4))
    how = f"largest resident size of “rankscope index” itself on {counts[1]:,} and {counts[4]:,} passages"
    return [
        at_most("peak memory, 4 × the corpus ÷ 1 ×", four / one, _LIMIT, "×", how, megabytes=peaks),
        info("peak memory of indexing", four, "MB", f"{how}; this is the larger one"),
    ]


def _peak(folder: Path, workspace: Path) -> float:
    """Index in a new process; its peak resident size in MB."""
    command = [sys.executable, "-m", "rankscope.core.cli", "index", str(folder), "--workspace", str(workspace)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"rankscope index failed: {errors.decode(errors='replace')[-500:]}")
    return usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
