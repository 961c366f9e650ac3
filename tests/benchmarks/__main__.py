"""Run the benchmarks: ``python -m tests.benchmarks [--quick] [--only NAME ...] [--output FILE]``.

Each benchmark runs in a process of its own, so that none inherits another's memory, threads or imports, and one that
breaks is reported while the rest goes on. The table goes to stdout, progress to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import ROOT, Settings, failed

# In this order: "query" goes on with the workspace that "indexing" made.
NAMES = (
    "maxsim",
    "start",
    "indexing",
    "query",
    "stalls",
    "slider",
    "memory",
    "quality",
    "candidates",
    "pruning",
    "formats",
    "extraction",
    "reading",
    "scale",
    "million",
)
_TIME_LIMIT = {True: 600, False: 3_600}  # seconds for one benchmark: quick, full
_MARKS = {"ok": "ok", "missed": "MISSED", "info": "", "skipped": "skipped", "error": "ERROR"}


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 1 when a benchmark broke; a missed target is a result, not a failure."""
    arguments = _parse(argv)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if arguments.inside is not None:
        return _inside(arguments.inside, Settings(arguments.quick, arguments.work), arguments.output)
    started = time.perf_counter()
    report: dict[str, Any] = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": arguments.quick,
        "machine": _machine(),
        "load_before": _load(),
        "figures": [],
    }
    with tempfile.TemporaryDirectory(prefix="rankscope-bench-") as folder:
        for name in NAMES:
            if name in arguments.only:
                report["figures"] += _one(name, arguments.quick, Path(folder))
    report["load_after"] = _load()
    report["seconds"] = round(time.perf_counter() - started, 1)
    _table(report)
    if arguments.output is not None:
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(f"\n{arguments.output} has every figure with how it was made.")
    return int(any(figure["status"] == "error" for figure in report["figures"]))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="The figures of Rankscope.")
    parser.add_argument("--quick", action="store_true", help="fewer passages and repeats: minutes instead of a while")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--output", type=Path, metavar="FILE", help="write every figure as JSON")
    parser.add_argument("--inside", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def _one(name: str, quick: bool, work: Path) -> list[dict[str, Any]]:
    """Run one benchmark in its own process; its figures as JSON."""
    sys.stderr.write(f"{name} …\n")
    result = work / f"result of {name}.json"
    shown = f"python -m tests.benchmarks {'--quick ' if quick else ''}--only {name}"
    command = [sys.executable, "-m", "tests.benchmarks", "--inside", name, "--work", str(work), "--output", str(result)]
    started = time.perf_counter()
    try:
        status = subprocess.run(
            command + ["--quick"] * quick, cwd=ROOT, timeout=_TIME_LIMIT[quick], check=False
        ).returncode
        why = f"its process ended with status {status}"
    except subprocess.TimeoutExpired:
        why = f"it took longer than {_TIME_LIMIT[quick]} s"
    figures: list[dict[str, Any]]
    figures = json.loads(result.read_text("utf-8")) if result.is_file() else [failed(name, why).as_json(shown)]
    sys.stderr.write(f"{name}: {time.perf_counter() - started:.0f} s\n")
    return [{**figure, "command": shown} for figure in figures]


def _inside(name: str, settings: Settings, output: Path) -> int:
    """In the benchmark's own process: run it and leave its figures in the file."""
    try:
        figures = import_module(f"tests.benchmarks.{name}").run(settings)
    except Exception as error:
        traceback.print_exc()
        figures = [failed(name, f"{type(error).__name__}: {error}")]
    output.write_text(json.dumps([figure.as_json("") for figure in figures], ensure_ascii=False), "utf-8")
    return 0


def _table(report: dict[str, Any]) -> None:
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, torch {machine['torch']}, Python {machine['python']}")
    if report["load_before"] is not None:
        print(f"load {report['load_before']:.1f} before, {report['load_after']:.1f} after; {report['seconds']:.0f} s")
    width = max((len(figure["name"]) for figure in report["figures"]), default=0)
    print(f"\n{'figure':{width}}  {'value':>12}  {'unit':10}  {'target':8}  result")
    for figure in report["figures"]:
        value = "" if figure["value"] is None else _number(figure["value"])
        why = f"  {figure['how']}" if figure["value"] is None else ""
        mark = _MARKS[figure["status"]]
        print(f"{figure['name']:{width}}  {value:>12}  {figure['unit']:10}  {figure['target'] or '':8}  {mark}{why}")


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:.2e}" if abs(value) < 1e-4 else f"{value:,.4g}"


def _machine() -> dict[str, Any]:
    from rankscope.core.encoding.device import cpu_has_bf16

    names = ("torch", "sentence-transformers", "PySide6-Essentials", "hnswlib", "numpy")
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "bf16": cpu_has_bf16(),
        "system": platform.system(),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _load() -> float | None:
    """Processes that want to run, over the last minute: above the count of cores, figures are of a busy machine."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


if __name__ == "__main__":
    sys.exit(main())
