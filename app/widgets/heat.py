"""Similarity as colour: one colour-blind-safe map, one scale, and text that stays readable on it.

The map is cividis, whose luminance rises evenly, given by 17 stops of it. On paper (a page, a text) low heat fades into
the paper, so that the strong words stand out on white as on dark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

_STOPS = (
    "00204D 002C69 06366E 2D426C 414D6B 52596C 61646F 6F7073 7D7C78 "
    "8B8779 9B9477 ACA174 BCAF6F CEBC68 E0CB5E F2DA50 FFEA46"
)
_SIZE = 256


def _table() -> np.ndarray:
    stops = np.array([[int(stop[at : at + 2], 16) for at in (0, 2, 4)] for stop in _STOPS.split()], dtype=np.float64)
    places = np.linspace(0.0, _SIZE - 1, len(stops))
    channels = [np.interp(np.arange(_SIZE), places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


MAP: np.ndarray = _table()  # uint8 [256, 3]


def luminance(rgb: np.ndarray) -> np.ndarray:
    """WCAG's relative luminance of uint8 [..., 3], float64 [...]."""
    channels = np.asarray(rgb, dtype=np.float64) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def dark_ink(rgb: np.ndarray) -> np.ndarray:
    """Whether black reads better than white on uint8 [..., 3]: bool [...]. At least 4.58 : 1 either way."""
    return luminance(rgb) > 0.1791


@dataclass(frozen=True, slots=True)
class HeatScale:
    """The similarities that the map's two ends stand for. Values beyond are drawn with the end's colour."""

    low: float = 0.3
    high: float = 1.0

    @classmethod
    def of(cls, values: np.ndarray) -> HeatScale:
        """The range of the values themselves (finite ones; the shared scale when there are none)."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return cls()
        low, high = float(finite.min()), float(finite.max())
        return cls(low, high if high - low > 1e-6 else low + 1e-6)

    def fraction(self, values: np.ndarray | float) -> np.ndarray:
        """Where values stand on the scale, float64 in 0..1; not-a-number counts as the low end."""
        span = (np.asarray(values, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(np.nan_to_num(span, nan=0.0), 0.0, 1.0)

    def colours(self, values: np.ndarray) -> np.ndarray:
        """Map colours, uint8 [..., 3]."""
        return MAP[(self.fraction(values) * (_SIZE - 1)).round().astype(np.intp)]

    def on_paper(self, values: np.ndarray, paper: QColor) -> np.ndarray:
        """The map's upper, yellow half, fading into ``paper`` towards the low end: uint8 [..., 3].

        The lower half would be the darkest thing on white paper, which is where the eye must not go.
        """
        fraction = self.fraction(values)[..., None]
        strength = 0.95 * fraction**1.4
        ground = np.array([paper.red(), paper.green(), paper.blue()], dtype=np.float64)
        upper = MAP[((0.62 + 0.38 * fraction[..., 0]) * (_SIZE - 1)).round().astype(np.intp)]
        mixed = upper * strength + ground * (1.0 - strength)
        return mixed.round().astype(np.uint8)


SHARED = HeatScale()


def qcolor(rgb: np.ndarray) -> QColor:
    """A colour of uint8 [3]."""
    return QColor(int(rgb[0]), int(rgb[1]), int(rgb[2]))
