"""The curve of a training that has ended, read from the note beside its meta tokens. No Qt."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rankscope.app.models.training import Curve, Point
from rankscope.core.api import BUDGETS, RankscopeError, UsageError

NAME = "training.json"
LARGEST = 16_000_000  # bytes; no curve is that long
_WEIGHTS = "model.safetensors"


def load_curve(path: Path) -> Curve:
    """Read the curve from a ``training.json``.

    Raises:
        UsageError: the file holds none. RankscopeError: it cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large for a curve.", f"Choose the {NAME} of trained meta tokens.")
        values = json.loads(path.read_text(encoding="utf-8-sig"))
        points = tuple(_point(one) for one in values["curve"])
        if not points:
            raise ValueError("no points")
        return Curve(
            steps=int(values.get("settings", {}).get("steps", points[-1].step)),
            pairs=sum(int(count) for count in values.get("pairs", {}).get("sources", {}).values()),
            points=points,
            folder=path.parent if (path.parent / _WEIGHTS).is_file() else None,
        )
    except OSError as error:
        raise RankscopeError(f"{path} cannot be read: {error.strerror}.", "Choose another file.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} holds no curve.", f"Choose the {NAME} of trained meta tokens.") from error


def _point(values: dict[str, Any]) -> Point:
    loss, mrr = (tuple(float(value) for value in values[name]) for name in ("loss", "mrr"))
    point = Point(int(values["step"]), loss, mrr, float(values["seconds"]))
    if not len(loss) == len(mrr) == len(BUDGETS) or not all(map(math.isfinite, (*loss, *mrr, point.seconds))):
        raise ValueError(values)
    return point
