"""A training as a chart: the loss or the quality of each budget over the steps."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from rankscope.app.models import wording
from rankscope.app.models.chart import QUIET, Axis, Series
from rankscope.app.models.training import Curve, Point
from rankscope.app.translation import QT_TRANSLATE_NOOP
from rankscope.core.api import BUDGETS, Budget

LOSS, MRR = "loss", "mrr"
_MARKED = 40  # points up to which each has a mark
_TITLES = {LOSS: QT_TRANSLATE_NOOP("training", "loss"), MRR: QT_TRANSLATE_NOOP("training", "MRR@10")}
_UNTRAINED = QT_TRANSLATE_NOOP("training", "{budget}, not trained")
_STEPS = QT_TRANSLATE_NOOP("training", "steps")
_TIP = QT_TRANSLATE_NOOP("training", "{budget} after {step} steps\nloss {loss}\nMRR@10 {mrr}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("training", text)


def budget_name(budget: Budget) -> str:
    """ "(8, 16)"."""
    return f"({budget.r_q}, {budget.r_c})"


def values_of(point: Point, quantity: str) -> tuple[float, ...]:
    """A number for each budget: :data:`LOSS` or :data:`MRR`."""
    return point.loss if quantity == LOSS else point.mrr


def written(value: float) -> str:
    """A loss or a quality with four decimals."""
    return f"{value:.4f}"


def axes(quantity: str) -> tuple[Axis, Axis]:
    """The axis across and the one upwards."""
    return Axis(_tr(_STEPS)), Axis(_tr(_TITLES[quantity]))


def key_of(row: int, budget: int) -> int:
    """What stands for the point of a budget in a row of the table."""
    return row * len(BUDGETS) + budget


def place_of(key: int) -> tuple[int, int]:
    """The row and the number of the budget that a key stands for."""
    return divmod(key, len(BUDGETS))


def series(curve: Curve, quantity: str) -> list[Series]:
    """A line for every budget, each in its colour and with its mark. The first one stays in the background: what it
    reads, the pooled vectors, is not trained.
    """
    points = curve.points
    return [
        Series(
            budget_name(budget) if number else _tr(_UNTRAINED).format(budget=budget_name(budget)),
            [point.step for point in points],
            [values_of(point, quantity)[number] for point in points],
            marked=len(points) <= _MARKED,
            colour=number - 1 if number else QUIET,
            shape=number,
            keys=[key_of(row, number) for row in range(len(points))],
            tips=[_tip(point, number) for point in points],
        )
        for number, budget in enumerate(BUDGETS)
    ]


def _tip(point: Point, number: int) -> str:
    return _tr(_TIP).format(
        budget=budget_name(BUDGETS[number]),
        step=wording.count(point.step),
        loss=written(point.loss[number]),
        mrr=written(point.mrr[number]),
    )
