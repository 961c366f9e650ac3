"""What a chart shows: named series of points or lines, two axes, and round numbers to write beside them. No Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

_STEPS = (1.0, 2.0, 5.0, 10.0)
_PAD = 0.06  # of the span, left free at either end, so that no mark is cut
_ALONE = 0.05  # of the value, to either side, where all values are the same
NO_KEY = -1
QUIET = -1  # the colour of what stands in the background


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind, drawn in one colour.

    Attributes:
        xs, ys: the values; of the same length.
        joined: a line goes through the points in their order. marked: every point has a mark.
        colour: the number of the colour, or :data:`QUIET`. shape: the number of the mark.
        keys: what each point stands for (a row of a table); points without one can be looked at, but not chosen.
        solid: which marks are filled; all when empty. labels: words beside points; none when empty.
        tips: what the pointer is told at each point; made from name and values when empty.
        listed: whether the legend names it.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    joined: bool = True
    marked: bool = False
    colour: int = 0
    shape: int = 0
    keys: Sequence[int] = ()
    solid: Sequence[bool] = ()
    labels: Sequence[str] = ()
    tips: Sequence[str] = ()
    listed: bool = True


def plain_number(value: float) -> str:
    """A number with as many digits as it needs: "0.4", "12", "1,500"."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text if text != "-0" else "0"


@dataclass(frozen=True, slots=True)
class Axis:
    """``title`` names the quantity and its unit, ``write`` puts a value into words. With ``log``, equal distances are
    equal ratios; values that are not above zero are then left out."""

    title: str
    write: Callable[[float], str] = field(default=plain_number)
    log: bool = False

    def range_of(self, values: Sequence[float]) -> tuple[float, float]:
        """The ends of an axis that shows these values, with a little room; (0, 1) or (1, 10) for none."""
        known = [value for value in values if self.shows(value)]
        if not known:
            return (1.0, 10.0) if self.log else (0.0, 1.0)
        low, high = min(known), max(known)
        if self.log:
            if low == high:
                return low / 2, high * 2
            room = (high / low) ** _PAD
            return low / room, high * room
        room = (high - low) * _PAD or abs(high) * _ALONE or 1.0
        return low - room, high + room

    def shows(self, value: float) -> bool:
        """Whether a value has a place on this axis."""
        return math.isfinite(value) and (value > 0 or not self.log)

    def place(self, value: float, ends: tuple[float, float]) -> float:
        """Where a value stands between the ends, from 0 to 1."""
        low, high = ends
        if self.log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    def words(self, values: Sequence[float]) -> list[str]:
        """The values of ticks in words; plain numbers get equally many decimals."""
        written = [self.write(value) for value in values]
        if self.write is not plain_number or self.log:
            return written
        decimals = max((len(text.partition(".")[2]) for text in written), default=0)
        return [f"{value + 0.0:,.{decimals}f}" for value in values]

    def ticks(self, ends: tuple[float, float], most: int) -> list[float]:
        """At most so many round values between the ends, in rising order."""
        return _log_ticks(ends, most) if self.log else _even_ticks(ends, most)


def _even_ticks(ends: tuple[float, float], most: int) -> list[float]:
    low, high = ends
    least = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in _STEPS if factor * power >= least * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _log_ticks(ends: tuple[float, float], most: int) -> list[float]:
    low, high = ends
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        found = [value for value in found if low <= value <= high]
        if len(found) <= most:
            break
    if len(found) < 2:  # less than a decade: even steps are as round
        return [value for value in _even_ticks(ends, most) if value > 0]
    return found[:: -(-len(found) // most)]


def staircase(points: Sequence[tuple[float, float]]) -> list[int]:
    """The points that no other one beats, where small is good across and large is good upwards.

    Args:
        points: (x, y) of each.

    Returns:
        Their places in ``points``, from left to right; of equal points, the first.
    """
    best = -math.inf
    front = []
    for place in sorted(range(len(points)), key=lambda place: (points[place][0], -points[place][1])):
        if points[place][1] > best:
            best = points[place][1]
            front.append(place)
    return front
