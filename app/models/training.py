"""Training meta tokens as the window speaks of it: what to learn from, how, and what came of it. No Qt."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rankscope.core import api
from rankscope.core.api import CancelledCheck, Progress, ProgressCallback, UsageError

READING = "pairs"  # the unit of what is done before anything is kept in the folder
# The engine's settings that a person may change, and which of them are no whole numbers.
SETTINGS = ("steps", "batch", "rate", "seed", "rank", "blocks", "distillation", "temperature", "every")
_DECIMAL = ("rate", "distillation", "temperature")
_UNFINISHED = "training"  # the engine keeps in this folder what it needs to go on, until the training has ended


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """What to learn from, and where to.

    Attributes:
        files: of pairs; none to learn from the documents of ``workspace``, the folder of the one that is open.
        values: settings that are not as usual. most: pairs of each file or of the workspace; None for the usual.
        encoder: its name or folder; "" for the usual one.
    """

    output: Path
    files: tuple[Path, ...] = ()
    workspace: Path | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    most: int | None = None
    encoder: str = ""

    def as_text(self) -> str:
        """One line, to be remembered."""
        return json.dumps(
            {
                "output": str(self.output),
                "files": [str(file) for file in self.files],
                "workspace": str(self.workspace) if self.workspace is not None else None,
                "values": dict(self.values),
                "most": self.most,
                "encoder": self.encoder,
            }
        )


def plan_of(text: str) -> TrainPlan | None:
    """The plan that was remembered as this text; None where it is none."""
    try:
        kept = json.loads(text)
        return TrainPlan(
            output=Path(kept["output"]),
            files=tuple(Path(file) for file in kept["files"]),
            workspace=Path(kept["workspace"]) if kept["workspace"] is not None else None,
            values=parse({name: str(value) for name, value in kept["values"].items()}),
            most=int(kept["most"]) if kept["most"] is not None else None,
            encoder=str(kept["encoder"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UsageError):
        return None


@dataclass(frozen=True, slots=True)
class Point:
    """Where training stood after ``step`` steps: loss and MRR@10 of every budget."""

    step: int
    loss: tuple[float, ...]
    mrr: tuple[float, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Curve:
    """What a training has shown so far.

    ``folder`` is where the trained meta tokens lie, None before they do; ``refused`` says why lines of the files were
    left out, as far as that is told, and ``n_refused`` how many.
    """

    steps: int
    pairs: int
    points: tuple[Point, ...] = ()
    refused: tuple[str, ...] = ()
    n_refused: int = 0
    folder: Path | None = None


def usual_settings() -> dict[str, str]:
    """What a setting is when nobody says anything, as text; "encoder" among them. Imports the engine."""
    usual = api.TrainSettings()
    return {**{name: f"{getattr(usual, name):g}" for name in SETTINGS}, "encoder": str(api.OFFLINE_DEFAULT)}


def proposed_output() -> Path:
    """A folder for meta tokens that does not exist yet."""
    models = api.default_workspace().parent.parent / "models"
    names = ("meta-tokens", *(f"meta-tokens-{number}" for number in range(2, 1_000)))
    return next((models / name for name in names if not (models / name).exists()), models)


def parse(texts: Mapping[str, str]) -> dict[str, float]:
    """Settings as typed; those without a text are left out.

    Raises:
        UsageError: a text is no number, or no whole one where it has to be.
    """
    values: dict[str, float] = {}
    for name, typed in texts.items():
        text = typed.strip()
        if text:
            try:
                values[name] = float(text.replace(",", ".")) if name in _DECIMAL else int(text.replace(",", ""))
            except ValueError:
                wanted = "number" if name in _DECIMAL else "whole number"
                raise UsageError(f"“{text}” is no {wanted}.", "Correct it, or leave the field empty.") from None
    return values


def train(
    plan: TrainPlan,
    workspace: Any,
    so_far: Callable[[Curve], None],
    report: ProgressCallback,
    cancelled: CancelledCheck,
) -> Curve:
    """Train, or go on where the same plan was stopped. Calls ``so_far`` with a :class:`Curve` whenever there is more.

    Args:
        workspace: the open one; learned from where the plan has no files.

    Raises:
        RankscopeError: as the engine says; or the folder holds something else.
    """
    report(Progress(0, None, "Reading pairs", READING))
    if not (plan.output / _UNFINISHED).is_dir() and _holds_anything(plan.output):
        raise UsageError(
            f"{plan.output} is no empty folder.",
            "Choose another one: what was trained there before may be in use.",
        )
    settings = api.TrainSettings(**plan.values)
    curve = Curve(settings.steps, 0)

    def read(pairs: Any) -> None:
        nonlocal curve
        curve = replace(curve, pairs=len(pairs.pairs), refused=tuple(pairs.refused), n_refused=pairs.n_refused)
        so_far(curve)

    def found(point: Any) -> None:
        nonlocal curve
        one = Point(point.step, tuple(point.loss), tuple(point.mrr), point.seconds)
        curve = replace(curve, points=(*curve.points, one))
        so_far(curve)

    trained = api.train(
        plan.files or workspace,
        plan.output,
        settings,
        most=plan.most,
        encoder_name=plan.encoder or api.OFFLINE_DEFAULT,
        progress=report,
        found=found,
        refused=read,
        cancelled=cancelled,
    )
    return replace(curve, folder=Path(trained.folder))


def use_command(folder: Path, workspace: Path | None) -> str:
    """What to type to use trained meta tokens: on the open workspace, else on a new one."""
    if workspace is not None:
        words = ["rankscope", "switch", str(folder), "--workspace", str(workspace)]
    else:
        words = ["rankscope", "index", "DOCUMENTS", "--workspace", "NEW", "--encoder", str(folder)]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def _holds_anything(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"{folder} cannot be used: {error.strerror}.", "Choose a folder.") from error
