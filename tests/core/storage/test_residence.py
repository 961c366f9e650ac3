"""Mapped pages: given back when they are many, and never where all of them are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rankscope.core.storage.residence import Residence


@dataclass
class Counted:
    """What the residence sees of a segment."""

    n_bytes: int
    released: int = 0

    @property
    def pooled(self) -> np.ndarray:
        return np.empty(self.n_bytes // 4, np.float32)

    def release(self) -> None:
        self.released += 1


def test_pages_are_given_back_each_time_the_bound_is_reached() -> None:
    residence, segments = Residence(at_most=1_000_000), [Counted(600_000), Counted(600_000)]
    for _ in range(40):
        residence.touched(segments, 10)  # 10 × 64 KiB
    assert [segment.released for segment in segments] == [20, 20]


def test_reading_all_pooled_vectors_counts_as_much_as_they_are() -> None:
    residence, segments = Residence(at_most=1_000_000), [Counted(400_000), Counted(700_000)]
    residence.read_through(segments)
    assert [segment.released for segment in segments] == [1, 1]


def test_what_fits_below_the_bound_stays() -> None:
    residence, segments = Residence(at_most=1_000_000), [Counted(500_000), Counted(400_000)]
    for _ in range(50):
        residence.touched(segments, 1_000)
        residence.read_through(segments)
    assert [segment.released for segment in segments] == [0, 0]
