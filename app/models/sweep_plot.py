"""A sweep as a chart: quality against milliseconds or bytes, one series per codec and first stage."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from rankscope.app.models import wording
from rankscope.app.models.chart import QUIET, Axis, Series, plain_number, staircase
from rankscope.app.models.sweep import QUALITY, Setting, SweepOutcome
from rankscope.app.translation import QT_TRANSLATE_NOOP

TIME, SIZE = "time", "size"
_CROWD = 12  # settings up to which each is labelled; of more, those on the front
_LOG_FROM = 4.0  # largest over smallest value from which equal distances are equal ratios
_SHORT = 1_000  # bytes from which thousands are written


_TITLES = {
    TIME: QT_TRANSLATE_NOOP("sweep", "milliseconds of a query, median"),
    SIZE: QT_TRANSLATE_NOOP("sweep", "bytes of a passage"),
}
_FRONTS = {TIME: QT_TRANSLATE_NOOP("sweep", "best for its time"), SIZE: QT_TRANSLATE_NOOP("sweep", "best for its size")}
_BEATEN = QT_TRANSLATE_NOOP("sweep", "another is better, faster and smaller")
_ALL = QT_TRANSLATE_NOOP("sweep", "all tokens")
_TIP = QT_TRANSLATE_NOOP(
    "sweep", "{budget} · {codec} · {stage}\n{quality}\n{p50}, 95 of 100 within {p95}\n{size} bytes a passage"
)


def _tr(text: str) -> str:
    return QCoreApplication.translate("sweep", text)


def axes(outcome: SweepOutcome, against: str) -> tuple[Axis, Axis]:
    """The axis across (:data:`TIME` or :data:`SIZE`) and the one upwards."""
    values = [value for value in (_cost(row, against) for row in outcome.rows) if value > 0]
    wide = bool(values) and max(values) / min(values) >= _LOG_FROM
    write = plain_number if against == TIME else _bytes
    return Axis(_tr(_TITLES[against]), write, log=wide), Axis(QUALITY)


def series(outcome: SweepOutcome, against: str) -> list[Series]:
    """The front first, so that it lies under the marks; then a series for every codec and first stage.

    A codec has its colour and a first stage its shape. The keys are the rows' numbers.
    """
    rows = outcome.rows
    codecs = list(dict.fromkeys(row.codec for row in rows))
    stages = list(dict.fromkeys(row.first_stage for row in rows))
    points = [(_cost(row, against), row.quality) for row in rows]
    front = staircase(points)
    labelled = set(front) if len(rows) > _CROWD else set(range(len(rows)))
    found = [Series(_tr(_FRONTS[against]), [points[n][0] for n in front], [points[n][1] for n in front], colour=QUIET)]
    for colour, codec in enumerate(codecs):
        for shape, stage in enumerate(stages):
            places = [n for n, row in enumerate(rows) if (row.codec, row.first_stage) == (codec, stage)]
            found.append(
                Series(
                    f"{codec}, {stage}",
                    [points[n][0] for n in places],
                    [points[n][1] for n in places],
                    joined=False,
                    marked=True,
                    colour=colour,
                    shape=shape,
                    keys=places,
                    solid=[rows[n].pareto for n in places],
                    labels=[_label(rows[n]) if n in labelled else "" for n in places],
                    tips=[_tip(rows[n]) for n in places],
                    listed=False,
                )
            )
    return [*found, *_legend(codecs, stages, hollow=not all(row.pareto for row in rows))]


def _legend(codecs: list[str], stages: list[str], *, hollow: bool) -> list[Series]:
    """Series without points that say what colours, shapes and hollow marks mean."""

    def sample(name: str, colour: int, shape: int = 0, *, solid: bool = True) -> Series:
        return Series(name, (), (), joined=False, marked=True, colour=colour, shape=shape, solid=(solid,))

    found = []
    if len(codecs) > 1 or len(stages) == 1:
        found += [sample(codec, colour) for colour, codec in enumerate(codecs)]
    if len(stages) > 1:
        colour = QUIET if len(codecs) > 1 else 0
        found += [sample(stage, colour, shape) for shape, stage in enumerate(stages)]
    return [*found, sample(_tr(_BEATEN), QUIET, solid=False)] if hollow else found


def _cost(row: Setting, against: str) -> float:
    return row.p50 if against == TIME else float(row.bytes_per_passage)


def _label(row: Setting) -> str:
    return f"{row.budget.r_q},{row.budget.r_c}" if row.budget else _tr(_ALL)


def _tip(row: Setting) -> str:
    return _tr(_TIP).format(
        budget=row.budget_text if row.budget else _tr(_ALL),
        codec=row.codec,
        stage=row.first_stage,
        quality=f"{QUALITY} {row.quality:.4f}",
        p50=wording.milliseconds(row.p50),
        p95=wording.milliseconds(row.p95),
        size=wording.count(row.bytes_per_passage),
    )


def _bytes(value: float) -> str:
    return plain_number(value) if value < _SHORT else f"{plain_number(value / _SHORT)} K"
