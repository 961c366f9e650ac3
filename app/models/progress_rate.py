"""How fast a run goes and how long it still takes, from the reports it makes. No Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from rankscope.core.api import Progress

WINDOW_SECONDS = 10.0
SETTLING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Activity:
    """What is happening now. ``rate`` is in ``unit`` per second; None while it is not known yet."""

    what: str
    done: int
    total: int | None
    unit: str
    rate: float | None
    seconds_left: float | None

    @property
    def fraction(self) -> float | None:
        """Done over total from 0 to 1, or None while the total is unknown."""
        if not self.total:
            return None
        return min(1.0, self.done / self.total)


class RateMeter:
    """Turns reports into activities with the speed over the last ten seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._phase: tuple[str, int | None] | None = None

    def update(self, progress: Progress, now: float) -> Activity:
        """Take a report made at ``now`` (seconds of a monotonic clock)."""
        phase = (progress.unit, progress.total)
        if phase != self._phase or (self._samples and progress.done < self._samples[-1][1]):
            self._samples.clear()
            self._phase = phase
        self._samples.append((now, progress.done))
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()
        rate = self._rate()
        left = None
        if rate and progress.total is not None:
            left = max(0, progress.total - progress.done) / rate
        return Activity(progress.what, progress.done, progress.total, progress.unit, rate, left)

    def _rate(self) -> float | None:
        first_time, first_done = self._samples[0]
        last_time, last_done = self._samples[-1]
        elapsed = last_time - first_time
        if elapsed < SETTLING_SECONDS or last_done <= first_done:
            return None
        return (last_done - first_done) / elapsed
