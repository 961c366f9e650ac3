"""Where the heatmap's cells stand: which columns are shown, how wide, and how high the rows are. No painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rankscope.app.models.grid import neighbourhood

GAP = 16.0  # pixels for columns that are left out
MIN_ROW, MAX_ROW = 15.0, 34.0
MIN_COLUMN, MAX_COLUMN = 36.0, 104.0
MAX_STRETCH = 1.4

MATCHED, ALL, OVERVIEW = "matched", "all", "overview"


@dataclass(frozen=True, slots=True)
class HeatLayout:
    """``columns`` are the shown columns, int64 [n]; ``lefts`` and ``widths`` their pixels in the content, float64 [n].

    ``gaps`` are the left pixels of the places where columns are left out. ``view_width`` and ``view_height`` are the
    pixels the cells have on the screen, ``width`` and ``height`` those that all of them need.
    """

    columns: np.ndarray
    lefts: np.ndarray
    widths: np.ndarray
    gaps: tuple[float, ...]
    row_height: float
    rows: int
    width: float
    height: float
    view_width: float
    view_height: float

    def column_at(self, x: float) -> int:
        """The position in ``columns`` at a pixel of the content, or -1."""
        place = int(np.searchsorted(self.lefts, x, side="right")) - 1
        return place if place >= 0 and x < self.lefts[place] + self.widths[place] else -1

    def row_at(self, y: float) -> int:
        """The row at a pixel of the content, or -1."""
        row = int(y // self.row_height) if y >= 0 and self.row_height else -1
        return row if 0 <= row < self.rows else -1

    def visible(self, scroll: float) -> tuple[int, int]:
        """The positions ``first:last`` in ``columns`` in sight when scrolled ``scroll`` pixels to the right."""
        first = int(np.searchsorted(self.lefts + self.widths, scroll, side="right"))
        last = int(np.searchsorted(self.lefts, scroll + self.view_width, side="left"))
        return first, max(first, last)

    def position_of(self, column: int) -> int:
        """The position of a column, or -1 when it is not shown."""
        place = int(np.searchsorted(self.columns, column))
        return place if place < len(self.columns) and self.columns[place] == column else -1


def lay_out(
    natural: Sequence[float],
    rows: int,
    centres: Sequence[int],
    view_width: float,
    view_height: float,
    mode: str = MATCHED,
    zoom: float = 1.0,
) -> HeatLayout:
    """Place the columns.

    Args:
        natural: the width in pixels that each column's label needs.
        centres: the columns with an arg-max; "matched" shows them and as many neighbours as fit.
        mode: "matched", "all" (at ``zoom`` times the natural width) or "overview" (all, squeezed into the view).
    """
    wanted = np.clip(np.asarray(natural, dtype=np.float64), MIN_COLUMN, MAX_COLUMN)
    columns = np.arange(len(wanted))
    cut = False
    if mode == MATCHED:
        columns, cut = neighbourhood(centres, wanted.tolist(), view_width, GAP)
        widths = wanted[columns]
    elif mode == ALL:
        widths = wanted * zoom
    else:
        widths = wanted * min(1.0, view_width / max(1.0, float(wanted.sum())))
    before = _gaps_before(columns, len(wanted)) if cut else np.zeros(len(columns) + 1)
    room = view_width - GAP * float(before.sum())
    total = float(widths.sum())
    if mode != ALL and 0 < total < room:
        widths = widths * min(MAX_STRETCH, room / total)
    lefts = np.concatenate(([0.0], np.cumsum(widths)[:-1])) if len(widths) else np.empty(0)
    lefts = lefts + GAP * np.cumsum(before)[: len(columns)]
    width = float(lefts[-1] + widths[-1] + GAP * before[-1]) if len(widths) else 0.0
    gaps = tuple((lefts[before[:-1] > 0] - GAP).tolist())
    if before[-1]:
        gaps = (*gaps, width - GAP)
    row_height = float(np.clip(view_height / rows, MIN_ROW, MAX_ROW)) if rows else MAX_ROW
    return HeatLayout(columns, lefts, widths, gaps, row_height, rows, width, row_height * rows, view_width, view_height)


def _gaps_before(columns: np.ndarray, count: int) -> np.ndarray:
    """1.0 where columns are missing in front of a shown one, and at the end: float64 [shown + 1]."""
    bounded = np.concatenate(([-1], columns, [count]))
    return (np.diff(bounded) > 1).astype(np.float64)
