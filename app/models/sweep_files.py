"""Sweeps as files: the JSON of ``rankscope sweep``, written and read again, and the table as CSV. No Qt."""

from __future__ import annotations

import csv
import io
import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

from rankscope.app.models.sweep import QUALITY, SweepOutcome, outcome_of
from rankscope.core import api
from rankscope.core.api import RankscopeError, UsageError

LARGEST = 64_000_000  # bytes; no sweep is that long
_COLUMNS = ("collection", "passages", "encoder", "r_q", "r_c", "codec", "first_stage")


def as_json(outcome: SweepOutcome) -> str:
    """What ``rankscope sweep --json`` prints."""
    return json.dumps(outcome.found.as_json(), ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(outcome: SweepOutcome) -> str:
    """One line per setting under a line of names; a budget of all tokens has empty cells."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow((*_COLUMNS, *outcome.metrics, "ms_p50", "ms_p95", "bytes_per_passage", "pareto"))
    for row in outcome.rows:
        budget = row.budget or ("", "")
        values = [row.metrics[name] for name in outcome.metrics]
        setting = (outcome.collection, outcome.passages, row.encoder, *budget, row.codec, row.first_stage)
        lines.writerow((*setting, *values, row.p50, row.p95, row.bytes_per_passage, int(row.pareto)))
    return text.getvalue()


def save_sweep(outcome: SweepOutcome, path: Path) -> Path:
    """Write a sweep: as CSV where the name ends so, else as JSON. A file that is there is replaced as a whole.

    Raises:
        RankscopeError: it cannot be written.
    """
    text = as_csv(outcome) if path.suffix.lower() == ".csv" else as_json(outcome)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        unfinished.replace(path)
    except OSError as error:
        raise RankscopeError(
            f"{path} cannot be written: {error.strerror}.", "Choose another place, or make room on the disk."
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return path


def load_sweep(path: Path) -> SweepOutcome:
    """Read a sweep that was saved, here or with ``rankscope sweep COLLECTION --json > FILE``.

    Raises:
        UsageError: it is none. RankscopeError: it cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large for a sweep.", "Choose a file of “rankscope sweep --json”.")
        text = path.read_text(encoding="utf-8-sig")
        return outcome_of(_sweep(json.loads(text)))
    except OSError as error:
        raise RankscopeError(f"{path} cannot be read: {error.strerror}.", "Choose another file.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{path} holds no sweep.", "Choose a file that “rankscope sweep COLLECTION --json” printed."
        ) from error


def _sweep(values: dict[str, Any]) -> Any:
    """The engine's record of what the JSON says. Raises ValueError, KeyError or TypeError where it says nothing."""
    rows = []
    for row in values["rows"]:
        metrics = {str(name): float(value) for name, value in row["metrics"].items()}
        if QUALITY not in metrics:
            raise KeyError(QUALITY)
        budget = tuple(int(number) for number in row["budget"]) if row["budget"] is not None else None
        if budget is not None and len(budget) != 2:
            raise ValueError(budget)
        times = float(row["ms_per_query"]["p50"]), float(row["ms_per_query"]["p95"])
        if not all(map(math.isfinite, (*times, *metrics.values()))):
            raise ValueError(row)
        rows.append(
            api.SweepRow(
                str(row["encoder"]),
                budget,
                str(row["codec"]),
                str(row["first_stage"]),
                metrics,
                times,
                int(row["bytes_per_passage"]),
            )
        )
    if not rows:
        raise ValueError("no rows")
    return api.Sweep(str(values["collection"]), int(values["passages"]), tuple(rows))
