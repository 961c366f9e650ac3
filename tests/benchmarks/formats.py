"""Every file of real folders, read: is it in the index, or is there a reason that a person understands?

Prints the table of docs/formats.md: by format, how many files there are, how many give passages, how many are refused,
and why. Damaged and hostile files are read as well: the program has to outlive them.
"""

from __future__ import annotations

import resource
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from rankscope.core.documents.patterns import EVERYTHING
from rankscope.core.documents.pool import MEMORY_LIMIT, ReaderPool
from rankscope.core.documents.registry import format_of
from rankscope.core.documents.scan import scan
from rankscope.core.encoding.registry import resolve
from rankscope.core.progress import never
from tests.benchmarks.figures import SHARED_DATA, Figure, Settings, at_most, info, say, skipped

TIMEOUT = 60.0
_IN_WORDS = {"": "indexed"}


@dataclass
class _Row:
    files: int = 0
    indexed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def run(settings: Settings) -> list[Figure]:
    """Counts of files without passages and without a reason: there should be none."""
    figures: list[Figure] = []
    for name in ("docs", "broken"):
        folder = SHARED_DATA / name
        if not folder.is_dir():
            figures.append(skipped(f"files of {name} without passages or a reason", f"{folder} is not here"))
            continue
        root = folder / "office-zoo-unstructured" if settings.quick and name == "docs" else folder
        figures += _folder(name, root, settings.work / "spool")
    return figures


def _folder(name: str, folder: Path, spool: Path) -> list[Figure]:
    rows: dict[str, _Row] = defaultdict(_Row)
    silent: list[str] = []
    slowest = (0.0, "")
    skipped_kinds: Counter[str] = Counter()
    start = time.perf_counter()
    with ReaderPool(resolve().tokenizer_json, spool=spool, workers=2, timeout=TIMEOUT) as pool:
        for found, document in pool.results(scan(folder, never, EVERYTHING, skipped_kinds), ahead=16):
            read = document.extraction
            row = rows[read.format if read else (format_of(found.path) or "other")]
            row.files += 1
            slowest = max(slowest, (document.seconds, found.path))
            reason = document.failure.reason if document.failure else ""
            if document.passages or document.members:
                row.indexed += 1
            elif document.failure is not None and document.failure.message:
                row.reasons[reason] += 1
            else:
                silent.append(str(Path(found.path).relative_to(folder)))
    took = time.perf_counter() - start
    spilled = sorted(str(path) for path in spool.rglob("*")) if spool.exists() else []
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    for line in table(rows, skipped_kinds):
        say(line)
    total = sum(row.files for row in rows.values())
    reasons: Counter[str] = Counter()
    for row in rows.values():
        reasons.update(row.reasons)
    how = f"{total:,} files of ../shared/data/{name}, those inside files included, read by 2 processes in {took:.0f} s"
    details = {
        "rows": {
            key: {"files": row.files, "indexed": row.indexed, "reasons": dict(row.reasons)} for key, row in rows.items()
        },
        "other kinds": dict(skipped_kinds),
        "silent": silent,
    }
    return [
        at_most(f"files of {name} without passages or a reason", len(silent), 0, "files", how, **details),
        info(f"files of {name} indexed", sum(row.indexed for row in rows.values()) / max(1, total), "share", how),
        info(f"crashes and hangs in {name}", reasons["crashed"] + reasons["timed out"], "files", how),
        at_most(f"slowest file of {name}", slowest[0], 900 + TIMEOUT, "s", f"{Path(slowest[1]).name}; OCR included"),
        at_most(f"peak memory of a reading process, {name}", peak / 1e6, MEMORY_LIMIT / 1e6, "MB", how),
        at_most(f"unpacked files left behind by {name}", len(spilled), 0, "files", how),
    ]


def table(rows: dict[str, _Row], skipped_kinds: Counter[str]) -> list[str]:
    """The rows as Markdown."""
    lines = ["| format | files | indexed | refused | why |", "|---|---:|---:|---:|---|"]
    for name, row in sorted(rows.items()):
        why = ", ".join(f"{count} {reason}" for reason, count in row.reasons.most_common())
        lines.append(f"| {name} | {row.files:,} | {row.indexed:,} | {row.files - row.indexed:,} | {why} |")
    if skipped_kinds:
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in skipped_kinds.most_common())
        lines.append(f"| other kinds | {skipped_kinds.total():,} | 0 | {skipped_kinds.total():,} | {kinds} |")
    return lines
