"""How much of the mapped segments counts as this process's memory: no more than a bound.

The system keeps each page of a mapped file that was read as long as memory lasts, and with it its neighbours. After
some hundred searches through a million passages, that would be all of their segments.
"""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock

from rankscope.core.storage.segments import Segment

_AT_MOST = 512 << 20
_NEIGHBOURS = 64 << 10  # bytes that Linux maps around each place that is read


class Residence:
    """Counts what is read, and gives the pages back before they are too many. Thread-safe.

    It counts places as if none was ever read twice; where all segments together are below the bound, nothing is ever
    given back.
    """

    def __init__(self, at_most: int = _AT_MOST) -> None:
        self._at_most = at_most
        self._lock = Lock()
        self._bytes = 0

    def touched(self, segments: Collection[Segment], n_places: int) -> None:
        """So many places in these segments were read."""
        self._add(segments, n_places * _NEIGHBOURS)

    def read_through(self, segments: Collection[Segment]) -> None:
        """All pooled vectors of these segments were read."""
        self._add(segments, sum(segment.pooled.nbytes for segment in segments))

    def _add(self, segments: Collection[Segment], n_bytes: int) -> None:
        with self._lock:
            self._bytes += n_bytes
            if self._bytes < self._at_most:
                return
            self._bytes = 0
        if sum(segment.n_bytes for segment in segments) > self._at_most:
            for segment in segments:
                segment.release()
