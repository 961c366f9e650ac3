"""What a benchmark reports, and what each one is told."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples"
SHARED_DATA = ROOT.parent / "shared" / "data"

Status = Literal["ok", "missed", "info", "skipped", "error"]


@dataclass(frozen=True)
class Figure:
    """One figure. ``target`` is None for what is only reported; ``details`` holds what it was made from."""

    name: str
    value: float | None
    unit: str
    target: str | None
    status: Status
    how: str
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self, command: str) -> dict[str, Any]:
        """The figure with the command that makes it."""
        return {**asdict(self), "command": command}


def at_least(name: str, value: float, limit: float, unit: str, how: str, **details: Any) -> Figure:
    """A figure that should not be below the limit."""
    return Figure(name, value, unit, f"≥ {limit:g}", "ok" if value >= limit else "missed", how, details)


def at_most(name: str, value: float, limit: float, unit: str, how: str, **details: Any) -> Figure:
    """A figure that should not be above the limit."""
    return Figure(name, value, unit, f"≤ {limit:g}", "ok" if value <= limit else "missed", how, details)


def below(name: str, value: float, limit: float, unit: str, how: str, **details: Any) -> Figure:
    """A figure that should be below the limit."""
    return Figure(name, value, unit, f"< {limit:g}", "ok" if value < limit else "missed", how, details)


def info(name: str, value: float, unit: str, how: str, **details: Any) -> Figure:
    """A figure without a target."""
    return Figure(name, value, unit, None, "info", how, details)


def skipped(name: str, why: str) -> Figure:
    """A figure that cannot be made here, and why."""
    return Figure(name, None, "", None, "skipped", why)


def failed(name: str, why: str) -> Figure:
    """A figure whose benchmark broke."""
    return Figure(name, None, "", None, "error", why)


@dataclass(frozen=True)
class Settings:
    """``quick`` asks for fewer passages and repeats; ``work`` is a folder of this run, shared by its benchmarks."""

    quick: bool
    work: Path

    def choose(self, quick: int, full: int) -> int:
        """One number or the other."""
        return quick if self.quick else full


def say(text: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()
